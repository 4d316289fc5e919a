package io.seqpulse.lifecycle.deployment;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.Activity;
import io.seqpulse.lifecycle.fact.Activity.Figures;
import io.seqpulse.lifecycle.fact.ActivitySignal;
import io.seqpulse.lifecycle.fact.Columns.Samples;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.DeploymentSignal;
import io.seqpulse.lifecycle.fact.DeploymentSignal.Kind;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Source;
import io.seqpulse.lifecycle.fact.SubjectState;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.Contributions;
import io.seqpulse.lifecycle.kpi.DeploymentCohorts;
import io.seqpulse.lifecycle.kpi.EarliestTimes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What is remembered of one deployment, until it can be told to its project: verdicts and hints
 * name only the deployment. Facts arrive in any order and any number of times.
 *
 * <p>State, as {@link DeploymentCodec} writes it.
 */
public class Deployment extends SubjectState {

    /** Hints up to this long after a verdict belong to it (CATALOGUE, E-ACT-05). */
    private static final Duration HINTS_FOLLOW = Duration.ofSeconds(2);

    /** By how much the clock that wrote a start may be ahead of the log's. */
    private static final Duration TOLERANCE = Duration.ofMinutes(5);

    /** What is to start later than the row is remembered starts when it is told of again. */
    private static final Duration AWAITED = Duration.ofDays(400);

    private static final long MICROS_PER_MILLI = Fact.MICROS_PER_MILLI;
    private static final int HINTS_KEPT = 20;
    private static final String CRITICAL = "critical";
    private static final Set<String> PHASES = Set.of("pre", "post");

    /** What its row says. */
    DeploymentRow columns = DeploymentRow.UNKNOWN;

    /**
     * When it is to start, epoch milliseconds; 0: its start is not in the future. What has not
     * started is no deployment of any month, nor activity of anybody, and counts for nothing.
     */
    long startsAt;

    /** Whether its project was told that it has ended. */
    boolean toldFinished;

    /** When the row was committed last, on the log's clock, epoch milliseconds. */
    long seenAt;

    /** The verdict as it was given last, or null. */
    Verdict verdict;

    /** The verdict whose row was deleted last, or null. */
    String deletedVerdict;

    /** When that was, or null. */
    Tombstone verdictDeletion;

    /** When it was first seen finished, epoch milliseconds; 0: it is not. */
    long finishedSeenAt;

    /** What it has added to the figures. */
    Contributions contributed = new Contributions();

    /** What of its project's activity it has told, to {@link #activityOf}. */
    Activity activity = new Activity();

    /** The project that was told; null: none was. */
    String activityOf;

    /** Hint id → hint. */
    Map<String, Hint> hints = new HashMap<>();

    /** Phase ({@code pre}, {@code post}) → its last sample. */
    Map<String, Sample> samples = new HashMap<>();

    /** Takes a change; returns what it lets us tell the project, nothing while that is unknown. */
    List<Fact> take(String id, RowChange change) {
        DeploymentRow before = columns;
        boolean wasStarted = startedMicros() != EarliestTimes.NEVER;
        long verdictBefore = verdict == null ? EarliestTimes.NEVER : verdict.atMicros();
        apply(change);
        if (projectId() == null) {
            return List.of();
        }
        List<Fact> told = new ArrayList<>();
        boolean wasKnown = before.projectId() != null;
        boolean moved = wasKnown && !before.projectId().equals(projectId());
        boolean left = moved || (wasStarted && startedMicros() == EarliestTimes.NEVER);
        if (left) {
            told.add(gone(Kind.GONE, before.projectId(), id, before.environment(), change));
        }
        boolean another =
                wasKnown
                        && verdictBefore != EarliestTimes.NEVER
                        && (verdictBefore != verdict.atMicros()
                                || !Objects.equals(before.environment(), columns.environment()));
        if (another && !left) {
            told.add(gone(Kind.VERDICT_GONE, projectId(), id, before.environment(), change));
        }
        if (change.table() == CapturedTable.DEPLOYMENTS) {
            tellProgress(change, before, wasStarted, told);
        }
        if (change.table() == CapturedTable.SDH_HINTS) {
            Hint hint = hints.get(change.id());
            told.add(created(id, hint == null ? Hint.after(change, null) : hint));
        } else if (!wasKnown) {
            hints.values().forEach(hint -> told.add(created(id, hint)));
        }
        if (verdict != null && (!wasKnown || concernsVerdict(change, before))) {
            told.add(created(id, verdict));
        } else if (verdict != null && (left || another)) {
            told.add(kept(id, change));
        }
        if (verdict != null && isVerdictDeleted()) {
            told.add(deleted(Kind.VERDICT_GONE, id, change.source()));
            verdict = null;
        }
        return told;
    }

