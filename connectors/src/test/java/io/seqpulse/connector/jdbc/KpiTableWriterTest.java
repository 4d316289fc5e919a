package io.seqpulse.connector.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** As the role that the job has, on the tables that readers see. */
class KpiTableWriterTest {

    private static final long MINUTE = 1_795_248_000_000L;
    private static final long GENERATION = MINUTE;
    private static final String KPI = "signup_to_project_24h";
    private static final long PATIENCE_MILLIS = 60_000;

    private final ProductDatabase database = ProductDatabase.shared();
    private final List<KpiWriter> writers = new ArrayList<>();
    private KpiWriter writer;

    @BeforeEach
    void open() throws Exception {
        for (String table :
                List.of(
                        "generation",
                        "definition",
                        "cohort_rows",
                        "cohort_hour_rows",
                        "activity_hour_rows",
                        "exposure_rows",
                        "segment_rows",
                        "heartbeat_rows")) {
            database.execute("delete from kpi." + table);
        }
        writer = start(claim(GENERATION, 0));
    }

    @AfterEach
    void close() {
        writers.forEach(KpiWriter::close);
    }

    /** At the first attempt, or at one that was restored from a checkpoint. */
    private static KpiClaim claim(long generation, int attempt) {
        long checkpoint = attempt == 0 ? KpiClaim.NONE : 0;
        return new KpiClaim(generation, generation, checkpoint, attempt, checkpoint, 0, 1);
    }

    private KpiWriter start(KpiClaim claim) throws Exception {
        return start(database.job(), claim);
    }

    private KpiWriter start(JdbcSettings settings, KpiClaim claim) {
        KpiWriter started =
                KpiTables.of(settings)
                        .claim(claim, UnregisteredMetricsGroup.createOperatorMetricGroup());
        writers.add(started);
        return started;
    }

    @Test
    void writesWhatReadersSeeOnceTheGenerationIsComplete() throws Exception {
        String project = "5709e000-0000-4000-8000-000000000003";
        String delivery = "d0000000-0000-4000-8000-000000000001";
        write(
                row("cohort", KPI, MINUTE, 1, 2),
                row("exposure", project + "\n" + delivery + "\nE-CONV-01", MINUTE, 1, 1),
                row("segment", "new_user", 0, 0, 3));
        awaitWritten();
        assertThat(database.rows("select * from kpi.cohort")).isEmpty();

        tellTime(writer);
        awaitWritten();

        assertThat(database.rows("select numerator, denominator from kpi.cohort"))
                .containsExactly(Map.of("numerator", 1L, "denominator", 2L));
        assertThat(database.value("select extract(epoch from bucket)::bigint from kpi.cohort"))
                .isEqualTo(MINUTE / 1_000);
        assertThat(database.rows("select project_id::text, code, converted from kpi.exposure"))
                .containsExactly(
                        Map.of("project_id", project, "code", "E-CONV-01", "converted", true));
        assertThat(database.value("select members from kpi.segments")).isEqualTo(3L);
    }

    @Test
    void keepsTheOrderOfBatchesAndRemovesWhatIsNothing() throws Exception {
        write(row("cohort", KPI, MINUTE, 0, 1), row("cohort", KPI, MINUTE + 60_000, 1, 1));
        write(row("cohort_hour", KPI, MINUTE, 1, 2), row("activity_hour", "signup", MINUTE, 0, 3));
        write(row("cohort", KPI, MINUTE, 1, 1), row("cohort", KPI, MINUTE + 60_000, 0, 0));
        write(row("cohort_hour", KPI, MINUTE, 1, 1), row("activity_hour", "signup", MINUTE, 0, 0));
        awaitWritten();
        assertThat(database.rows("select numerator, denominator from kpi.cohort_hour_rows"))
                .containsExactly(Map.of("numerator", 1L, "denominator", 1L));
        assertThat(database.rows("select * from kpi.activity_hour_rows")).isEmpty();
        assertThat(database.rows("select numerator from kpi.cohort_rows"))
                .containsExactly(Map.of("numerator", 1L));
    }

