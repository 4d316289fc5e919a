package io.seqpulse.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.jdbc.KpiRow;
import io.seqpulse.connector.kafka.ChangeLog;
import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.email.EmailSettings;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.totals.Generation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole topology in a small Flink cluster, two subtasks each, between lists. */
class LifecyclePipelineTest {

    private static final int PROJECTS = 60;
    private static final String NO_PROJECT = "no_project_after_signup:";
    private static final String ALERT = "critical_verdict_alert:";

    /** What came to the sinks; they are copied into their tasks, so it cannot be theirs. */
    private static final Queue<Object> ARRIVED = new ConcurrentLinkedQueue<>();

    private static final Queue<KpiRow> ROWS = new ConcurrentLinkedQueue<>();

    /** The time of the story, on the wall clock too: what has expired would not be mailed. */
    private final long verdictAt = System.currentTimeMillis() - Duration.ofHours(1).toMillis();

    private final List<LogRecord> log = new ArrayList<>();

    @BeforeEach
    void start() {
        ARRIVED.clear();
        ROWS.clear();
    }

    /**
     * All alerts are due two seconds after the verdict; the watermark that passes that time passes
     * the new snapshot too, in which every other project is missing.
     */
    @Test
    void mailsNobodyAboutAProjectThatANewSnapshotNoLongerShows() throws Exception {
        for (int i = 0; i < PROJECTS; i++) {
            rows(i, verdictAt - 60_000, Snapshot.NONE);
        }
        for (int i = 0; i < PROJECTS; i++) {
            verdict(i, verdictAt, Snapshot.NONE);
        }
        for (int i = 0; i < PROJECTS; i++) {
            tell("users", "u" + i, user(), verdictAt + 1_000, i == 0);
        }
        for (int i = 0; i < PROJECTS; i += 2) {
            rows(i, verdictAt + 1_000, Snapshot.MIDDLE);
        }
        verdict(0, verdictAt + 1_000, Snapshot.LAST);
        tell("invoices", "x", Map.of(), Operation.CREATE, verdictAt + 10_000, Snapshot.NONE);

        run();

        Set<String> mailed = new HashSet<>();
        for (Object arrived : ARRIVED) {
            assertThat(arrived).isInstanceOf(EmailCommand.class);
            EmailCommand command = (EmailCommand) arrived;
            if (command.entry() != null && command.entry().dedupeKey().startsWith(ALERT)) {
                assertThat(command.entry().suppressedFor()).isNull();
                mailed.add(command.entry().dedupeKey());
            }
        }
        Set<String> stillThere = new HashSet<>();
        for (int i = 0; i < PROJECTS; i += 2) {
            stillThere.add(ALERT + "d" + i);
        }
        assertThat(mailed).isEqualTo(stillThere);
    }

    /**
     * What the last row of each figure says is what is there at the end: every second project is
     * gone with its deployment and verdict, and the users have nothing else.
     */
    @Test
    void writesTheFiguresOfWhatIsThereAtTheEnd() throws Exception {
        for (int i = 0; i < PROJECTS; i++) {
            rows(i, verdictAt - 60_000, Snapshot.NONE);
        }
        for (int i = 0; i < PROJECTS; i++) {
            verdict(i, verdictAt, Snapshot.NONE);
        }
        for (int i = 1; i < PROJECTS; i += 2) {
            delete("deployments", "d" + i, verdictAt + 1_000);
            delete("projects", "p" + i, verdictAt + 1_000);
        }
        tell("invoices", "x", Map.of(), Operation.CREATE, verdictAt + 10_000, Snapshot.NONE);

        run();

        Map<String, String> last = new HashMap<>();
        for (KpiRow row : ROWS) {
            assertThat(row.generation()).isEqualTo(1);
            if (row.relation().equals("cohort") || row.relation().equals("activity")) {
                assertThat(row.atMillis()).isEqualTo(verdictAt / 60_000 * 60_000);
                last.put(row.series(), row.numerator() + "/" + row.denominator());
            }
        }
        String half = Integer.toString(PROJECTS / 2);
        assertThat(last)
                .containsEntry("signup", "0/" + PROJECTS)
                .containsEntry("signup_to_project_24h", half + "/" + PROJECTS)
                .containsEntry("project_created", "0/" + half)
                .containsEntry("project_to_first_verdict_72h", half + "/" + half)
                .containsEntry("first_deployment_72h", half + "/" + half)
                .containsEntry("trigger_to_finish", "0/" + half)
                .containsEntry("deployment_started", "0/" + half)
                .containsEntry("verdict_warning", "0/" + half)
                .doesNotContainKey("deployment_finished");
        assertThat(ROWS).filteredOn(row -> row.relation().equals(KpiRow.BEGIN)).hasSize(2);
    }

