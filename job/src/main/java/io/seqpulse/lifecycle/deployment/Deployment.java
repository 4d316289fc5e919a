package io.seqpulse.lifecycle.deployment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.detect.EventRecord;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.SubjectState;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.Contributions;
import io.seqpulse.lifecycle.kpi.DeploymentCohorts;
import io.seqpulse.lifecycle.kpi.EarliestTimes;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What is remembered of one deployment, until it can be told to its project: verdicts and hints
 * name only the deployment. Facts arrive in any order and any number of times.
 *
 * <p>State, as {@link DeploymentCodec} writes it.
 */
public class Deployment extends SubjectState {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Hints up to this long after a verdict belong to it (CATALOGUE, E-ACT-05). */
    private static final Duration HINTS_FOLLOW = Duration.ofSeconds(2);

    /** By how much the clock that wrote a start may be ahead of the log's. */
    private static final Duration TOLERANCE = Duration.ofMinutes(5);

    /** What is to start later than the row is remembered starts when it is told of again. */
    private static final Duration AWAITED = Duration.ofDays(400);

    private static final Set<String> TOLD_WITH_VERDICT =
            Set.of("project_id", "deployment_number", "env", "branch");

    private static final long MICROS_PER_MILLI = 1_000;
    private static final int ACTIONS = 3;

    /** A number of more digits measures nothing, and a few characters can stand for a billion. */
    private static final int LONGEST_SAMPLE = 64;

    private static final String DELETED = "deleted";
    private static final int HINTS_KEPT = 20;

    /** What the connector makes of the elements of an array of more than one dimension. */
    private static final Pattern NESTED = Pattern.compile("\\[+Ljava\\.lang\\.[^@]+@[0-9a-f]+");

    private static final Set<String> PHASES = Set.of("pre", "post");
    private static final List<String> SEVERITIES =
            List.of("critical", "high", "warning", "medium", "low", "info");

    /** The row's columns; empty until it is known. */
    public Map<String, String> values = new HashMap<>();

    /**
     * When it is to start, epoch milliseconds; 0: its start is not in the future. What has not
     * started is no deployment of any month, nor activity of anybody, and counts for nothing.
     */
    public long startsAt;

    /** Whether its project was told that it has ended. */
    public boolean toldFinished;

    /** When the row was committed last, on the log's clock, epoch milliseconds. */
    public long seenAt;

    /** The verdict as it was given last, or null. */
    public EventRecord verdict;

    public LogPosition verdictPosition = LogPosition.NONE;

    /** What the verdict's time leaves of the microsecond. */
    public int verdictMicros;

    /** The verdict whose row was deleted last, or null. */
    public String deletedVerdict;

    /** When that was, or null. */
    public Tombstone verdictDeletion;

    /** When it was first seen finished, epoch milliseconds; 0: it is not. */
    public long finishedSeenAt;

    /** What it has added to the figures. */
    public Contributions contributed = new Contributions();

    /** Hint id → hint. */
    public Map<String, EventRecord> hints = new HashMap<>();

    /** Hint id → where in the change log it was told last. */
    public Map<String, LogPosition> hintPositions = new HashMap<>();

    /** Phase ({@code pre}, {@code post}) → its last sample. */
    public Map<String, EventRecord> samples = new HashMap<>();

