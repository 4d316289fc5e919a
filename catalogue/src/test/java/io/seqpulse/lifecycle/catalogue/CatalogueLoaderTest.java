package io.seqpulse.lifecycle.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.catalogue.Trigger.Occurrence;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogueLoaderTest {

    private static final Set<String> ALL_TABLES =
            Arrays.stream(EventType.values())
                    .map(e -> e.table().label())
                    .collect(Collectors.toSet());

    /** A rule that is right; the tests break it one line at a time. */
    private static final String RULE =
            """
            version: 1
            rules:
              - code: E-ACT-05
                name: critical_verdict_alert
                category: alert
                mode: live
                subject: project
                trigger:
                  kind: happened
                  fact: verdict_created
                  occurrence: each
                  where:
                    verdict: [warning, rollback_recommended]
                  wait: 2s
                expires: 6h
                audience: [owner, on_call]
                key: "critical_verdict_alert:{deployment_id}"
                template: T
                cta:
                  path: "{dashboard_path}/deployments/{deployment_id}"
                  label:
                    fr: Voir
                    en: See
                kpi: critical_alert_open_rate
            """;

    private static final String HAPPENED =
            """
            kind: happened
                  fact: verdict_created
                  occurrence: each
                  where:
                    verdict: [warning, rollback_recommended]
                  wait: 2s""";

    private static Catalogue read(String yaml) {
        return CatalogueLoader.read(
                "test.yaml",
                () -> new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)),
                file ->
                        file.matches(
                                "emails/(T|T\\.digest|T\\.b|O)\\.(fr|en)\\.(subject\\.txt|txt|html)"));
    }

    private static List<String> problems(String yaml) {
        InvalidCatalogueException thrown =
                catchThrowableOfType(InvalidCatalogueException.class, () -> read(yaml));
        assertThat(thrown).as("refused: %s", yaml).isNotNull();
        return thrown.problems();
    }

    private static String with(String from, String to) {
        assertThat(RULE).contains(from);
        return RULE.replace(from, to);
    }

    /** The rule twice, the second one changed. */
    private static String withSecond(String from, String to) {
        String rule = RULE.substring(RULE.indexOf("  - code"));
        assertThat(rule).contains(from);
        return RULE + rule.replace(from, to);
    }

    @Test
    void readsARule() {
        Rule rule = read(RULE).rule("E-ACT-05").orElseThrow();

        assertThat(rule)
                .isEqualTo(
                        new Rule(
                                "E-ACT-05",
                                "critical_verdict_alert",
                                EmailCategory.ALERT,
                                Mode.LIVE,
                                Subject.PROJECT,
                                new Trigger.Happened(
                                        EventType.VERDICT_CREATED,
                                        Occurrence.EACH,
                                        Map.of(
                                                "verdict",
                                                List.of("warning", "rollback_recommended")),
                                        Duration.ofSeconds(2)),
                                null,
                                Duration.ofHours(6),
                                List.of(Audience.OWNER, Audience.ON_CALL),
                                Set.of(),
                                Integer.MAX_VALUE,
                                "critical_verdict_alert:{deployment_id}",
                                List.of(),
                                "T",
                                "{dashboard_path}/deployments/{deployment_id}",
                                Map.of("fr", "Voir", "en", "See"),
                                "critical_alert_open_rate",
                                null));
    }

    /** Their order under the cap is CATALOGUE's. */
    @Test
    void shipsTheCatalogue() {
        List<Rule> rules = CatalogueLoader.load(null).rules();
        assertThat(rules)
                .extracting(Rule::code)
                .containsExactlyInAnyOrder(
                        "E-TRX-01",
                        "E-TRX-02",
                        "E-SEC-01",
                        "E-SEC-02",
                        "E-ACT-01",
                        "E-ACT-02",
                        "E-ACT-03",
                        "E-ACT-04",
                        "E-ACT-05",
                        "E-CONV-01",
                        "E-CONV-02",
                        "E-CONV-03",
                        "E-CONV-04",
                        "E-CONV-05",
                        "E-RET-01",
                        "E-RET-02",
                        "E-RET-03",
                        "E-RET-04",
                        "E-BILL-01",
                        "E-BILL-02",
                        "E-ADV-01",
                        "E-ADV-02");
        assertThat(rules).extracting(Rule::mode).containsOnly(Rule.Mode.LIVE);
        assertThat(
                        rules.stream()
                                .filter(rule -> rule.priority() != Integer.MAX_VALUE)
                                .sorted(Comparator.comparing(Rule::priority))
                                .map(Rule::code))
                .containsExactly(
                        "E-ACT-03",
                        "E-ACT-02",
                        "E-ACT-01",
                        "E-RET-02",
                        "E-RET-04",
                        "E-RET-03",
                        "E-CONV-02",
                        "E-CONV-01",
                        "E-CONV-04",
                        "E-RET-01",
                        "E-CONV-05",
                        "E-ADV-01",
                        "E-ADV-02");
    }

    @Test
    void shipsTheSixRulesThatProductionNeedsFirst() {
        Map<String, String> keys = new TreeMap<>();
        Map<String, String> rest = new TreeMap<>();
        Set<String> first =
                Set.of("E-TRX-01", "E-ACT-01", "E-ACT-04", "E-ACT-05", "E-CONV-01", "E-CONV-03");
        for (Rule rule : CatalogueLoader.load(null).rules()) {
            if (!first.contains(rule.code())) {
                continue;
            }
            keys.put(rule.code(), rule.dedupeKey());
            rest.put(
                    rule.code(),
                    "%s %s %s %s %s %s %s"
                            .formatted(
                                    rule.category().label(),
                                    rule.mode(),
                                    rule.expires() == null ? "end of month" : rule.expires(),
                                    rule.audience(),
                                    rule.plans(),
                                    rule.priority() == Integer.MAX_VALUE ? "-" : rule.priority(),
                                    rule.supersedes()));
        }

        assertThat(keys)
                .containsExactlyEntriesOf(
                        new TreeMap<>(
                                Map.of(
                                        "E-TRX-01", "welcome_signup:{user_id}",
                                        "E-ACT-01", "no_project_after_signup:{user_id}",
                                        "E-ACT-04", "first_verdict_available:{project_id}",
                                        "E-ACT-05", "critical_verdict_alert:{deployment_id}",
                                        "E-CONV-01", "free_quota_80:{project_id}:{month}",
                                        "E-CONV-03", "free_quota_reached:{project_id}:{month}")));
        assertThat(rest)
                .containsExactlyEntriesOf(
                        new TreeMap<>(
                                Map.of(
                                        "E-TRX-01", "transactional LIVE PT24H [USER] [] - []",
                                        "E-ACT-01", "marketing LIVE PT24H [USER] [] 3 []",
                                        "E-ACT-04", "service LIVE PT48H [OWNER, ADMINS] [] - []",
                                        "E-ACT-05", "alert LIVE PT6H [OWNER, ON_CALL] [] - []",
                                        "E-CONV-01",
                                                "marketing LIVE end of month [OWNER] [free] 8 []",
                                        "E-CONV-03",
                                                "service LIVE PT24H [OWNER] [free] - [E-CONV-01, E-CONV-02]")));
    }

    @Test
    void shipsTheTriggersOfTheCatalogue() {
        Catalogue catalogue = CatalogueLoader.load(null);
        Map<String, Trigger> triggers =
                catalogue.rules().stream().collect(Collectors.toMap(Rule::code, Rule::trigger));

        assertThat(triggers)
                .containsEntry(
                        "E-TRX-01",
                        new Trigger.Happened(
                                EventType.USER_ACTIVATED,
                                Occurrence.FIRST,
                                Map.of(),
                                Duration.ZERO))
                .containsEntry(
                        "E-ACT-01",
                        new Trigger.Missing(
                                EventType.USER_CREATED,
                                EventType.PROJECT_CREATED,
                                Duration.ofHours(2)))
                .containsEntry(
                        "E-ACT-04",
                        new Trigger.Happened(
                                EventType.VERDICT_CREATED,
                                Occurrence.FIRST,
                                Map.of(),
                                Duration.ZERO))
                .containsEntry(
                        "E-ACT-05",
                        new Trigger.Happened(
                                EventType.VERDICT_CREATED,
                                Occurrence.EACH,
                                Map.of("verdict", List.of("warning", "rollback_recommended")),
                                Duration.ofSeconds(2)))
                .containsEntry(
                        "E-CONV-01",
                        new Trigger.Reached(EventType.DEPLOYMENT_STARTED, Period.MONTH, 40))
                .containsEntry(
                        "E-CONV-03",
                        new Trigger.Happened(
                                EventType.QUOTA_REFUSED,
                                Occurrence.FIRST_OF_MONTH,
                                Map.of(),
                                Duration.ZERO));
        assertThat(catalogue.rule("E-CONV-03").orElseThrow().fallback())
                .isEqualTo(new Trigger.Reached(EventType.DEPLOYMENT_STARTED, Period.MONTH, 50));
    }

    @Test
    void asksWhetherAnAttributeThatIsNullIsAccepted() {
        Trigger.Happened trigger =
                (Trigger.Happened) read(RULE).rule("E-ACT-05").orElseThrow().trigger();

        assertThat(trigger.where().get("verdict").contains(null)).isFalse();
    }

    @Test
    void aKeyMayHoldWhatTheRuleItselfAsksAbout() {
        String yaml = with("{deployment_id}\"", "{deployment_id}:{verdict}\"");

        assertThat(read(yaml).rules().get(0).dedupeKey()).endsWith(":{verdict}");
    }

    @Test
    void travelsToTheTaskManagers() throws IOException {
        try (ObjectOutputStream out = new ObjectOutputStream(new ByteArrayOutputStream())) {
            out.writeObject(CatalogueLoader.load(null));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    {kind: happened, fact: verdict_created, occurrence: first}                              | verdict:{project_id}
                    {kind: missing, after: project_created, without: deployment_started, within: 24h}       | missing:{project_id}
                    {kind: reached, count: deployment_started, per: week, at-least: 3}                      | reached:{project_id}:{week}
                    {kind: dropped, count: deployment_started, per: week, to-percent: 50, from-at-least: 4} | dropped:{project_id}:{week}
                    {kind: silent, facts: [deployment_started], after: 30d, reminders: [37d]}               | silent:{project_id}:{last_activity_date}
                    {kind: sequence, after: invitation_sent, steps: [0s, 2d], ends: expires_at}             | steps:{invitation_id}:{step}
                    {kind: sequence, after: project_created, steps: [0s, 3d, 7d], until: [verdict_created]} | steps:{project_id}:{step}
                    """)
    void readsEveryDetectorKind(String trigger, String key) {
        String yaml =
                with(HAPPENED, "{}")
                        .replace("trigger:\n      {}", "trigger: " + trigger)
                        .replace("critical_verdict_alert:{deployment_id}", key)
                        .replace("{dashboard_path}/deployments/{deployment_id}", "/x")
                        .replace("mode: live", "mode: disabled");

        Rule rule = read(yaml).rules().get(0);

        assertThat(rule.trigger().kind().label())
                .isEqualTo(trigger.substring(7, trigger.indexOf(',')));
    }

    @Test
    void saysFileLineAndKeyOfEveryErrorAtOnce() {
        String yaml =
                with("category: alert", "category: alarm")
                        .replace("expires: 6h", "expires: six hours")
                        .replace("    kpi: critical_alert_open_rate\n", "    kpis: x\n");

        assertThat(problems(yaml))
                .containsExactly(
                        "test.yaml:3: E-ACT-05.kpi: is missing",
                        "test.yaml:5: E-ACT-05.category: 'alarm' is none of security, alert,"
                                + " transactional, service, marketing, report",
                        "test.yaml:15: E-ACT-05.expires: 'six hours' must be a time such as 90s,"
                                + " 15m, 2h or 30d, or end-of-month, or end-of-week; write 6h",
                        "test.yaml:24: E-ACT-05.kpis: unknown key; known here: code, name, category,"
                                + " mode, subject, trigger, fallback, expires, audience, plans,"
                                + " priority, key, supersedes, template, cta, kpi, goal,"
                                + " not-before, account-younger-than, holdout, subjects");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    version: 1                                    | version: 2                               | version: '2' is not the version this job reads
                    E-ACT-05                                      | ACT-05                                   | ACT-05.code: 'ACT-05' must be a code such as E-ACT-01
                    mode: live                                    | mode: on                                 | E-ACT-05.mode: 'on' is none of live, shadow, disabled
                    mode: live                                    | mode: [live]                             | E-ACT-05.mode: must be a single value
                    mode: live                                    | mode:                                    | E-ACT-05.mode: is empty
                    category: alert                               | category: marketing                      | E-ACT-05.priority: is missing
                    category: alert                               | category: report                         | E-ACT-05.priority: is missing
                    expires: 6h                                   | expires: 6h\\n    priority: 1            | E-ACT-05.priority: alert mail is never capped
                    expires: 6h                                   | expires: 6h\\n    not-before: "08:00"  | E-ACT-05.not-before: alert mail goes at once
                    expires: 6h                                   | expires: 6h\\n    not-before: 8h       | E-ACT-05.not-before: '8h' must be a time of day such as 08:00
                    expires: 6h                                   | expires: 6h\\n    not-before: "24:00"  | E-ACT-05.not-before: '24:00' must be a time of day
                    expires: 6h                                   | expires: 6h\\n    holdout: 5%          | E-ACT-05.holdout: alert mail is kept from nobody
                    category: alert                               | category: report\\n    holdout: 5%     | E-ACT-05.holdout: needs a goal
                    category: alert                               | category: report\\n    goal: {success: clicked, within: 7d}\\n    holdout: 5% | E-ACT-05.holdout: has nothing to compare
                    category: alert                               | category: report\\n    holdout: 5     | E-ACT-05.holdout: '5' must be a share above 0% and at most 50%
                    category: alert                               | category: report\\n    holdout: 0%     | E-ACT-05.holdout: '0%' must be a share
                    category: alert                               | category: report\\n    holdout: 50.01% | E-ACT-05.holdout: '50.01%' must be a share
                    category: alert                               | category: report\\n    holdout: 0.001% | E-ACT-05.holdout: '0.001%' must be a share
                    expires: 6h                                   | expires: 6h\\n    subjects: [a, c] | E-ACT-05.subjects: there is no emails/T.c.fr.subject.txt, emails/T.c.en.subject.txt; the first subject, a, is the template's own
                    expires: 6h                                   | expires: 6h\\n    subjects: [a] | E-ACT-05.subjects: is one alone
                    expires: 6h                                   | expires: 6h\\n    subjects: [a, a] | E-ACT-05.subjects: 'a' stands here twice
                    expires: 6h                                   | expires: 6h\\n    subjects: [a, B] | E-ACT-05.subjects: 'B' must be a short name in small letters
                    expires: 6h                                   | expires: 6h\\n    subjects: [a, holdout] | E-ACT-05.subjects: 'holdout' must be a short name
                    expires: 6h                                   | expires: 6h\\n    subjects: [digest, a] | E-ACT-05.subjects: 'digest' must be a short name
                    expires: 6h                                   | expires: 6h\\n    subjects: ab | E-ACT-05.subjects: must be a list
                    expires: 6h                                   | expires: 0h                              | E-ACT-05.expires: '0h' must be a time
                    wait: 2s                                      | wait: 2 seconds                          | E-ACT-05.trigger.wait: '2 seconds' must be a time
                    subject: project                              | subject: user                            | E-ACT-05.trigger: verdict_created is not about a user
                    subject: project                              | subject: deployment                      | E-ACT-05.subject: 'deployment' is none of user, project
                    kind: happened                                | kind: happend                            | E-ACT-05.trigger.kind: 'happend' is none of happened, missing
                    fact: verdict_created                         | fact: verdict                            | E-ACT-05.trigger.fact: 'verdict' is none of
                    occurrence: each                              | occurrence: always                       | E-ACT-05.trigger.occurrence: 'always' is none of each, first, first_of_month
                    occurrence: each                              | occurrence: first_of_month               | E-ACT-05.key: must contain {month}
                    verdict: [warning, rollback_recommended]      | state: [warning]                         | E-ACT-05.trigger.where.state: verdict_created has no such attribute
                    verdict: [warning, rollback_recommended]      | verdict: warning                         | E-ACT-05.trigger.where.verdict: must be a list
                    wait: 2s                                      | after: 2s                                | E-ACT-05.trigger.after: unknown key
                    audience: [owner, on_call]                    | audience: [user]                         | E-ACT-05.audience: a rule about a project goes to [owner]
                    audience: [owner, on_call]                    | audience: [on_call]                      | E-ACT-05.audience: a rule about a project goes to [owner]
                    audience: [owner, on_call]                    | audience: [owner, user]                  | E-ACT-05.audience: a project has an owner
                    audience: [owner, on_call]                    | audience: [owner, owner]                 | E-ACT-05.audience: 'owner' stands here twice
                    audience: [owner, on_call]                    | audience: []                             | E-ACT-05.audience: is empty
                    audience: [owner, on_call]                    | audience: [owner]\\n    plans: [gratis]  | E-ACT-05.plans: 'gratis' is none of free, pro, enterprise
                    audience: [owner, on_call]                    | audience: [owner]\\n    supersedes: [E-X-01] | E-ACT-05.supersedes: there is no rule E-X-01
                    audience: [owner, on_call]                    | audience: [owner]\\n    supersedes: [E-ACT-05] | E-ACT-05.supersedes: a rule cannot supersede itself
                    {deployment_id}"                              | {env}"                                   | E-ACT-05.key: must contain {project_id} or the id of an event
                    {deployment_id}"                              | {project_id}"                            | E-ACT-05.key: must tell one event from another
                    {deployment_id}"                              | {deployment}"                            | E-ACT-05.key: {deployment} is not known here
                    {deployment_id}"                              | {deployment_id}{"                        | E-ACT-05.key: has a brace that belongs to no placeholder
                    critical_verdict_alert:                       | `{project_id}:`                          | E-ACT-05.key: must begin with a name and a colon
                    template: T                                   | template: U                              | E-ACT-05.template: has no emails/U.fr.subject.txt, emails/U.fr.txt
                    {deployment_id}"                              | {deployment_id}:{branch}"                | E-ACT-05.key: {branch} may be missing, as a row may leave it null; always there are [project_id, deployment_id, verdict, month, week]
                    "{dashboard_path}/deployments/{deployment_id}"| "/{env}"                                 | E-ACT-05.cta.path: {env} may be missing
                    template: T                                   | template: O                              | E-ACT-05.template: has no emails/O.digest.fr.subject.txt, emails/O.digest.fr.txt
                    template: T                                   | template: ../T                           | E-ACT-05.template: '../T' must be the name of template files
                    "{dashboard_path}/deployments/{deployment_id}"| https://evil.example/                    | E-ACT-05.cta.path: leads to evil.example, which is not among link-hosts
                    "{dashboard_path}/deployments/{deployment_id}"| https://ok.example@evil.example/         | E-ACT-05.cta.path: must be a path, or begin with https://
                    "{dashboard_path}/deployments/{deployment_id}"| "https://{env}.example/"                 | E-ACT-05.cta.path: must be a path, or begin with https://
                    "{dashboard_path}/deployments/{deployment_id}"| http://ok.example/                       | E-ACT-05.cta.path: must be a path, or begin with https://
                    "{dashboard_path}/deployments/{deployment_id}"| //evil.example/                          | E-ACT-05.cta.path: must be a path, or begin with https://
                    "{dashboard_path}/deployments/{deployment_id}"| javascript:alert(1)                      | E-ACT-05.cta.path: must be a path, or begin with https://
                    "{dashboard_path}/deployments/{deployment_id}"| deployments                              | E-ACT-05.cta.path: must begin with /
                    "{dashboard_path}/deployments/{deployment_id}"| "/{owner}"                               | E-ACT-05.cta.path: {owner} is not known here
                    fr: Voir                                      | fr: ""                                   | E-ACT-05.cta.label.fr: is empty
                    fr: Voir                                      | de: Sehen                                | E-ACT-05.cta.label.fr: is missing
                    fr: Voir                                      | fr: Voir\\n        fr: Voir              | E-ACT-05.cta.label.fr: stands here twice
                    """)
    void refuses(String from, String to, String problem) {
        List<String> problems = problems(with(from, to.replace("\\n", "\n")));

        assertThat(problems).anySatisfy(p -> assertThat(p).contains(": " + problem));
        assertThat(problems).allSatisfy(p -> assertThat(p).startsWith("test.yaml:"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "code",
                "name",
                "category",
                "mode",
                "subject",
                "trigger",
                "expires",
                "audience",
                "key",
                "template",
                "cta",
                "kpi"
            })
    void refusesARuleWithout(String key) {
        String yaml =
                RULE.replace("  - code:", "  -\n    code:").replace("    " + key + ":", "    x:");

        assertThat(problems(yaml))
                .anySatisfy(p -> assertThat(p).contains("." + key + ": is missing"));
    }

    @Test
    void readsALocalTime() {
        String yaml =
                with("category: alert", "category: service")
                        .replace("expires: 6h", "expires: 6h\n    not-before: \"08:30\"");
        Rule rule = read(yaml).rules().get(0);

        assertThat(rule.notBefore()).isEqualTo(LocalTime.of(8, 30));
        assertThat(rule.withMode(Mode.SHADOW).notBefore()).isEqualTo(LocalTime.of(8, 30));
        assertThat(read(RULE).rules().get(0).notBefore()).isNull();
        assertThat(read(yaml.replace("\"08:30\"", "08:30")).rules()).containsExactly(rule);
    }

    @ParameterizedTest
    @CsvSource({"5%, 500", "50%, 5000", "2.5 %, 250", "0.01%, 1", "33.33%, 3333"})
    void readsAHoldout(String share, int hundredths) {
        String yaml =
                with("category: alert", "category: report\n    priority: 1")
                        .replace(
                                "expires: 6h",
                                "expires: 6h\n    goal: {success: pro, within: 7d}\n    holdout: "
                                        + share);
        Rule rule = read(yaml).rules().get(0);

        assertThat(rule.experiment()).isEqualTo(new Experiment(hundredths, List.of()));
        assertThat(rule.withMode(Mode.DISABLED).experiment().holdout()).isEqualTo(hundredths);
        assertThat(read(RULE).rules().get(0).experiment()).isEqualTo(Experiment.NONE);
    }

    @Test
    void readsSubjects() {
        Rule rule = read(with("expires: 6h", "expires: 6h\n    subjects: [a, b]")).rules().get(0);

        assertThat(rule.experiment()).isEqualTo(new Experiment(0, List.of("a", "b")));
    }

    @Test
    void refusesTwoCallsToAction() {
        String yaml =
                with("cta:\n      path:", "cta:\n    - path:")
                        .replace(
                                "      label:\n        fr: Voir\n        en: See",
                                "      label: {fr: a, en: b}");

        assertThat(problems(yaml))
                .containsExactly("test.yaml:20: E-ACT-05.cta: must be a mapping of keys to values");
    }

    @Test
    void refusesRulesThatCouldShareAKey() {
        assertThat(problems(withSecond("E-ACT-05", "E-ACT-06")))
                .containsExactly(
                        "test.yaml:39: E-ACT-06.key: could be a key of E-ACT-05 too; begin it with"
                                + " another name");
        assertThat(
                        problems(
                                withSecond("E-ACT-05", "E-ACT-06")
                                        .replaceFirst(
                                                "critical_verdict_alert:\\{",
                                                "critical_verdict_alert:x:{")))
                .hasSize(1);
        assertThat(problems(withSecond("critical_verdict_alert:", "other:")))
                .containsExactly("test.yaml:25: E-ACT-05.code: stands here twice");
    }

    @Test
    void refusesTwoRulesOfOnePriority() {
        String yaml =
                withSecond("E-ACT-05", "E-ACT-06")
                        .replace("category: alert", "category: marketing\n    priority: 4")
                        .replaceFirst("critical_verdict_alert:", "other:");

        assertThat(problems(yaml))
                .containsExactly("test.yaml:29: E-ACT-06.priority: is also that of E-ACT-05");
    }

    private static final String WEEKLY =
            RULE.replace(
                            HAPPENED,
                            "{kind: reached, count: deployment_started, per: week, at-least: 3}")
                    .replace("trigger:\n      {", "trigger: {")
                    .replace("critical_verdict_alert:{deployment_id}", "busy:{project_id}:{week}")
                    .replace("deployments/{deployment_id}", "x")
                    .replace("expires: 6h", "expires: end-of-week");

    @Test
    void runsARuleThatCountsByWeek() {
        Catalogue catalogue = read(WEEKLY);

        assertThat(CatalogueResolution.of(catalogue, ALL_TABLES).catalogue()).isEqualTo(catalogue);
        Rule rule = catalogue.rule("E-ACT-05").orElseThrow();
        assertThat(rule.trigger())
                .isEqualTo(new Trigger.Reached(EventType.DEPLOYMENT_STARTED, Period.WEEK, 3));
        assertThat(rule.expires()).as("the end of the week").isNull();
        assertThat(read(WEEKLY.replace("end-of-week", "7d")).rules().get(0).expires())
                .isEqualTo(Duration.ofDays(7));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    end-of-week | end-of-month | expires: must be at most 7d, or end-of-week, of a trigger that counts by week
                    end-of-week | 169h         | expires: must be at most 7d: weeks before the last one are not counted
                    per: week   | per: month   | expires: end-of-week is for a trigger that counts by week
                    :{week}     | :{month}     | key: {month} is not known here; known are [project_id, week]
                    :{week}     |              | key: must contain {week}, or only the first one would ever be sent
                    per: week   | per: day     | trigger.per: 'day' is none of month, week
                    """)
    void refusesOfARuleThatCountsByWeek(String from, String to, String problem) {
        assertThat(WEEKLY).contains(from);

        assertThat(problems(WEEKLY.replace(from, to == null ? "" : to)))
                .anySatisfy(p -> assertThat(p).endsWith(": E-ACT-05." + problem));
    }

    /** Both have to expire in the same way. */
    @Test
    void refusesAnEndOfWeekThatTheFallbackHasNot() {
        String yaml =
                WEEKLY.replace(
                        "    expires:",
                        "    fallback: {kind: happened, fact: quota_refused, occurrence: first}\n"
                                + "    expires:");

        assertThat(problems(yaml))
                .anySatisfy(
                        p ->
                                assertThat(p)
                                        .endsWith(
                                                "E-ACT-05.expires: end-of-week is for a trigger that"
                                                        + " counts by week"));
    }

    private static final String REPORT =
            RULE.replace(
                            HAPPENED,
                            "{kind: calendar, each: week, local-time: '08:00', spread: 30m, facts:"
                                    + " [deployment_started, logged_in], plans: [free]}")
                    .replace("trigger:\n      {", "trigger: {")
                    .replace("subject: project", "subject: user")
                    .replace("[owner, on_call]", "[user]")
                    .replace("critical_verdict_alert:{deployment_id}", "weekly:{user_id}:{week}")
                    .replace("deployments/{deployment_id}", "x");

    @Test
    void readsReports() {
        Rule report = read(REPORT).rules().get(0);
        assertThat(report.trigger())
                .isEqualTo(
                        new Trigger.Calendar(
                                Period.WEEK,
                                "08:00",
                                Duration.ofMinutes(30),
                                List.of(EventType.DEPLOYMENT_STARTED, EventType.LOGGED_IN),
                                Set.of("free")));
        assertThat(read(REPORT.replace("expires: 6h", "expires: 14d")).rules().get(0).expires())
                .as("only counts are limited to the latest weeks")
                .isEqualTo(Duration.ofDays(14));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    '08:00'                         | '8:00'      | trigger.local-time: '8:00' must be a time of day such as 08:00
                    spread: 30m                     | spread: 13h | trigger.spread: must be at most 12h
                    [deployment_started, logged_in] | [logged_in] | trigger.facts: must contain deployment_started
                    plans: [free]                   | plans: [x]  | trigger.plans: 'x' is none of free, pro, enterprise
                    :{week}                         |             | key: must contain {week}
                    """)
    void refusesOfAReport(String from, String to, String problem) {
        assertThat(problems(REPORT.replace(from, to == null ? "" : to)))
                .anySatisfy(p -> assertThat(p).contains("E-ACT-05." + problem));
    }

    @Test
    void aReportIsAboutUsersAlone() {
        assertThat(problems(REPORT.replace("subject: user", "subject: project")))
                .anySatisfy(p -> assertThat(p).contains("is not about a project"));
    }

    /** Silence is seen by what is captured, and without one of its sources by the others. */
    @Test
    void whatCannotBeSeenIsLeftOutOfASilence() {
        String yaml =
                REPORT.replaceFirst(
                                "trigger: .*",
                                "trigger: {kind: silent, facts: [user_created, logged_in,"
                                        + " deployment_started], after: 14d}")
                        .replace("{week}", "{last_activity_date}");
        CatalogueResolution resolution =
                CatalogueResolution.of(read(yaml), Set.of("users", "deployments"));
        assertThat(resolution.catalogue().rules().get(0).trigger())
                .isEqualTo(
                        new Trigger.Silent(
                                List.of(EventType.USER_CREATED, EventType.DEPLOYMENT_STARTED),
                                Duration.ofDays(14),
                                List.of()));
        assertThat(resolution.notes())
                .containsExactly(
                        "E-ACT-05 looks at the rest alone: there is no captured table login_events");
        assertThat(CatalogueResolution.of(read(yaml), Set.of()).catalogue().rules()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {kind: silent, facts: [logged_in, deployment_started], after: 13d}                   | after: must be at least 14d where deployment_started counts
                    {kind: silent, facts: [logged_in], after: 30d, reminders: [30d]}                     | reminders: must be later than 'after'
                    {kind: silent, facts: [verdict_created], after: 30d}                                 | verdict_created is not about a user
                    {kind: sequence, after: nps_answered, steps: [1d, 24h]}                              | steps: '24h' stands here twice
                    {kind: sequence, after: nps_answered, where: {rating: [9]}, steps: [1d]}             | where.rating: nps_answered has no such attribute
                    {kind: sequence, after: nps_answered, steps: [1d], ends: never}                      | ends: nps_answered has no such attribute
                    {kind: milestone, since: project_created, after: 30d, deployments: 20, facts: [logged_in], active-within: 7d, steady-for: 36d} | facts: must contain deployment_started
                    {kind: milestone, since: project_created, after: 30d, deployments: 20, facts: [logged_in], active-within: 7d, steady-for: 36d} | steady-for: must be at most 35d
                    {kind: milestone, since: project_created, after: 30d, deployments: 20, facts: [deployment_started], active-within: 7d, steady-for: 30d} | key: must contain {half}
                    {kind: sequence, after: nps_answered, steps: [1d, 2d]}                               | key: must contain {step}
                    {kind: silent, facts: [logged_in], after: 30d}                                       | key: must contain {last_activity_date}
                    {kind: happened, fact: logged_in, occurrence: each, unfamiliar: [city]}              | unfamiliar: 'city' is none of country, device
                    {kind: happened, fact: logged_in, occurrence: first, unfamiliar: [country]}          | unfamiliar: is asked of each event
                    {kind: happened, fact: nps_answered, occurrence: each, unfamiliar: [country]}        | unfamiliar: is known of logged_in alone
                    """)
    void refusesTriggersThatCannotWork(String trigger, String problem) {
        assertThat(problems(REPORT.replaceFirst("trigger: .*", "trigger: " + trigger)))
                .anySatisfy(p -> assertThat(p).contains(problem));
    }

    @ParameterizedTest
    @CsvSource({
        "actor, 'E-ACT-05.audience: actor needs an event that says user_id'",
        "invitee, 'E-ACT-05.audience: invitee needs an event that says invitee_email and inviter_id'",
        "'actor, on_call', 'E-ACT-05.audience: actor and invitee stand alone'",
        "'owner, actor', 'E-ACT-05.audience: actor and invitee stand alone'",
    })
    void refusesRecipientsWhomNoEventNames(String audience, String problem) {
        assertThat(problems(RULE.replace("[owner, on_call]", "[" + audience + "]")))
                .anySatisfy(p -> assertThat(p).contains(problem));
    }

    @Test
    void allowsLinksToListedHosts() {
        String yaml =
                with("version: 1", "version: 1\nlink-hosts: [docs.example.com]")
                        .replace(
                                "{dashboard_path}/deployments/{deployment_id}",
                                "https://docs.example.com/ci?p={project_id}");

        assertThat(read(yaml).rules()).hasSize(1);
        assertThat(read(yaml).linkHosts()).containsExactly("docs.example.com");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "# nothing",
                "[]",
                "text",
                "a: [",
                "a: \u0001",
                "rules: {}",
                "version: 1\nrules: [1]",
                "version: 1\nrules: &a [*a]",
                "- &a [*a]",
                "? [a]\n: b"
            })
    void refusesWhatIsNoCatalogue(String yaml) {
        assertThat(problems(yaml))
                .isNotEmpty()
                .allSatisfy(p -> assertThat(p).startsWith("test.yaml:"));
    }

    @Test
    void runsEveryRuleWhereEveryTableExists() {
        Catalogue catalogue = CatalogueLoader.load(null);

        CatalogueResolution resolution = CatalogueResolution.of(catalogue, ALL_TABLES);

        assertThat(resolution.catalogue()).isEqualTo(catalogue);
        assertThat(resolution.notes()).isEmpty();
    }

    @Test
    void fallsBackWhereATableIsMissingAndNamesInertRules() {
        Catalogue catalogue = CatalogueLoader.load(null);

        CatalogueResolution resolution =
                CatalogueResolution.of(catalogue, Set.of("users", "projects", "deployments"));

        assertThat(resolution.catalogue().rules())
                .extracting(Rule::code)
                .containsExactlyInAnyOrder(
                        "E-TRX-01",
                        "E-SEC-01",
                        "E-ACT-01",
                        "E-ACT-02",
                        "E-ACT-03",
                        "E-CONV-01",
                        "E-CONV-02",
                        "E-CONV-03",
                        "E-CONV-05",
                        "E-RET-01",
                        "E-RET-02",
                        "E-RET-03",
                        "E-RET-04",
                        "E-ADV-01");
        assertThat(resolution.catalogue().rule("E-CONV-03").orElseThrow().trigger())
                .isEqualTo(new Trigger.Reached(EventType.DEPLOYMENT_STARTED, Period.MONTH, 50));
        assertThat(resolution.notes())
                .contains(
                        "E-ACT-04 is inert: there is no captured table deployment_verdicts",
                        "E-ACT-05 is inert: there is no captured table deployment_verdicts",
                        "E-TRX-02 is inert: there is no captured table project_invitations",
                        "E-RET-03 looks at the rest alone: there is no captured table login_events,"
                                + " usage_events",
                        "E-CONV-03 uses its fallback: there is no captured table quota_refusals");
    }

    @Test
    void readsOverridesFromADirectory(@TempDir Path directory) throws IOException {
        Files.createDirectories(directory.resolve("emails"));
        assertThat(CatalogueLoader.load(directory)).isEqualTo(CatalogueLoader.load(null));

        Files.writeString(
                directory.resolve("lifecycle.yaml"),
                RULE.replace("template: T", "template: E-ACT-05"));
        assertThat(CatalogueLoader.load(directory).rules()).hasSize(1);

        Files.writeString(directory.resolve("lifecycle.yaml"), RULE);
        InvalidCatalogueException thrown =
                catchThrowableOfType(
                        InvalidCatalogueException.class, () -> CatalogueLoader.load(directory));
        assertThat(thrown)
                .hasMessageContaining(
                        directory.resolve("lifecycle.yaml") + ":18: E-ACT-05.template");
    }

    @Test
    void refusesADirectoryWithoutOverrides(@TempDir Path directory) {
        assertThat(
                        catchThrowableOfType(
                                InvalidCatalogueException.class,
                                () -> CatalogueLoader.load(directory)))
                .hasMessageContaining("has neither lifecycle.yaml nor emails/: check rules.dir");
    }
}
