package io.seqpulse.lifecycle.detect;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.catalogue.Trigger;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.detect.EventHistory.TimedEvent;
import io.seqpulse.lifecycle.detect.TriggerInstance.Deadline;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SpillStore;
import io.seqpulse.lifecycle.host.DetectionFunction;
import io.seqpulse.lifecycle.kpi.ProjectCohorts;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Rules;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAdjusters;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Detectors of kinds that no rule may have yet, to try what detection offers them: one whose
 * deadline moves with each event, and one that the calendar asks.
 */
final class FutureDetectors {

    static final Duration SILENCE = Duration.ofDays(14);
    static final Duration SILENT_EXPIRES = Duration.ofHours(72);
    static final String SILENT = "E-RET-03";
    static final String WEEKLY = "E-RET-01";

    static final EventType ACTIVITY = EventType.DEPLOYMENT_STARTED;

    /** Says of an activity of the same id that it is to be as if it had never been. */
    static final EventType TAKEN_BACK = EventType.FEATURE_GATED;

    private FutureDetectors() {}

    static Detection detection(List<ActiveRule> rules) {
        return new Detection(Subject.PROJECT, rules, FutureDetectors::of);
    }

    private static Detector of(Trigger trigger) {
        return switch (trigger.kind()) {
            case SILENT -> new SilentDetector((Trigger.Silent) trigger);
            case CALENDAR -> new CalendarDetector((Trigger.Calendar) trigger);
            default -> Detector.of(trigger, ZoneOffset.UTC);
        };
    }

    static Rule silent() {
        return rule(
                SILENT,
                new Trigger.Silent(List.of(ACTIVITY), SILENCE, List.of()),
                SILENT_EXPIRES,
                "silent:{project_id}:{last_activity_date}");
    }

    static Rule silentOnPlan(String plan) {
        Rule any = silent();
        return new Rule(
                any.code(),
                any.name(),
                any.category(),
                any.mode(),
                any.subject(),
                any.trigger(),
                any.fallback(),
                any.expires(),
                any.audience(),
                Set.of(plan),
                any.priority(),
                any.dedupeKey(),
                any.supersedes(),
                any.template(),
                any.ctaPath(),
                any.ctaLabel(),
                any.kpi(),
                any.goal());
    }

    static Rule weekly(Duration expires) {
        return rule(
                WEEKLY,
                new Trigger.Calendar(
                        Period.WEEK, "09:00", Duration.ZERO, List.of(ACTIVITY), Set.of()),
                expires,
                "weekly:{project_id}:{week}");
    }

    static Rule rule(String code, Trigger trigger, Duration expires, String key) {
        return new Rule(
                code,
                "future",
                EmailCategory.MARKETING,
                Mode.LIVE,
                Subject.PROJECT,
                trigger,
                null,
                expires,
                List.of(Audience.OWNER),
                Set.of(),
                1,
                key,
                List.of(),
                "T",
                "/",
                Map.of(),
                "future",
                null);
    }

    /** The few that a test tells of are all at hand. */
    private static List<TimedEvent> events(Profile profile, EventType kind) {
        EventHistory all = profile.happened.get(kind);
        if (all == null) {
            return List.of();
        }
        return all.atHand == null
                ? List.of(new TimedEvent(all.first.id(), all.first.at()))
                : all.atHand;
    }

    /** Hosts them as projects' rules are hosted. */
    static final class Host extends DetectionFunction {

        private final List<ActiveRule> rules;

        Host(List<ActiveRule> rules) {
            super(
                    Subject.PROJECT,
                    Facts.LOG,
                    List.of(),
                    new ProjectCohorts(Rules.measures()),
                    ZoneOffset.UTC);
            this.rules = List.copyOf(rules);
        }

        @Override
        protected Detection detection() {
            return FutureDetectors.detection(rules);
        }

        @Override
        protected boolean isOwn(RowChange change) {
            return change.table() == CapturedTable.PROJECTS;
        }

        @Override
        protected boolean needsSubject(Fact fact) {
            return false;
        }

        @Override
        protected void takeOther(Detection detection, Profile profile, RowChange change) {
            throw new IllegalArgumentException(change.toString());
        }
    }