    private void apply(RowChange change) {
        switch (change.table()) {
            case DEPLOYMENTS -> takeRow(change);
            case DEPLOYMENT_VERDICTS -> {
                if (change.deleted()) {
                    takeVerdictDeletion(change);
                } else {
                    takeVerdict(change);
                }
            }
            case SDH_HINTS -> takeHint(change);
            case METRIC_SAMPLES -> takeSample(change);
            default ->
                    throw new IllegalArgumentException(
                            change.table() + " says nothing of a deployment");
        }
    }

    /** Its own end, as its project is told; null where that is not known. */
    Fact end(String id, Tombstone tombstone) {
        return projectId() == null
                ? null
                : deleted(
                        Kind.GONE,
                        id,
                        new Source(tombstone.at(), tombstone.position(), Origin.CHANGED));
    }

    /** Not only of another project, environment or time: no more at all. */
    private Fact deleted(Kind kind, String id, Source source) {
        return DeploymentSignal.gone(kind, projectId(), id, source, columns.environment(), true);
    }

    private static Fact gone(
            Kind kind, String project, String id, String environment, RowChange cause) {
        return DeploymentSignal.gone(kind, project, id, cause.source(), environment, false);
    }

    private Fact kept(String id, RowChange cause) {
        return new DeploymentSignal(
                Kind.VERDICT_KEPT,
                projectId(),
                id,
                verdict.atMicros(),
                cause.source(),
                columns.environment(),
                verdict.verdict(),
                false);
    }

    /** By how much it has changed what its projects do, since that was told last. */
    List<Fact> activityChanges(Source source) {
        Activity now = activity();
        String project = projectId();
        if (now.equals(activity) && (activityOf == null || activityOf.equals(project))) {
            return List.of();
        }
        List<Fact> told = new ArrayList<>(1);
        if (activityOf != null && !activityOf.equals(project)) {
            tellActivity(activityOf, new Activity().minus(activity), source, told);
            activity = new Activity();
        }
        if (project != null) {
            tellActivity(project, now.minus(activity), source, told);
            activity = now;
        }
        activityOf = activity.isEmpty() ? null : project;
        return told;
    }

    /** It is no more: what it told is taken back. */
    List<Fact> activityEnd(Source source) {
        List<Fact> told = new ArrayList<>(1);
        if (activityOf != null) {
            tellActivity(activityOf, new Activity().minus(activity), source, told);
        }
        return told;
    }

    private static void tellActivity(
            String project, Activity change, Source source, List<Fact> told) {
        if (!change.isEmpty()) {
            told.add(new ActivitySignal(project, project, source, null, change));
        }
    }

    private Activity activity() {
        Activity now = new Activity();
        if (projectId() == null) {
            return now;
        }
        long started = startedMicros();
        if (started != EarliestTimes.NEVER) {
            now.add(Math.floorDiv(started, MICROS_PER_MILLI), Figures.DEPLOYMENT);
        }
        if (verdict != null) {
            now.add(
                    Math.floorDiv(verdict.atMicros(), MICROS_PER_MILLI),
                    Figures.ofVerdict(verdict.verdict()));
        }
        for (Hint hint : hints.values()) {
            if (CRITICAL.equals(hint.severity())) {
                now.add(Math.floorDiv(hint.atMicros(), MICROS_PER_MILLI), Figures.CRITICAL_HINT);
            }
        }
        return now;
    }

    /** What figures ask about it. */
    DeploymentCohorts.State counted() {
        return new DeploymentCohorts.State(
                startedMicros(),
                finishedMicros(),
                verdict == null ? null : verdict.verdict(),
                verdict == null ? EarliestTimes.NEVER : verdict.atMicros());
    }

    private long startedMicros() {
        return startsAt == 0 ? columns.startedAt() : EarliestTimes.NEVER;
    }

    /** The clock has reached a time: returns what is to be told of what starts by then. */
    List<Fact> advanceTo(String id, long now) {
        forgetVerdictDeletion(now);
        if (startsAt == 0 || now < startsAt) {
            return List.of();
        }
        startsAt = 0;
        Source source = new Source(now, row.position, Origin.CHANGED);
        return List.of(progress(EventType.DEPLOYMENT_STARTED, id, startedMicros(), source));
    }

    /** Without a time of its own it finished when it was seen so. */
    private long finishedMicros() {
        if (!columns.isFinished()) {
            return EarliestTimes.NEVER;
        }
        return columns.finishedAt() == EarliestTimes.NEVER
                ? finishedSeenAt * MICROS_PER_MILLI
                : columns.finishedAt();
    }

    private void takeVerdictDeletion(RowChange deletion) {
        if (verdictDeletion == null || verdictDeletion.precedes(deletion)) {
            deletedVerdict = deletion.id();
            verdictDeletion = Tombstone.of(deletion);
        }
    }

    private boolean isVerdictDeleted() {
        return verdict.id().equals(deletedVerdict)
                && !verdict.source().position().isAfter(verdictDeletion.position());
    }

