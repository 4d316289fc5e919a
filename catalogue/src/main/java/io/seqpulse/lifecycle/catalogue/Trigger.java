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
        CALENDAR;

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

    /** Whether this version notices such things; a rule of another kind must be disabled. */
    default boolean isHosted() {
        return false;
    }

    /** Of an event's values, all; in the order of their names. */
    private static Set<String> valuesOf(EventType event, String more) {
        Set<String> values = new LinkedHashSet<>(new TreeSet<>(event.attributes()));
        values.add(more);
        return values;
    }

    /** Of an event's values those that are never null: its ids. */
    private static Set<String> certainValuesOf(EventType event, String more) {
        Set<String> values = new LinkedHashSet<>(new TreeSet<>(event.certainAttributes()));
        values.add(more);
        return values;
    }

    /**
     * An event happened.
     *
     * @param where attribute → accepted values; empty: any
     * @param waitFor how long to wait for what belongs to it before the email is decided; not at
     *     all for the hints of a verdict that were committed with it
     */
    record Happened(
            EventType fact,
            Occurrence occurrence,
            Map<String, List<String>> where,
            Duration waitFor)
            implements Trigger {
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
            return valuesOf(fact, Period.MONTH.label());
        }

        /** What the rule itself asks about is there, too. */
        @Override
        public Set<String> certainValues() {
            Set<String> certain = certainValuesOf(fact, Period.MONTH.label());
            certain.addAll(where.keySet());
            return certain;
        }

        @Override
        public boolean isHosted() {
            return true;
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

        @Override
        public boolean isHosted() {
            return true;
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

        @Override
        public boolean isHosted() {
            return true;
        }
    }

    /** A period's count fell to a share of the period before. */
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

    /** None of the events for a time, then reminders. */
    record Silent(List<EventType> facts, Duration after, List<Duration> reminders)
            implements Trigger {
        @Override
        public Kind kind() {
            return Kind.SILENT;
        }

        @Override
        public Set<String> values() {
            return Set.of("last_activity_date");
        }
    }

    /** Steps after an event until one of others happens. */
    record Sequence(EventType after, List<Duration> steps, List<EventType> until)
            implements Trigger {
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
            return certainValuesOf(after, "step");
        }
    }

    /**
     * At a local time each week or month, for subjects with one of the events in the period before.
     */
    record Calendar(Period each, String localTime, List<EventType> facts) implements Trigger {
        @Override
        public Kind kind() {
            return Kind.CALENDAR;
        }

        @Override
        public Optional<Period> period() {
            return Optional.of(each);
        }
    }
}
