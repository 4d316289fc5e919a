package io.seqpulse.lifecycle.email;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.Rule;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What templates are given of an occasion's values, and that no value breaks a mail. */
class TemplateModelTest {

    private static final Instant NOW = Instant.parse("2026-11-18T12:00:00Z");
    private static final ZoneId PARIS = ZoneId.of("Europe/Paris");
    private static final Links LINKS = new Links(SampleRules.SETTINGS, SampleRules.LINK_HOSTS);
    private static final Rule RULE = SampleRules.rule("E-SEC-01");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2026-11-30T13:05:00Z | Europe/Paris | lundi 30_novembre_2026 à 14:05 (UTC+1) | Monday, November_30, 2026 at 14:05 (UTC+1)",
                "2026-12-01T02:59:59Z | America/New_York | lundi 30_novembre_2026 à 21:59 (UTC−5) | Monday, November_30, 2026 at 21:59 (UTC−5)",
                "2026-12-01T00:00:00Z | UTC | mardi 1er_décembre_2026 à 00:00 (UTC) | Tuesday, December_1, 2026 at 00:00 (UTC)",
                "2026-12-01T00:00:00Z | Asia/Kolkata | mardi 1er_décembre_2026 à 05:30 (UTC+5:30) | Tuesday, December_1, 2026 at 05:30 (UTC+5:30)",
                "2026-10-25T00:30:00Z | Europe/Paris | dimanche 25_octobre_2026 à 02:30 (UTC+2) | Sunday, October_25, 2026 at 02:30 (UTC+2)",
                "2026-10-25T01:30:00Z | Europe/Paris | dimanche 25_octobre_2026 à 02:30 (UTC+1) | Sunday, October_25, 2026 at 02:30 (UTC+1)"
            })
    void aMomentIsToldWithItsDayAndZone(String time, String zone, String french, String english) {
        Map<String, String> values = Map.of("happened_at", time);
        assertThat(model(values, Typography.FR, ZoneId.of(zone)).get("happened_at"))
                .isEqualTo(french.replace('_', '\u00a0'));
        assertThat(model(values, Typography.EN, ZoneId.of(zone)).get("happened_at"))
                .isEqualTo(english.replace('_', '\u00a0'));
    }

    @Test
    void aMomentHasItsMonthAndWeekWhereTheyAreNotGiven() {
        Map<String, Object> model = model(Map.of("happened_at", "2027-01-01T00:30:00Z"));
        assertThat(model.get("month")).isEqualTo("2027-01");
        assertThat(model.get("week")).isEqualTo("2026-W53");
        assertThat(model(Map.of("month", "2026-10")).get("month")).isEqualTo("2026-10");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "2026-W48 | du 23 au 29_novembre | November_23–29",
                "2026-W49 | du 30_novembre au 6_décembre | November_30 – December_6",
                "2026-W40 | du 28_septembre au 4_octobre | September_28 – October_4",
                "2026-W53 | du 28_décembre_2026 au 3_janvier_2027 | December_28, 2026 – January_3, 2027",
                "2027-W22 | du 31_mai au 6_juin | May_31 – June_6",
                "2026-W27 | du 29_juin au 5_juillet | June_29 – July_5",
                "2025-W53 | - | -",
                "2026-W54 | - | -",
                "2026-W00 | - | -",
                "0000-W01 | - | -",
                "2026-48 | - | -",
                "48 | - | -"
            })
    void aWeekIsToldByItsDays(String week, String french, String english) {
        Map<String, String> values = Map.of("week", week);
        assertThat(model(values, Typography.FR, PARIS).get("week_days"))
                .isEqualTo(french == null ? null : french.replace('_', '\u00a0'));
        assertThat(model(values, Typography.EN, PARIS).get("week_days"))
                .isEqualTo(english == null ? null : english.replace('_', '\u00a0'));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "4900 | EUR | 49,00_€ | €49.00",
                "4900 | eur | 49,00_€ | €49.00",
                "5 | EUR | 0,05_€ | €0.05",
                "123456789 | EUR | 1~234~567,89_€ | €1,234,567.89",
                "4900 | JPY | 4~900_¥ | ¥4,900",
                "4900 | KWD | 4,900_KWD | KWD_4.900",
                "-1 | EUR | - | -",
                "49.00 | EUR | - | -",
                "1234567890123 | EUR | - | -",
                "4900 | XXX | - | -",
                "4900 | EURO | - | -",
                "4900 | ABC | - | -",
                "4900 | - | - | -",
                "- | EUR | - | -"
            })
    void anAmountIsWrittenAsTheLanguageWritesMoney(
            String cents, String currency, String french, String english) {
        Map<String, String> values = new HashMap<>();
        values.put("amount_cents", cents);
        values.put("currency", currency);
        values.values().removeIf(value -> value == null);
        assertThat(money(values, Typography.FR)).isEqualTo(french);
        assertThat(money(values, Typography.EN)).isEqualTo(english);
    }

    /** With the spaces that do not break as signs that can be seen. */
    private static String money(Map<String, String> values, Typography language) {
        Object amount = model(values, language, PARIS).get("amount");
        return amount == null
                ? null
                : amount.toString()
                        .replace('\u00a0', '_')
                        .replace('\u202f', '~')
                        .replace("JPY", "¥");
    }

    @ParameterizedTest
    @CsvSource({
        "https://app.seqpulse.example/i/1, https://app.seqpulse.example/i/1",
        "HTTPS://app.seqpulse.example/i/, https://app.seqpulse.example/i/",
        "https://pay.example.com/i?sig=a%2Bb/, https://pay.example.com/i?sig=a%2Bb/",
        "https://pay.example.com:443/i#x, https://pay.example.com:443/i#x",
        "https://pay.example.com/é\u202e\"<, https://pay.example.com/%C3%A9%E2%80%AE%22%3C"
    })
    void anInvoiceIsLinkedOnTheHostsOfProductAndCatalogue(String url, String link) {
        assertThat(model(Map.of("invoice_url", url)).get("invoice_url")).isEqualTo(link);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://pay.example.com/i/1",
                "https://pay.example.com:8443/i/1",
                "https://pay.example.com.evil.com/i/1",
                "https://evil-pay.example.com/i/1",
                "https://pay.example.com@evil.com/i/1",
                "https://user:x@pay.example.com/i/1",
                "https://pay.example.com\\@evil.com/i/1",
                "https://evil.com/https://pay.example.com/",
                "//pay.example.com/i/1",
                "javascript:alert(1)",
                "https://pay.example.com/a b",
                "https://pay.example.com/\r\nBcc: x",
                "https://pay.example.com./i",
                "https:///i/1",
                "pay.example.com/i/1",
                ""
            })
    void anInvoiceIsLinkedNowhereElse(String url) {
        assertThat(model(Map.of("invoice_url", url)).get("invoice_url")).isNull();
    }

    @Test
    void anInvoicesLinkMayNotBeOverlong() {
        String url = "https://pay.example.com/" + "a".repeat(3_000);
        assertThat(model(Map.of("invoice_url", url)).get("invoice_url")).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "20, 7, 65", "20, 10, 50", "4, 0, 100", "1000, 1, 99", "3, 1, 67", "7, 20, -",
                "0, 0, -", "5, 5, -", "-, 3, -", "3, -, -", "x, 1, -", "9, -1, -"
            })
    void howFarACountFell(String before, String after, Integer percent) {
        Map<String, String> values = new HashMap<>();
        values.put("previous_count", before);
        values.put("current_count", after);
        assertThat(model(values).get("drop_percent")).isEqualTo(percent);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "BR | Brésil | Brazil",
                "br | Brésil | Brazil",
                "GB | Royaume-Uni | United Kingdom",
                "Brazil | Brazil | Brazil",
                "ZZ | ZZ | ZZ",
                "https://evil.com | - | -",
                "'' | - | -",
                "- | - | -"
            })
    void aCountryIsNamedInTheMailsLanguage(String country, String french, String english) {
        Map<String, String> values = new HashMap<>();
        values.put("country", country);
        assertThat(model(values, Typography.FR, PARIS).get("country_name")).isEqualTo(french);
        assertThat(model(values, Typography.EN, PARIS).get("country_name")).isEqualTo(english);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "Nadia | Nadia Haddad | Nadia",
                "- | Nadia Haddad | Nadia",
                "- | M. Benali | M. Benali",
                "- | Win 1000 € now | Win",
                "- | 1000 € for you | -",
                "https://evil.com | https://evil.com | -",
                "- | - | -"
            })
    void anInviterIsCalledByANameOrNotAtAll(String firstName, String name, String expected) {
        Map<String, String> values = new HashMap<>();
        values.put("first_name", firstName);
        values.put("name", name);
        assertThat(model(values).get("inviter_name")).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "2026-11-04 | 4_novembre",
                "2026-01-01 | 1er_janvier_2026",
                "2024-02-29 | 29_février_2024",
                "2025-02-29 | -",
                "1969-07-20 | -",
                "+999999999-12-31 | -",
                "yesterday | -",
                "- | -"
            })
    void theDayOfTheLastActivity(String date, String expected) {
        Map<String, String> values = new HashMap<>();
        values.put("last_activity_date", date);
        assertThat(model(values).get("last_activity_day"))
                .isEqualTo(expected == null ? null : expected.replace('_', '\u00a0'));
    }

    @Test
    void anInvitationThatHasExpiredSaysNoDay() {
        assertThat(model(Map.of("expires_at", "2026-11-25T23:30:00Z")).get("expires_day"))
                .isEqualTo("26\u00a0novembre");
        assertThat(model(Map.of("expires_at", "2026-11-18T11:59:59Z")).get("expires_day")).isNull();
    }

    @Test
    void elevenScoresToClickOn() {
        Object links = model(Map.of()).get("nps_links");
        assertThat(links)
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(11)
                .startsWith(
                        Map.of(
                                "score",
                                0,
                                "url",
                                "https://app.seqpulse.example/dashboard/nps?score=0"))
                .endsWith(
                        Map.of(
                                "score",
                                10,
                                "url",
                                "https://app.seqpulse.example/dashboard/nps?score=10"));
        assertThat(model(Map.of("score", "11")).get("score")).isNull();
        assertThat(model(Map.of("score", "9")).get("score")).isEqualTo(9);
    }

    @Test
    void aReportAddsUpItsProjectsTheBusiestFirst() {
        String report =
                "[{\"project_name\":\"B\",\"deployments\":2,\"ok\":2,\"warnings\":0,\"rollbacks\":0,"
                        + "\"critical_hints\":0,\"previous_deployments\":1},"
                        + "{\"project_name\":\"A\",\"deployments\":\"8\",\"ok\":6,\"warnings\":1,"
                        + "\"rollbacks\":1,\"critical_hints\":3,\"previous_deployments\":null}]";
        Map<String, Object> model = model(Map.of("report", report));
        assertThat(projects(model)).extracting(it -> it.get("name")).containsExactly("A", "B");
        assertThat(totals(model))
                .containsEntry("deployments", 10)
                .containsEntry("ok", 8)
                .containsEntry("alerts", 2)
                .containsEntry("critical_hints", 3)
                .containsEntry("previous_deployments", null);
        assertThat(model.get("more_projects")).isEqualTo(0);
    }

    @Test
    void aReportListsTwentyProjectsAndCountsAll() {
        String one = "{\"project_name\":\"<b>https://evil.com\",\"deployments\":1}";
        Map<String, Object> model =
                model(Map.of("report", "[" + (one + ",").repeat(24) + one + "]"));
        assertThat(projects(model)).hasSize(20);
        assertThat(projects(model).get(0)).containsEntry("name", "<b>");
        assertThat(model.get("more_projects")).isEqualTo(5);
        assertThat(totals(model))
                .containsEntry("deployments", 25)
                .containsEntry("warnings", null)
                .containsEntry("alerts", null);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "not json",
                "{}",
                "[]",
                "[null, 3, {}, [], \"x\"]",
                "[{\"deployments\":-1}]",
                "[{\"deployments\":1.5}]",
                "[{\"deployments\":99999999999}]",
                "[{\"deployments\":{\"a\":1}}]",
                "[[[[[[[["
            })
    void aReportThatSaysNothingIsNone(String report) {
        Map<String, String> values = new HashMap<>();
        values.put("report", report);
        Map<String, Object> model = model(values);
        assertThat(projects(model)).isEmpty();
        assertThat(model.get("more_projects")).isEqualTo(0);
        assertThat(totals(model).values()).containsOnlyNulls();
    }

    /** Whatever stands in the rows: every template can be written, and nothing of it leads away. */
    @Test
    void noValueBreaksAMail() {
        List<String> junk =
                List.of(
                        "",
                        " ",
                        "null",
                        "-1",
                        "0",
                        "999999999",
                        "99999999999999999999",
                        "1e9",
                        "NaN",
                        "٣",
                        "2026-13",
                        "2026-W99",
                        "+999999999-12",
                        "-999999999-01-01T00:00:00Z",
                        "+1000000000-12-31T23:59:59.999999999Z",
                        "2026-11-30T13:05:00+25:00",
                        "j99",
                        "on",
                        "[{\"deployments\":2147483647},{\"deployments\":2147483647}]",
                        "{\"a\":",
                        "[".repeat(2_000),
                        "x".repeat(100_000),
                        "\u0000\r\n\u202e\ud800",
                        "https://evil.com/\"><script>alert(1)</script>",
                        "🏳️‍🌈".repeat(90));
        EmailRenderer renderer =
                new EmailRenderer(SampleRules.SETTINGS, SampleRules.ALL, SampleRules.LINK_HOSTS);
        Set<String> names = new TreeSet<>(SampleValues.everything("fr").keySet());
        names.addAll(
                List.of("week", "step", "state", "timezone", "branch", "invitee_email", "locale"));
        names.removeIf(
                name ->
                        name.endsWith("_id")
                                || name.equals("language")
                                || name.equals("dedupe_key"));
        Random random = new Random(14);
        for (Rule rule : SampleRules.ALL) {
            for (int i = 0; i < 60; i++) {
                String language = i % 2 == 0 ? "fr" : "en";
                List<SampleValues.Case> cases = SampleValues.of(rule, language);
                SampleValues.Case sample = cases.get(random.nextInt(cases.size()));
                Map<String, String> values = new HashMap<>(sample.values());
                List<String> changed = new ArrayList<>();
                for (String name : names) {
                    if (random.nextInt(3) == 0) {
                        values.put(name, junk.get(random.nextInt(junk.size())));
                        changed.add(name + "=" + values.get(name));
                    }
                }
                var mail = renderer.render(rule, rule.template() + sample.variant(), values, NOW);
                String all = mail.subject() + mail.text() + mail.html();
                assertThat(all).as("%s %s", rule.code(), changed).doesNotContain("evil.com");
                assertThat(mail.subject()).isNotBlank().doesNotContainPattern("[\\p{Cc}]");
                Html html = Html.parsed(mail.html().replaceAll("[\ud800-\udfff]", ""));
                assertThat(html.links("cta")).hasSize(1);
                assertThat(html.count("script")).isZero();
            }
        }
    }

    private static Map<String, Object> model(Map<String, String> values) {
        return model(values, Typography.FR, PARIS);
    }

    private static Map<String, Object> model(
            Map<String, String> values, Typography language, ZoneId zone) {
        return TemplateModel.of(RULE, values, NOW, language, zone, LINKS);
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> projects(Map<String, Object> model) {
        return (List<Map<String, Object>>) model.get("projects");
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> totals(Map<String, Object> model) {
        return (Map<String, Object>) model.get("totals");
    }
}
