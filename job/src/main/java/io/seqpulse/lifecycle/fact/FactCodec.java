package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Facts between operators. No state holds one, because checkpoints are aligned ({@link
 * io.seqpulse.lifecycle.LifecyclePipeline} refuses others).
 */
public final class FactCodec implements Codec<Fact> {

    private static final long serialVersionUID = 1L;

    private static final int ROW = 1;
    private static final int EVENT = 2;
    private static final int DEPLOYMENT = 3;
    private static final int EMAIL = 4;
    private static final int OWNERSHIP = 5;
    private static final int PROJECT = 6;
    private static final int ACTIVITY = 7;

    @Override
    public Class<Fact> type() {
        return Fact.class;
    }

    @Override
    public void write(Fact fact, DataOutput out) throws IOException {
        if (fact instanceof RowChange change) {
            out.writeByte(ROW);
            write(change, out);
        } else if (fact instanceof Event event) {
            out.writeByte(EVENT);
            write(event, out);
        } else if (fact instanceof DeploymentSignal signal) {
            out.writeByte(DEPLOYMENT);
            write(signal, out);
        } else if (fact instanceof EmailSignal signal) {
            out.writeByte(EMAIL);
            writeHeader(signal, out);
            out.writeBoolean(signal.sent());
            Compact.writeText(out, signal.code());
            Compact.writeText(out, signal.variant());
        } else if (fact instanceof OwnershipSignal signal) {
            out.writeByte(OWNERSHIP);
            writeHeader(signal, out);
            out.writeBoolean(signal.owned());
        } else if (fact instanceof ActivitySignal signal) {
            out.writeByte(ACTIVITY);
            writeHeader(signal, out);
            Compact.writeText(out, signal.projectName());
            out.writeBoolean(signal.change() != null);
            if (signal.change() != null) {
                signal.change().write(out);
            }
        } else {
            ProjectSignal signal = (ProjectSignal) fact;
            out.writeByte(PROJECT);
            writeHeader(signal, out);
            out.writeBoolean(signal.project() != null);
            if (signal.project() != null) {
                signal.project().write(out);
            }
        }
    }

    @Override
    public Fact read(DataInput in) throws IOException {
        int family = in.readByte();
        return switch (family) {
            case ROW -> readRow(in);
            case EVENT -> readEvent(in);
            case DEPLOYMENT -> readDeployment(in);
            case EMAIL -> {
                Header header = Header.read(in);
                yield new EmailSignal(
                        in.readBoolean(),
                        header.key,
                        header.id,
                        header.atMicros,
                        header.source,
                        Compact.readText(in),
                        Compact.readText(in));
            }
            case OWNERSHIP -> {
                Header header = Header.read(in);
                yield new OwnershipSignal(
                        in.readBoolean(), header.key, header.id, header.atMicros, header.source);
            }
            case PROJECT -> {
                Header header = Header.read(in);
                yield new ProjectSignal(
                        header.key,
                        header.id,
                        header.source,
                        in.readBoolean() ? OwnedProject.read(in) : null);
            }
            case ACTIVITY -> {
                Header header = Header.read(in);
                yield new ActivitySignal(
                        header.key,
                        header.id,
                        header.source,
                        Compact.readText(in),
                        in.readBoolean() ? Activity.read(in) : null);
            }
            default -> throw new IOException("no family of facts: " + family);
        };
    }

    static void write(RowChange change, DataOutput out) throws IOException {
        out.writeByte(change.table().id());
        out.writeBoolean(change.deleted());
        writeHeader(change, out);
        change.row().write(out);
    }

    static RowChange readRow(DataInput in) throws IOException {
        CapturedTable table = CapturedTable.byId(in.readByte());
        boolean deleted = in.readBoolean();
        Header header = Header.read(in);
        return new RowChange(
                deleted,
                header.key,
                header.id,
                header.atMicros,
                header.source,
                Row.read(table, in));
    }

    private static void write(Event event, DataOutput out) throws IOException {
        out.writeByte(event.type().id());
        writeHeader(event, out);
        out.writeBoolean(!event.values().isEmpty());
        for (String value : event.values()) {
            Compact.writeText(out, value);
        }
    }

    private static Event readEvent(DataInput in) throws IOException {
        EventType type = EventType.byId(in.readByte());
        Header header = Header.read(in);
        List<String> values = List.of();
        if (in.readBoolean()) {
            String[] read = new String[type.attributes().size()];
            for (int i = 0; i < read.length; i++) {
                read[i] = Compact.readText(in);
            }
            values = Collections.unmodifiableList(Arrays.asList(read));
        }
        return new Event(type, header.key, header.id, header.atMicros, header.source, values);
    }

    private static void write(DeploymentSignal signal, DataOutput out) throws IOException {
        out.writeByte(signal.kind().id());
        writeHeader(signal, out);
        Compact.writeText(out, signal.environment());
        Compact.writeText(out, signal.verdict());
        out.writeBoolean(signal.deleted());
    }

    private static DeploymentSignal readDeployment(DataInput in) throws IOException {
        DeploymentSignal.Kind kind = DeploymentSignal.Kind.byId(in.readByte());
        Header header = Header.read(in);
        return new DeploymentSignal(
                kind,
                header.key,
                header.id,
                header.atMicros,
                header.source,
                Compact.readText(in),
                Compact.readText(in),
                in.readBoolean());
    }

    private static void writeHeader(Fact fact, DataOutput out) throws IOException {
        Compact.writeText(out, fact.key());
        boolean ofTheSubject = fact.id().equals(fact.key());
        out.writeBoolean(ofTheSubject);
        if (!ofTheSubject) {
            Compact.writeText(out, fact.id());
        }
        Compact.writeNumber(out, fact.atMicros());
        fact.source().write(out);
    }

    /** What every fact has. */
    private record Header(String key, String id, long atMicros, Source source) {
        static Header read(DataInput in) throws IOException {
            String key = Compact.readText(in);
            String id = in.readBoolean() ? key : Compact.readText(in);
            return new Header(key, id, Compact.readNumber(in), Source.read(in));
        }
    }
}
