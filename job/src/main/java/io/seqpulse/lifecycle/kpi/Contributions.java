package io.seqpulse.lifecycle.kpi;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a subject has added to the figures, and so what is to be taken back when it no longer holds.
 *
 * <p>State, as {@link CohortStateCodec} writes it.
 */
public final class Contributions {

    /** What was added to each figure; never {@link Count#ZERO}. */
    Map<Figure, Count> counts = Map.of();

    /** Whether there is nothing to take back. */
    public boolean isEmpty() {
        return counts.isEmpty();
    }

    /**
     * Makes them as they should be, and says what that changes.
     *
     * @param target what the subject adds to each figure, as its facts are now
     */
    public void become(Map<Figure, Count> target, Consumer<Increment> out) {
        if (target.equals(counts)) {
            return;
        }
        counts.forEach(
                (figure, before) -> {
                    if (!target.containsKey(figure)) {
                        add(figure, Count.ZERO, before, out);
                    }
                });
        target.forEach(
                (figure, now) -> add(figure, now, counts.getOrDefault(figure, Count.ZERO), out));
        counts = new HashMap<>(target);
    }

    private static void add(Figure figure, Count now, Count before, Consumer<Increment> out) {
        if (!now.equals(before)) {
            out.accept(
                    Increment.of(
                            figure,
                            new Count(
                                    now.numerator() - before.numerator(),
                                    now.denominator() - before.denominator())));
        }
    }
}
