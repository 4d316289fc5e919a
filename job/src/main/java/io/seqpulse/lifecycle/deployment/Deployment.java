package io.seqpulse.lifecycle.deployment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.lifecycle.detect.Happening;
import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Orphans;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.kpi.Contributions;
import io.seqpulse.lifecycle.kpi.DeploymentCohorts;
import io.seqpulse.lifecycle.kpi.Moments;
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

/**
 * What is remembered of one deployment, until it can be told to its project: verdicts and hints
 * name only the deployment. Facts arrive in any order and any number of times.
 *
 * <p>State, as {@link DeploymentCodec} writes it.
 */
public class Deployment {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Hints up to this long after a verdict belong to it (CATALOGUE, E-ACT-05). */
    private static final Duration HINTS_FOLLOW = Duration.ofSeconds(2);

    private static final Set<String> TOLD_WITH_VERDICT =
            Set.of("project_id", "deployment_number", "env", "branch");

    private static final long MICROS_PER_MILLI = 1_000;
    private static final int ACTIONS = 3;
    private static final int HINTS_KEPT = 20;
    private static final List<String> SEVERITIES =
            List.of("critical", "high", "warning", "medium", "low", "info");

    /** The row; empty until it is known. */
    public Map<String, String> row = new HashMap<>();

    /** Whether its project was told that it has ended. */
    public boolean toldFinished;

    public long committedAt = Long.MIN_VALUE;
    public long position = Long.MIN_VALUE;

    /** Where the log told of the row last, be it nothing new. */
    public long seen = Long.MIN_VALUE;

    /** The verdict as it was given last, or null. */
    public Happening verdict;

    public long verdictPosition = Long.MIN_VALUE;

    /** What the verdict's time leaves of the microsecond. */
    public int verdictMicros;

    /** The verdict whose row was deleted last, or null. */
    public String deletedVerdict;

    /** When that was, or null. */
    public Departure verdictDeletion;

    /** When it was first seen finished, epoch milliseconds; 0: it is not. */
    public long finishedSeenAt;

    /** What it has added to the figures. */
    public Contributions contributed = new Contributions();

    /** Hint id → hint. */
    public Map<String, Happening> hints = new HashMap<>();

    /** Hint id → where in the change log it was told last. */
    public Map<String, Long> hintPositions = new HashMap<>();

    /** Phase ({@code pre}, {@code post}) → its last sample. */
    public Map<String, Happening> samples = new HashMap<>();

    /** What waits for the row; null: nothing does. */
    public Orphans orphans;

    /** The deletion of the row remembered last, or null. */
    public Departure departure;

    /** The one registered timer, epoch milliseconds; 0: none. */
    public long timerAt;

    /** Takes a fact; returns what it lets us tell the project, nothing while that is unknown. */
    List<Fact> take(String id, Fact fact) {
        String projectBefore = projectId();
        boolean wasKnown = projectBefore != null;
        boolean wasStarted = startedMicros() != Moments.NEVER;
        String environmentBefore = row.get("env");
        long verdictBefore = verdict == null ? Moments.NEVER : verdictAtMicros();
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
        boolean left = moved || (wasStarted && startedMicros() == Moments.NEVER);
        if (left) {
            told.add(gone(FactKind.DEPLOYMENT_GONE, projectBefore, id, environmentBefore, fact));
        }
        boolean another =
                wasKnown
                        && verdictBefore != Moments.NEVER
                        && (verdictBefore != verdictAtMicros()
                                || !Objects.equals(environmentBefore, row.get("env")));
        if (another && !left) {
            told.add(gone(FactKind.VERDICT_GONE, projectId(), id, environmentBefore, fact));
        }
        if (fact.kind() == FactKind.DEPLOYMENT) {
            tellProgress(fact, changed, told);
        }
        if (fact.kind() == FactKind.HINT) {
            Happening hint = hints.getOrDefault(fact.id(), happening(fact, null));
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
            told.add(gone(FactKind.VERDICT_GONE, projectId(), id, row.get("env"), fact));
            verdict = null;
        }
        return told;
    }

    /** Its own end, as its project is told; null where that is not known. */
    Fact end(String id, Departure departure) {
        return projectId() == null
                ? null
                : new Fact(
                        FactKind.DEPLOYMENT_GONE,
                        projectId(),
                        id,
                        departure.at(),
                        departure.at(),
                        departure.position(),
                        false,
                        environment(row.get("env")));
    }