    /** Takes a fact; returns what it lets us tell the project, nothing while that is unknown. */
    List<Fact> take(String id, Fact fact) {
        String projectBefore = projectId();
        boolean wasKnown = projectBefore != null;
        boolean wasStarted = startedMicros() != EarliestTimes.NEVER;
        String environmentBefore = values.get("env");
        long verdictBefore = verdict == null ? EarliestTimes.NEVER : verdictAtMicros();
        Set<String> changed = Set.of();
        switch (fact.kind()) {
            case DEPLOYMENT -> changed = takeRow(fact);
            case VERDICT -> takeVerdict(fact);
            case HINT -> takeHint(fact);
            case METRIC_SAMPLE -> takeSample(fact);
            case VERDICT_DELETED -> takeVerdictDeletion(fact);
            default ->
                    throw new IllegalArgumentException(fact.kind() + " is not about a deployment");
        }
        if (projectId() == null) {
            return List.of();
        }
        List<Fact> told = new ArrayList<>();
        boolean moved = wasKnown && !projectBefore.equals(projectId());
        boolean left = moved || (wasStarted && startedMicros() == EarliestTimes.NEVER);
        if (left) {
            told.add(gone(FactKind.DEPLOYMENT_GONE, projectBefore, id, environmentBefore, fact));
        }
        boolean another =
                wasKnown
                        && verdictBefore != EarliestTimes.NEVER
                        && (verdictBefore != verdictAtMicros()
                                || !Objects.equals(environmentBefore, values.get("env")));
        if (another && !left) {
            told.add(gone(FactKind.VERDICT_GONE, projectId(), id, environmentBefore, fact));
        }
        if (fact.kind() == FactKind.DEPLOYMENT) {
            tellProgress(fact, changed, wasStarted, told);
        }
        if (fact.kind() == FactKind.HINT) {
            EventRecord hint = hints.getOrDefault(fact.id(), eventRecord(fact, null));
            told.add(hint(id, hint, fact.position()));
        } else if (!wasKnown) {
            hints.forEach((hintId, hint) -> told.add(hint(id, hint, hintPositions.get(hintId))));
        }
        if (verdict != null && (!wasKnown || concernsVerdict(fact, changed))) {
            told.add(verdict(id));
        } else if (verdict != null && (left || another)) {
            told.add(verdictKept(id, fact));
        }
        if (verdict != null && isVerdictDeleted()) {
            told.add(verdictDeleted(id, fact));
            verdict = null;
        }
        return told;
    }

    /** Its own end, as its project is told; null where that is not known. */
    Fact end(String id, Tombstone tombstone) {
        return projectId() == null
                ? null
                : new Fact(
                        FactKind.DEPLOYMENT_GONE,
                        projectId(),
                        id,
                        tombstone.at(),
                        tombstone.at(),
                        tombstone.position(),
                        Origin.CHANGED,
                        deleted());
    }

    private Fact verdictDeleted(String id, Fact cause) {
        return said(FactKind.VERDICT_GONE, projectId(), id, deleted(), cause);
    }

    /** Not only of another project, environment or time: no more at all. */
    private Map<String, String> deleted() {
        Map<String, String> attributes = new HashMap<>(environment(values.get("env")));
        attributes.put(DELETED, "true");
        return attributes;
    }

    /** What figures ask about it. */
    DeploymentCohorts.State counted() {
        return new DeploymentCohorts.State(
                startedMicros(),
                finishedMicros(),
                verdict == null ? null : verdict.values().get("verdict"),
                verdict == null ? EarliestTimes.NEVER : verdictAtMicros());
    }

    private long startedMicros() {
        return startsAt == 0 ? micros("started_at", "started_micros") : EarliestTimes.NEVER;
    }

    /** The clock has reached a time: returns what is to be told of what starts by then. */
    List<Fact> advanceTo(String id, long now) {
        forgetVerdictDeletion(now);
        if (startsAt == 0 || now < startsAt) {
            return List.of();
        }
        startsAt = 0;
        Map<String, String> attributes = new HashMap<>(environment(values.get("env")));
        attributes.put("deployment_id", id);
        return List.of(
                new Fact(
                                FactKind.DEPLOYMENT_STARTED,
                                projectId(),
                                id,
                                now,
                                now,
                                row.position,
                                Origin.CHANGED,
                                attributes)
                        .atMicros(startedMicros()));
    }

    /** Without a time of its own it finished when it was seen so. */
    private long finishedMicros() {
        if (!isFinished()) {
            return EarliestTimes.NEVER;
        }
        long finished = micros("finished_at", "finished_micros");
        return finished == EarliestTimes.NEVER ? finishedSeenAt * MICROS_PER_MILLI : finished;
    }

