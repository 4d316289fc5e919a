package io.seqpulse.connector.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.jdbc.core.datastream.sink.committer.JdbcCommitable;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.runtime.operators.sink.SinkWriterOperatorFactory;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** As the role that the job has, on the tables that readers see. */
class KpiSinkTest {

    private static final long MINUTE = 1_795_248_000_000L;
    private static final long GENERATION = MINUTE;
    private static final String KPI = "signup_to_project_24h";

    private final ProductDatabase database = ProductDatabase.shared();
    private OneInputStreamOperatorTestHarness<KpiRow, CommittableMessage<JdbcCommitable>> harness;
    private long checkpoints;

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
        harness =
                new OneInputStreamOperatorTestHarness<>(
                        new SinkWriterOperatorFactory<KpiRow, JdbcCommitable>(
                                KpiSink.to(database.job())),
                        TypeInformation.of(KpiRow.class)
                                .createSerializer(new SerializerConfigImpl()),
                        MockEnvironment.builder().build());
        harness.open();
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
    }

    @Test
    void writesWhatReadersSeeOnceTheGenerationIsComplete() throws Exception {
        String project = "5709e000-0000-4000-8000-000000000003";
        String delivery = "d0000000-0000-4000-8000-000000000001";
        write(
                row(KpiRow.BEGIN, "", 0, 0, 0),
                row("cohort", KPI, MINUTE, 1, 2),
                row("exposure", project + "\n" + delivery + "\nE-CONV-01", MINUTE, 1, 1),
                row("segment", "new_user", 0, 0, 3));
        checkpoint();
        assertThat(database.rows("select * from kpi.cohort")).isEmpty();

        write(row(KpiRow.HEARTBEAT, "0\n1", System.currentTimeMillis() + 60_000, 0, 0));
        checkpoint();

        assertThat(database.rows("select numerator, denominator from kpi.cohort"))
                .containsExactly(Map.of("numerator", 1L, "denominator", 2L));
        assertThat(database.value("select extract(epoch from bucket)::bigint from kpi.cohort"))
                .isEqualTo(MINUTE / 1_000);
        assertThat(database.rows("select project_id::text, code, converted from kpi.exposure"))
                .containsExactly(
                        Map.of("project_id", project, "code", "E-CONV-01", "converted", true));
        assertThat(database.value("select members from kpi.segments")).isEqualTo(3L);
        assertThat(new StartUpDatabase(database.job()).completeGenerations())
                .containsExactly(GENERATION);
    }

    /** The last row of a figure is how it is, also within one batch. */
    @Test
    void keepsTheOrderAndRemovesWhatIsNothing() throws Exception {
        write(
                row("cohort", KPI, MINUTE, 0, 1),
                row("cohort", KPI, MINUTE, 1, 1),
                row("cohort", KPI, MINUTE + 60_000, 1, 1),
                row("cohort", KPI, MINUTE + 60_000, 0, 0),
                row("cohort_hour", KPI, MINUTE, 1, 2),
                row("cohort_hour", KPI, MINUTE, 1, 1),
                row("activity_hour", "signup", MINUTE, 0, 3),
                row("activity_hour", "signup", MINUTE, 0, 0));
        checkpoint();
        assertThat(database.rows("select numerator, denominator from kpi.cohort_hour_rows"))
                .containsExactly(Map.of("numerator", 1L, "denominator", 1L));
        assertThat(database.rows("select * from kpi.activity_hour_rows")).isEmpty();
        assertThat(database.rows("select numerator from kpi.cohort_rows"))
                .containsExactly(Map.of("numerator", 1L));
    }

    /** Its old minute is told to be nothing after the new one is there, or before. */
    @Test
    void keepsAnExposureWhoseTimeIsCorrected() throws Exception {
        String exposure =
                "5709e000-0000-4000-8000-000000000003\nd0000000-0000-4000-8000-000000000001\nE-CONV-01";
        String minute = "select extract(epoch from bucket)::bigint from kpi.exposure_rows";
        write(row("exposure", exposure, MINUTE + 120_000, 0, 1));
        checkpoint();
        write(
                row("exposure", exposure, MINUTE, 0, 1),
                row("exposure", exposure, MINUTE + 120_000, 0, 0));
        checkpoint();
        assertThat(database.value(minute)).isEqualTo(MINUTE / 1_000);
        write(
                row("exposure", exposure, MINUTE, 0, 0),
                row("exposure", exposure, MINUTE + 60_000, 0, 1));
        checkpoint();
        assertThat(database.value(minute)).isEqualTo(MINUTE / 1_000 + 60);
    }

    @Test
    void connectsAgainWhereTheConnectionWasLost() throws Exception {
        write(row("cohort", KPI, MINUTE, 0, 1));
        checkpoint();
        assertThat(
                        database.rows(
                                "select pg_terminate_backend(pid) from pg_stat_activity"
                                        + " where application_name = 'seqpulse-kpi'"))
                .isNotEmpty();
        write(row("cohort", KPI, MINUTE, 1, 1));
        checkpoint();
        assertThat(database.value("select numerator from kpi.cohort_rows")).isEqualTo(1L);
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
        return new KpiRow(GENERATION, relation, series, at, numerator, denominator);
    }

    private void write(KpiRow... rows) throws Exception {
        for (KpiRow row : rows) {
            harness.processElement(new StreamRecord<>(row));
        }
    }

    /** What came before it is written when it has passed. */
    private void checkpoint() throws Exception {
        harness.prepareSnapshotPreBarrier(++checkpoints);
        harness.snapshot(checkpoints, checkpoints);
    }
}