    /** What is about the deployment waits for the row while that is absent. */
    void awaitRow(RowChange change, long now) {
        if (!row.present && !change.deleted()) {
            row.await(change, now);
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
        columns = DeploymentRow.UNKNOWN;
        startsAt = 0;
        toldFinished = false;
        seenAt = 0;
        verdict = null;
        deletedVerdict = null;
        verdictDeletion = null;
        finishedSeenAt = 0;
        hints.clear();
        samples.clear();
        activity = new Activity();
        activityOf = null;
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
        return columns.projectId();
    }

    private void takeRow(RowChange change) {
        if (!row.accepts(change)) {
            return;
        }
        row.put(change);
        columns = columns.after(change.row());
        seenAt = Math.max(seenAt, change.committedAt());
        startsAt = startInFuture();
        if (!columns.isFinished()) {
            finishedSeenAt = 0;
        } else if (finishedSeenAt == 0) {
            finishedSeenAt = change.committedAt();
        }
    }

    private long startInFuture() {
        if (columns.startedAt() == EarliestTimes.NEVER) {
            return 0;
        }
        long start = Math.floorDiv(columns.startedAt(), MICROS_PER_MILLI);
        return start > seenAt + TOLERANCE.toMillis() ? start : 0;
    }

    private void takeVerdict(RowChange change) {
        if (verdict == null || !change.position().isBefore(verdict.source().position())) {
            verdict = Verdict.after(change, verdict);
        }
    }

    private void takeHint(RowChange change) {
        Hint before = hints.get(change.id());
        boolean newer = before != null && !change.position().isBefore(before.source().position());
        if (newer || (before == null && hints.size() < HINTS_KEPT)) {
            hints.put(change.id(), Hint.after(change, before));
        }
    }

    /** Of other phases nothing is told. */
    private void takeSample(RowChange change) {
        String phase = change.row().get(Samples.PHASE);
        if (phase == null || !PHASES.contains(phase)) {
            return;
        }
        Sample last = samples.get(phase);
        if (last == null || last.at() <= change.at()) {
            samples.put(phase, Sample.of(change));
        }
    }

    /** Whether what a verdict's email says may be another now, while that can still be sent. */
    private boolean concernsVerdict(RowChange change, DeploymentRow before) {
        if (change.tells(CapturedTable.DEPLOYMENT_VERDICTS)) {
            return true;
        }
        boolean changed = !columns.equals(before);
        if (change.table() == CapturedTable.DEPLOYMENTS && changed && columns.readsLike(before)) {
            return false;
        }
        return change.committedAt() <= verdict.source().committedAt() + HINTS_FOLLOW.toMillis();
    }

    /**
     * A start is told when it is known and the end when it is, not with every step in between. A
     * row that is told again tells all of it again: whoever missed it may have asked for it.
     */
    private void tellProgress(
            RowChange change, DeploymentRow before, boolean wasStarted, List<Fact> told) {
        boolean all =
                columns.equals(before)
                        || !Objects.equals(columns.projectId(), before.projectId())
                        || !Objects.equals(columns.environment(), before.environment());
        long started = startedMicros();
        boolean isStarted = started != EarliestTimes.NEVER;
        if (isStarted && (all || !wasStarted || columns.startedAt() != before.startedAt())) {
            told.add(
                    progress(EventType.DEPLOYMENT_STARTED, change.key(), started, change.source()));
        }
        boolean finished = columns.isFinished();
        if (finished && (all || !toldFinished || columns.finishedAt() != before.finishedAt())) {
            long micros =
                    columns.finishedAt() == EarliestTimes.NEVER
                            ? change.committedAt() * MICROS_PER_MILLI
                            : columns.finishedAt();
            told.add(
                    progress(EventType.DEPLOYMENT_FINISHED, change.key(), micros, change.source()));
        }
        toldFinished = finished;
    }

    private Event progress(EventType type, String id, long atMicros, Source source) {
        return Event.of(type, projectId(), id, atMicros, source, id, columns.environment());
    }

    private Event created(String id, Hint hint) {
        return Event.of(
                EventType.HINT_CREATED,
                projectId(),
                hint.id(),
                hint.atMicros(),
                hint.source(),
                id,
                hint.severity(),
                hint.title());
    }

    private Event created(String id, Verdict given) {
        long until = given.source().committedAt() + HINTS_FOLLOW.toMillis();
        boolean hinted =
                hints.values().stream().anyMatch(h -> h.source().isOfSameCommit(given.source()));
        return Event.of(
                EventType.VERDICT_CREATED,
                projectId(),
                id,
                given.atMicros(),
                given.source(),
                id,
                columns.number(),
                columns.environment(),
                columns.branch(),
                given.verdict(),
                given.confidence(),
                given.summary(),
                VerdictFigures.latencyDelta(samples),
                VerdictFigures.errorRateDelta(samples),
                VerdictFigures.actions(hints.values(), until),
                hinted ? "true" : null);
    }
}
