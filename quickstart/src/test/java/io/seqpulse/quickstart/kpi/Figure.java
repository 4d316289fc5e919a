package io.seqpulse.quickstart.kpi;

import java.math.BigDecimal;

/**
 * What a KPI comes to in a window.
 *
 * @param value in percent, two decimals; null, and 0 in the product's SQL, where nothing began
 */
record Figure(long numerator, long denominator, BigDecimal value) {

    /** Whether the two say the same; of a value only where there is one. */
    boolean agrees(Figure other) {
        return numerator == other.numerator
                && denominator == other.denominator
                && (denominator == 0 || value.compareTo(other.value) == 0);
    }

    /** Whether a mistake would show: enough began, and some of them did and some did not. */
    boolean isTelling() {
        return denominator >= 5 && numerator > 0 && numerator < denominator;
    }
}