    /** What figures ask about it. */
    DeploymentCohorts.State counted() {
        return new DeploymentCohorts.State(
                startedMicros(),
                finishedMicros(),
                verdict == null ? null : verdict.values().get("verdict"),
                verdict == null ? Moments.NEVER : verdictAtMicros());
    }

    private long startedMicros() {
        return micros("started_at", "started_micros");
    }

    /** Without a time of its own it finished when it was seen so. */
    private long finishedMicros() {
        if (!isFinished()) {
            return Moments.NEVER;
        }
        long finished = micros("finished_at", "finished_micros");
        return finished == Moments.NEVER ? finishedSeenAt * MICROS_PER_MILLI : finished;
    }

    private long micros(String column, String rest) {
        String millis = row.get(column);
        if (millis == null) {
            return Moments.NEVER;
        }
        String micros = row.get(rest);
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
        Map<String, String> values = new HashMap<>(environment(row.get("env")));
        values.put("verdict", verdict.values().get("verdict"));
        return said(FactKind.VERDICT_KEPT, projectId(), id, values, cause)
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
                cause.snapshot(),
                values);
    }

    private static Map<String, String> environment(String name) {
        return name == null ? Map.of() : Map.of("env", name);
    }

    private void takeVerdictDeletion(Fact fact) {
        if (verdictDeletion == null || verdictDeletion.precedes(fact)) {
            deletedVerdict = fact.id();
            verdictDeletion = new Departure(fact.committedAt(), fact.position());
        }
    }

    private boolean isVerdictDeleted() {
        return verdict.id().equals(deletedVerdict)
                && (verdict.committedAt() < verdictDeletion.at()
                        || (verdict.committedAt() == verdictDeletion.at()
                                && verdictPosition <= verdictDeletion.position()));
    }

    /** Notes a record that waits for the row, or that nothing does. */
    void awaitRow(Fact fact, long now) {
        if (projectId() != null) {
            orphans = null;
            return;
        }
        if (fact.kind() == FactKind.VERDICT_DELETED) {
            return;
        }
        if (orphans == null) {
            orphans = new Orphans();
        }
        orphans.await(fact, now);
    }

    /** Whether the row was deleted before and the fact is about what it was. */
    boolean isOver(Fact fact) {
        return departure != null && !departure.precedes(fact);
    }

    /** Whether the row was written after this deletion of it, which is told again. */
    boolean outlived(Fact deletion) {
        return projectId() != null && committedAt > deletion.committedAt();
    }

    /** Whether a new snapshot no longer shows the row. */
    boolean isLackedBy(Resnapshot resnapshot) {
        return projectId() != null && resnapshot.lacks(FactKind.DEPLOYMENT.table(), seen);
    }

    /** When something happens to it next, on the log's clock; {@link Long#MAX_VALUE}: nothing. */
    long nextTime() {
        long next = orphans == null ? Long.MAX_VALUE : orphans.nextAt();
        return departure == null ? next : Math.min(next, departure.forgetAt());
    }

    /** Whether there is nothing to remember. */
    boolean isEmpty() {
        return row.isEmpty()
                && verdict == null
                && hints.isEmpty()
                && samples.isEmpty()
                && orphans == null
                && verdictDeletion == null
                && departure == null;
    }

    /** Forgets deletions that nothing follows any more. */
    void forgetDeletions() {
        departure = null;
        if (row.isEmpty() && verdict == null) {
            deletedVerdict = null;
            verdictDeletion = null;
        }
    }

    String projectId() {
        return row.get("project_id");
    }

    /** Returns the columns that are not as they were; none when the row is only told again. */
    private Set<String> takeRow(Fact fact) {
        seen = Math.max(seen, fact.position());
        if (!isAfter(fact, committedAt, position)) {
            return Set.of();
        }
        committedAt = fact.committedAt();
        position = fact.position();
        Set<String> changed = new HashSet<>();
        fact.values()
                .forEach(
                        (column, value) -> {
                            if (!Objects.equals(row.put(column, value), value)) {
                                changed.add(column);
                            }
                        });
        if (!isFinished()) {
            finishedSeenAt = 0;
        } else if (finishedSeenAt == 0) {
            finishedSeenAt = fact.committedAt();
        }
        return changed;
    }

    private void takeVerdict(Fact fact) {
        if (verdict == null || isAfter(fact, verdict.committedAt(), verdictPosition)) {
            verdict = happening(fact, verdict);
            verdictPosition = fact.position();
            verdictMicros = fact.microsOfMilli();
        }
    }

    private static boolean isAfter(Fact fact, long committedAt, long position) {
        return fact.committedAt() > committedAt
                || (fact.committedAt() == committedAt && fact.position() > position);
    }

    private void takeHint(Fact fact) {
        Happening before = hints.get(fact.id());
        boolean newer = before != null && fact.committedAt() >= before.committedAt();
        if (newer || (before == null && hints.size() < HINTS_KEPT)) {
            hints.put(fact.id(), happening(fact, before));
            hintPositions.put(fact.id(), fact.position());
        }
    }

    private void takeSample(Fact fact) {
        Happening last = samples.get(fact.value("phase"));
        if (last == null || last.at() <= fact.at()) {
            samples.put(fact.value("phase"), happening(fact, null));
        }
    }

    /** A column that an update does not tell, such as a long text it left alone, is as before. */
    private static Happening happening(Fact fact, Happening before) {
        Map<String, String> values = new HashMap<>();
        if (before != null && before.id().equals(fact.id())) {
            values.putAll(before.values());
        }
        values.putAll(fact.values());
        return new Happening(fact.id(), fact.at(), fact.committedAt(), fact.snapshot(), values);
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
    private void tellProgress(Fact fact, Set<String> changed, List<Fact> told) {
        Map<String, String> values = new HashMap<>();
        values.put("deployment_id", fact.key());
        values.put("env", row.get("env"));
        boolean all =
                changed.isEmpty() || changed.contains("project_id") || changed.contains("env");
        String startedAt = row.get("started_at");
        if (startedAt != null && (all || changed.contains("started_at"))) {
            told.add(progress(FactKind.DEPLOYMENT_STARTED, fact, startedMicros(), values));
        }
        if (isFinished() && (all || !toldFinished || changed.contains("finished_at"))) {
            String finishedAt = row.get("finished_at");
            long micros =
                    finishedAt == null
                            ? fact.committedAt() * MICROS_PER_MILLI
                            : micros("finished_at", "finished_micros");
            told.add(progress(FactKind.DEPLOYMENT_FINISHED, fact, micros, values));
        }
        toldFinished = isFinished();
    }

    private boolean isFinished() {
        String state = row.get("state");
        return "finished".equals(state) || "analyzed".equals(state);
    }

    private Fact progress(FactKind kind, Fact fact, long micros, Map<String, String> values) {
        return said(kind, projectId(), fact.key(), values, fact).atMicros(micros);
    }

    private Fact hint(String id, Happening hint, long position) {
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
                hint.snapshot(),
                values);
    }

    private Fact verdict(String id) {
        Map<String, String> values = new HashMap<>(verdict.values());
        values.put("deployment_id", id);
        for (String column : List.of("deployment_number", "env", "branch")) {
            values.put(column, row.get(column));
        }
        values.put("latency_delta", latencyDelta());
        values.put("error_rate_delta", errorRateDelta());
        values.put("actions", actions());
        values.values().removeIf(value -> value == null);
        return new Fact(
                        FactKind.VERDICT_CREATED,
                        projectId(),
                        id,
                        verdict.at(),
                        verdict.committedAt(),
                        verdictPosition,
                        verdict.snapshot(),
                        values)
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
        Happening sample = samples.get(phase);
        String value = sample == null ? null : sample.values().get(metric);
        if (value == null) {
            return null;
        }
        try {
            return new BigDecimal(value);
        } catch (NumberFormatException e) {
            return null; // NaN and infinities are floats in Postgres and no figure for a mail
        }
    }

    /** What the hints suggest, the gravest first; null where they suggest nothing. */
    private String actions() {
        Set<String> actions = new LinkedHashSet<>();
        long until = verdict.committedAt() + HINTS_FOLLOW.toMillis();
        hints.values().stream()
                .filter(hint -> hint.committedAt() <= until)
                .sorted(Comparator.comparingInt(Deployment::gravity).thenComparing(Happening::id))
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

    private static int gravity(Happening hint) {
        int rank = SEVERITIES.indexOf(hint.values().get("severity"));
        return rank < 0 ? SEVERITIES.size() : rank;
    }

    private static List<String> suggestions(Happening hint) {
        String json = hint.values().get("suggested_actions");
        if (json == null) {
            return List.of();
        }
        try {
            List<String> actions = JSON.readValue(json, new TypeReference<List<String>>() {});
            return actions == null
                    ? List.of()
                    : actions.stream().filter(a -> a != null && !a.isBlank()).toList();
        } catch (JsonProcessingException e) {
            return List.of(); // no list of texts: a mail without suggestions beats no mail
        }
    }
}