    /** No activity for a time, since the project was created or the latest one that stands. */
    private record SilentDetector(Trigger.Silent trigger) implements Detector {

        @Override
        public boolean isMovedBy(EventType kind) {
            return kind == EventType.PROJECT_CREATED
                    || trigger.facts().contains(kind)
                    || kind == TAKEN_BACK;
        }

        @Override
        public boolean isMadeByTime() {
            return true;
        }

        @Override
        public List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older) {
            return waiting(profile);
        }

        @Override
        public List<TriggerInstance> waiting(Profile profile) {
            long last = last(profile);
            if (last == 0) {
                return List.of();
            }
            long dueAt = last + trigger.after().toMillis();
            return List.of(
                    new TriggerInstance(
                            "",
                            dueAt,
                            Deadline.MOVABLE,
                            dueAt + MissingDetector.GRACE.toMillis(),
                            0,
                            Map.of("last_activity_date", Long.toString(last))));
        }

        /** 0: not even the creation is known. */
        private long last(Profile profile) {
            Set<String> takenBack = new HashSet<>();
            events(profile, TAKEN_BACK).forEach(one -> takenBack.add(one.id()));
            EventRecord created = profile.first(EventType.PROJECT_CREATED);
            long last = created == null ? 0 : created.at();
            for (EventType kind : trigger.facts()) {
                for (TimedEvent one : events(profile, kind)) {
                    last = takenBack.contains(one.id()) ? last : Math.max(last, one.at());
                }
            }
            return last;
        }

        @Override
        public String name() {
            return "silent/" + trigger.facts();
        }

        @Override
        public Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older) {
            long dueAt = last(profile) + trigger.after().toMillis();
            return dueAt <= pending.dueAt ? Answer.HOLDS : Answer.RESOLVED;
        }
    }

    /** Each Monday where the project is, of those with an activity in the seven days before. */
    private record CalendarDetector(Trigger.Calendar trigger) implements Detector {

        @Override
        public boolean isMovedBy(EventType kind) {
            return trigger.facts().contains(kind);
        }

        @Override
        public boolean isMadeByTime() {
            return true;
        }

        @Override
        public List<TriggerInstance> instances(Profile profile, Fact fact, SpillStore older) {
            return List.of();
        }

        @Override
        public long nextAsk(Profile profile, long after) {
            long from = Math.max(after, profile.createdAt);
            ZonedDateTime last = lastMonday(profile, from);
            return at(last.plusWeeks(1));
        }

        @Override
        public List<TriggerInstance> instancesAt(Profile profile, long now, SpillStore older) {
            ZonedDateTime monday = lastMonday(profile, now);
            long dueAt = at(monday);
            if (dueAt < profile.createdAt) {
                return List.of();
            }
            String week = monday.format(DateTimeFormatter.ISO_WEEK_DATE).substring(0, 8);
            return List.of(
                    new TriggerInstance(
                            week,
                            dueAt,
                            dueAt + MissingDetector.GRACE.toMillis(),
                            0,
                            Map.of("week", week)));
        }

        /** The latest such time that is not later. A project has no zone: its plan says it here. */
        private ZonedDateTime lastMonday(Profile profile, long now) {
            String zone = profile.plan;
            ZonedDateTime local =
                    Instant.ofEpochMilli(now).atZone(ZoneId.of(zone == null ? "UTC" : zone));
            ZonedDateTime monday =
                    local.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY))
                            .with(LocalTime.parse(trigger.localTime()));
            return at(monday) <= now ? monday : monday.minusWeeks(1);
        }

        private static long at(ZonedDateTime time) {
            return time.toInstant().toEpochMilli();
        }

        @Override
        public String name() {
            return "calendar/" + trigger.each();
        }

        @Override
        public Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older) {
            long from = pending.dueAt - Duration.ofDays(7).toMillis();
            boolean active =
                    trigger.facts().stream()
                            .flatMap(kind -> events(profile, kind).stream())
                            .anyMatch(one -> one.at() >= from && one.at() < pending.dueAt);
            return active ? Answer.HOLDS : Answer.VOID;
        }
    }
}
