package io.seqpulse.api.status;

import io.javalin.http.Context;
import io.seqpulse.api.Database;
import io.seqpulse.api.kpi.Heartbeat;
import io.seqpulse.api.kpi.KpiTables;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the service lives, whether it can answer, and how the pipeline is.
 *
 * <p>The pipeline is healthy while the tables are at most {@link #STALE} old, the job runs and has
 * a complete checkpoint of the last {@link #CHECKPOINT}, the replication slot is there and read,
 * and no mail has been due for longer than {@link #OVERDUE}.
 */
public final class StatusEndpoints {

    static final Duration STALE = Duration.ofSeconds(60);
    static final Duration CHECKPOINT = Duration.ofMinutes(5);
    static final Duration OVERDUE = Duration.ofMinutes(15);

    private static final String MAIL =
            """
            select count(*) as waiting,
                min(coalesce(next_attempt_at, created_at))
                    filter (where coalesce(next_attempt_at, created_at) <= now()) as oldest_due,
                count(*) filter (where attempts > 0) as retried
            from kpi.deliveries
            where outcome = 'queued'
            """;

    private static final String SLOT =
            "select active, wal_status, behind_bytes, kept_bytes from kpi.slot";

    private final Database database;
    private final KpiTables tables;
    private final Optional<Flink> flink;
    private final Clock clock;

    /**
     * Answers from these.
     *
     * @param flink empty: nothing is said of the job
     */
    public StatusEndpoints(
            Database database, KpiTables tables, Optional<Flink> flink, Clock clock) {
        this.database = database;
        this.tables = tables;
        this.flink = flink;
        this.clock = clock;
    }

    /** {@code GET /health}: this process answers. */
    public void health(Context context) {
        context.json(Map.of("status", "up"));
    }

    /** {@code GET /ready}: the database answers and there are figures; else 503. */
    public void ready(Context context) {
        Map<String, Object> answer = new LinkedHashMap<>();
        Optional<Heartbeat> heartbeat;
        try {
            heartbeat = tables.heartbeat();
        } catch (Database.Unreachable e) {
            answer.put("status", "not ready");
            answer.put("database", "unreachable");
            answer.put("as_of_age_seconds", null);
            context.status(503).json(answer);
            return;
        }
        answer.put("status", heartbeat.isPresent() ? "ready" : "not ready");
        answer.put("database", "up");
        answer.put(
                "as_of_age_seconds",
                heartbeat.map(beat -> age(beat.asOf(), clock.instant())).orElse(null));
        context.status(heartbeat.isPresent() ? 200 : 503).json(answer);
    }

    /** {@code GET /status}: how the pipeline is, and in words what is wrong with it. */
    public void status(Context context) throws InterruptedException {
        Instant now = clock.instant();
        List<String> problems = new ArrayList<>();
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("healthy", true);
        answer.put("problems", problems);
        answer.put("checked_at", now.truncatedTo(ChronoUnit.SECONDS));
        try {
            answer.put("tables", tables(now, problems));
            answer.put("job", job(now, problems));
            answer.put("mail", mail(now, problems));
            answer.put("slot", slot(problems));
        } catch (Database.Unreachable e) {
            problems.add("The database does not answer");
        }
        answer.put("healthy", problems.isEmpty());
        context.json(answer);
    }

    private Map<String, Object> tables(Instant now, List<String> problems) {
        Map<String, Object> shown = new LinkedHashMap<>();
        Optional<Heartbeat> heartbeat = tables.heartbeat();
        Double age = heartbeat.map(beat -> age(beat.asOf(), now)).orElse(null);
        shown.put("as_of", heartbeat.map(Heartbeat::asOf).orElse(null));
        shown.put("lag_seconds", age);
        if (age == null) {
            problems.add(
                    "The KPI tables were never complete: the job has not read its first snapshot");
        } else if (age > STALE.toSeconds()) {
            problems.add("The KPI tables are %.0f s old".formatted(age));
        }
        return shown;
    }

    private Map<String, Object> job(Instant now, List<String> problems)
            throws InterruptedException {
        if (flink.isEmpty()) {
            return null;
        }
        Map<String, Object> shown = new LinkedHashMap<>();
        Optional<Flink.Job> found = flink.get().job();
        if (found.isEmpty()) {
            shown.put("state", "UNKNOWN");
            problems.add("Flink does not answer, or has no job");
            return shown;
        }
        Flink.Job job = found.get();
        shown.put("state", job.state());
        shown.put("started_at", job.startedAt());
        shown.put("restarts", job.restarts());
        shown.put("last_checkpoint_at", job.checkpointAt());
        shown.put(
                "last_checkpoint_age_seconds",
                job.checkpointAt() == null ? null : age(job.checkpointAt(), now));
        shown.put("last_checkpoint_ms", job.checkpointMillis());
        shown.put("last_checkpoint_bytes", job.checkpointBytes());
        shown.put("failed_checkpoints", job.failedCheckpoints());
        if (!job.state().equals("RUNNING")) {
            problems.add("The job does not run: it is " + job.state());
        }
        Instant checkpointed = job.checkpointAt() == null ? job.startedAt() : job.checkpointAt();
        if (Duration.between(checkpointed, now).compareTo(CHECKPOINT) > 0) {
            problems.add(
                    "The job has had no complete checkpoint for %d minutes"
                            .formatted(Duration.between(checkpointed, now).toMinutes()));
        }
        return shown;
    }

    private Map<String, Object> mail(Instant now, List<String> problems) {
        return database.query(
                        MAIL,
                        row -> {
                            Instant due = KpiTables.instant(row, "oldest_due");
                            Map<String, Object> shown = new LinkedHashMap<>();
                            shown.put("waiting", row.getLong("waiting"));
                            shown.put("waiting_after_a_failure", row.getLong("retried"));
                            shown.put("oldest_due_seconds", due == null ? null : age(due, now));
                            if (due != null && Duration.between(due, now).compareTo(OVERDUE) > 0) {
                                problems.add(
                                        "A mail has been due for %d minutes: senders stand still"
                                                .formatted(Duration.between(due, now).toMinutes()));
                            }
                            return shown;
                        })
                .get(0);
    }

    private Map<String, Object> slot(List<String> problems) {
        Map<String, Object> shown =
                database
                        .query(
                                SLOT,
                                row -> {
                                    Map<String, Object> slot = new LinkedHashMap<>();
                                    slot.put("active", row.getBoolean("active"));
                                    slot.put("wal_status", row.getString("wal_status"));
                                    slot.put(
                                            "behind_bytes",
                                            row.getObject("behind_bytes", Long.class));
                                    slot.put("kept_bytes", row.getObject("kept_bytes", Long.class));
                                    return slot;
                                })
                        .stream()
                        .findFirst()
                        .orElse(null);
        if (shown == null) {
            problems.add("There is no replication slot seqpulse_lifecycle");
        } else if ("lost".equals(shown.get("wal_status"))) {
            problems.add("The replication slot is lost: a new snapshot is needed");
        } else if (!Boolean.TRUE.equals(shown.get("active"))) {
            problems.add("Nobody reads the replication slot");
        }
        return shown;
    }

    /** In seconds, with a decimal; never negative, whatever the clocks say. */
    private static double age(Instant time, Instant now) {
        return Math.max(0, Math.round(Duration.between(time, now).toMillis() / 100.0) / 10.0);
    }
}
