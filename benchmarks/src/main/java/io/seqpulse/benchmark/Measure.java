package io.seqpulse.benchmark;

import java.util.Arrays;
import java.util.Locale;

/** What is measured, in the order in which it runs and is shown. */
enum Measure {
    CONSUMER("a", "bare Kafka consumer", "events"),
    DECODE("b", "Flink: source and decode", "events"),
    PIPELINE("c", "whole pipeline, sink discarding", "events"),
    DEBEZIUM("f", "Debezium, streaming", "events"),
    SNAPSHOT("g", "Debezium, snapshot", "rows"),
    JOURNAL("d", "whole pipeline, journal, no mail", "events"),
    SMTP("e", "email sink alone, local SMTP", "mails");

    private final String letter;
    private final String title;
    private final String unit;

    Measure(String letter, String title, String unit) {
        this.letter = letter;
        this.title = title;
        this.unit = unit;
    }

    /** How it is asked for. */
    String letter() {
        return letter;
    }

    /** What it is, for people. */
    String title() {
        return title;
    }

    /** What is counted. */
    String unit() {
        return unit;
    }

    /**
     * How many runs before the counted ones only let the code be compiled, as it is in a process
     * that runs for weeks. Mails and snapshots wait for others most of the time.
     */
    int warmUps() {
        return switch (this) {
            case CONSUMER, DECODE, PIPELINE, DEBEZIUM, JOURNAL -> 2;
            case SNAPSHOT, SMTP -> 0;
        };
    }

    /** Whether it is measured on the events in Kafka, rather than on rows or mails. */
    boolean readsEvents() {
        return switch (this) {
            case CONSUMER, DECODE, PIPELINE, JOURNAL -> true;
            case DEBEZIUM, SNAPSHOT, SMTP -> false;
        };
    }

    /** Its name in the report. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The one of that letter or name.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Measure of(String text) {
        return Arrays.stream(values())
                .filter(measure -> measure.letter.equals(text) || measure.label().equals(text))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "there is no measure '%s'; choose of %s"
                                                .formatted(text, choices())));
    }

    private static String choices() {
        return String.join(
                ", ",
                Arrays.stream(values())
                        .map(measure -> measure.letter + " (" + measure.label() + ")")
                        .toList());
    }
}
