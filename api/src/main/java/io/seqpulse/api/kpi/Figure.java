package io.seqpulse.api.kpi;

import java.math.BigDecimal;
import java.util.Optional;

/**
 * A KPI in a window.
 *
 * @param value percentage with two decimals, rounded by the database; null at denominator 0
 * @param unread why the database could not say it now, such as {@code locked}; empty where it did
 */
public record Figure(long numerator, long denominator, BigDecimal value, Optional<String> unread) {

    /** What a window is in which nobody began. */
    public static final Figure NONE = new Figure(0, 0, null);

    /** One that the database has said. */
    public Figure(long numerator, long denominator, BigDecimal value) {
        this(numerator, denominator, value, Optional.empty());
    }

    /** One that it could not say now, and why. */
    static Figure unread(String reason) {
        return new Figure(0, 0, null, Optional.of(reason));
    }

    /** The percentage as the founding document has it: 0.0 at denominator 0. */
    public double valueOrZero() {
        return value == null ? 0.0 : value.doubleValue();
    }
}
