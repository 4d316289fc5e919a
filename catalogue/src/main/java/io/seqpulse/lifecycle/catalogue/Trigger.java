package io.seqpulse.lifecycle.catalogue;

import java.io.Serializable;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What makes a rule due: one of the few detector kinds with its parameters. */
public sealed interface Trigger extends Serializable {

    /** The detector kinds. */
    enum Kind {
        HAPPENED,
        MISSING,
        REACHED,
        DROPPED,
        SILENT,
        SEQUENCE,
        CALENDAR,
        MILESTONE;

        /** The name as it stands in {@code lifecycle.yaml}. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Which happenings of an event count. */
    enum Occurrence {
        EACH,
        FIRST,
        FIRST_OF_MONTH
    }

    /** Calendar periods in UTC; a week is that of ISO 8601, from Monday on. */
    enum Period {
        MONTH,
        WEEK;

        /** The name as it stands in {@code lifecycle.yaml}, and in keys. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Its kind. */
    Kind kind();

    /** The event kinds it is about; while the table of one is missing, it is inert. */
    List<EventType> facts();

    /** Every event kind it names, those that end it included. */
    default Set<EventType> named() {
        return new LinkedHashSet<>(facts());
    }

    /** The period of which it has at most one instance, whose name its keys contain. */
    default Optional<Period> period() {
        return Optional.empty();
    }

    /** The values its instances have beside the subject's id; one may be null. */
    default Set<String> values() {
        return period().map(Period::label).map(Set::of).orElse(Set.of());
    }

    /** Of the {@link #values} those that are never null. */
    default Set<String> certainValues() {
        return values();
    }

    /** Whether it can be asked of such a subject, whom the event kind reaches in some way. */
    default boolean reaches(EventType fact, Subject subject) {
        return fact.subjects().contains(subject);
    }

    /** The event kinds without whose tables it can still say something. */
    default Set<EventType> dispensable() {
        return Set.of();
    }

    /** The same without the {@link #dispensable} event kinds that are read from some tables. */
    default Trigger without(Set<String> tables) {
        return this;
    }

    /** Of an event's values, all; in the order of their names. */
    private static Set<String> valuesOf(EventType event, String... more) {
        Set<String> values = new LinkedHashSet<>(new TreeSet<>(event.attributes()));
        values.addAll(List.of(more));
        return values;
    }

    /** Of an event's values those that are never null: its ids. */
    private static Set<String> certainValuesOf(EventType event, String... more) {
        Set<String> values = new LinkedHashSet<>(new TreeSet<>(event.certainAttributes()));
        values.addAll(List.of(more));
        return values;
    }

    /**
     * An event happened.
     *
     * @param where attribute → accepted values; empty: any
     * @param unfamiliar attributes of which one must have a value that none of the subject's events
     *     had in the 90 days before, and there was an earlier one; empty: none must. An unknown
     *     value is no new one
     * @param waitFor how long to wait for what belongs to it before the email is decided; not at
     *     all for the hints of a verdict that were committed with it
     */
    record Happened(
            EventType fact,
            Occurrence occurrence,
            Map<String, List<String>> where,
            List<String> unfamiliar,
            Duration waitFor)
            implements Trigger {

        /** Whatever is known about it already. */
        public Happened(
                EventType fact,
                Occurrence occurrence,
                Map<String, List<String>> where,
                Duration waitFor) {
            this(fact, occurrence, where, List.of(), waitFor);
        }

        @Override
        public Kind kind() {
            return Kind.HAPPENED;
        }

        @Override
        public List<EventType> facts() {
            return List.of(fact);
        }

        @Override
        public Optional<Period> period() {
            return occurrence == Occurrence.FIRST_OF_MONTH
                    ? Optional.of(Period.MONTH)
                    : Optional.empty();
        }

        @Override
        public Set<String> values() {
            return valuesOf(fact, Period.MONTH.label(), Period.WEEK.label());
        }

        /** What the rule itself asks about is there, too. */
        @Override
        public Set<String> certainValues() {
            Set<String> certain = certainValuesOf(fact, Period.MONTH.label(), Period.WEEK.label());
            certain.addAll(where.keySet());
            return certain;
        }
    }

    /**
     * {@code after} was not followed by {@code without} within a time; exactly at its end counts as
     * followed.
     */
    record Missing(EventType after, EventType without, Duration within) implements Trigger {
        @Override
        public Kind kind() {
            return Kind.MISSING;
        }

        @Override
        public List<EventType> facts() {
            return List.of(after, without);
        }
    }

    /** The number of distinct events in a calendar period reached a threshold. */
    record Reached(EventType count, Period per, int atLeast) implements Trigger {
        @Override
        public Kind kind() {
            return Kind.REACHED;
        }

        @Override
        public List<EventType> facts() {
            return List.of(count);
        }

        @Override
        public Optional<Period> period() {
            return Optional.of(per);
        }
    }

    /**
     * A period's count fell to a share of the period before. It is due at the period's end.
     *
     * @param toPercent at most that share, 1 to 99
     * @param fromAtLeast the period before had as many, or it says nothing
     */
    record Dropped(EventType count, Period per, int toPercent, int fromAtLeast) implements Trigger {
        @Override
        public Kind kind() {
            return Kind.DROPPED;
        }

        @Override
        public List<EventType> facts() {
            return List.of(count);
        }

        @Override
        public Optional<Period> period() {
            return Optional.of(per);
        }
    }