    private long micros(String column, String rest) {
        String millis = values.get(column);
        if (millis == null) {
            return EarliestTimes.NEVER;
        }
        String micros = values.get(rest);
        return Long.parseLong(millis) * MICROS_PER_MILLI
                + (micros == null ? 0 : Long.parseLong(micros));
    }

    private long verdictAtMicros() {
        return verdict.at() * MICROS_PER_MILLI + verdictMicros;
    }

    private static Fact gone(
            FactKind kind, String project, String id, String environment, Fact cause) {
        return said(kind, project, id, environment(environment), cause);
    }

    private Fact verdictKept(String id, Fact cause) {
        Map<String, String> attributes = new HashMap<>(environment(values.get("env")));
        attributes.put("verdict", verdict.values().get("verdict"));
        return said(FactKind.VERDICT_KEPT, projectId(), id, attributes, cause)
                .atMicros(verdictAtMicros());
    }

    /** As it is since the commit of its cause. */
    private static Fact said(
            FactKind kind, String project, String id, Map<String, String> values, Fact cause) {
        return new Fact(
                kind,
                project,
                id,
                cause.committedAt(),
                cause.committedAt(),
                cause.position(),
                cause.origin(),
                values);
    }

    private static Map<String, String> environment(String name) {
        return name == null ? Map.of() : Map.of("env", name);
    }

    private void takeVerdictDeletion(Fact fact) {
        if (verdictDeletion == null || verdictDeletion.precedes(fact)) {
            deletedVerdict = fact.id();
            verdictDeletion = Tombstone.of(fact);
        }
    }

    private boolean isVerdictDeleted() {
        return verdict.id().equals(deletedVerdict)
                && !verdictPosition.isAfter(verdictDeletion.position());
    }

    /** What is about the deployment waits for the row while that is absent. */
    void awaitRow(Fact fact, long now) {
        if (!row.present && fact.kind() != FactKind.VERDICT_DELETED) {
            row.await(fact, now);
        }
    }

    @Override
    public long nextDeadline() {
        boolean awaitsStart = startsAt != 0 && startsAt <= seenAt + AWAITED.toMillis();
        long starts = awaitsStart ? startsAt : Deadlines.NONE;
        long forgets = awaitsDeletedVerdict() ? verdictDeletion.expiresAt() : Deadlines.NONE;
        return Deadlines.earliest(super.nextDeadline(), Deadlines.earliest(starts, forgets));
    }

    @Override
    public boolean isEmpty() {
        return row.isEmpty()
                && verdict == null
                && hints.isEmpty()
                && samples.isEmpty()
                && verdictDeletion == null;
    }

    /** Forgets everything but that it was there. */
    void delete(Tombstone deletion) {
        values.clear();
        startsAt = 0;
        toldFinished = false;
        seenAt = 0;
        verdict = null;
        verdictPosition = LogPosition.NONE;
        verdictMicros = 0;
        deletedVerdict = null;
        verdictDeletion = null;
        finishedSeenAt = 0;
        hints.clear();
        hintPositions.clear();
        samples.clear();
        row.delete(deletion);
    }

    /** Whether a verdict's deletion is all that is known: then it is remembered like a row's. */
    private boolean awaitsDeletedVerdict() {
        return !row.present && verdict == null && verdictDeletion != null;
    }

    private void forgetVerdictDeletion(long now) {
        if (awaitsDeletedVerdict() && now >= verdictDeletion.expiresAt()) {
            deletedVerdict = null;
            verdictDeletion = null;
        }
    }

    String projectId() {
        return values.get("project_id");
    }

    /** Returns the columns that are not as they were; none when the row is only told again. */
    private Set<String> takeRow(Fact fact) {
        if (!row.accepts(fact)) {
            return Set.of();
        }
        row.put(fact);
        Set<String> changed = new HashSet<>();
        fact.values()
                .forEach(
                        (column, value) -> {
                            if (!Objects.equals(values.put(column, value), value)) {
                                changed.add(column);
                            }
                        });
        seenAt = Math.max(seenAt, fact.committedAt());
        String start = values.get("started_at");
        boolean later = start != null && Long.parseLong(start) > seenAt + TOLERANCE.toMillis();
        startsAt = later ? Long.parseLong(start) : 0;
        if (!isFinished()) {
            finishedSeenAt = 0;
        } else if (finishedSeenAt == 0) {
            finishedSeenAt = fact.committedAt();
        }
        return changed;
    }

