package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.catalogue.Goal;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import io.seqpulse.lifecycle.codec.BoundedText;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Histogram;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.kpi.Relation;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What an email counts for, by itself: its outcome, the funnel from sent to clicked, how long it
 * took, and the KPIs and goals about opening and clicking. Pure: a function of the email and of the
 * catalogue.
 *
 * <p>A click by a machine is no click: scanners follow the links of a mail before anybody reads it.
 */
final class EmailFigures {

    /** Codes of the product's lifecycle emails; what else stands in the journal has no funnel. */
    private static final String LIFECYCLE = "E-";

    /** Of a text that others write, in bytes; three of them fit into an index by far. */
    private static final int LONGEST = 200;

    private static final String DETECTION_LATENCY = "detection_latency";
    private static final String DELIVERY_LATENCY = "delivery_latency";
    private static final long MICROS_PER_MILLI = 1_000;

    private final KpiIndex measures;

    EmailFigures(KpiIndex measures) {
        this.measures = measures;
    }

    /** All of it, as it is now. */
    Map<Figure, Count> of(Delivery email) {
        Map<Figure, Count> figures = new HashMap<>();
        DeliveryRow line = email.line;
        if (line == null) {
            return figures;
        }
        String code = BoundedText.line(line.code(), LONGEST);
        Long sentAt = line.sentAt();
        put(
                figures,
                Relation.EMAIL,
                Increment.series(
                        code,
                        BoundedText.line(line.status(), LONGEST),
                        BoundedText.line(orNothing(line.reason()), LONGEST)),
                sentAt == null ? line.createdAt() : sentAt,
                new Count(0, 1));
        Long causedAt = line.causedAt();
        addDuration(figures, DETECTION_LATENCY, causedAt, line.decidedAt());
        if (!email.isSent()) {
            return figures;
        }
        addDuration(figures, DELIVERY_LATENCY, causedAt, sentAt);
        if (code.startsWith(LIFECYCLE)) {
            String variant = line.sentVariant();
            add(figures, KpiIndex.funnel(code, "opened", variant), sentAt, isOpened(email));
            add(
                    figures,
                    KpiIndex.funnel(code, "opened_by_people", variant),
                    sentAt,
                    isOpenedByPeople(email));
            add(
                    figures,
                    KpiIndex.funnel(code, "clicked", variant),
                    sentAt,
                    isClicked(email, Long.MAX_VALUE));
            if (isGoalAClick(code)) {
                add(
                        figures,
                        KpiIndex.goalOf(code, variant),
                        sentAt,
                        isGoalReached(email, code, sentAt));
            }
        }
        for (Kpi kpi : measures.of(Kpi.Cohort.EMAIL_SENT)) {
            if (kpi.kind() == Kpi.Kind.COHORT && kpi.codes().contains(code)) {
                addKpi(figures, kpi, email, code, sentAt);
            }
        }
        return figures;
    }

    private void addKpi(
            Map<Figure, Count> figures, Kpi kpi, Delivery email, String code, long sentAt) {
        switch (kpi.success()) {
            case OPENED -> add(figures, kpi.name(), sentAt, isOpened(email));
            case OPENED_BY_PEOPLE -> add(figures, kpi.name(), sentAt, isOpenedByPeople(email));
            case CLICKED ->
                    add(
                            figures,
                            kpi.name(),
                            sentAt,
                            kpi.within() == null
                                    ? isClicked(email, Long.MAX_VALUE)
                                    : isClickedWithin(email, sentAt, kpi.within()));
            case GOAL -> {
                if (isGoalAClick(code)) {
                    add(figures, kpi.name(), sentAt, isGoalReached(email, code, sentAt));
                }
            }
            case PROJECT_CREATED, DEPLOYMENT_STARTED, DEPLOYMENT_FINISHED, VERDICT_CREATED, PRO -> {
                // what the project or the user knows
            }
        }
    }

    private static void add(Map<Figure, Count> figures, String kpi, long sentAt, boolean reached) {
        put(figures, Relation.COHORT, kpi, sentAt, Count.one(reached));
    }

    private static void put(
            Map<Figure, Count> figures,
            Relation relation,
            String series,
            long atMicros,
            Count count) {
        figures.put(new Figure(relation, series, Increment.minuteOf(atMicros)), count);
    }

    /** In the minute in which it ended; clocks that disagree make it no shorter than nothing. */
    private static void addDuration(
            Map<Figure, Count> figures, String measure, Long fromMicros, Long toMicros) {
        if (fromMicros == null || toMicros == null) {
            return;
        }
        Histogram.LATENCY.add(figures, measure, fromMicros, toMicros, 1);
    }

    private static boolean isOpened(Delivery email) {
        return any(email, event -> event.type().equals(EmailEvent.OPENED));
    }

    private static boolean isOpenedByPeople(Delivery email) {
        return any(email, event -> event.type().equals(EmailEvent.OPENED) && !event.machine());
    }

    /** Otherwise the project or the user knows whether it is reached. */
    private boolean isGoalAClick(String code) {
        Goal goal = measures.goal(code);
        return goal != null && goal.success() == Success.CLICKED;
    }

    private boolean isGoalReached(Delivery email, String code, long sentAt) {
        return isClickedWithin(email, sentAt, measures.goal(code).within());
    }

    private static boolean isClickedWithin(Delivery email, long sentAt, Duration within) {
        return isClicked(email, sentAt + within.toMillis() * MICROS_PER_MILLI);
    }

    private static boolean isClicked(Delivery email, long until) {
        return any(
                email,
                event ->
                        event.type().equals(EmailEvent.CLICKED)
                                && !event.machine()
                                && event.at() <= until);
    }

    private static boolean any(Delivery email, Predicate<EmailEvent> which) {
        return email.events.values().stream().anyMatch(which);
    }

    private static String orNothing(String text) {
        return text == null ? "" : text;
    }
}
