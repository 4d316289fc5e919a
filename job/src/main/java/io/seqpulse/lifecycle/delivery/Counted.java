package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Relation;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What one subject counts for at present, so that a figure can be told by its changes. It is kept
 * rather than worked out again: a figure that is declared otherwise today was counted as it was
 * declared then.
 */
public final class Counted {

    private static final Relation[] RELATIONS = Relation.values();

    private List<Increment> figures = new ArrayList<>();

    /** Whether it counts for nothing. */
    public boolean isEmpty() {
        return figures.isEmpty();
    }

    /**
     * Makes it count for that from now on.
     *
     * @return what changes by it: what was counted and is not any more, then what was not
     */
    public List<Increment> become(List<Increment> present) {
        if (figures.equals(present)) {
            return List.of();
        }
        List<Increment> changes = new ArrayList<>();
        for (Increment before : figures) {
            Increment now = sameFigure(before, present);
            long numerator = (now == null ? 0 : now.numerator()) - before.numerator();
            long denominator = (now == null ? 0 : now.denominator()) - before.denominator();
            if (numerator != 0 || denominator != 0) {
                changes.add(
                        new Increment(
                                before.relation(),
                                before.series(),
                                before.bucketMinute(),
                                numerator,
                                denominator));
            }
        }
        for (Increment now : present) {
            if (sameFigure(now, figures) == null) {
                changes.add(now);
            }
        }
        figures = new ArrayList<>(present);
        return changes;
    }

    private static Increment sameFigure(Increment one, List<Increment> among) {
        for (Increment other : among) {
            if (other.bucketMinute() == one.bucketMinute()
                    && other.relation() == one.relation()
                    && other.series().equals(one.series())) {
                return other;
            }
        }
        return null;
    }

    /** Writes it. */
    public static void write(Counted counted, DataOutput out) throws IOException {
        Compact.writeSize(out, counted.figures.size());
        for (Increment one : counted.figures) {
            out.writeByte(one.relation().ordinal());
            Compact.writeText(out, one.series());
            Compact.writeNumber(out, one.bucketMinute());
            Compact.writeNumber(out, one.numerator());
            Compact.writeNumber(out, one.denominator());
        }
    }

    /** Reads what {@link #write} wrote. */
    public static Counted read(DataInput in) throws IOException {
        Counted counted = new Counted();
        int size = Compact.readSize(in);
        counted.figures = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            counted.figures.add(
                    new Increment(
                            RELATIONS[in.readByte()],
                            Compact.readText(in),
                            Compact.readNumber(in),
                            Compact.readNumber(in),
                            Compact.readNumber(in)));
        }
        return counted;
    }
}
