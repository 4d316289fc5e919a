package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How long critical verdicts of a project stood until the next {@code ok} of the same environment.
 * Whatever the order in which verdicts come, change and go, what was counted is always that of
 * those there are.
 *
 * <p>At hand are the latest of each environment: what the next verdict asks for, also where it has
 * been overtaken. The earlier ones are in a {@link SpillStore}, and are loaded when a change
 * reaches them. A change of a verdict concerns a window: from the ok before it to the ok after it.
 * What the window contributed is taken back, and what it contributes now is counted.
 *
 * <p>State, as {@link CohortStateCodec} writes it; what has changed is told with the fact that
 * changed it.
 */
final class Recoveries {

    /** Series of {@code kpi.duration}. */
    static final String MEASURE = "critical_alert_mttr";

    /** So many are at hand, and half of them when they become more. */
    static final int AT_HAND = 8;

    /** Between environment and deployment in the ids of an {@link SpillStore}. */
    private static final char SEPARATOR = '\n';

    /**
     * A verdict.
     *
     * @param id its deployment's
     * @param atMicros when it was given, in microseconds since the epoch
     * @param ok or else critical
     */
    record Given(String id, long atMicros, boolean ok) {}

    /** An ok in the same microsecond comes after what it ends. */
    private static final Comparator<Given> BY_TIME =
            Comparator.comparingLong(Given::atMicros)
                    .thenComparing(Given::ok)
                    .thenComparing(Given::id);

    /** The latest of an environment. */
    static final class Latest {
        /** In order, never empty in state. */
        final List<Given> verdicts = new ArrayList<>(2);

        /** Whether earlier ones are elsewhere. */
        boolean more;

        private Given find(String id) {
            for (Given given : verdicts) {
                if (given.id().equals(id)) {
                    return given;
                }
            }
            return null;
        }

        private boolean mayBeElsewhere(Given given) {
            return more && given.atMicros() <= verdicts.get(0).atMicros();
        }

        private int placeOf(Given given) {
            int place = verdicts.size();
            while (place > 0 && BY_TIME.compare(verdicts.get(place - 1), given) >= 0) {
                place--;
            }
            return place;
        }

        /** The place behind all that are not after one. */
        private int placeAfter(Given given) {
            int place = verdicts.size();
            while (place > 0 && BY_TIME.compare(verdicts.get(place - 1), given) > 0) {
                place--;
            }
            return place;
        }

        /** The first ok at a place or behind it, or null. */
        private Given okFrom(int place) {
            for (int i = place; i < verdicts.size(); i++) {
                if (verdicts.get(i).ok()) {
                    return verdicts.get(i);
                }
            }
            return null;
        }

        /** The first place of those that an ok at a place ends. */
        private int endedBy(int place) {
            int first = place;
            while (first > 0 && !verdicts.get(first - 1).ok()) {
                first--;
            }
            return first;
        }

        /** Whether all that a verdict's coming or going concerns is at hand. */
        private boolean reaches(Given given) {
            if (!more || given == null) {
                return true;
            }
            int place = placeOf(given);
            return given.ok() ? endedBy(place) > 0 : place > 0 || verdicts.get(0).equals(given);
        }
    }

    /** By environment. */
    final Map<String, Latest> latest = new HashMap<>(2);

    private final Map<Figure, Count> changes = new HashMap<>();

    boolean isEmpty() {
        return latest.isEmpty();
    }

    /**
     * Adds a verdict. If the deployment already has one at another time, {@link #remove} it first.
     */
    void put(String environment, Given given, SpillStore spill) {
        Latest here = latest.computeIfAbsent(environment, none -> new Latest());
        Given before = here.find(given.id());
        if (before == null && here.mayBeElsewhere(given)) {
            before = spilled(environment, given.id(), spill);
        }
        if (!given.equals(before)) {
            change(environment, here, before, given, spill);
        }
    }

    /** A deployment has no verdict any more. */
    void remove(String environment, String id, SpillStore spill) {
        Latest here = latest.get(environment);
        if (here == null) {
            return;
        }
        Given gone = here.find(id);
        if (gone == null && here.more) {
            gone = spilled(environment, id, spill);
        }
        if (gone != null) {
            change(environment, here, gone, null, spill);
        }
    }

    /** Takes back all of it. */
    void clear(SpillStore spill) {
        latest.forEach(
                (environment, here) -> {
                    Set<Given> earlier = load(environment, here, spill);
                    count(here, 0, here.verdicts.size(), -1, null);
                    here.verdicts.clear();
                    putAside(environment, here, earlier, Set.of(), spill);
                });
        latest.clear();
    }

