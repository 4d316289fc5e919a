package io.seqpulse.api.kpi;

import java.math.BigDecimal;

/**
 * A KPI in a window.
 *
 * @param value percentage with two decimals, rounded by the database; null at denominator 0
 */
public record Figure(long numerator, long denominator, BigDecimal value) {

    /** What a window is in which nobody began. */
    public static final Figure NONE = new Figure(0, 0, null);

    /** The percentage as the founding document has it: 0.0 at denominator 0. */
    public double valueOrZero() {
        return value == null ? 0.0 : value.doubleValue();
    }
}