    @Test
    void showsWhatWaitsUntilItNoLongerDoes() throws Exception {
        String user = "5709e000-0000-4000-8000-000000000007";
        String capped = "no-project:7\nE-ACT-01\npolicy\ncap\n" + user + "\n";
        String alert = "verdict:8\nE-ACT-05\npolicy\ndigest\n" + user + "\n" + user;
        write(
                row("waiting", capped, MINUTE, MINUTE + 1_000, 1),
                row("waiting", alert, MINUTE, MINUTE + 2_000, 1));
        tellTime(writer);
        awaitWritten();
        assertThat(database.rows("select code, reason, project_id from kpi.waiting order by until"))
                .extracting(Map::toString)
                .containsExactly(
                        "{code=E-ACT-01, reason=cap, project_id=null}",
                        "{code=E-ACT-05, reason=digest, project_id=%s}".formatted(user));
        assertThat(
                        database.value(
                                "select count(*) from kpi.waiting_of_users where user_id = ?",
                                user))
                .isEqualTo(2L);

        write(
                row("waiting", capped, MINUTE, MINUTE + 3_000, 1),
                row("waiting", alert, MINUTE, 0, 0));
        awaitWritten();
        assertThat(database.value("select extract(epoch from until)::bigint from kpi.waiting"))
                .isEqualTo(MINUTE / 1_000 + 3);
    }

    /**
     * A job that begins anew fills a generation before any statistics tell of it: what a batch
     * costs must not grow with the rows that are there.
     */
    @Test
    void writesIntoAGenerationThatStatisticsDoNotKnow() throws Exception {
        awaitFound(writer);
        String fill =
                "insert into kpi.cohort_rows (generation, kpi, bucket, numerator, denominator)"
                        + " select ?::bigint, ?, kpi.at(n * 60000::bigint), 1, 1"
                        + " from generate_series(1, 100000) n";
        database.execute(fill, GENERATION + 100, KPI);
        database.execute("analyze kpi.cohort_rows");
        database.execute(fill, GENERATION, KPI);
        String put =
                """
                select kpi.put(%s, 1, 0, array_agg('cohort'::text), array_agg('%s'::text),
                    array_agg(''::text), array_agg(''::text), array_agg(n * 60000::bigint),
                    array_agg(n %% 2::bigint), array_agg(n %% 2::bigint))
                from generate_series(1, 4000) n
                """
                        .formatted(GENERATION, KPI);
        // a tenth of a second, or minutes
        database.execute("set statement_timeout = '15s'");
        try {
            database.execute(put);
            database.execute(put);
        } finally {
            database.execute("set statement_timeout = 0");
        }
        assertThat(
                        database.value(
                                "select count(*) from kpi.cohort_rows where generation = ?",
                                GENERATION))
                .isEqualTo(98_000L);
    }

    /** Its old minute is told to be nothing after the new one is there, or before. */
    @Test
    void keepsAnExposureWhoseTimeIsCorrected() throws Exception {
        String exposure =
                "5709e000-0000-4000-8000-000000000003\n"
                        + "d0000000-0000-4000-8000-000000000001\n"
                        + "E-CONV-01";
        String minute = "select extract(epoch from bucket)::bigint from kpi.exposure_rows";
        write(row("exposure", exposure, MINUTE + 120_000, 0, 1));
        write(
                row("exposure", exposure, MINUTE, 0, 1),
                row("exposure", exposure, MINUTE + 120_000, 0, 0));
        awaitWritten();
        assertThat(database.value(minute)).isEqualTo(MINUTE / 1_000);
        write(
                row("exposure", exposure, MINUTE, 0, 0),
                row("exposure", exposure, MINUTE + 60_000, 0, 1));
        awaitWritten();
        assertThat(database.value(minute)).isEqualTo(MINUTE / 1_000 + 60);
    }

    @Test
    void losesNothingThoughItsConnectionsAreEndedAllTheTime() throws Exception {
        for (int i = 0; i < 12; i++) {
            awaitWritten(writer, given - 1);
            write(row("cohort", KPI, MINUTE + i * 60_000, 0, 1));
            endConnections();
        }
        awaitWritten();
        assertThat(database.value("select count(*) from kpi.cohort_rows")).isEqualTo(12L);
    }