    /** Tells what has changed since the last time. */
    void tell(Consumer<Increment> out) {
        if (changes.isEmpty()) {
            return;
        }
        changes.forEach(
                (figure, count) -> {
                    if (!count.equals(Count.ZERO)) {
                        out.accept(Increment.of(figure, count));
                    }
                });
        changes.clear();
    }

    /**
     * Replaces a verdict.
     *
     * @param gone null where there was none
     * @param come null where there is none any more
     */
    private void change(String environment, Latest here, Given gone, Given come, SpillStore spill) {
        boolean empties = come == null && here.verdicts.size() == 1;
        Set<Given> earlier =
                here.reaches(gone) && here.reaches(come) && !(empties && here.more)
                        ? Set.of()
                        : load(environment, here, spill);
        Set<Given> window = earlier.isEmpty() ? null : new HashSet<>();
        Given first = come == null || gone != null && isBefore(gone, come) ? gone : come;
        Given last = come == null || gone != null && isBefore(come, gone) ? gone : come;
        boolean ends = gone != null && gone.ok() || come != null && come.ok();
        int from = ends ? here.endedBy(here.placeOf(first)) : here.placeOf(first);

        count(here, from, here.placeAfter(last), -1, window);
        if (gone != null) {
            here.verdicts.remove(gone);
        }
        if (come != null) {
            here.verdicts.add(here.placeOf(come), come);
        }
        count(here, from, here.placeAfter(last), 1, window);

        putAside(environment, here, earlier, window, spill);
        if (here.verdicts.isEmpty()) {
            latest.remove(environment);
        }
    }

    private static boolean isBefore(Given given, Given other) {
        return BY_TIME.compare(given, other) < 0;
    }

    /**
     * Counts the critical verdicts of a part of a window, or takes back what was counted of them.
     *
     * @param window collects the verdicts whose spilled entry must be rewritten to restart its TTL;
     *     null where none is spilled
     */
    private void count(Latest here, int from, int to, int times, Set<Given> window) {
        for (int i = from; i < to; i++) {
            Given critical = here.verdicts.get(i);
            Given ok = critical.ok() ? null : here.okFrom(i);
            if (ok != null) {
                Histogram.RECOVERY.add(changes, MEASURE, critical.atMicros(), ok.atMicros(), times);
                if (window != null) {
                    window.add(critical);
                    window.add(ok);
                }
            }
        }
    }

    /** Takes the earlier ones in hand, and returns them. */
    private static Set<Given> load(String environment, Latest here, SpillStore spill) {
        if (!here.more) {
            return Set.of();
        }
        Set<Given> earlier = new HashSet<>();
        String prefix = id(environment, "");
        spill.all(SpillStore.VERDICTS)
                .forEach(
                        (key, value) -> {
                            if (key.startsWith(prefix)) {
                                earlier.add(decode(key.substring(prefix.length()), value));
                            }
                        });
        here.verdicts.addAll(earlier);
        here.verdicts.sort(BY_TIME);
        here.more = false;
        return earlier;
    }

    /**
     * Leaves the latest at hand where there are too many.
     *
     * @param earlier those that are spilled now
     * @param window those of them that are to be written again
     */
    private static void putAside(
            String environment,
            Latest here,
            Set<Given> earlier,
            Set<Given> window,
            SpillStore spill) {
        int size = here.verdicts.size();
        List<Given> away = here.verdicts.subList(0, size > AT_HAND ? size - AT_HAND / 2 : 0);
        Set<String> ids = new HashSet<>();
        for (Given given : away) {
            ids.add(given.id());
            if (!earlier.contains(given) || window.contains(given)) {
                spill.put(SpillStore.VERDICTS, id(environment, given.id()), encode(given));
            }
        }
        for (Given given : earlier) {
            if (!ids.contains(given.id())) {
                spill.remove(SpillStore.VERDICTS, id(environment, given.id()));
            }
        }
        here.more |= !away.isEmpty();
        away.clear();
    }

    private static Given spilled(String environment, String id, SpillStore spill) {
        Long value = spill.get(SpillStore.VERDICTS, id(environment, id));
        return value == null ? null : decode(id, value);
    }

    private static String id(String environment, String deployment) {
        return environment + SEPARATOR + deployment;
    }

    private static long encode(Given given) {
        return given.atMicros() << 1 | (given.ok() ? 1 : 0);
    }

    private static Given decode(String id, long value) {
        return new Given(id, value >> 1, (value & 1) == 1);
    }
}
