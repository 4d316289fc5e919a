package io.seqpulse.lifecycle.kpi;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * How long critical verdicts of a project stood until the next {@code ok} of the same environment.
 * Whatever the order in which verdicts come, change and go, what was counted is always that of
 * those there are.
 *
 * <p>At hand are the latest of each environment: what the next verdict asks for, also where it has
 * been overtaken. The earlier ones are in an {@link SpillStore}; all of them are asked for when the
 * answer is not among those at hand.
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

        /** The first ok at a place or behind it, or null. */
        private Given okFrom(int place) {
            for (int i = place; i < verdicts.size(); i++) {
                if (verdicts.get(i).ok()) {
                    return verdicts.get(i);
                }
            }
            return null;
        }

        /** Whether it is known which verdicts an ok at that place ends. */
        private boolean isClear(int place) {
            if (more) {
                for (int i = place - 1; i >= 0; i--) {
                    if (verdicts.get(i).ok()) {
                        return true;
                    }
                }
                return false;
            }
            return true;
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
    void put(String environment, Given given, SpillStore more) {
        Latest here = latest.computeIfAbsent(environment, none -> new Latest());
        Given before = here.find(given.id());
        if (before == null && here.mayBeElsewhere(given)) {
            before = elsewhere(environment, given.id(), more);
        }
        if (given.equals(before)) {
            return;
        }
        if ((before == null || remove(here, before, null)) && add(here, given, null)) {
            if (here.verdicts.size() > AT_HAND) {
                moveAway(environment, here, more);
            }
            return;
        }
        Given old = before;
        rearrange(
                environment,
                more,
                (all, touched) -> {
                    if (old != null) {
                        remove(all, old, touched);
                    }
                    add(all, given, touched);
                });
    }

    /** A deployment has no verdict any more. */
    void remove(String environment, String id, SpillStore more) {
        Latest here = latest.get(environment);
        if (here == null) {
            return;
        }
        Given gone = here.find(id);
        if (gone == null && here.more) {
            gone = elsewhere(environment, id, more);
        }
        if (gone == null || (here.verdicts.size() > 1 && remove(here, gone, null))) {
            return;
        }
        Given old = gone;
        rearrange(environment, more, (all, touched) -> remove(all, old, touched));
    }

    /** Takes back all of it. */
    void clear(SpillStore more) {
        for (String environment : List.copyOf(latest.keySet())) {
            rearrange(
                    environment,
                    more,
                    (all, touched) -> {
                        countAll(all, -1);
                        all.verdicts.clear();
                    });
        }
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

    /** Adds one, unless what it changes is not among these. */
    private boolean add(Latest here, Given given, Set<Given> touched) {
        int place = here.placeOf(given);
        if (here.more && place == 0 || given.ok() && !here.isClear(place)) {
            return false;
        }
        Given next = here.okFrom(place);
        if (given.ok()) {
            passOn(here, place, next, given, touched);
        } else if (next != null) {
            count(given, next, 1, touched);
        }
        here.verdicts.add(place, given);
        return true;
    }

    /** Removes one, unless it, or what that changes, is not among these. */
    private boolean remove(Latest here, Given given, Set<Given> touched) {
        int place = here.placeOf(given);
        if (place == here.verdicts.size()
                || !here.verdicts.get(place).equals(given)
                || given.ok() && !here.isClear(place)) {
            return false;
        }
        here.verdicts.remove(place);
        Given next = here.okFrom(place);
        if (given.ok()) {
            passOn(here, place, given, next, touched);
        } else if (next != null) {
            count(given, next, -1, touched);
        }
        return true;
    }

    /** What stands before a place is ended by another ok, or none, than before. */
    private void passOn(Latest here, int place, Given from, Given to, Set<Given> touched) {
        for (int i = place - 1; i >= 0 && !here.verdicts.get(i).ok(); i--) {
            if (from != null) {
                count(here.verdicts.get(i), from, -1, touched);
            }
            if (to != null) {
                count(here.verdicts.get(i), to, 1, touched);
            }
        }
    }

    private void countAll(Latest all, int times) {
        for (int i = 0; i < all.verdicts.size(); i++) {
            Given ok = all.verdicts.get(i).ok() ? null : all.okFrom(i);
            if (ok != null) {
                count(all.verdicts.get(i), ok, times, null);
            }
        }
    }

    /**
     * @param touched collects the verdicts whose spilled entry must be rewritten to restart its
     *     TTL; null if none can be spilled
     */
    private void count(Given critical, Given ok, int times, Set<Given> touched) {
        Histogram.RECOVERY.add(changes, MEASURE, critical.atMicros(), ok.atMicros(), times);
        if (touched != null) {
            touched.add(critical);
            touched.add(ok);
        }
    }

    private static void moveAway(String environment, Latest here, SpillStore more) {
        List<Given> away = here.verdicts.subList(0, here.verdicts.size() - AT_HAND / 2);
        for (Given given : away) {
            more.put(SpillStore.VERDICTS, id(environment, given.id()), encode(given));
        }
        away.clear();
        here.more = true;
    }

    /** Changes any of them, with all of that environment before one's eyes. */
    private void rearrange(
            String environment, SpillStore more, BiConsumer<Latest, Set<Given>> change) {
        Set<Given> earlier = new HashSet<>();
        String prefix = id(environment, "");
        more.all(SpillStore.VERDICTS)
                .forEach(
                        (key, value) -> {
                            if (key.startsWith(prefix)) {
                                earlier.add(decode(key.substring(prefix.length()), value));
                            }
                        });
        Latest all = new Latest();
        all.verdicts.addAll(earlier);
        all.verdicts.addAll(latest.remove(environment).verdicts);
        all.verdicts.sort(BY_TIME);
        Set<Given> touched = new HashSet<>();
        change.accept(all, touched);

        Latest now = new Latest();
        int first = Math.max(0, all.verdicts.size() - AT_HAND / 2);
        now.verdicts.addAll(all.verdicts.subList(first, all.verdicts.size()));
        now.more = first > 0;
        if (!now.verdicts.isEmpty()) {
            latest.put(environment, now);
        }
        for (Given given : all.verdicts.subList(0, first)) {
            if (!earlier.remove(given) || touched.contains(given)) {
                more.put(SpillStore.VERDICTS, id(environment, given.id()), encode(given));
            }
        }
        Set<String> stay = new HashSet<>();
        all.verdicts.subList(0, first).forEach(given -> stay.add(given.id()));
        for (Given given : earlier) {
            if (!stay.contains(given.id())) {
                more.remove(SpillStore.VERDICTS, id(environment, given.id()));
            }
        }
    }

    private static Given elsewhere(String environment, String id, SpillStore more) {
        Long value = more.get(SpillStore.VERDICTS, id(environment, id));
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