    private void endConnections() {
        database.rows(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                        + " where application_name = 'seqpulse-kpi'");
    }

    @Test
    void losesNothingThoughTheServerIsStoppedWhileRowsFlow() throws Exception {
        try (ProductDatabase other = ProductDatabase.start()) {
            KpiWriter flowing = start(other.job(), claim(GENERATION, 0));
            for (int i = 0; i < 6; i++) {
                flowing.write(batch(row("cohort", KPI, MINUTE + i * 60_000, 0, 1)));
                if (i == 2) {
                    other.stopServer();
                }
                if (i == 4) {
                    long begun = System.nanoTime();
                    flowing.check();
                    assertThat(flowing.written()).isLessThan(5);
                    assertQuick(begun);
                    other.startServer();
                }
            }
            awaitWritten(flowing, 6);
            assertThat(other.value("select count(*) from kpi.cohort_rows")).isEqualTo(6L);
        }
    }

    /** What a table lock holds up holds up nothing of ours, and comes when it is let go of. */
    @Test
    void waitsForALockedTableWithoutHoldingAnybodyUp() throws Exception {
        awaitFound(writer);
        try (Connection other = database.connect(database.superuser())) {
            other.setAutoCommit(false);
            try (Statement lock = other.createStatement()) {
                lock.execute("lock table kpi.cohort_rows");
            }
            long begun = System.nanoTime();
            write(row("cohort", KPI, MINUTE, 0, 1));
            write(row("cohort", KPI, MINUTE, 1, 1));
            assertThat(writer.written()).isZero();
            assertThat(writer.takesMore()).isFalse();
            writer.check();
            assertQuick(begun);
            other.rollback();
        }
        awaitWritten();
        assertThat(database.value("select numerator from kpi.cohort_rows")).isEqualTo(1L);
    }

    @Test
    void leavesOutARowThatTheDatabaseRefusesAndNoOther() throws Exception {
        write(
                row("cohort", KPI, MINUTE, 0, 1),
                row("exposure", "no uuid\nnone\nE-CONV-01", MINUTE, 0, 1),
                row("cohort", KPI, MINUTE + 60_000, 0, 1),
                row("cohort", KPI + '\0', MINUTE, 0, 1),
                row("cohort", KPI, Long.MAX_VALUE, 0, 1),
                row("cohort", KPI, MINUTE + 120_000, 0, 1));
        awaitWritten();
        assertThat(database.value("select count(*) from kpi.cohort_rows")).isEqualTo(3L);
    }

    @Test
    void waitsForAPermissionThatItLost() throws Exception {
        awaitFound(writer);
        database.execute("revoke usage on schema kpi from lifecycle_job");
        try {
            write(row("cohort", KPI, MINUTE, 0, 1));
            awaitStopped("permission denied");
            assertThat(writer.written()).isZero();
        } finally {
            database.execute("grant usage on schema kpi to lifecycle_job");
        }
        awaitWritten();
        assertThat(database.value("select count(*) from kpi.cohort_rows")).isEqualTo(1L);
    }

    @Test
    void closesWithinABoundThoughTheDatabaseIsAwayOrLocked() throws Exception {
        KpiWriter nowhere =
                start(
                        new JdbcSettings("jdbc:postgresql://127.0.0.1:1/none", "nobody", ""),
                        claim(GENERATION, 0));
        nowhere.write(batch(row("cohort", KPI, MINUTE, 0, 1)));
        long begun = System.nanoTime();
        nowhere.close();
        assertQuick(begun);
        awaitFound(writer);
        try (Connection other = database.connect(database.superuser())) {
            other.setAutoCommit(false);
            try (Statement lock = other.createStatement()) {
                lock.execute("lock table kpi.cohort_rows");
            }
            write(row("cohort", KPI, MINUTE, 0, 1));
            begun = System.nanoTime();
            writer.close();
            assertQuick(begun);
        }
    }

