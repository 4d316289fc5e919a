package io.seqpulse.lifecycle.kpi;

import java.util.Locale;

/** The tables of KPIs, by what a row of each is (see {@code kpi.put}). */
public enum Relation {
    /** Series: the KPI. Numerator: reached the goal; denominator: began. */
    COHORT(true),
    /** Series: project, delivery, code. Numerator: converted, 0 or 1; denominator: 1. */
    EXPOSURE(false),
    /** Series: the activity. Denominator: how many. */
    ACTIVITY(true),
    /** Series: code, outcome, reason. Denominator: how many. */
    EMAIL(false),
    /** Series: the segment, without a bucket. Denominator: its members. */
    SEGMENT(false),
    /**
     * Series: the measure, the upper bound in milliseconds. Numerator: their sum; denominator: how
     * many.
     */
    DURATION(false);

    private final String label = name().toLowerCase(Locale.ROOT);
    private final boolean hourly;

    Relation(boolean hourly) {
        this.hourly = hourly;
    }

    /** The name by which {@code kpi.put} knows it. */
    public String label() {
        return label;
    }

    /** Whether there is a row of each hour as well, for windows of weeks. */
    public boolean isHourly() {
        return hourly;
    }

    /** The name by which {@code kpi.put} knows the row of an hour. */
    public String hourLabel() {
        return label + "_hour";
    }
}
