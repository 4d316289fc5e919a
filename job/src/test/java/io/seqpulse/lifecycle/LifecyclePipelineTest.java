package io.seqpulse.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.ClockMessage;
import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.email.JournalEntry;
import io.seqpulse.connector.jdbc.KpiRow;
import io.seqpulse.connector.kafka.ChangeLog;
import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Trigger.Happened;
import io.seqpulse.lifecycle.catalogue.Trigger.Occurrence;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.email.EmailSettings;
import io.seqpulse.lifecycle.policy.QuietHours;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.totals.WrittenRows;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole topology in a small Flink cluster, two subtasks each, between lists. */
class LifecyclePipelineTest {

    private static final int PROJECTS = 60;
    private static final int ODD_SUBJECTS = 100;

    /** What a {@code timestamptz} can hold. */
    private static final Instant FIRST_TIMESTAMP = Instant.parse("-4712-01-01T00:00:00Z");

    private static final Instant LAST_TIMESTAMP = Instant.parse("+294276-12-31T23:59:59Z");
    private static final String NO_PROJECT = "no_project_after_signup:";
    private static final String ALERT = "critical_verdict_alert:";

    /** The time of the story, on the wall clock too: what has expired would not be mailed. */
    private long verdictAt = System.currentTimeMillis() - Duration.ofHours(1).toMillis();

    private final List<LogRecord> log = new ArrayList<>();
    private List<ActiveRule> rules = Rules.liveSince(0);

