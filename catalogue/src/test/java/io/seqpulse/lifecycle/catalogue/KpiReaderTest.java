package io.seqpulse.lifecycle.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.seqpulse.lifecycle.catalogue.Goal.Since;
import io.seqpulse.lifecycle.catalogue.Kpi.Cohort;
import io.seqpulse.lifecycle.catalogue.Kpi.Kind;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KpiReaderTest {

    /** A rule with a goal and a KPI of each kind; the tests break them one line at a time. */
    private static final String CATALOGUE =
            """
            version: 1
            rules:
              - code: E-CONV-01
                name: free_quota_80
                category: service
                mode: live
                subject: project
                trigger: {kind: reached, count: deployment_started, per: month, at-least: 40}
                expires: end-of-month
                audience: [owner]
                key: "free_quota_80:{project_id}:{month}"
                template: T
                cta:
                  path: /x
                  label: {fr: Voir, en: See}
                kpi: quota_email_to_upgrade
                goal:
                  success: pro
                  within: 7d
            kpis:
              - kpi: signup_to_project_24h
                aliases: [activation_24h]
                title: {fr: Projet, en: Project}
                description: {fr: Compte., en: Account.}
                kind: cohort
                cohort: user_created
                success: project_created
                within: 24h
                thresholds: {red-below: 30, green-from: 45.5}
              - kpi: quota_email_to_upgrade
                title: {fr: Pro, en: Pro}
                description: {fr: Passage., en: Upgrade.}
                kind: cohort
                cohort: email_sent
                success: goal
                codes: [E-CONV-01]
            """;

    private static Catalogue read(String yaml) {
        return CatalogueLoader.read(
                "test.yaml",
                () -> new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)),
                file -> true);
    }

    private static List<String> problems(String yaml) {
        InvalidCatalogueException thrown =
                catchThrowableOfType(InvalidCatalogueException.class, () -> read(yaml));
        assertThat(thrown).as("refused: %s", yaml).isNotNull();
        return thrown.problems();
    }

    @Test
    void readsKpisAndGoals() {
        Catalogue catalogue = read(CATALOGUE);

        assertThat(catalogue.kpi("activation_24h"))
                .contains(
                        new Kpi(
                                "signup_to_project_24h",
                                List.of("activation_24h"),
                                Map.of("fr", "Projet", "en", "Project"),
                                Map.of("fr", "Compte.", "en", "Account."),
                                Kind.COHORT,
                                Cohort.USER_CREATED,
                                Success.PROJECT_CREATED,
                                Duration.ofHours(24),
                                List.of(),
                                new BigDecimal("30"),
                                new BigDecimal("45.5")));
        assertThat(catalogue.rule("E-CONV-01").orElseThrow().goal())
                .isEqualTo(new Goal(null, Success.PRO, Duration.ofDays(7), Since.SENT));
    }

    @Test
    void shipsTheKpisOfTheCatalogue() {
        Map<String, String> shipped = new TreeMap<>();
        for (Kpi kpi : CatalogueLoader.load(null).kpis()) {
            shipped.put(
                    kpi.name(),
                    "%s %s %s %s %s %s-%s"
                            .formatted(
                                    kpi.kind(),
                                    kpi.cohort(),
                                    kpi.success(),
                                    kpi.within(),
                                    kpi.codes(),
                                    kpi.redBelow(),
                                    kpi.greenFrom()));
        }

        assertThat(shipped)
                .containsExactlyEntriesOf(
                        new TreeMap<>(
                                Map.of(
                                        "signup_to_project_24h",
                                        "COHORT USER_CREATED PROJECT_CREATED PT24H [] 30-45",
                                        "project_to_first_verdict_72h",
                                        "COHORT PROJECT_CREATED VERDICT_CREATED PT72H [] 25-40",
                                        "first_deployment_72h",
                                        "COHORT PROJECT_CREATED DEPLOYMENT_STARTED PT72H [] null-null",
                                        "free_to_pro_from_quota_emails",
                                        "DISTINCT_PROJECTS EMAIL_SENT PRO null [E-CONV-01, E-CONV-03] 5-10",
                                        "quota_email_to_upgrade",
                                        "COHORT EMAIL_SENT GOAL null [E-CONV-01, E-CONV-02, E-CONV-03] null-null",
                                        "free_to_pro_conversion_30d",
                                        "COHORT FREE_PROJECT_CREATED PRO PT720H [] null-null",
                                        "critical_alert_open_rate",
                                        "COHORT EMAIL_SENT OPENED null [E-ACT-05] 35-55",
                                        "trigger_to_finish",
                                        "COHORT DEPLOYMENT_STARTED DEPLOYMENT_FINISHED PT48H [] null-null")));
    }

    @Test
    void shipsTheGoalsOfTheCatalogue() {
        Map<String, String> goals =
                CatalogueLoader.load(null).rules().stream()
                        .filter(rule -> rule.goal() != null)
                        .collect(
                                Collectors.toMap(
                                        Rule::code,
                                        rule ->
                                                "%s %s %s"
                                                        .formatted(
                                                                rule.goal().success(),
                                                                rule.goal().within(),
                                                                rule.goal().since())));

        assertThat(goals)
                .isEqualTo(
                        Map.ofEntries(
                                Map.entry("E-TRX-01", "PROJECT_CREATED PT24H SENT"),
                                Map.entry("E-TRX-02", "CLICKED PT336H SENT"),
                                Map.entry("E-SEC-01", "CLICKED PT168H SENT"),
                                Map.entry("E-SEC-02", "CLICKED PT168H SENT"),
                                Map.entry("E-ACT-01", "PROJECT_CREATED PT24H SIGNUP"),
                                Map.entry("E-ACT-02", "CLICKED PT168H SENT"),
                                Map.entry("E-ACT-03", "CLICKED PT168H SENT"),
                                Map.entry("E-ACT-04", "CLICKED PT168H SENT"),
                                Map.entry("E-CONV-01", "PRO PT168H SENT"),
                                Map.entry("E-CONV-02", "PRO PT168H SENT"),
                                Map.entry("E-CONV-03", "PRO PT24H SENT"),
                                Map.entry("E-CONV-04", "PRO PT168H SENT"),
                                Map.entry("E-CONV-05", "CLICKED PT168H SENT"),
                                Map.entry("E-RET-01", "CLICKED PT168H SENT"),
                                Map.entry("E-RET-02", "CLICKED PT168H SENT"),
                                Map.entry("E-RET-03", "CLICKED PT168H SENT"),
                                Map.entry("E-RET-04", "CLICKED PT720H SENT"),
                                Map.entry("E-BILL-01", "CLICKED PT336H SENT"),
                                Map.entry("E-BILL-02", "CLICKED PT168H SENT"),
                                Map.entry("E-ADV-01", "CLICKED PT336H SENT"),
                                Map.entry("E-ADV-02", "CLICKED PT336H SENT")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    kpi: signup_to_project_24h            | kpi: Sign up                     | test.yaml:21: Sign up.kpi: 'Sign up' must be a name in snake_case
                    aliases: [activation_24h]             | aliases: [quota_email_to_upgrade] | test.yaml:30: quota_email_to_upgrade.kpi: stands here twice
                    title: {fr: Projet, en: Project}      | title: {fr: Projet}              | test.yaml:23: signup_to_project_24h.title.en: is missing
                    kind: cohort                          | kind: share                      | test.yaml:25: signup_to_project_24h.kind: 'share' is none of cohort, distinct_projects
                    success: project_created              | success: opened                  | test.yaml:27: signup_to_project_24h.success: of user_created this version counts project_created
                    within: 24h                           | within: a day                    | test.yaml:28: signup_to_project_24h.within: 'a day' must be a time such as 90s, 15m, 2h or 30d; write 1d
                    within: 24h                           | horizon: 24h                     | test.yaml:21: signup_to_project_24h.within: is missing
                    within: 24h                           | {within: 24h, codes: [E-CONV-01]} | test.yaml:29: signup_to_project_24h.codes: is for cohort email_sent only
                    red-below: 30                         | red-below: 46                    | test.yaml:29: signup_to_project_24h.thresholds.green-from: is less than red-below
                    red-below: 30                         | red-below: 101                   | test.yaml:29: signup_to_project_24h.thresholds.red-below: '101' must be a percentage, 0 to 100
                    red-below: 30                         | red-above: 30                    | test.yaml:29: signup_to_project_24h.thresholds.red-below: is missing
                    codes: [E-CONV-01]                    | codes: [E-CONV-02]               | test.yaml:36: quota_email_to_upgrade.codes: there is no rule E-CONV-02
                    codes: [E-CONV-01]                    | codes: [quota]                   | test.yaml:36: quota_email_to_upgrade.codes: 'quota' must be a code such as E-ACT-01
                    success: goal                         | success: pro                     | test.yaml:35: quota_email_to_upgrade.success: of each email sent, count its own goal: say goal
                    success: pro                          | success: project_created         | test.yaml:18: E-CONV-01.goal.success: project_created cannot follow an email about a project; it may be pro, clicked
                    kpi: quota_email_to_upgrade\\n    goal | kpi: upgrades\\n    goal         | test.yaml:16: E-CONV-01.kpi: there is no KPI 'upgrades', nor is it the name of the rule's goal
                    within: 7d                            | {within: 7d, since: signup}      | test.yaml:20: E-CONV-01.goal.since: a project does not sign up; leave it out or say sent
                    """)
    void refusesWhatCouldNotBeCounted(String from, String to, String problem) {
        String part = from.replace("\\n", "\n");
        assertThat(CATALOGUE).contains(part);
        // two keys for one stand on lines of their own
        String indent = from.equals("within: 7d") ? "\n      " : "\n    ";
        String instead =
                to.startsWith("{")
                        ? to.substring(1, to.length() - 1).replaceFirst(", ", indent)
                        : to.replace("\\n", "\n");
        int at = CATALOGUE.indexOf(part);
        String yaml =
                CATALOGUE.substring(0, at) + instead + CATALOGUE.substring(at + part.length());
        assertThat(problems(yaml)).contains(problem);
    }

    @Test
    void acceptsAKpiThatIsTheNameOfTheRulesGoal() {
        String yaml =
                CATALOGUE
                        .replace("kpi: quota_email_to_upgrade\n    goal:", "kpi: own\n    goal:")
                        .replace("      success: pro\n", "      name: own\n      success: pro\n");

        assertThat(read(yaml).rule("E-CONV-01").orElseThrow().goal().name()).isEqualTo("own");
    }

    @Test
    void keepsTheJarsKpisUnderRulesOfOnesOwn(@TempDir Path rules) throws Exception {
        Files.writeString(
                rules.resolve("lifecycle.yaml"),
                CATALOGUE
                        .substring(0, CATALOGUE.indexOf("kpis:"))
                        .replace("template: T", "template: E-CONV-01"));

        Catalogue catalogue = CatalogueLoader.load(rules);

        assertThat(catalogue.rules()).hasSize(1);
        assertThat(catalogue.kpi("signup_to_project_24h")).isPresent();
    }
}
