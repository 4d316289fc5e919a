package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The founding document's answer, case by case, and the series. */
class KpiAnswersTest {

    private static final String NOW = "2026-02-19T10:00:01Z";
    private static final String INSIDE = "2026-02-18T09:00:00Z";

    @Test
    void isTheFoundingDocumentsExample() throws Exception {
        expect(
                "example.json",
                "?window_days=7",
                api -> {
                    available(api);
                    api.definition("critical_alert_open_rate", "email_events_table_missing");
                });
    }

    @Test
    void saysThatATableIsIncomplete() throws Exception {
        expect(
                "incomplete.json",
                "",
                api -> {
                    available(api);
                    api.definition("critical_alert_open_rate", "email_events_table_incomplete");
                });
    }

    @Test
    void saysThatARuleIsOff() throws Exception {
        expect(
                "rule-disabled.json",
                "",
                api -> {
                    available(api);
                    api.definition("critical_alert_open_rate", "rule_disabled:E-ACT-05");
                });
    }

    @Test
    void isZeroWhereNobodyBegan() throws Exception {
        expect(
                "nobody.json",
                "?window_days=90",
                api ->
                        api.definition("signup_to_project_24h", null)
                                .definition("project_to_first_verdict_72h", null)
                                .definition("free_to_pro_from_quota_emails", null)
                                .definition("critical_alert_open_rate", null)
                                .complete());
    }

    @Test
    void hasNoValueBeforeTheTablesWereCompleteOnce() throws Exception {
        expect(
                "not-yet.json",
                "?window_days=1",
                api -> api.definition("signup_to_project_24h", null));
    }

    private static void available(RunningApi api) {
        api.definition("signup_to_project_24h", null)
                .definition("project_to_first_verdict_72h", null)
                .definition("free_to_pro_from_quota_emails", null)
                .cohort("signup_to_project_24h", INSIDE, 4, 10)
                .cohort("signup_to_project_24h", "2026-02-12T10:00:00Z", 2, 4)
                .cohort("signup_to_project_24h", "2026-02-12T09:59:00Z", 100, 100)
                .cohort("signup_to_project_24h", "2026-02-19T10:00:00Z", 100, 100)
                .cohort("project_to_first_verdict_72h", INSIDE, 11, 20)
                .exposure("E-CONV-02", INSIDE, true);
        for (int i = 0; i < 8; i++) {
            api.exposure(i % 2 == 0 ? "E-CONV-01" : "E-CONV-03", INSIDE, i == 0);
        }
        api.complete();
    }

    private static void expect(String golden, String query, Consumer<RunningApi> rows)
            throws Exception {
        try (RunningApi api = new RunningApi(RunningApi.at(NOW))) {
            rows.accept(api);
            String answer = api.get("/analytics/kpi/lifecycle" + query, RunningApi.VIEWER).body();
            try (InputStream in = KpiAnswersTest.class.getResourceAsStream("/golden/" + golden)) {
                String expected =
                        RunningApi.read(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                                .toString();
                assertThat(RunningApi.read(answer)).hasToString(expected);
            }
        }
    }

    @Test
    void givesASeriesByStepUnderNameAndAlias() throws Exception {
        try (RunningApi api = new RunningApi(RunningApi.at(NOW))) {
            api.definition("signup_to_project_24h", null)
                    .cohort("signup_to_project_24h", "2026-02-17T23:59:00Z", 1, 3)
                    .cohort("signup_to_project_24h", "2026-02-19T09:59:00Z", 1, 1)
                    .complete();
            JsonNode answer =
                    api.json(
                            "/analytics/kpi/activation_24h?from=2026-02-17&to=2026-02-19T10:00:00+00:00&grain=day",
                            RunningApi.VIEWER);
            assertThat(answer.path("kpi").asText()).isEqualTo("signup_to_project_24h");
            assertThat(answer.path("total"))
                    .hasToString("{\"value\":50.0,\"numerator\":2,\"denominator\":4}");
            assertThat(answer.path("points"))
                    .hasToString(
                            "[{\"at\":\"2026-02-17T00:00:00+00:00\",\"value\":33.33,\"numerator\":1,\"denominator\":3},"
                                    + "{\"at\":\"2026-02-18T00:00:00+00:00\",\"value\":null,\"numerator\":0,\"denominator\":0},"
                                    + "{\"at\":\"2026-02-19T00:00:00+00:00\",\"value\":100.0,\"numerator\":1,\"denominator\":1}]");
            String csv =
                    """
                    kpi,at,value,numerator,denominator
                    signup_to_project_24h,2026-02-17T23:00:00+00:00,33.33,1,3
                    """
                            .replace("\n", "\r\n");
            String window = "?from=2026-02-17T23:00:00Z&to=2026-02-18T00:00:00Z&grain=hour";
            assertThat(
                            api.get(
                                            "/analytics/kpi/signup_to_project_24h.csv" + window,
                                            RunningApi.VIEWER)
                                    .body())
                    .isEqualTo(csv);
            assertThat(
                            api.get(
                                            "/analytics/kpi/signup_to_project_24h" + window,
                                            RunningApi.VIEWER,
                                            "Accept",
                                            "text/csv")
                                    .body())
                    .isEqualTo(csv);
        }
    }
}