    /** A task that was taken for dead and is not. */
    @Test
    void writesNothingOnceALaterAttemptDoes() throws Exception {
        write(row("cohort", KPI, MINUTE, 0, 1));
        awaitWritten();
        KpiWriter later = start(claim(GENERATION, 1));
        assertThat(awaitFound(later)).extracting(KpiFound.Target::series).containsOnly(KPI);
        later.write(batch(row("cohort", KPI, MINUTE, 1, 2)));
        awaitWritten(later, 1);

        write(row("cohort", KPI, MINUTE, 0, 7));
        awaitStopped("a later start");

        assertThat(database.value("select denominator from kpi.cohort_rows")).isEqualTo(2L);
        // that it was none: its checkpoints are completed
        writer.completed(2);
        awaitWritten();
        assertThat(database.value("select denominator from kpi.cohort_rows")).isEqualTo(7L);
    }

    /** Only what was written since the checkpoint can differ, whoever wrote it. */
    @Test
    void findsWhatWasWrittenSinceTheCheckpoint() throws Exception {
        awaitFound(writer);
        writer.write(new KpiBatch(List.of(row("cohort", KPI, MINUTE, 0, 1)), 3, null, 1));
        writer.write(
                new KpiBatch(
                        List.of(
                                row("cohort", KPI, MINUTE + 60_000, 0, 1),
                                row("cohort_hour", KPI, MINUTE, 0, 2),
                                row("duration", "detection_latency\n100", MINUTE, 7, 1),
                                row("email", "E-ACT-01\nsent\n", MINUTE, 0, 1),
                                row("waiting", "key\nE-ACT-01\npolicy\ncap\n\n", MINUTE, 7, 1)),
                        4,
                        null,
                        1));
        awaitWritten(writer, 2);
        KpiWriter restored =
                start(new KpiClaim(GENERATION, GENERATION + 1, 4, 0, KpiClaim.stamp(1, 4), 0, 1));
        assertThat(awaitFound(restored))
                .containsExactlyInAnyOrder(
                        new KpiFound.Target("cohort", KPI, MINUTE + 60_000),
                        new KpiFound.Target("cohort_hour", KPI, MINUTE),
                        new KpiFound.Target("duration", "detection_latency\n100", MINUTE),
                        new KpiFound.Target("email", "E-ACT-01\nsent\n", MINUTE),
                        new KpiFound.Target("waiting", "key\nE-ACT-01\npolicy\ncap\n\n", MINUTE));
    }

    /**
     * Back from checkpoint 10, and then, as that went badly, on from 20: of two lines of numbers.
     */
    @Test
    void findsWhatAJobThatWasRestoredToAnOlderCheckpointWrote() throws Exception {
        awaitFound(writer);
        writer.write(new KpiBatch(List.of(row("cohort", KPI, MINUTE, 0, 1)), 10, null, 1));
        writer.write(new KpiBatch(List.of(row("cohort", "other", MINUTE, 0, 1)), 19, null, 1));
        awaitWritten(writer, 2);
        KpiWriter older =
                start(new KpiClaim(GENERATION, GENERATION + 1, 10, 0, KpiClaim.stamp(1, 10), 0, 1));
        assertThat(awaitFound(older)).hasSize(2);
        older.write(new KpiBatch(List.of(row("cohort", KPI, MINUTE, 0, 7)), 12, null, 1));
        awaitWritten(older, 1);
        KpiWriter newer =
                start(new KpiClaim(GENERATION, GENERATION + 2, 20, 0, KpiClaim.stamp(1, 20), 0, 1));
        assertThat(awaitFound(newer)).containsExactly(new KpiFound.Target("cohort", KPI, MINUTE));
    }

