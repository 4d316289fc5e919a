package io.seqpulse.lifecycle.kpi;

/**
 * What somebody adds to a figure.
 *
 * @param numerator to its numerator
 * @param denominator to its denominator
 */
public record Count(long numerator, long denominator) {

    /** Nothing. */
    public static final Count ZERO = new Count(0, 0);

    /** Both together. */
    public Count plus(Count other) {
        return new Count(numerator + other.numerator, denominator + other.denominator);
    }

    /** One that began, and whether it reached the goal. */
    public static Count one(boolean reached) {
        return new Count(reached ? 1 : 0, 1);
    }
}
