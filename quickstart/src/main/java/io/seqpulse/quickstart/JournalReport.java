package io.seqpulse.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.Journal;
import io.seqpulse.quickstart.stack.ResidentMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a run on somebody's own database decided, as its journal tells it at the end. Where both
 * have a figure, it is called as in the {@link RunReport} of the embedded one.
 */
final class JournalReport {

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private static final String SUPPRESSED = "suppressed";

    private final Map<String, Map<String, Long>> outcomes;

    /**
     * @param outcomes counts by code, then by outcome, as {@link Journal#outcomesSince} has them
     */
    JournalReport(Map<String, Map<String, Long>> outcomes) {
        this.outcomes = outcomes;
    }

    /**
     * How many emails were decided, and what became of them.
     *
     * @return by name: {@code sent}, {@code queued} (to be sent yet) and {@code failed}; {@code
     *     shadowed} (sent, but for the mode), {@code capped} (for there were enough) and {@code
     *     suppressed} (for any other reason). {@code decided} is their sum.
     */
    Map<String, Long> counts() {
        Map<String, Long> counts = new LinkedHashMap<>();
        for (String name :
                new String[] {
                    "decided", "sent", "queued", "failed", "shadowed", "capped", SUPPRESSED
                }) {
            counts.put(name, 0L);
        }
        for (Map<String, Long> ofCode : outcomes.values()) {
            ofCode.forEach(
                    (outcome, count) -> {
                        counts.merge("decided", count, Long::sum);
                        counts.merge(name(outcome), count, Long::sum);
                    });
        }
        return counts;
    }

    private static String name(String outcome) {
        return switch (outcome) {
            case "suppressed:shadow" -> "shadowed";
            case "suppressed:capped" -> "capped";
            default -> outcome.split(":", 2)[0];
        };
    }

    /**
     * Writes the report of a run that is about to end.
     *
     * @param begun by the database's clock
     * @param send whether mail was sent; else it was shadow
     */
    static void write(Path file, EmbeddedStack stack, Instant begun, boolean send)
            throws IOException, SQLException, InterruptedException {
        ResidentMemory memory = stack.memory();
        memory.sample();
        Journal journal = stack.journal();
        Map<String, Map<String, Long>> outcomes = journal.outcomesSince(begun);
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("since", begun.toString());
        report.put("startup_seconds", stack.startUp().toMillis() / 1000.0);
        report.put("mode", send ? "live" : "shadow");
        report.putAll(new JournalReport(outcomes).counts());
        report.put("journal", outcomes);
        report.put("commit_to_sent_ms", journal.latenciesSince(begun));
        report.put("peak_resident_mib", Map.of("jvm", memory.jvmKib() / 1024));
        report.put("alarms", stack.alarms());
        Files.writeString(file, JSON.writeValueAsString(report) + "\n");
    }
}
