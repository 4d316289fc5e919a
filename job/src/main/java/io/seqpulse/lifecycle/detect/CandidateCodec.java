package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** How state and messages carry a candidate. */
public final class CandidateCodec {

    private CandidateCodec() {}

    /** Writes it. */
    public static void write(Candidate candidate, DataOutput out) throws IOException {
        Compact.writeText(out, candidate.rule());
        Compact.writeText(out, candidate.key());
        Compact.writeText(out, candidate.instance());
        Compact.writeText(out, candidate.recipient());
        Compact.writeText(out, candidate.userId());
        Compact.writeText(out, candidate.projectId());
        Compact.writeNumber(out, candidate.dueAt());
        Compact.writeNumber(out, candidate.expiresAt());
        Compact.writeNumber(out, candidate.causedAt());
        Compact.writeNumber(out, candidate.decidedAt());
        Compact.writeTexts(out, candidate.values());
        Compact.writeSize(out, candidate.alsoTo().size());
        for (String user : candidate.alsoTo()) {
            Compact.writeText(out, user);
        }
        write(candidate.localDue(), out);
    }

    /** Reads it. */
    public static Candidate read(DataInput in) throws IOException {
        return new Candidate(
                Compact.readText(in),
                Compact.readText(in),
                Compact.readText(in),
                Compact.readText(in),
                Compact.readText(in),
                Compact.readText(in),
                Compact.readNumber(in),
                Compact.readNumber(in),
                Compact.readNumber(in),
                Compact.readNumber(in),
                Compact.readTexts(in),
                readList(in),
                readLocal(in));
    }

    private static List<String> readList(DataInput in) throws IOException {
        List<String> texts = new ArrayList<>();
        for (int left = Compact.readSize(in); left > 0; left--) {
            texts.add(Compact.readText(in));
        }
        return texts.isEmpty() ? List.of() : texts;
    }

    private static void write(LocalDateTime local, DataOutput out) throws IOException {
        out.writeBoolean(local != null);
        if (local != null) {
            Compact.writeNumber(out, local.toEpochSecond(ZoneOffset.UTC));
            Compact.writeNumber(out, local.getNano());
        }
    }

    private static LocalDateTime readLocal(DataInput in) throws IOException {
        return in.readBoolean()
                ? LocalDateTime.ofEpochSecond(
                        Compact.readNumber(in), (int) Compact.readNumber(in), ZoneOffset.UTC)
                : null;
    }
}
