package io.seqpulse.lifecycle.kpi;

import java.io.IOException;
import java.util.Locale;

/** The tables of KPIs, by what a row of each is (see {@code kpi.put}). */
public enum Relation {
    /** Series: the KPI. Numerator: reached the goal; denominator: began. */
    COHORT(0, 'a', true),
    /** Series: project, delivery, code. Numerator: converted, 0 or 1; denominator: 1. */
    EXPOSURE(1, 'b', false),
    /** Series: the activity. Denominator: how many. */
    ACTIVITY(2, 'c', true),
    /** Series: code, outcome, reason. Denominator: how many. */
    EMAIL(3, 'd', false),
    /** Series: the segment, without a bucket. Denominator: its members. */
    SEGMENT(4, 'e', false),
    /**
     * Series: the measure, the upper bound in milliseconds. Numerator: their sum; denominator: how
     * many.
     */
    DURATION(5, 'f', false),
    /**
     * Series: the key, the code, the stage that holds it, what for, the user, the project.
     * Numerator: until when, in milliseconds since the epoch; denominator: 1.
     */
    WAITING(6, 'g', false);

    private final String label = name().toLowerCase(Locale.ROOT);
    private static final Relation[] ALL = values();

    private final int id;
    private final char letter;
    private final boolean hourly;

    Relation(int id, char letter, boolean hourly) {
        this.id = id;
        this.letter = letter;
        this.hourly = hourly;
    }

    /** The number by which state and messages know it; never reused. */
    public int id() {
        return id;
    }

    /**
     * The relation of a number.
     *
     * @throws IOException if a later version wrote it
     */
    public static Relation byId(int id) throws IOException {
        for (Relation relation : ALL) {
            if (relation.id == id) {
                return relation;
            }
        }
        throw new IOException(
                "state has KPI table %s, which this version of the job does not know: start the version that wrote it, or a later one"
                        .formatted(id));
    }

    /** The letter by which keys of state know it; never reused. */
    public char letter() {
        return letter;
    }

    /**
     * The relation of a letter.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Relation byLetter(char letter) {
        for (Relation relation : ALL) {
            if (relation.letter == letter) {
                return relation;
            }
        }
        throw new IllegalArgumentException("no KPI table has letter " + letter);
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

    /**
     * The one whose rows, or whose rows of hours, have this name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Relation labelled(String label) {
        for (Relation relation : values()) {
            if (relation.label.equals(label) || relation.hourLabel().equals(label)) {
                return relation;
            }
        }
        throw new IllegalArgumentException("no relation is called " + label);
    }
}