    /** By every way that a deletion takes: a verdict's and an event's tell their own ids only. */
    @Test
    void countsEmailsAndSegmentsAndTakesBackWhatWasDeleted() throws Exception {
        int projects = 4;
        for (int i = 0; i < projects; i++) {
            rows(i, verdictAt - 60_000, Snapshot.NONE);
            verdict(i, verdictAt, Snapshot.NONE);
            sent("m" + i, "E-ACT-05", "alert " + i, "u" + i, verdictAt);
            event("e" + i, "m" + i, "opened");
            event("c" + i, "m" + i, "clicked");
        }
        delete("deployment_verdicts", "v0", verdictAt + 1_000);
        delete("email_events", "e1", verdictAt + 1_000);
        delete("email_deliveries", "m2", verdictAt + 1_000);
        tell("invoices", "x", Map.of(), Operation.CREATE, verdictAt + 10_000, Snapshot.NONE);

        run();

        assertThat(ARRIVED).noneMatch(DeadLetter.class::isInstance);
        Map<String, String> last = new HashMap<>();
        for (KpiRow row : ROWS) {
            last.put(
                    row.relation() + " " + row.series().replace('\n', ' '),
                    row.numerator() + "/" + row.denominator());
        }
        assertThat(last)
                .containsEntry("activity verdict_warning", "0/3")
                .containsEntry("cohort project_to_first_verdict_72h", "3/4")
                .containsEntry("email E-ACT-05 sent ", "0/3")
                .containsEntry("cohort critical_alert_open_rate", "2/3")
                .containsEntry("cohort email/E-ACT-05/opened_by_people", "2/3")
                .containsEntry("cohort email/E-ACT-05/opened", "2/3")
                .containsEntry("cohort email/E-ACT-05/clicked", "3/3")
                .as("the clock went on until everybody was silent")
                .containsEntry("segment at_risk", "0/4")
                .containsEntry("segment at_risk_severe", "0/4")
                .containsEntry("segment new_user", "0/0");
    }

    /**
     * A job that begins with empty state knows from a snapshot of the journal and of preferences
     * what it would otherwise remember: who had their one marketing email of the day, what was sent
     * before, who opted out.
     */
    @Test
    void rebuildsTheCapAndWhatWasSentAndOptOutsFromASnapshot() throws Exception {
        long now = System.currentTimeMillis();
        long minute = 60_000;
        long signedUp = now - 130 * minute; // the two hours without a project ended ten minutes ago
        long sentAt = now - 5 * minute;
        long takenAt = now - 4 * minute;
        Map<String, String> user =
                Map.of(
                        "email", "a@example.org",
                        "is_active", "true",
                        "created_at", time(signedUp));
        for (String id : List.of("plain", "capped", "mailed", "out")) {
            tell("users", id, user, takenAt, id.equals("plain"));
        }
        Map<String, String> optOut = Map.of("user_id", "out", "marketing_opt_in", "false");
        tell("email_preferences", "out", optOut, takenAt, false);
        tell(
                "email_deliveries",
                "m1",
                sentRow("E-CONV-01", "free_quota_80:p:2026-11", "capped", sentAt),
                takenAt,
                false);
        tell(
                "email_deliveries",
                "m2",
                sentRow("E-ACT-01", NO_PROJECT + "mailed", "mailed", sentAt),
                Operation.READ,
                takenAt,
                Snapshot.LAST);
        tell("invoices", "x", Map.of(), Operation.CREATE, now - minute, Snapshot.NONE);

        run();

        Map<String, String> decided = new HashMap<>();
        for (Object arrived : ARRIVED) {
            EmailCommand command = (EmailCommand) arrived;
            if (command.entry() != null && command.entry().dedupeKey().startsWith(NO_PROJECT)) {
                decided.put(
                        command.entry().userId(), String.valueOf(command.entry().suppressedFor()));
            }
        }
        assertThat(decided)
                .containsOnly(
                        Map.entry("plain", "null"),
                        Map.entry("capped", "capped"),
                        Map.entry("out", "opted_out"));
    }

    /** From each keyed operator, by the way the pipeline has joined them. */
    @Test
    void buriesOrphansOfEveryKind() throws Exception {
        verdict(1, verdictAt, Snapshot.NONE);
        tell("deployments", "d2", deployment(2), Operation.CREATE, verdictAt, Snapshot.NONE);
        tell("projects", "p3", project(3), Operation.CREATE, verdictAt, Snapshot.NONE);
        event("e4", "m4", "opened");
        tell(
                "invoices",
                "x",
                Map.of(),
                Operation.CREATE,
                verdictAt + Duration.ofMinutes(11).toMillis(),
                Snapshot.NONE);

        run();

        assertThat(ARRIVED)
                .extracting(letter -> ((DeadLetter) letter).table())
                .containsExactlyInAnyOrder(
                        "deployment_verdicts", "deployments", "projects", "email_events");
        assertThat(ARRIVED)
                .allSatisfy(
                        letter -> {
                            assertThat(((DeadLetter) letter).reason()).isEqualTo("orphan");
                            assertThat(((DeadLetter) letter).topic()).isEqualTo("changes");
                        });
    }