    private void takeVerdict(Fact fact) {
        if (verdict == null || !fact.position().isBefore(verdictPosition)) {
            verdict = eventRecord(fact, verdict);
            verdictPosition = fact.position();
            verdictMicros = fact.microsOfMilli();
        }
    }

    private void takeHint(Fact fact) {
        EventRecord before = hints.get(fact.id());
        boolean newer = before != null && !fact.position().isBefore(hintPositions.get(fact.id()));
        if (newer || (before == null && hints.size() < HINTS_KEPT)) {
            hints.put(fact.id(), eventRecord(fact, before));
            hintPositions.put(fact.id(), fact.position());
        }
    }

    /** Of other phases nothing is told. */
    private void takeSample(Fact fact) {
        if (!PHASES.contains(fact.value("phase"))) {
            return;
        }
        EventRecord last = samples.get(fact.value("phase"));
        if (last == null || last.at() <= fact.at()) {
            samples.put(fact.value("phase"), eventRecord(fact, null));
        }
    }

    /** A column that an update does not tell, such as a long text it left alone, is as before. */
    private static EventRecord eventRecord(Fact fact, EventRecord before) {
        Map<String, String> values = new HashMap<>();
        if (before != null && before.id().equals(fact.id())) {
            values.putAll(before.values());
        }
        values.putAll(fact.values());
        return new EventRecord(fact.id(), fact.at(), fact.committedAt(), fact.snapshot(), values);
    }

    private boolean concernsVerdict(Fact fact, Set<String> changed) {
        if (fact.kind() == FactKind.VERDICT) {
            return true;
        }
        if (fact.kind() == FactKind.DEPLOYMENT
                && !changed.isEmpty()
                && Collections.disjoint(changed, TOLD_WITH_VERDICT)) {
            return false;
        }
        return fact.committedAt() <= verdict.committedAt() + HINTS_FOLLOW.toMillis();
    }

    /**
     * A start is told when it is known and the end when it is, not with every step in between. A
     * row that is told again tells all of it again: whoever missed it may have asked for it.
     */
    private void tellProgress(Fact fact, Set<String> changed, boolean wasStarted, List<Fact> told) {
        Map<String, String> attributes = new HashMap<>();
        attributes.put("deployment_id", fact.key());
        attributes.put("env", values.get("env"));
        boolean all =
                changed.isEmpty() || changed.contains("project_id") || changed.contains("env");
        boolean started = startedMicros() != EarliestTimes.NEVER;
        if (started && (all || !wasStarted || changed.contains("started_at"))) {
            told.add(progress(FactKind.DEPLOYMENT_STARTED, fact, startedMicros(), attributes));
        }
        if (isFinished() && (all || !toldFinished || changed.contains("finished_at"))) {
            String finishedAt = values.get("finished_at");
            long micros =
                    finishedAt == null
                            ? fact.committedAt() * MICROS_PER_MILLI
                            : micros("finished_at", "finished_micros");
            told.add(progress(FactKind.DEPLOYMENT_FINISHED, fact, micros, attributes));
        }
        toldFinished = isFinished();
    }

    private boolean isFinished() {
        String state = values.get("state");
        return "finished".equals(state) || "analyzed".equals(state);
    }

    private Fact progress(FactKind kind, Fact fact, long micros, Map<String, String> values) {
        return said(kind, projectId(), fact.key(), values, fact).atMicros(micros);
    }

    private Fact hint(String id, EventRecord hint, LogPosition position) {
        Map<String, String> values = new HashMap<>();
        values.put("deployment_id", id);
        values.put("severity", hint.values().get("severity"));
        values.put("title", hint.values().get("title"));
        return new Fact(
                FactKind.HINT_CREATED,
                projectId(),
                hint.id(),
                hint.at(),
                hint.committedAt(),
                position,
                hint.snapshot() ? Origin.SNAPSHOT : Origin.CHANGED,
                values);
    }

