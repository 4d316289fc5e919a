package io.seqpulse.lifecycle.kpi;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * How long critical verdicts of a project stood until the next {@code ok} of the same environment.
 * Whatever the order in which verdicts come, change and go, what was counted is always that of
 * those there are.
 *
 * <p>At hand are, by environment, the last {@code ok} and the critical verdicts since, which is
 * what the next verdict asks for, or the latest of them where they are many. The earlier ones are
 * in an {@link Overflow}, and are asked for when one among them comes or goes, or all end.
 *
 * <p>State, as {@link LedgerCodec} writes it; what has changed is told with the fact that changed
 * it.
 */
final class Recoveries {

    /** Series of {@code kpi.duration}. */
    static final String MEASURE = "critical_alert_mttr";

    /** Between environment and deployment in the ids of an {@link Overflow}. */
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

    /** What is at hand of an environment. */
    static final class Near {
        /** In order, never empty: the last ok, if there is one, and the critical ones since. */
        final List<Given> verdicts = new ArrayList<>(2);

        /** Whether the ok, and some of the critical ones since, are elsewhere. */
        boolean cut;

        private boolean hasEarlier() {
            return cut || (!verdicts.isEmpty() && verdicts.get(0).ok());
        }

        private boolean isEarlier(Given given) {
            return hasEarlier() && BY_TIME.compare(given, verdicts.get(0)) < 0;
        }

        private Given find(String id) {
            for (Given given : verdicts) {
                if (given.id().equals(id)) {
                    return given;
                }
            }
            return null;
        }
    }

    /** By environment. */
    final Map<String, Near> near = new HashMap<>(2);

    private final Map<Figure, Count> changes = new HashMap<>();

    boolean isEmpty() {
        return near.isEmpty();
    }

    /** There is a verdict; another one of that deployment is to be removed before. */
    void put(String environment, Given given, Overflow more) {
        Near here = near.computeIfAbsent(environment, none -> new Near());
        Given before = here.find(given.id());
        // of another kind, it may be elsewhere, and this one not earlier than what is at hand
        if (before == null
                && here.hasEarlier()
                && given.atMicros() <= here.verdicts.get(0).atMicros()) {
            before = elsewhere(environment, given.id(), more);
        }
        if (given.equals(before)) {
            return;
        }
        if (before != null || here.isEarlier(given) || (here.cut && given.ok())) {
            Given other = before;
            rearrange(
                    environment,
                    more,
                    all -> {
                        if (other != null) {
                            all.remove(other);
                        }
                        all.add(given);
                    });
            return;
        }
        int place = here.verdicts.size();
        while (place > 0 && BY_TIME.compare(here.verdicts.get(place - 1), given) > 0) {
            place--;
        }
        here.verdicts.add(place, given);
        if (given.ok()) {
            for (Given ended : here.verdicts.subList(0, place)) {
                if (!ended.ok()) {
                    count(ended, given, 1);
                }
            }
            moveAway(environment, here, place, more);
        } else if (here.verdicts.size() > Moments.AT_HAND) {
            moveAway(environment, here, Moments.AT_HAND / 2, more);
            here.cut = true;
        }
    }

    private static void moveAway(String environment, Near here, int first, Overflow more) {
        List<Given> away = here.verdicts.subList(0, first);
        for (Given given : away) {
            more.put(Overflow.VERDICTS, id(environment, given.id()), encode(given));
        }
        away.clear();
    }

    /** A deployment has no verdict any more. */
    void remove(String environment, String id, Overflow more) {
        Near here = near.get(environment);
        if (here == null) {
            return;
        }
        Given gone = here.find(id);
        if (gone != null && !gone.ok() && here.verdicts.size() > 1) {
            here.verdicts.remove(gone);
            return;
        }
        if (gone == null && here.hasEarlier()) {
            gone = elsewhere(environment, id, more);
        }
        if (gone != null) {
            Given old = gone;
            rearrange(environment, more, all -> all.remove(old));
        }
    }

    /** Takes back all of it. */
    void clear(Overflow more) {
        for (String environment : List.copyOf(near.keySet())) {
            rearrange(environment, more, TreeSet::clear);
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
                        out.accept(
                                new Increment(
                                        figure.relation(),
                                        figure.series(),
                                        figure.bucketMinute(),
                                        count.numerator(),
                                        count.denominator()));
                    }
                });
        changes.clear();
    }

    /** Changes any of them, with all of that environment before one's eyes. */
    private void rearrange(String environment, Overflow more, Consumer<TreeSet<Given>> change) {
        TreeSet<Given> all = new TreeSet<>(BY_TIME);
        TreeSet<Given> earlier = new TreeSet<>(BY_TIME);
        String prefix = id(environment, "");
        more.all(Overflow.VERDICTS)
                .forEach(
                        (key, value) -> {
                            if (key.startsWith(prefix)) {
                                earlier.add(decode(key.substring(prefix.length()), value));
                            }
                        });
        all.addAll(earlier);
        Near before = near.remove(environment);
        if (before != null) {
            all.addAll(before.verdicts);
        }
        countAll(all, -1);
        change.accept(all);
        countAll(all, 1);

        Near now = new Near();
        for (Given given : all.descendingSet()) {
            if (now.verdicts.size() == Moments.AT_HAND) {
                now.cut = true;
                break;
            }
            now.verdicts.add(0, given);
            if (given.ok()) {
                break;
            }
        }
        if (!now.verdicts.isEmpty()) {
            near.put(environment, now);
        }
        now.verdicts.forEach(all::remove);
        for (Given given : earlier) {
            if (!all.contains(given)) {
                more.remove(Overflow.VERDICTS, id(environment, given.id()));
            }
        }
        for (Given given : all) {
            if (!earlier.contains(given)) {
                more.put(Overflow.VERDICTS, id(environment, given.id()), encode(given));
            }
        }
    }

    private void countAll(TreeSet<Given> all, int times) {
        Given ok = null;
        for (Given given : all.descendingSet()) {
            if (given.ok()) {
                ok = given;
            } else if (ok != null) {
                count(given, ok, times);
            }
        }
    }

    private void count(Given critical, Given ok, int times) {
        Histogram.RECOVERY.add(changes, MEASURE, critical.atMicros(), ok.atMicros(), times);
    }

    private static Given elsewhere(String environment, String id, Overflow more) {
        return decode(id, more.get(Overflow.VERDICTS, id(environment, id)));
    }

    private static String id(String environment, String deployment) {
        return environment + SEPARATOR + deployment;
    }

    private static long encode(Given given) {
        return given.atMicros() << 1 | (given.ok() ? 1 : 0);
    }

    private static Given decode(String id, Long value) {
        return value == null ? null : new Given(id, value >> 1, (value & 1) == 1);
    }
}
