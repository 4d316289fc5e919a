package io.seqpulse.lifecycle.fact;

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
 * <p>State, as {@link AbsenceCodec} writes it.
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
        String table = fact.kind().table();
        if (named.stream().anyMatch(o -> o.position() == fact.position())) {
            return;
        }
        long until = Math.max(now, fact.committedAt()) + PATIENCE.toMillis();
        if (named.size() < NAMED) {
            named.add(new Orphan(table, fact.position(), until));
            return;
        }
        unnamed.merge(table, 1L, Long::sum);
        unnamedUntil = unnamedUntil == 0 ? until : unnamedUntil;
    }

    /** When {@link #giveUp} has something to do next; {@link Long#MAX_VALUE}: never. */
    public long nextAt() {
        long next = unnamedUntil == 0 ? Long.MAX_VALUE : unnamedUntil;
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
}
