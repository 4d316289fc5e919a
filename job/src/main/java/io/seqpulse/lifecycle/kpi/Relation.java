package io.seqpulse.lifecycle.kpi;

import java.util.Locale;

/** The tables of KPIs, by what a row of each is (see {@code kpi.put}). */
public enum Relation {
    /** Series: the KPI. Numerator: reached the goal; denominator: began. */
    COHORT,
    /** Series: project, delivery, code. Numerator: converted, 0 or 1; denominator: 1. */
    EXPOSURE,
    /** Series: the activity. Denominator: how many. */
    ACTIVITY,
    /** Series: code, outcome, reason. Denominator: how many. */
    EMAIL,
    /** Series: the segment, without a bucket. Denominator: its members. */
    SEGMENT,
    /**
     * Series: the measure, the upper bound in milliseconds. Numerator: their sum; denominator: how
     * many.
     */
    DURATION;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** The name by which {@code kpi.put} knows it. */
    public String label() {
        return label;
    }
}
