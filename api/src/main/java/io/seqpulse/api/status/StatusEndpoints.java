package io.seqpulse.api.status;

import io.javalin.http.Context;
import io.seqpulse.api.Database;
import io.seqpulse.api.kpi.Heartbeat;
import io.seqpulse.api.kpi.KpiTables;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Whether the service lives, whether it can answer, and how the pipeline is.
 *
 * <p>The pipeline is healthy while the tables are at most {@link #STALE} old, every task of the job
 * runs and it has a complete checkpoint of the last {@link #CHECKPOINT}, the replication slot is
 * there and read, mail leaves, the journal can be written, and no mail has been due for longer than
 * {@link #OVERDUE}.
 */
public final class StatusEndpoints implements AutoCloseable {

    static final Duration STALE = Duration.ofSeconds(60);
    static final Duration CHECKPOINT = Duration.ofMinutes(5);
    static final Duration OVERDUE = Duration.ofMinutes(15);

    /** A journal that is waited for so long is no passing lock. */
    static final Duration JOURNAL = Duration.ofSeconds(10);

    private static final String MAIL =
            """
            select count(*) as waiting,
                min(coalesce(next_attempt_at, created_at))
                    filter (where coalesce(next_attempt_at, created_at) <= now()) as oldest_due,
                count(*) filter (where attempts > 0) as retried
            from kpi.deliveries
            where outcome = 'queued'
            """;

    /** Decided, and not in the journal yet. */
    private static final String HELD = "select count(*) as held from kpi.waiting";

    private static final String SLOT =
            "select active, wal_status, behind_bytes, kept_bytes from kpi.slot";

    /**
     * Those for whom anybody waits who writes the journal, be it for the table or for a row. Their
     * queries are shown to whoever may see them: PostgreSQL puts a note in place of the others.
     */
    private static final String JOURNAL_HOLDERS =
            """
            select distinct h.pid, nullif(h.query, '<insufficient privilege>') as query
            from pg_locks waiting
            join pg_locks writes on writes.pid = waiting.pid and writes.mode = 'RowExclusiveLock'
            join pg_class k on k.oid = writes.relation
                and k.relnamespace = 'public'::regnamespace and k.relname = 'email_deliveries'
            cross join lateral unnest(pg_blocking_pids(waiting.pid)) b (pid)
            join pg_stat_activity h on h.pid = b.pid
            where not waiting.granted
                and writes.database = (
                    select oid from pg_database where datname = current_database())
            order by h.pid
            limit 3
            """;

    private static final String SLOT_NAME = "seqpulse_lifecycle";

    private final Pipeline pipeline;
    private final Database database;
    private final Database journal;
    private final KpiTables tables;
    private final Readiness readiness;
    private final Optional<Flink> flink;
    private final Clock clock;

    /**
     * Which pipeline this is.
     *
     * @param database where its tables are, without who reads them
     * @param state the folder of one that {@code ./lifecycle up} runs
     */
    public record Pipeline(String database, Optional<Path> state) {

        /** Of a JDBC URL; what stands behind its question mark may be secret. */
        public static Pipeline of(String jdbcUrl, Optional<Path> state) {
            return new Pipeline(
                    jdbcUrl.replaceFirst("^jdbc:postgresql:(//)?", "").replaceFirst("[?].*", ""),
                    state);
        }
    }

    /**
     * Answers from these.
     *
     * @param pipeline what it says of which it is
     * @param journal for what is read of the product's own table
     * @param flink empty: nothing is said of the job
     */
    public StatusEndpoints(
            Pipeline pipeline,
            Database database,
            Database journal,
            KpiTables tables,
            Optional<Flink> flink,
            Clock clock) {
        this.pipeline = pipeline;
        this.database = database;
        this.journal = journal;
        this.tables = tables;
        this.readiness = new Readiness(tables);
        this.flink = flink;
        this.clock = clock;
    }

    /** {@code GET /health}: this process answers. */
    public void health(Context context) {
        context.json(Map.of("status", "up"));
    }

    /** {@code GET /ready}: the database answers and there are figures; else 503. */
    public void ready(Context context) {
        context.future(() -> readiness.ask().thenAccept(found -> answer(context, found)));
    }

    private void answer(Context context, Readiness.Answer found) {
        Map<String, Object> answer = new LinkedHashMap<>();
        Optional<Heartbeat> heartbeat = found.heartbeat();
        answer.put("status", heartbeat.isPresent() ? "ready" : "not ready");
        answer.put("database", found.database());
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
        answer.put("tables", known("The KPI tables", () -> tables(now, problems), problems));
        Optional<Flink.Job> job = flink.isEmpty() ? Optional.empty() : flink.get().job();
        answer.put("pipeline", pipeline(job));
        answer.put("job", job(job, now, problems));
        answer.put("mail", known("The journal", () -> mail(now, problems), problems));
        answer.put("held_mail", known("What waits", this::held, problems));
        // A database that is away is not asked once more: every question to it takes seconds.
        boolean answers = answer.get("held_mail") != null;
        answer.put("sender", sender(job, now, answers, problems));
        answer.put("dead_letters", deadLetters(job));
        answer.put("slot", known("The replication slot", () -> slot(problems), problems));
        answer.put("healthy", problems.isEmpty());
        context.json(answer);
    }

    /** A part of the answer; null, and a problem, where the database cannot say it now. */
    private static Map<String, Object> known(
            String what, Supplier<Map<String, Object>> part, List<String> problems) {
        try {
            return part.get();
        } catch (Database.Unavailable e) {
            problems.add("%s cannot be read: %s".formatted(what, e.reason().text()));
            return null;
        }
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
            problems.add("The KPI tables are %s s old".formatted(Math.round(age)));
        }
        return shown;
    }

    /** Which one this is: several may run on one machine. */
    private Map<String, Object> pipeline(Optional<Flink.Job> job) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("database", pipeline.database());
        shown.put("slot", SLOT_NAME);
        shown.put("state", pipeline.state().map(Path::toString).orElse(null));
        shown.put("running_since", job.map(Flink.Job::startedAt).orElse(null));
        return shown;
    }

    private Map<String, Object> job(Optional<Flink.Job> found, Instant now, List<String> problems) {
        if (flink.isEmpty()) {
            return null;
        }
        Map<String, Object> shown = new LinkedHashMap<>();
        if (found.isEmpty()) {
            shown.put("state", "UNKNOWN");
            problems.add("Flink does not answer, or has no job");
            return shown;
        }
        Flink.Job job = found.get();
        shown.put("state", job.state());
        shown.put("tasks", job.tasks());
        shown.put("tasks_running", job.tasksRunning());
        shown.put("task_managers", job.taskManagers());
        shown.put("started_at", job.startedAt());
        shown.put("restarts", job.restarts());
        shown.put("last_checkpoint_at", job.checkpointAt());
        shown.put(
                "last_checkpoint_age_seconds",
                job.checkpointAt() == null ? null : age(job.checkpointAt(), now));
        shown.put("last_checkpoint_ms", job.checkpointMillis());
        shown.put("last_checkpoint_bytes", job.checkpointBytes());
        shown.put("failed_checkpoints", job.failedCheckpoints());
        if (job.taskManagers() == 0) {
            problems.add("The job does not run: Flink has no task manager");
        } else if (job.state().equals("STARTING")) {
            problems.add(
                    "The job does not run: %s of its %s tasks do"
                            .formatted(job.tasksRunning(), job.tasks()));
        } else if (!job.state().equals("RUNNING")) {
            problems.add("The job does not run: it is " + job.state());
        }
        Instant checkpointed = job.checkpointAt() == null ? job.startedAt() : job.checkpointAt();
        if (Duration.between(checkpointed, now).compareTo(CHECKPOINT) > 0) {
            problems.add(
                    "The job has had no complete checkpoint for %s minutes"
                            .formatted(Duration.between(checkpointed, now).toMinutes()));
        }
        return shown;
    }

    private Map<String, Object> mail(Instant now, List<String> problems) {
        return journal.query(
                        MAIL,
                        row -> {
                            Instant due = KpiTables.instant(row, "oldest_due");
                            Map<String, Object> shown = new LinkedHashMap<>();
                            shown.put("waiting", row.getLong("waiting"));
                            shown.put("waiting_after_a_failure", row.getLong("retried"));
                            shown.put("oldest_due_seconds", due == null ? null : age(due, now));
                            if (due != null && Duration.between(due, now).compareTo(OVERDUE) > 0) {
                                problems.add(
                                        "A mail has been due for %s minutes: senders stand still"
                                                .formatted(Duration.between(due, now).toMinutes()));
                            }
                            return shown;
                        })
                .get(0);
    }

    private Map<String, Object> held() {
        return database.query(HELD, row -> Map.<String, Object>of("count", row.getLong("held")))
                .get(0);
    }

    /** What the job's sink says of sending and of the journal; null where it cannot be asked. */
    private Map<String, Object> sender(
            Optional<Flink.Job> job, Instant now, boolean databaseAnswers, List<String> problems)
            throws InterruptedException {
        if (job.isEmpty()) {
            return null;
        }
        Optional<Flink.EmailSink> found = flink.get().emailSink(job.get());
        if (found.isEmpty()) {
            return null;
        }
        Flink.EmailSink sink = found.get();
        boolean unknown = sink.haltedSeconds() == null;
        boolean halted = !unknown && sink.haltedSeconds() > 0;
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("halted", unknown ? null : halted);
        shown.put(
                "halted_since",
                halted
                        ? now.minusSeconds(sink.haltedSeconds()).truncatedTo(ChronoUnit.SECONDS)
                        : null);
        shown.put("halted_because", halted ? sink.haltedBecause() : null);
        shown.put("journal_waiting_seconds", sink.journalWaitingSeconds());
        boolean asks = databaseAnswers && sink.journalWaitingSeconds() > 0;
        shown.put("journal_held_by", asks ? journalHolders() : List.of());
        shown.put("unjournalled", sink.unjournalled());
        if (unknown && sink.sends()) {
            problems.add("Whether mail leaves is not known: the mail server has not answered yet");
        }
        if (halted) {
            problems.add(
                    "No mail leaves since %s: %s"
                            .formatted(shown.get("halted_since"), sink.haltedBecause()));
        }
        if (sink.journalWaitingSeconds() >= JOURNAL.toSeconds()) {
            problems.add(
                    "The journal cannot be written for %s s: what is decided waits"
                            .formatted(sink.journalWaitingSeconds()));
        }
        return shown;
    }

    /** Who keeps the job from writing the journal; empty where nobody does just now. */
    private List<Map<String, Object>> journalHolders() {
        try {
            return database.query(
                    JOURNAL_HOLDERS,
                    row -> {
                        Map<String, Object> holder = new LinkedHashMap<>();
                        holder.put("pid", row.getInt("pid"));
                        holder.put("query", row.getString("query"));
                        return holder;
                    });
        } catch (Database.Unavailable silent) {
            return List.of();
        }
    }

    /** Nothing is wrong with the pipeline for them; null where the job cannot be asked. */
    private Map<String, Object> deadLetters(Optional<Flink.Job> job) throws InterruptedException {
        if (job.isEmpty()) {
            return null;
        }
        return flink.get()
                .deadLetters(job.get())
                .map(
                        found -> {
                            Map<String, Object> shown = new LinkedHashMap<>();
                            shown.put("count", found.count());
                            shown.put("tables", found.tables());
                            return shown;
                        })
                .orElse(null);
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
            problems.add("There is no replication slot " + SLOT_NAME);
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

    @Override
    public void close() {
        readiness.close();
    }
}