    /** Who has much to write has no time to tell for long. */
    @Test
    void livesWhileItOnlyWritesRows() throws Exception {
        writer.close();
        KpiTableWriter busy =
                KpiTableWriter.start(
                        database.job(),
                        new KpiClaim(GENERATION, GENERATION + 1, 0, 0, 0, 0, 1),
                        UnregisteredMetricsGroup.createOperatorMetricGroup(),
                        20);
        writers.add(busy);
        awaitFound(busy);
        KpiBatch batch = new KpiBatch(List.of(row("cohort", KPI, MINUTE, 0, 1)), 0, null, 1);
        busy.write(batch);
        database.execute("update kpi.generation set seen_at = 'epoch'");
        boolean seen = false;
        for (int batches = 1; !seen && batches < 500; batches++) {
            busy.write(batch); // so that there is always one left, and it has no pause
            awaitWritten(busy, batches);
            seen = database.value("select max(seen_at) > 'epoch' from kpi.generation").equals(true);
        }
        assertThat(seen).isTrue();
    }

    @Test
    void leavesTheRowsOfARunningJobToItWhenASecondOneComesAndGoes() throws Exception {
        write(row("cohort", KPI, MINUTE, 1, 2));
        tellTime(writer);
        awaitWritten();
        KpiWriter second = start(claim(GENERATION + 1, 0));
        awaitFound(second);
        second.write(batch(row("cohort", KPI, MINUTE, 1, 9)));
        assertThat(current()).isEqualTo(GENERATION);
        tellTime(second);
        awaitWritten(second, 2);
        assertThat(current()).isEqualTo(GENERATION + 1);
        tellTime(writer);
        tellTime(second);
        awaitWritten();
        awaitWritten(second, 3);
        second.close();
        database.execute(
                "update kpi.generation set seen_at = now() - interval '2 minutes'"
                        + " where generation = ?",
                GENERATION + 1);

        assertThat(current()).isEqualTo(GENERATION);
        assertThat(database.value("select denominator from kpi.cohort")).isEqualTo(2L);
        // where nobody lives, readers stay with who lived longest
        database.execute("update kpi.generation set seen_at = seen_at - interval '1 hour'");
        assertThat(current()).isEqualTo(GENERATION);
    }

    @Test
    void removesADeadGenerationAndHasItWrittenAnewIfItComesBack() throws Exception {
        write(row("cohort", KPI, MINUTE, 1, 2));
        tellTime(writer);
        awaitWritten();
        database.execute("update kpi.generation set seen_at = now() - interval '11 minutes'");
        KpiWriter second = start(claim(GENERATION + 1, 0));
        awaitFound(second);
        tellTime(second);
        tellTime(second);
        awaitWritten(second, 2);
        assertThat(database.rows("select * from kpi.cohort_rows")).isEmpty();

        write(row("cohort", KPI, MINUTE, 1, 2));
        awaitWritten();
        KpiFound found = writer.found();
        while (found == null || found.claim() == 1) {
            found = writer.found();
        }
        assertThat(found.anew()).isTrue();
        assertThat(found.number()).as("greater than when it was removed").isGreaterThan(2);
        assertThat(current()).isEqualTo(GENERATION + 1);
        writer.write(new KpiBatch(List.of(), 0, future(), found.claim()));
        awaitWritten(writer, given + 1);
        assertThat(current()).isEqualTo(GENERATION);
    }

    /** What the parts of an attempt said is nothing that those of the next one can stand on. */
    @Test
    void isCompleteWhenAllPartsOfThisAttemptSayItNotThoseOfAnEarlierOne() throws Exception {
        writer.close();
        database.execute("delete from kpi.generation");
        for (int part = 0; part < 2; part++) {
            KpiWriter first = start(new KpiClaim(GENERATION, 1, KpiClaim.NONE, 0, -1, part, 2));
            awaitFound(first);
            tellTime(first);
            awaitWritten(first, 1);
        }
        assertThat(current()).isEqualTo(GENERATION);
        // the rows are lost, and have to be written anew
        database.execute("update kpi.generation set removed_at = now(), complete_at = null");
        KpiWriter second = start(new KpiClaim(GENERATION, 2, 5, 0, 5, 0, 2));
        awaitFound(second);
        tellTime(second);
        awaitWritten(second, 1);
        assertThat(database.rows("select * from kpi.current_generation")).isEmpty();
        KpiWriter other = start(new KpiClaim(GENERATION, 2, 5, 0, 5, 1, 2));
        awaitFound(other);
        tellTime(other);
        awaitWritten(other, 1);
        assertThat(current()).isEqualTo(GENERATION);
    }