    /**
     * None of the events for a time, then reminders. Of a user's projects the owner hears of a
     * deployment in time for that.
     *
     * @param reminders each later than {@code after}, and as that counted from the last event
     */
    record Silent(List<EventType> facts, Duration after, List<Duration> reminders)
            implements Trigger {

        /** Owners hear no later than that of a deployment. */
        public static final Duration OWNERS_TOLD_WITHIN = Duration.ofDays(14);

        /** The name of the step that is not a reminder. */
        public static final String FIRST = "first";

        /** The name of a step, by its number from 0. */
        public static String step(int number) {
            return switch (number) {
                case 0 -> FIRST;
                case 1 -> "reminder";
                default -> "reminder" + number;
            };
        }

        @Override
        public boolean reaches(EventType fact, Subject subject) {
            return Trigger.super.reaches(fact, subject)
                    || (subject == Subject.USER && reachesOwner(fact));
        }

        @Override
        public Trigger without(Set<String> tables) {
            return new Silent(among(facts, tables), after, reminders);
        }

        /** But the first of them, as one source of activity must be there. */
        @Override
        public Set<EventType> dispensable() {
            return Set.copyOf(facts.subList(1, facts.size()));
        }

        @Override
        public Kind kind() {
            return Kind.SILENT;
        }

        @Override
        public Set<String> values() {
            return Set.of("last_activity_date");
        }
    }

    /**
     * Steps after an event until one of others happens: of the same table the one with the same id,
     * as each invoice and each invitation has its own steps; of another table any later one.
     *
     * @param where attribute → accepted values; empty: any
     * @param ends the attribute that says when the steps end by themselves; null: none does
     */
    record Sequence(
            EventType after,
            Map<String, List<String>> where,
            List<Duration> steps,
            List<EventType> until,
            String ends)
            implements Trigger {

        /** The name of a step: {@code j0}, {@code j3}, {@code h12}. */
        public static String label(Duration step) {
            if (step.isZero() || step.equals(Duration.ofDays(step.toDays()))) {
                return "j" + step.toDays();
            }
            return step.equals(Duration.ofHours(step.toHours()))
                    ? "h" + step.toHours()
                    : "s" + step.toSeconds();
        }

        @Override
        public Kind kind() {
            return Kind.SEQUENCE;
        }

        @Override
        public List<EventType> facts() {
            return List.of(after);
        }

        @Override
        public Set<EventType> named() {
            Set<EventType> named = new LinkedHashSet<>(facts());
            named.addAll(until);
            return named;
        }

        @Override
        public Set<String> values() {
            return valuesOf(after, "step");
        }

        @Override
        public Set<String> certainValues() {
            Set<String> certain = certainValuesOf(after, "step");
            certain.addAll(where.keySet());
            return certain;
        }
    }

    /**
     * A report on the week or month before, at a time of its first day where the user lives: of
     * projects with a deployment in it.
     *
     * @param spread everybody's moment is somewhere in so long a time after that
     * @param facts of a week, only users with one of these in the seven days before get one
     * @param plans only projects on one of these are reported; empty: any
     */
    record Calendar(
            Period each,
            String localTime,
            Duration spread,
            List<EventType> facts,
            Set<String> plans)
            implements Trigger {
        @Override
        public Kind kind() {
            return Kind.CALENDAR;
        }

        @Override
        public Optional<Period> period() {
            return Optional.of(each);
        }

        @Override
        public boolean reaches(EventType fact, Subject subject) {
            return subject == Subject.USER && reachesOwner(fact);
        }

        /** But the deployments, which are what is reported. */
        @Override
        public Set<EventType> dispensable() {
            return butDeployments(facts);
        }

        @Override
        public Trigger without(Set<String> tables) {
            return new Calendar(each, localTime, spread, among(facts, tables), plans);
        }
    }

    /**
     * Things go well for a user: so long after the first of an event, with more than so many
     * deployments in their projects, one of them lately, and no fewer verdicts {@code ok} than in
     * the time before. Asked once a day, and true once a half-year.
     *
     * @param since their first counts
     * @param deployments more than that in the last 70 days
     * @param activeWithin one of {@code facts} happened in so long a time
     * @param steadyFor verdicts of so long a time are compared with those of as long before; at
     *     most 35 days
     */
    record Milestone(
            EventType since,
            Duration after,
            int deployments,
            List<EventType> facts,
            Duration activeWithin,
            Duration steadyFor)
            implements Trigger {

        /** The value that names the half-year: {@code 2026H2}. */
        public static final String HALF = "half";

        @Override
        public Kind kind() {
            return Kind.MILESTONE;
        }

        @Override
        public Set<EventType> named() {
            Set<EventType> named = new LinkedHashSet<>(facts);
            named.add(since);
            return named;
        }

        @Override
        public Set<String> values() {
            return Set.of(HALF);
        }

        @Override
        public boolean reaches(EventType fact, Subject subject) {
            return subject == Subject.USER && reachesOwner(fact);
        }

        @Override
        public Set<EventType> dispensable() {
            return butDeployments(facts);
        }

        @Override
        public Trigger without(Set<String> tables) {
            return new Milestone(
                    since, after, deployments, among(facts, tables), activeWithin, steadyFor);
        }
    }

    /** Whether a user hears of it: of themselves, or of a project that they own. */
    private static boolean reachesOwner(EventType fact) {
        return fact.subjects().contains(Subject.USER) || fact == EventType.DEPLOYMENT_STARTED;
    }

    private static Set<EventType> butDeployments(List<EventType> facts) {
        Set<EventType> others = new LinkedHashSet<>(facts);
        others.remove(EventType.DEPLOYMENT_STARTED);
        return others;
    }

    /** The event kinds that are read from none of some tables. */
    private static List<EventType> among(List<EventType> facts, Set<String> missing) {
        return facts.stream().filter(fact -> !missing.contains(fact.table().label())).toList();
    }
}