    private void run() throws Exception {
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        configuration.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        env.setParallelism(2);
        env.setMaxParallelism(720);
        DataStream<LogRecord> changes =
                env.fromData(TypeInformation.of(LogRecord.class), log.toArray(LogRecord[]::new))
                        .uid("log")
                        .setParallelism(1)
                        .assignTimestampsAndWatermarks(ChangeLog.clock())
                        .uid("clock")
                        .setParallelism(1);
        new LifecyclePipeline(
                        "changes",
                        Rules.liveSince(0),
                        Rules.catalogue(),
                        new Generation(1, Set.of()),
                        Duration.ofDays(1),
                        emails())
                .define(changes, new Arrivals<>(), new Rows(), new Arrivals<>());
        env.execute();
    }

    private void rows(int i, long at, Snapshot part) {
        boolean read = part != Snapshot.NONE;
        Operation operation = read ? Operation.READ : Operation.CREATE;
        if (!read) {
            tell("users", "u" + i, user(), operation, at, part);
        }
        tell("projects", "p" + i, project(i), operation, at, part);
        tell("deployments", "d" + i, deployment(i), operation, at, part);
    }

    private void verdict(int i, long at, Snapshot part) {
        tell(
                "deployment_verdicts",
                "v" + i,
                Map.of(
                        "deployment_id",
                        "d" + i,
                        "verdict",
                        "warning",
                        "created_at",
                        time(verdictAt)),
                part == Snapshot.NONE ? Operation.CREATE : Operation.READ,
                at,
                part);
    }

    private void sent(String id, String code, String key, String user, long at) {
        tell(
                "email_deliveries",
                id,
                sentRow(code, key, user, at),
                Operation.CREATE,
                at,
                Snapshot.NONE);
    }

    private static Map<String, String> sentRow(String code, String key, String user, long at) {
        Map<String, String> row = new HashMap<>();
        row.put("user_id", user);
        row.put("project_id", null);
        row.put("email_type", code);
        row.put("dedupe_key", key);
        row.put("status", "sent");
        row.put("reason", null);
        row.put("sent_at", time(at));
        row.put("created_at", time(at));
        return row;
    }

    private void event(String id, String email, String type) {
        Map<String, String> row =
                Map.of(
                        "email_delivery_id",
                        email,
                        "event_type",
                        type,
                        "machine",
                        "false",
                        "occurred_at",
                        time(verdictAt));
        tell("email_events", id, row, Operation.CREATE, verdictAt, Snapshot.NONE);
    }

    private Map<String, String> user() {
        return Map.of("email", "a@example.org", "is_active", "true", "created_at", time(verdictAt));
    }

    private Map<String, String> project(int i) {
        return Map.of(
                "name", "p", "owner_id", "u" + i, "plan", "pro", "created_at", time(verdictAt));
    }

    private Map<String, String> deployment(int i) {
        return Map.of(
                "project_id",
                "p" + i,
                "deployment_number",
                "7",
                "env",
                "production",
                "state",
                "running",
                "started_at",
                time(verdictAt));
    }

    private void tell(String table, String id, Map<String, String> row, long at, boolean first) {
        tell(table, id, row, Operation.READ, at, first ? Snapshot.FIRST : Snapshot.MIDDLE);
    }

    private void delete(String table, String id, long at) {
        tell(table, id, Map.of(), Operation.DELETE, at, Snapshot.NONE);
    }

    private void tell(
            String table,
            String id,
            Map<String, String> row,
            Operation operation,
            long at,
            Snapshot part) {
        Map<String, String> after = new HashMap<>(row);
        after.put("id", id);
        ChangeEvent change =
                new ChangeEvent(
                        table,
                        operation,
                        Map.of("id", id),
                        Map.of(),
                        after,
                        at * 1_000,
                        at,
                        log.size(),
                        part,
                        1);
        log.add(
                new LogRecord(
                        LogRecord.Kind.CHANGE, log.size(), null, null, change, null, 0, null));
    }

    private static String time(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }

    private static EmailSettings emails() {
        return new EmailSettings(
                "https://app.example",
                "/dashboard",
                "/pricing",
                "/onboarding",
                "https://lifecycle.example",
                "a secret that signs the links of a test only",
                "fr",
                null);
    }

    private static final class Rows implements Sink<KpiRow> {
        private static final long serialVersionUID = 1L;

        @Override
        public SinkWriter<KpiRow> createWriter(WriterInitContext context) {
            return new SinkWriter<>() {
                @Override
                public void write(KpiRow row, Context context) {
                    ROWS.add(row);
                }

                @Override
                public void flush(boolean endOfInput) {}

                @Override
                public void close() {}
            };
        }
    }

    private static final class Arrivals<T> implements Sink<T> {
        private static final long serialVersionUID = 1L;

        @Override
        public SinkWriter<T> createWriter(WriterInitContext context) {
            return new SinkWriter<>() {
                @Override
                public void write(T element, Context context) {
                    ARRIVED.add(element);
                }

                @Override
                public void flush(boolean endOfInput) {}

                @Override
                public void close() {}
            };
        }
    }
}