    @BeforeEach
    void start() {
        Arrivals.ARRIVED.clear();
        WrittenRows.ROWS.clear();
        WrittenRows.CLAIMS.clear();
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
        for (int i = 2; i < PROJECTS; i += 2) {
            verdict(i, verdictAt + 1_000, Snapshot.MIDDLE);
        }
        verdict(0, verdictAt + 1_000, Snapshot.LAST);
        tick(verdictAt + 10_000);

        run();

        Set<String> mailed = new HashSet<>();
        for (Object arrived : Arrivals.ARRIVED) {
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

    /** The transaction writes its hints before the verdict, or after it; half have none. */
    @Test
    void decidesOfAVerdictWithItsHintsTwoSecondsBeforeOneWithout() throws Exception {
        Map<String, Instant> due = new HashMap<>();
        for (int i = 0; i < PROJECTS; i++) {
            rows(i, verdictAt - 60_000, Snapshot.NONE);
        }
        for (int i = 0; i < PROJECTS; i++) {
            if (i % 4 == 0) {
                hint(i, verdictAt);
            }
            verdict(i, verdictAt, Snapshot.NONE);
            if (i % 4 == 1) {
                hint(i, verdictAt);
            }
            long waits = i % 4 < 2 ? 0 : 2_000;
            due.put(ALERT + "d" + i, Instant.ofEpochMilli(verdictAt + waits));
        }
        tick(verdictAt + 10_000);

        run();

        Map<String, Instant> decided = new HashMap<>();
        for (Object arrived : Arrivals.ARRIVED) {
            JournalEntry entry = ((EmailCommand) arrived).entry();
            if (entry.dedupeKey().startsWith(ALERT)) {
                assertThat(entry.suppressedFor()).isNull();
                decided.put(entry.dedupeKey(), entry.decidedAt());
            }
        }
        assertThat(decided).isEqualTo(due);
    }

    private void hint(int i, long at) {
        tell(
                "sdh_hints",
                "h" + i,
                Map.of(
                        "deployment_id",
                        "d" + i,
                        "suggested_actions",
                        "[\"scale up\"]",
                        "created_at",
                        time(at)),
                Operation.CREATE,
                at,
                Snapshot.NONE);
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
        tick(verdictAt + 10_000);

        run();

        Map<String, String> last = new HashMap<>();
        for (KpiRow row : WrittenRows.ROWS) {
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
        assertThat(WrittenRows.CLAIMS)
                .hasSize(2)
                .allMatch(claim -> claim.generation() == 1 && claim.parts() == 2);
    }

    /** A deleted invitation tells its own id only. */
    @Test
    void tellsTheProjectOfADeletedInvitation() throws Exception {
        Rule rule =
                Rules.withTrigger(
                        Rules.rule("E-CONV-03"),
                        new Happened(
                                EventType.INVITATION_REVOKED,
                                Occurrence.EACH,
                                Map.of(),
                                Duration.ZERO));
        rules = Rules.active(List.of(rule), 0);
        tell("users", "u0", user(), Operation.CREATE, verdictAt, Snapshot.NONE);
        Map<String, String> free = new HashMap<>(project(0));
        free.put("plan", "free");
        tell("projects", "p0", free, Operation.CREATE, verdictAt, Snapshot.NONE);
        Map<String, String> invitation =
                Map.of("project_id", "p0", "inviter_id", "u0", "created_at", time(verdictAt));
        for (String id : List.of("i0", "i1")) {
            tell("project_invitations", id, invitation, Operation.CREATE, verdictAt, Snapshot.NONE);
        }
        delete("project_invitations", "i1", verdictAt + 1_000);
        tick(verdictAt + 10_000);

        run();

        assertThat(Arrivals.ARRIVED)
                .filteredOn(arrived -> ((EmailCommand) arrived).entry() != null)
                .singleElement()
                .satisfies(
                        arrived ->
                                assertThat(((EmailCommand) arrived).entry().projectId())
                                        .isEqualTo("p0"));
    }

    /** By every way that a deletion takes: a verdict's and an event's tell their own ids only. */
    @Test
    void countsEmailsAndSegmentsAndTakesBackWhatWasDeleted() throws Exception {
        int projects = 4;
        verdictAt -= Duration.ofDays(90).toMillis();
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
        tick(System.currentTimeMillis());

        run();

        assertThat(Arrivals.ARRIVED).noneMatch(DeadLetter.class::isInstance);
        Map<String, String> last = new HashMap<>();
        for (KpiRow row : WrittenRows.ROWS) {
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
        tick(now - minute);

        run();

        Map<String, String> decided = new HashMap<>();
        for (Object arrived : Arrivals.ARRIVED) {
            EmailCommand command = (EmailCommand) arrived;
            if (command.entry() != null && command.entry().dedupeKey().startsWith(NO_PROJECT)) {
                decided.put(
                        command.entry().userId(), String.valueOf(command.entry().suppressedFor()));
            }
        }
        assertThat(decided)
                .as("capped waits until the day is over")
                .containsOnly(Map.entry("plain", "null"), Map.entry("out", "opted_out"));
    }

    /** From each keyed operator, by the way the pipeline has joined them. */
    @Test
    void buriesOrphansOfEveryKind() throws Exception {
        verdict(1, verdictAt, Snapshot.NONE);
        tell("deployments", "d2", deployment(2), Operation.CREATE, verdictAt, Snapshot.NONE);
        tell("projects", "p3", project(3), Operation.CREATE, verdictAt, Snapshot.NONE);
        event("e4", "m4", "opened");
        tick(verdictAt + Duration.ofMinutes(11).toMillis());

        run();

        assertThat(Arrivals.ARRIVED)
                .extracting(letter -> ((DeadLetter) letter).table())
                .containsExactlyInAnyOrder(
                        "deployment_verdicts", "deployments", "projects", "email_events");
        assertThat(Arrivals.ARRIVED)
                .allSatisfy(
                        letter -> {
                            assertThat(((DeadLetter) letter).reason()).isEqualTo("orphan");
                            assertThat(((DeadLetter) letter).topic()).isEqualTo("changes");
                        });
    }

    /**
     * Whatever a captured column can hold: its row is taken, or is a dead letter that names the
     * column; and those who sign up between such rows get their mail.
     */
    @Test
    void takesOrBuriesWhateverARowHolds() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("odd rows, seed " + seed);
        OddRows rows = new OddRows(new Random(seed), log, Instant.ofEpochMilli(verdictAt));
        Set<String> signedUp = new HashSet<>();
        for (int i = 0; i < ODD_SUBJECTS; i++) {
            rows.write();
            if (i % 10 == 9) {
                signedUp.add(rows.signUp());
            }
        }
        // beyond what orphans wait for
        rows.tick(Instant.ofEpochMilli(verdictAt).plus(Duration.ofMinutes(20)));
        assertThat(rows.written()).containsOnlyKeys(OddRows.tables());

        Configuration configuration = new Configuration();
        configuration.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(50));
        configuration.set(CheckpointingOptions.ENABLE_CHECKPOINTS_AFTER_TASKS_FINISH, false);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        run(configuration);

        Set<String> welcomed = new HashSet<>();
        int buried = 0;
        for (Object arrived : Arrivals.ARRIVED) {
            if (arrived instanceof DeadLetter letter) {
                buried++;
                assertThat(letter.reason()).isNotBlank();
                if (!letter.reason().equals(DeadLetter.ORPHAN)) {
                    assertThat(rows.oddColumns(letter.offset()))
                            .as("seed %d: %s", seed, letter.reason())
                            .anyMatch(column -> isAbout(letter.reason(), column));
                }
            } else if (((EmailCommand) arrived).entry() != null) {
                JournalEntry entry = ((EmailCommand) arrived).entry();
                assertStorable(entry.dedupeKey());
                assertStorable(entry.content());
                assertThat(entry.expiresAt()).isBetween(FIRST_TIMESTAMP, LAST_TIMESTAMP);
                if (entry.emailType().equals("E-TRX-01") && entry.suppressedFor() == null) {
                    welcomed.add(entry.userId());
                }
            }
        }
        assertThat(welcomed).as("seed %d", seed).containsAll(signedUp);
        assertThat(buried).as("dead letters").isGreaterThan(ODD_SUBJECTS / 4);
        assertThat(WrittenRows.ROWS)
                .isNotEmpty()
                .allSatisfy(
                        row ->
                                assertThat(Instant.ofEpochMilli(row.atMillis()))
                                        .isBetween(FIRST_TIMESTAMP, LAST_TIMESTAMP));
    }

    /** A deleted row is missed something of, whichever column it is. */
    private static boolean isAbout(String reason, String column) {
        String table = column.substring(0, column.indexOf('.'));
        String key = CapturedTable.of(table).orElseThrow().columns().get(0).name();
        return reason.startsWith(column + " ")
                || reason.startsWith("a deleted " + table + " row does not say")
                || (reason.equals("key is missing in a delete")
                        && column.equals(table + "." + key));
    }

    /** No text of PostgreSQL's holds NUL or half a surrogate pair. */
    private static void assertStorable(Object text) {
        String all = String.valueOf(text);
        assertThat(all.indexOf(0)).as(all).isNegative();
        assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(all)).as(all).isTrue();
    }

    private void run() throws Exception {
        run(new Configuration());
    }

    private void run(Configuration configuration) throws Exception {
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
                        rules,
                        Rules.catalogue(),
                        1,
                        Duration.ofDays(1),
                        emails(),
                        QuietHours.NONE)
                .define(changes, new Arrivals<>(), new WrittenRows(), new Arrivals<>());
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

    /** The log's clock, which says that it has been read up to then. */
    private void tick(long at) {
        ClockMessage clock = new ClockMessage(at * 1_000, at, 0, 0, "{}");
        log.add(new LogRecord(LogRecord.Kind.CLOCK, log.size(), null, null, null, clock, 0, null));
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
                        0,
                        0);
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
                ZoneId.of("Europe/Paris"),
                null);
    }
}
