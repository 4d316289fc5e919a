package io.seqpulse.lifecycle.detect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Calendar;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.fact.Activity.Figures;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SpillStore;
import io.seqpulse.lifecycle.fact.TimeZones;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A report on the week or month before, at a time of day where the user lives: of each project with
 * something to report, and of none for a period without a deployment. Everybody's moment lies at a
 * fixed place of their own in the window over which the reports are spread.
 */
record CalendarDetector(Calendar trigger, ZoneId otherwise) implements Detector {

    /** Of more projects nothing is told one by one. */
    private static final int MOST_PROJECTS = 200;

    private static final long ACTIVE = Duration.ofDays(7).toMillis();
    private static final JsonFactory JSON = new JsonFactory();

    private record Reported(String id, OwnedActivity project, Figures now, Figures before) {}

    /** None: only time makes one. */
    @Override
    public boolean isMovedBy(EventType type) {
        return false;
    }

    /** A project that has gone, or come onto another plan, leaves the report. */
    @Override
    public boolean isMovedBySignals() {
        return true;
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
        LocalDate start = startOf(profile, after);
        long at = at(profile, start);
        return at > after ? at : at(profile, LocalTimes.next(trigger.each(), start));
    }

    @Override
    public List<TriggerInstance> instancesAt(Profile profile, long now, SpillStore older) {
        LocalDate start = startOf(profile, now);
        if (at(profile, start) > now) {
            start = LocalTimes.previous(trigger.each(), start);
        }
        long dueAt = at(profile, start);
        if (dueAt < profile.createdAt) {
            return List.of();
        }
        LocalDate reported = LocalTimes.previous(trigger.each(), start);
        String name = LocalTimes.name(trigger.each(), reported);
        return List.of(
                new TriggerInstance(
                        name,
                        dueAt,
                        dueAt + MissingDetector.GRACE.toMillis(),
                        0,
                        Map.of(trigger.each().label(), name)));
    }

    private LocalDate startOf(Profile profile, long at) {
        LocalDate day = LocalDate.ofInstant(Instant.ofEpochMilli(at), zone(profile));
        return LocalTimes.start(trigger.each(), day);
    }

    private long at(Profile profile, LocalDate start) {
        long at = LocalTimes.at(start, LocalTime.parse(trigger.localTime()), zone(profile));
        return at + profile.place(trigger.spread().toMillis());
    }

    private ZoneId zone(Profile profile) {
        return TimeZones.named(profile.timezone, otherwise);
    }

    @Override
    public String name() {
        return "calendar/" + trigger.each();
    }

    @Override
    public Answer ask(Profile profile, ScheduledTrigger pending, SpillStore older) {
        if (pending.asked) {
            return reported(profile, pending).isEmpty() ? Answer.RESOLVED : Answer.HOLDS;
        }
        boolean active = profile.lastOf(trigger.facts()) >= pending.dueAt - ACTIVE;
        boolean counts = trigger.facts().contains(EventType.DEPLOYMENT_STARTED);
        boolean deployed =
                counts
                        && profile.owned.all().values().stream()
                                .anyMatch(
                                        project ->
                                                deployed(
                                                        project,
                                                        pending.dueAt - ACTIVE,
                                                        pending.dueAt));
        boolean needsActive = trigger.each() == Period.WEEK;
        boolean isActive = !needsActive || active || deployed;
        return isActive && !reported(profile, pending).isEmpty() ? Answer.HOLDS : Answer.VOID;
    }

    private static boolean deployed(OwnedActivity project, long from, long to) {
        return project.activity.between(from, to).deployments() > 0;
    }

    @Override
    public Map<String, String> figures(Profile profile, ScheduledTrigger pending) {
        return Map.of("report", json(reported(profile, pending)));
    }

    /** Those with a deployment in the period, the busiest first. */
    private List<Reported> reported(Profile profile, ScheduledTrigger pending) {
        LocalDate start = LocalTimes.start(trigger.each(), pending.instance);
        long before = LocalTimes.startOf(LocalTimes.previous(trigger.each(), start), zone(profile));
        long from = LocalTimes.startOf(start, zone(profile));
        long to = LocalTimes.startOf(LocalTimes.next(trigger.each(), start), zone(profile));
        List<Reported> reported = new ArrayList<>();
        profile.owned
                .all()
                .forEach(
                        (id, project) -> {
                            Figures now = project.activity.between(from, to);
                            boolean told =
                                    trigger.plans().isEmpty()
                                            || (project.plan != null
                                                    && trigger.plans().contains(project.plan));
                            if (told && now.deployments() > 0) {
                                Figures then = project.activity.between(before, from);
                                reported.add(new Reported(id, project, now, then));
                            }
                        });
        reported.sort(
                Comparator.comparingInt((Reported one) -> -one.now.deployments())
                        .thenComparing(Reported::id));
        return reported;
    }

    private static String json(List<Reported> reported) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartArray();
            for (Reported one : reported.subList(0, Math.min(MOST_PROJECTS, reported.size()))) {
                json.writeStartObject();
                json.writeStringField("project_id", one.id);
                json.writeStringField("project_name", one.project.name);
                json.writeNumberField("deployments", one.now.deployments());
                json.writeNumberField("ok", one.now.ok());
                json.writeNumberField("warnings", one.now.warnings());
                json.writeNumberField("rollbacks", one.now.rollbacks());
                json.writeNumberField("critical_hints", one.now.criticalHints());
                json.writeNumberField("previous_deployments", one.before.deployments());
                json.writeEndObject();
            }
            json.writeEndArray();
        } catch (IOException inMemory) {
            throw new UncheckedIOException(inMemory);
        }
        return text.toString();
    }
}
