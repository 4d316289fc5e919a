package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Id → time of the things of one kind that exist now, so that the earliest remains known after any
 * of them is deleted. The earliest {@value #AT_HAND} are kept in the value; the rest spills to a
 * {@link SpillStore}.
 *
 * <p>State, as {@link CohortStateCodec} writes it.
 */
public final class EarliestTimes {

    /** No time: there is none of them. */
    public static final long NEVER = Long.MAX_VALUE;

    static final int AT_HAND = 16;

    /**
     * One of them.
     *
     * @param atMicros when it was, in microseconds since the epoch
     */
    record Moment(String id, long atMicros) {}

    private final String kind;

    /** Not in order; none of them later than one of those elsewhere. */
    final List<Moment> atHand = new ArrayList<>(2);

    /** How many are in the overflow. */
    int elsewhere;

    EarliestTimes(String kind) {
        this.kind = kind;
    }

    /** When the earliest was; {@link #NEVER} where there is none. */
    long first() {
        long first = NEVER;
        for (Moment moment : atHand) {
            first = Math.min(first, moment.atMicros());
        }
        return first;
    }

    boolean isEmpty() {
        return atHand.isEmpty();
    }

    /**
     * There is one, at that time.
     *
     * @param latest the last time that matters; a later one is not kept
     */
    void put(String id, long atMicros, long latest, SpillStore more) {
        int place = place(id);
        if (place >= 0 && atHand.get(place).atMicros() == atMicros) {
            return;
        }
        remove(id, more);
        if (atMicros > latest) {
            return;
        }
        if (elsewhere > 0 && atMicros > lastAtHand()) {
            putElsewhere(new Moment(id, atMicros), more);
            return;
        }
        atHand.add(new Moment(id, atMicros));
        if (atHand.size() > AT_HAND) {
            atHand.sort(Comparator.comparingLong(Moment::atMicros));
            List<Moment> latter = atHand.subList(AT_HAND / 2, atHand.size());
            latter.forEach(moment -> putElsewhere(moment, more));
            latter.clear();
        }
    }

    /** It is no more. */
    void remove(String id, SpillStore more) {
        int place = place(id);
        if (place >= 0) {
            atHand.remove(place);
            refill(more);
        } else if (elsewhere > 0 && more.get(kind, id) != null) {
            more.remove(kind, id);
            elsewhere--;
        }
    }

    /** Lets go of what is later than the last time that matters. */
    void prune(long latest, SpillStore more) {
        if (elsewhere > 0) {
            more.all(kind)
                    .forEach(
                            (id, at) -> {
                                if (at > latest) {
                                    more.remove(kind, id);
                                    elsewhere--;
                                }
                            });
        }
        atHand.removeIf(moment -> moment.atMicros() > latest);
        refill(more);
    }

    /** Lets go of all. */
    void clear(SpillStore more) {
        prune(Long.MIN_VALUE, more);
    }

    private void refill(SpillStore more) {
        if (!atHand.isEmpty() || elsewhere == 0) {
            return;
        }
        more.all(kind).entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .limit(AT_HAND / 2)
                .forEach(
                        entry -> {
                            atHand.add(new Moment(entry.getKey(), entry.getValue()));
                            more.remove(kind, entry.getKey());
                            elsewhere--;
                        });
    }

    private void putElsewhere(Moment moment, SpillStore more) {
        more.put(kind, moment.id(), moment.atMicros());
        elsewhere++;
    }

    private long lastAtHand() {
        long last = Long.MIN_VALUE;
        for (Moment moment : atHand) {
            last = Math.max(last, moment.atMicros());
        }
        return last;
    }

    private int place(String id) {
        for (int i = 0; i < atHand.size(); i++) {
            if (atHand.get(i).id().equals(id)) {
                return i;
            }
        }
        return -1;
    }
}