    @Test
    void numbersStartsUpwards() {
        StartUpDatabase startUp = new StartUpDatabase(database.job());
        long first = startUp.newStart();
        database.execute("update kpi.last_start set start = start + 3600000");
        assertThat(startUp.newStart()).isGreaterThan(first + 3_600_000);
    }

    @Test
    void tellsReadersWhatTheKpisAreAndForgetsThoseThatAreNoMore() {
        StartUpDatabase startUp = new StartUpDatabase(database.job());
        startUp.define(List.of(definition("old", null), definition(KPI, null)));
        startUp.define(
                List.of(
                        definition(KPI, "users_table_missing"),
                        definition("first_deployment_72h", null)));
        assertThat(
                        database.rows(
                                "select kpi, position, available, reason, aliases::text,"
                                        + " extract(epoch from horizon)::bigint as horizon, red_below,"
                                        + " title_en from kpi.definition order by position"))
                .extracting(row -> row.values().toString())
                .containsExactly(
                        "[signup_to_project_24h, 1, false, users_table_missing, {other}, 86400, 30,"
                                + " Title]",
                        "[first_deployment_72h, 2, true, null, {other}, 86400, 30, Title]");
    }

    @Test
    void seesTheColumnsOfTheTablesThatAreThere() {
        assertThat(
                        new StartUpDatabase(database.job())
                                .capturedColumns(Set.of("users", "no_such_table")))
                .containsOnlyKeys("users")
                .hasEntrySatisfying(
                        "users", columns -> assertThat(columns).contains("id", "created_at"));
    }

    private static KpiDefinition definition(String name, String unavailable) {
        return new KpiDefinition(
                name,
                List.of("other"),
                "Titre",
                "Title",
                "Ce que c'est.",
                "What it is.",
                "cohort",
                List.of(),
                unavailable,
                Duration.ofDays(1),
                new BigDecimal("30"),
                null);
    }

    private static KpiRow row(
            String relation, String series, long at, long numerator, long denominator) {
        return new KpiRow(relation, series, at, numerator, denominator);
    }

    private static KpiBatch batch(KpiRow... rows) {
        return new KpiBatch(List.of(rows), 0, null, 1);
    }

    private int given;

    private void write(KpiRow... rows) {
        given++;
        writer.write(batch(rows));
    }

    private static long future() {
        return System.currentTimeMillis() + 60_000;
    }

    private void tellTime(KpiWriter by) {
        given += by == writer ? 1 : 0;
        by.write(new KpiBatch(List.of(), 0, future(), 1));
    }

    private long current() {
        return (long) database.value("select generation from kpi.current_generation");
    }

    private void awaitWritten() throws Exception {
        awaitWritten(writer, given);
    }

    private static void awaitWritten(KpiWriter by, int batches) throws Exception {
        long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (by.written() < batches) {
            by.check();
            assertThat(System.nanoTime())
                    .as("written in time: %s", ((KpiTableWriter) by).stoppedBy())
                    .isLessThan(end);
            Thread.onSpinWait();
        }
    }

    /** All that it found. */
    private static List<KpiFound.Target> awaitFound(KpiWriter by) throws IOException {
        List<KpiFound.Target> rows = new ArrayList<>();
        long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (true) {
            KpiFound found = by.found();
            if (found != null) {
                rows.addAll(found.rows());
                if (found.last()) {
                    return rows;
                }
            }
            by.check();
            assertThat(System.nanoTime()).as("found in time").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    /** Until it says that it cannot go on, for this reason. */
    private void awaitStopped(String reason) {
        long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (!String.valueOf(((KpiTableWriter) writer).stoppedBy()).contains(reason)) {
            assertThat(System.nanoTime()).as("stopped in time").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private static void assertQuick(long begun) {
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
    }
}