    private Fact verdict(String id) {
        Map<String, String> attributes = new HashMap<>(verdict.values());
        attributes.put("deployment_id", id);
        for (String column : List.of("deployment_number", "env", "branch")) {
            attributes.put(column, values.get(column));
        }
        attributes.put("latency_delta", latencyDelta());
        attributes.put("error_rate_delta", errorRateDelta());
        attributes.put("actions", actions());
        attributes.values().removeIf(value -> value == null);
        return new Fact(
                        FactKind.VERDICT_CREATED,
                        projectId(),
                        id,
                        verdict.at(),
                        verdict.committedAt(),
                        verdictPosition,
                        verdict.snapshot() ? Origin.SNAPSHOT : Origin.CHANGED,
                        attributes)
                .atMicros(verdictAtMicros());
    }

    /** Change of the 95th percentile of latency in percent of what it was before, whole. */
    private String latencyDelta() {
        BigDecimal pre = sample("pre", "latency_p95");
        BigDecimal post = sample("post", "latency_p95");
        if (pre == null || post == null || pre.signum() <= 0) {
            return null;
        }
        return post.subtract(pre)
                .multiply(BigDecimal.valueOf(100))
                .divide(pre, 0, RoundingMode.HALF_UP)
                .toPlainString();
    }

    /** Change of the error rate, a share of 1, in percentage points with one decimal. */
    private String errorRateDelta() {
        BigDecimal pre = sample("pre", "error_rate");
        BigDecimal post = sample("post", "error_rate");
        if (pre == null || post == null) {
            return null;
        }
        return post.subtract(pre)
                .multiply(BigDecimal.valueOf(100))
                .setScale(1, RoundingMode.HALF_UP)
                .toPlainString();
    }

    private BigDecimal sample(String phase, String metric) {
        EventRecord sample = samples.get(phase);
        String value = sample == null ? null : sample.values().get(metric);
        if (value == null || value.length() > LONGEST_SAMPLE) {
            return null;
        }
        try {
            BigDecimal number = new BigDecimal(value);
            return Math.abs((long) number.scale()) > LONGEST_SAMPLE ? null : number;
        } catch (NumberFormatException e) {
            return null; // NaN and infinities are numbers in Postgres and no figure for a mail
        }
    }

    /** What the hints suggest, the gravest first; null where they suggest nothing. */
    private String actions() {
        Set<String> actions = new LinkedHashSet<>();
        long until = verdict.committedAt() + HINTS_FOLLOW.toMillis();
        hints.values().stream()
                .filter(hint -> hint.committedAt() <= until)
                .sorted(Comparator.comparingInt(Deployment::gravity).thenComparing(EventRecord::id))
                .forEach(hint -> actions.addAll(suggestions(hint)));
        if (actions.isEmpty()) {
            return null;
        }
        try {
            return JSON.writeValueAsString(actions.stream().limit(ACTIONS).toList());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a list of texts is always JSON", e);
        }
    }

    private static int gravity(EventRecord hint) {
        String severity = hint.values().get("severity");
        int rank = severity == null ? -1 : SEVERITIES.indexOf(severity); // of no null
        return rank < 0 ? SEVERITIES.size() : rank;
    }

    private static List<String> suggestions(EventRecord hint) {
        String json = hint.values().get("suggested_actions");
        if (json == null) {
            return List.of();
        }
        try {
            List<String> actions = JSON.readValue(json, new TypeReference<List<String>>() {});
            return actions == null
                    ? List.of()
                    : actions.stream()
                            .filter(a -> a != null && !a.isBlank())
                            .filter(a -> !NESTED.matcher(a).matches())
                            .toList();
        } catch (JsonProcessingException e) {
            return List.of(); // no list of texts: a mail without suggestions beats no mail
        }
    }
}
