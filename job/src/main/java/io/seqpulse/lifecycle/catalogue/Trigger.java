package io.seqpulse.lifecycle.catalogue;

import io.seqpulse.lifecycle.fact.FactKind;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What makes a rule due: one of the few detector kinds with its parameters. */
public sealed interface Trigger extends Serializable {

    /** The event kinds it is about; while the table of one is missing, it is inert. */
    List<FactKind> facts();

    /** Which happenings of an event count. */
    enum Occurrence {
        EACH,
        FIRST,
        FIRST_OF_MONTH
    }

    /** Calendar periods in UTC. */
    enum Period {
        MONTH,
        WEEK
    }

    /**
     * An event happened.
     *
     * @param where attribute → accepted values; empty: any
     * @param waitFor how long to wait for what belongs to it before the email is decided
     */
    record Happened(
            FactKind fact, Occurrence occurrence, Map<String, List<String>> where, Duration waitFor)
            implements Trigger {
        @Override
        public List<FactKind> facts() {
            return List.of(fact);
        }
    }

    /**
     * {@code after} was not followed by {@code without} within a time; exactly at its end counts as
     * followed.
     */
    record Missing(FactKind after, FactKind without, Duration within) implements Trigger {
        @Override
        public List<FactKind> facts() {
            return List.of(after, without);
        }
    }

    /** The number of distinct events in a calendar period reached a threshold. */
    record Reached(FactKind count, Period per, int atLeast) implements Trigger {
        @Override
        public List<FactKind> facts() {
            return List.of(count);
        }
    }

    /** A period's count fell to a share of the period before. */
    record Dropped(FactKind count, Period per, int toPercent, int fromAtLeast) implements Trigger {
        @Override
        public List<FactKind> facts() {
            return List.of(count);
        }
    }

    /** None of the events for a time, then reminders. */
    record Silent(List<FactKind> facts, Duration after, List<Duration> reminders)
            implements Trigger {}

    /** Steps after an event until one of others happens. */
    record Sequence(FactKind after, List<Duration> steps, List<FactKind> until) implements Trigger {
        @Override
        public List<FactKind> facts() {
            return List.of(after);
        }
    }

    /**
     * At a local time each week or month, for subjects with one of the events in the period before.
     */
    record Calendar(Period each, String localTime, List<FactKind> facts) implements Trigger {}
}
