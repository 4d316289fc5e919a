package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The records about one subject whose row has not come. Each is given up once, after ten minutes on
 * the log's clock; what it said is remembered all the same, in case the row comes later. The first
 * hundred are known by their positions, further ones are only counted.
 *
 * <p>State, as {@link #write} writes it.
 */
public class Orphans {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int NAMED = 100;

    /** In the order in which they came; those given up stay, so that none is given up twice. */
    public List<Orphan> named = new ArrayList<>();

    /** Table → how many more there are. */
    public Map<String, Long> unnamed = new HashMap<>();

    /** When {@link #unnamed} are counted, epoch milliseconds; 0: there are none. */
    public long unnamedUntil;

    /**
     * What is given up at once.
     *
     * @param named those to be dead letters
     * @param unnamed table → how many are only counted
     */
    public record GivenUp(List<Orphan> named, Map<String, Long> unnamed) {}

    /**
     * A record waits for the row. Said again, it waits no longer than before.
     *
     * @param now time on the log's clock; at least the record's own is taken
     */
    public void await(Fact fact, long now) {
        String table = fact.table().label();
        LogPosition position = fact.position();
        if (named.stream().anyMatch(o -> o.position() == position.told())) {
            return;
        }
        long until = Math.max(now, fact.committedAt()) + PATIENCE.toMillis();
        if (named.size() < NAMED) {
            named.add(new Orphan(table, position.offset(), until));
            return;
        }
        unnamed.merge(table, 1L, Long::sum);
        unnamedUntil = unnamedUntil == 0 ? until : unnamedUntil;
    }

    /** When {@link #giveUp} has something to do next. */
    public long nextDeadline() {
        long next = unnamedUntil == 0 ? Deadlines.NONE : unnamedUntil;
        for (Orphan orphan : named) {
            next = Math.min(next, orphan.givenUpAt());
        }
        return next;
    }

    /** Gives up what has waited long enough. */
    public GivenUp giveUp(long now) {
        List<Orphan> due = new ArrayList<>();
        for (int i = 0; i < named.size(); i++) {
            Orphan orphan = named.get(i);
            if (orphan.givenUpAt() <= now) {
                due.add(orphan);
                named.set(i, new Orphan(orphan.table(), orphan.position(), Orphan.GIVEN_UP));
            }
        }
        Map<String, Long> counted = Map.of();
        if (unnamedUntil != 0 && unnamedUntil <= now) {
            counted = Map.copyOf(unnamed);
            unnamed.clear();
            unnamedUntil = 0;
        }
        return new GivenUp(due, counted);
    }

    /** Writes them to state, or null. */
    static void write(Orphans orphans, DataOutput out) throws IOException {
        out.writeBoolean(orphans != null);
        if (orphans == null) {
            return;
        }
        Compact.writeSize(out, orphans.named.size());
        for (Orphan orphan : orphans.named) {
            Compact.writeText(out, orphan.table());
            Compact.writeNumber(out, orphan.position());
            Compact.writeNumber(out, orphan.givenUpAt());
        }
        Compact.writeNumbers(out, orphans.unnamed);
        Compact.writeNumber(out, orphans.unnamedUntil);
    }

    /** Reads them from state, or null. */
    static Orphans read(DataInput in) throws IOException {
        if (!in.readBoolean()) {
            return null;
        }
        Orphans orphans = new Orphans();
        for (int left = Compact.readSize(in); left > 0; left--) {
            orphans.named.add(
                    new Orphan(
                            Compact.readText(in), Compact.readNumber(in), Compact.readNumber(in)));
        }
        orphans.unnamed = Compact.readNumbers(in);
        orphans.unnamedUntil = Compact.readNumber(in);
        return orphans;
    }
}
