package io.seqpulse.lifecycle.email;

import static io.seqpulse.lifecycle.email.SampleRules.CRITICAL_VERDICT;
import static io.seqpulse.lifecycle.email.SampleRules.FIRST_VERDICT;
import static io.seqpulse.lifecycle.email.SampleRules.NO_PROJECT;
import static io.seqpulse.lifecycle.email.SampleRules.QUOTA_80;
import static io.seqpulse.lifecycle.email.SampleRules.QUOTA_REACHED;
import static io.seqpulse.lifecycle.email.SampleRules.WELCOME;
import static io.seqpulse.lifecycle.email.SampleValues.everything;
import static io.seqpulse.lifecycle.email.SampleValues.leastOf;
import static io.seqpulse.lifecycle.email.SampleValues.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.lifecycle.catalogue.Experiment;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.story.Rules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmailRendererTest {

    private static final Instant NOW = Instant.parse("2026-11-18T12:00:00Z");
    private static final String DIGEST = "E-ACT-05.digest";
    private static final EmailRenderer RENDERER =
            new EmailRenderer(SampleRules.SETTINGS, SampleRules.ALL, SampleRules.LINK_HOSTS);

    /** What GitHub Actions fills in; the snippets alone may have braces. */
    private static final String WORKFLOW_EXPRESSION = "\\$\\{\\{ [a-zA-Z_.]+ }}";

    @Test
    void theSubjectsOfTheFoundingDocument() {
        Map<String, String> values = with(everything("fr"), "used", "40");
        assertThat(subject(WELCOME, values))
                .isEqualTo("Bienvenue sur SEQPULSE - Créez votre premier projet en 2 minutes");
        assertThat(subject(NO_PROJECT, values))
                .isEqualTo("Il vous manque 1 étape pour activer SEQPULSE");
        assertThat(
                        subject(
                                FIRST_VERDICT,
                                with(
                                        with(values, "verdict", "warning"),
                                        "project_name",
                                        "API Gateway")))
                .isEqualTo("Premier verdict SEQPULSE pour API Gateway: warning");
        assertThat(subject(CRITICAL_VERDICT, values))
                .isEqualTo("Urgent: rollback recommandé sur Checkout API (prod)");
        assertThat(subject(QUOTA_80, values))
                .isEqualTo("Votre projet approche la limite Free (40/50)");
        assertThat(subject(QUOTA_REACHED, values))
                .isEqualTo("Action requise: limite Free atteinte pour votre projet");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "E-TRX-02 | j0 | Nadia vous a invité à rejoindre le projet \"API Gateway\"",
                "E-TRX-02 | j2 | Nadia vous attend sur le projet API Gateway",
                "E-TRX-02 | j5 | Dernier rappel: votre invitation au projet API Gateway",
                "E-SEC-01 | off | Alerte sécurité: votre 2FA a été désactivée",
                "E-SEC-01 | on | Sécurité: votre 2FA a été activée",
                "E-SEC-02 | full | Nouvelle connexion détectée sur votre compte SEQPULSE",
                "E-ACT-02 | full | Connectez votre pipeline pour obtenir votre premier verdict",
                "E-ACT-03 | full | Votre analyse SEQPULSE est en attente de \"finish\"",
                "E-CONV-02 | full | Plus que 5 déploiements avant blocage",
                "E-CONV-02 | last | Plus qu'un déploiement avant blocage",
                "E-CONV-04 | sdh_full | Cette fonctionnalité est prête pour vous en Pro",
                "E-CONV-05 | full | Votre bilan SEQPULSE d'octobre (+ opportunités Pro)",
                "E-RET-01 | full | Votre semaine SEQPULSE: 87 déploiements, 8 alertes",
                "E-RET-01 | calm | Votre semaine SEQPULSE: 1 déploiement, 0 alerte",
                "E-RET-02 | full | On a remarqué une baisse d'activité sur votre projet",
                "E-RET-03 | full | Votre cockpit deployment vous attend",
                "E-RET-04 | first | Souhaitez-vous continuer à recevoir les alertes SEQPULSE\u202f?",
                "E-BILL-01 | j0 | Action requise: votre paiement SEQPULSE a échoué",
                "E-BILL-01 | j10 | Dernier rappel: votre paiement SEQPULSE a échoué",
                "E-BILL-02 | full | Renouvellement confirmé - votre projet reste protégé",
                "E-ADV-01 | full | Comment évaluez-vous SEQPULSE aujourd'hui\u202f?",
                "E-ADV-02 | 10 | Merci pour votre confiance - un petit avis\u202f?"
            })
    void theSubjectsOfTheOtherSixteen(String code, String name, String subject) {
        Rule rule = SampleRules.rule(code);
        assertThat(subject(rule, sample(rule, name, "fr"))).isEqualTo(subject);
    }

    /** A step that nobody knows is the first; a mail is not lost over it. */
    @ParameterizedTest
    @CsvSource({"E-TRX-02, j0", "E-BILL-01, j0", "E-RET-04, first"})
    void anUnknownStepReadsAsTheFirst(String code, String first) {
        Rule rule = SampleRules.rule(code);
        Map<String, String> values = sample(rule, first, "fr");
        Map<String, String> without = new HashMap<>(values);
        without.remove("step");
        EmailContent expected = render(rule, values);
        assertThat(render(rule, without)).isEqualTo(expected);
        assertThat(render(rule, with(values, "step", "j99"))).isEqualTo(expected);
    }

    /** Each step and each state says something of its own. */
    @Test
    void noTwoCasesOfAMailReadTheSame() {
        for (Rule rule : SampleRules.ALL) {
            List<String> texts =
                    SampleValues.of(rule, "fr").stream()
                            .filter(sample -> !sample.name().equals("least"))
                            .map(
                                    sample ->
                                            RENDERER.render(
                                                            rule,
                                                            rule.template() + sample.variant(),
                                                            sample.values(),
                                                            NOW)
                                                    .text())
                            .toList();
            assertThat(texts).as(rule.code()).doesNotHaveDuplicates();
        }
    }

    /** It is copied into a file: no typographer may have touched it, and no indent be lost. */
    @ParameterizedTest
    @ValueSource(strings = {"fr", "en"})
    void theWorkflowsStepsAreCopiedAsTheyStand(String language) {
        Rule rule = SampleRules.rule("E-ACT-02");
        EmailContent mail = render(rule, sample(rule, "full", language));
        String text = mail.text();
        String steps =
                text.substring(
                        text.indexOf("\nenv:"), text.indexOf("json\"", text.indexOf("finish\"")));
        assertThat(steps.replaceAll("#.*", "")).matches("\\p{ASCII}*");
        assertThat(steps)
                .contains(
                        "\n  - name: SEQPULSE trigger\n    id: seqpulse\n",
                        "/deployments/trigger",
                        "\n  - name: SEQPULSE finish\n    if: always()\n",
                        "/deployments/finish",
                        "${{ secrets.SEQPULSE_API_KEY }}");
        assertThat(Html.parsed(mail.html()).text()).contains(steps);
    }

    @Test
    void whatHintsFoundIsToldOnlyWhereThereIsSome() {
        Rule rule = SampleRules.rule("E-CONV-02");
        Map<String, String> values = sample(rule, "full", "fr");
        assertThat(render(rule, values).text()).contains("3 anomalies potentielles");
        for (String none : List.of("0", "", "x")) {
            assertThat(render(rule, with(values, "hints", none)).text()).doesNotContain("anomalie");
        }
    }

    private static Map<String, String> sample(Rule rule, String name, String language) {
        return SampleValues.of(rule, language).stream()
                .filter(sample -> sample.name().equals(name))
                .findFirst()
                .orElseThrow()
                .values();
    }

    @Test
    void aWarningHasItsOwnSubjectAndTone() {
        EmailContent mail = render(CRITICAL_VERDICT, with(everything("fr"), "verdict", "warning"));
        assertThat(mail.subject()).isEqualTo("Attention: signaux dégradés sur Checkout API (prod)");
        assertThat(mail.text())
                .contains("n'est pas recommandé à ce stade")
                .doesNotContain("risque élevé");
    }

    @ParameterizedTest
    @MethodSource("everyMail")
    void everyMailIsWellFormedWithOneButtonAndOneLanguage(
            Rule rule, String template, Map<String, String> values) {
        EmailContent mail = RENDERER.render(rule, template, values, NOW);
        Html html = Html.parsed(mail.html());
        assertThat(html.attribute("html", "lang")).isEqualTo(values.get("language"));
        assertThat(mail.language()).isEqualTo(values.get("language"));
        List<String> buttons = html.links("cta");
        assertThat(buttons).hasSize(1);
        assertThat(buttons.get(0)).startsWith("https://app.seqpulse.example/");
        assertThat(mail.text()).containsOnlyOnce(buttons.get(0) + "\n");
        assertThat(html.layoutTablesWithoutRole()).isZero();
        assertThat(html.remoteContent()).isZero();
        assertThat(html.text()).contains(mail.subject().substring(0, 5));
        assertThat((mail.html() + mail.text() + mail.subject()).replaceAll(WORKFLOW_EXPRESSION, ""))
                .doesNotContain("{{", "{%", "null");
        assertThat(mail.subject()).doesNotContainPattern("[\\p{Cc}]").isNotBlank();
    }

    static Stream<Object[]> everyMail() {
        return Stream.of("fr", "en")
                .flatMap(
                        language ->
                                SampleRules.ALL.stream().flatMap(rule -> forms(rule, language)));
    }

    private static Stream<Object[]> forms(Rule rule, String language) {
        return Stream.concat(
                SampleValues.each(language).stream().flatMap(values -> forms(rule, values)),
                SampleValues.of(rule, language).stream()
                        .map(
                                sample ->
                                        new Object[] {
                                            rule,
                                            rule.template() + sample.variant(),
                                            sample.values()
                                        }));
    }

    private static Stream<Object[]> forms(Rule rule, Map<String, String> values) {
        Object[] own = {rule, null, values};
        return rule.equals(CRITICAL_VERDICT)
                ? Stream.of(own, new Object[] {rule, DIGEST, values})
                : Stream.<Object[]>of(own);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<script>alert('x')</script>",
                "\"><img src=x onerror=alert(1)>",
                "{{ link_secret }} {% include \"x\" %}",
                "a\r\nBcc: victim@acme.example",
                "https://evil.com/<a>",
                "[click](http://evil.com)",
                "🚀 & «quotes» 'single'",
                "مشروع <b>",
                "\u202Egnp.exe",
                "${7*7} #{7*7} \\u003cscript\\u003e"
            })
    void whatUsersWroteIsTextAndNothingElse(String hostile) {
        for (Rule rule : SampleRules.ALL) {
            for (SampleValues.Case sample : SampleValues.of(rule, "fr")) {
                Map<String, String> values = new HashMap<>(everything("fr"));
                values.putAll(sample.values());
                values.replaceAll((name, value) -> isOurs(name) ? value : hostile);
                String quoted = hostile.replaceAll("[\\\\\"\r\n]", " ");
                values.put("actions", "[\"" + quoted + "\"]");
                values.put(
                        "report",
                        "[{\"project_name\":\"" + quoted + "\",\"deployments\":3},{\"ok\":\"x\"}]");
                for (String template :
                        new String[] {null, rule.equals(CRITICAL_VERDICT) ? DIGEST : null}) {
                    EmailContent mail = RENDERER.render(rule, template, values, NOW);
                    Html html = Html.parsed(mail.html());
                    assertThat(html.count("script", "img", "b")).isZero();
                    assertThat(html.links("cta")).hasSize(1);
                    assertThat(mail.html() + mail.text() + mail.subject())
                            .doesNotContain(
                                    "evil.com", "victim@", "\u202E", "0123456789abcdef0123");
                    assertThat(mail.subject()).doesNotContain("\r", "\n");
                    assertThat(mail.text()).doesNotContain("\r");
                }
            }
        }
    }

    /** Ids, of which links are made, and what the mail is chosen by. */
    private static boolean isOurs(String name) {
        return name.endsWith("_id") || name.equals("language") || name.equals("dedupe_key");
    }

    /** The quota begins again with the UTC month: the evening before in New York. */
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "America/New_York, November\u00a030",
                "-03:00, November\u00a030",
                "Pacific/Auckland, December\u00a01",
                "Europe/Paris, December\u00a01",
                "-, December\u00a01",
                "'', December\u00a01",
                "Mars/Olympus, December\u00a01",
                "+99:99, December\u00a01"
            })
    void datesAreThoseOfTheRecipientsTimeZone(String zone, String renewal) {
        Map<String, String> values = with(everything("en"), "month", "2026-11");
        EmailContent mail = render(QUOTA_REACHED, with(values, "timezone", zone));
        assertThat(mail.text()).contains("refused until " + renewal);
    }

    @Test
    void apostrophesAndAmpersandsAreEscapedOnce() {
        EmailContent mail =
                render(FIRST_VERDICT, with(everything("fr"), "project_name", "R&D d'Or"));
        assertThat(mail.subject()).contains("R&D d'Or");
        assertThat(mail.text()).contains("R&D d'Or");
        assertThat(mail.html()).contains("R&amp;D d&#39;Or").doesNotContain("&amp;amp;");
    }

    @Test
    void marketingCanBeRefusedInOneClickAndTheRestHasNoSuchLink() {
        for (Rule rule : SampleRules.ALL) {
            EmailContent mail = render(rule, everything("fr"));
            boolean marketing = rule.category().capped();
            assertThat(mail.text().contains("/unsubscribe?t=")).isEqualTo(marketing);
            assertThat(mail.html().contains("/unsubscribe?t=")).isEqualTo(marketing);
            if (!marketing) {
                assertThat(mail.headers()).isEmpty();
                continue;
            }
            String link = mail.headers().get("List-Unsubscribe");
            assertThat(link).startsWith("<https://").endsWith(">");
            assertThat(mail.text()).contains(link.substring(1, link.length() - 1));
            assertThat(mail.headers())
                    .containsEntry("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
    }

    @Test
    void aReportIsRefusedAsAReport() {
        Rule report =
                SampleRules.rule(
                        "E-ACT-01", EmailCategory.REPORT, "{dashboard_path}", "Ouvrir", "Open");
        EmailContent mail =
                new EmailRenderer(SampleRules.SETTINGS, List.of(report))
                        .render(report, null, everything("en"), NOW);
        String link = mail.headers().get("List-Unsubscribe");
        String token = link.substring(link.indexOf("t=") + 2, link.length() - 1);
        assertThat(new Links(SampleRules.SETTINGS).signer().verify(token))
                .get()
                .isEqualTo(
                        new SignedLink.Unsubscribe(
                                "user:" + leastOf("en").get("user_id"),
                                "report",
                                leastOf("en").get("dedupe_key")));
    }

    @Test
    void anAlertCanBeMutedAndSaysNoMoreThanTheFreePlanShows() {
        EmailContent pro = render(CRITICAL_VERDICT, everything("fr"));
        assertThat(pro.text()).contains("/mute?t=", "Actions suggérées", "1) Revenir à la version");
        EmailContent free = render(CRITICAL_VERDICT, with(everything("fr"), "plan", "free"));
        assertThat(free.text())
                .contains("/mute?t=", "Latence p95", "+1,3")
                .doesNotContain("Actions suggérées", "Revenir à la version", "nettement augmenté");
    }

    @ParameterizedTest
    @CsvSource({"'not json'", "'{}'", "'[]'", "'[null, 3, {}]'", "''"})
    void actionsThatCannotBeReadAreLeftOut(String actions) {
        assertThat(render(CRITICAL_VERDICT, with(everything("en"), "actions", actions)).subject())
                .isEqualTo("Urgent: rollback recommended on Checkout API (prod)");
    }

    @Test
    void noMoreThanThreeActions() {
        String four = "[\"one\",\"two\",\"three\",\"four\"]";
        assertThat(render(CRITICAL_VERDICT, with(everything("en"), "actions", four)).text())
                .contains("3) three")
                .doesNotContain("four");
    }

    @Test
    void aDigestListsItsAlertsUpToTwenty() {
        String one = "{\"deployment_number\":\"7\",\"env\":\"prod\",\"verdict\":\"warning\"}";
        Map<String, String> many =
                with(everything("en"), "alerts", "[" + (one + ",").repeat(22) + one + "]");
        EmailContent mail = RENDERER.render(CRITICAL_VERDICT, DIGEST, many, NOW);
        assertThat(mail.subject()).isEqualTo("23 more alerts on Checkout API");
        assertThat(mail.text().split("- #7 \\(prod\\): warning", -1)).hasSize(21);
        assertThat(mail.text()).contains("and 3 more in the dashboard");
        EmailContent single =
                RENDERER.render(
                        CRITICAL_VERDICT,
                        DIGEST,
                        with(everything("fr"), "alerts", "[" + one + "]"),
                        NOW);
        assertThat(single.subject()).isEqualTo("1 autre alerte sur Checkout API");
    }

    @ParameterizedTest
    @CsvSource({
        "fr, 42, 2026-11-18T12:00:00Z, vous atteindrez la limite dans 4 jours.",
        "fr, 40, 2026-11-01T08:00:00Z, vous atteindrez la limite dans 1 jour.",
        "en, 40, 2026-11-01T08:00:00Z, you will reach the limit in 1 day.",
        "en, 42, 2026-11-18T12:00:00Z, you will reach the limit in 4 days.",
        "fr, 41, 2026-11-29T08:00:00Z, finir le mois juste sous la limite",
        "en, 41, 2026-11-29T08:00:00Z, end the month just under the limit",
        "en, 50, 2026-11-29T08:00:00Z, The limit has been reached"
    })
    void theQuotaMailSaysHowLongItWillLast(
            String language, String used, Instant now, String sentence) {
        EmailContent mail =
                RENDERER.render(QUOTA_80, null, with(everything(language), "used", used), now);
        assertThat(mail.text()).contains(sentence);
        assertThat(mail.html()).contains(sentence);
        assertThat(mail.subject()).contains("(" + used + "/50)");
    }

    /** Forty-two of a week are not forty-two of the month's fifty. */
    @Test
    void foretellsNothingFromTheCountOfAWeek() {
        Instant now = Instant.parse("2026-11-18T12:00:00Z");
        Map<String, String> values = with(everything("en"), "week", "2026-W47");
        EmailContent ofAMonth = RENDERER.render(QUOTA_80, null, values, now);
        assertThat(ofAMonth.text()).contains("42", "you will reach the limit");
        values.remove("month");
        EmailContent mail = RENDERER.render(QUOTA_80, null, values, now);
        assertThat(mail.text()).contains("42").doesNotContain("you will reach the limit");
    }

    @Test
    void unknownLanguagesAreWrittenToInTheDefaultOne() {
        assertThat(render(WELCOME, with(everything("fr"), "language", "de-CH")).language())
                .isEqualTo("fr");
        assertThat(render(WELCOME, with(everything("fr"), "language", "en_US")).language())
                .isEqualTo("en");
    }

    @Test
    void withoutANameTheGreetingIsStillNatural() {
        assertThat(render(WELCOME, leastOf("fr")).text()).contains("\nBonjour,\n");
        assertThat(render(WELCOME, leastOf("en")).text()).contains("\nHello,\n");
    }

    @Test
    void sameValuesSameMail() {
        assertThat(render(QUOTA_80, everything("fr")))
                .isEqualTo(render(QUOTA_80, everything("fr")));
    }

    @Test
    void templatesOfTheInstallationStandInForOurs(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("E-TRX-01.fr.subject.txt"), "Bienvenue chez nous\n");
        EmailRenderer renderer = new EmailRenderer(settings(directory), SampleRules.ALL);
        assertThat(renderer.render(WELCOME, null, everything("fr"), NOW).subject())
                .isEqualTo("Bienvenue chez nous");
        assertThat(renderer.render(WELCOME, null, everything("en"), NOW).subject())
                .isEqualTo("Welcome to SEQPULSE - Create your first project in 2 minutes");
    }

    @Test
    void writesAnotherSubjectOverTheSameText(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("E-TRX-01.b.fr.subject.txt"), "{{ first_name }},\nici");
        Files.writeString(directory.resolve("E-TRX-01.b.en.subject.txt"), "Here you are");
        Rule rule = Rules.withExperiment(WELCOME, new Experiment(0, List.of("a", "b")));
        EmailRenderer renderer = new EmailRenderer(settings(directory), List.of(rule));
        EmailContent own = renderer.render(rule, null, everything("en"), NOW);
        EmailContent other = renderer.render(rule, null, "b", everything("en"), NOW);
        assertThat(other.subject()).isEqualTo("Here you are");
        assertThat(other.text()).isEqualTo(own.text());
        assertThat(renderer.render(rule, null, "a", everything("en"), NOW)).isEqualTo(own);
        assertThat(renderer.render(rule, null, "b", everything("fr"), NOW).subject())
                .endsWith(", ici");
    }

    @Test
    void anotherSubjectThatIsMissingOrBrokenIsRefused(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("E-TRX-01.b.fr.subject.txt"), "{{ no_such_name }}");
        Files.writeString(directory.resolve("E-TRX-01.c.fr.subject.txt"), " ");
        Files.writeString(directory.resolve("E-TRX-01.c.en.subject.txt"), "{% if %}");
        Rule rule = Rules.withExperiment(WELCOME, new Experiment(0, List.of("a", "b", "c")));
        assertThatThrownBy(() -> new EmailRenderer(settings(directory), List.of(rule)))
                .isInstanceOf(InvalidTemplatesException.class)
                .hasMessageContaining("E-TRX-01.b.fr.subject.txt:1: Root attribute [no_such_name]")
                .hasMessageContaining("E-TRX-01.b.en.subject.txt: not found")
                .hasMessageContaining("E-TRX-01.c.fr.subject.txt: the subject is empty")
                .hasMessageContaining("E-TRX-01.c.en.subject.txt:1");
    }

    @Test
    void brokenTemplatesAreNamedAllAtOnceWithFileAndLine(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("E-TRX-01.fr.txt"), "one\ntwo {% if %}\n");
        Files.writeString(
                directory.resolve("E-ACT-01.en.html"),
                "<p>\n\n{{ no_such_name }}</p>\n{{ nor_this }}{{ no_such_name }}");
        Files.writeString(directory.resolve("E-ACT-01.en.subject.txt"), "{{ nor_that }}");
        Files.writeString(directory.resolve("E-ACT-01.fr.txt"), "{{ 7 | no_filter }}");
        Files.writeString(directory.resolve("E-ACT-01.fr.html"), "{% include \"no.html\" %}");
        assertThatThrownBy(
                        () -> new EmailRenderer(settings(directory), List.of(WELCOME, NO_PROJECT)))
                .isInstanceOf(InvalidTemplatesException.class)
                .hasMessageContaining("E-TRX-01.fr.txt:2")
                .hasMessageContaining("E-ACT-01.en.html:3: Root attribute [no_such_name]")
                .hasMessageContaining("E-ACT-01.en.html:4: Root attribute [nor_this]")
                .hasMessageContaining("E-ACT-01.en.subject.txt:1: Root attribute [nor_that]")
                .hasMessageContaining("no_filter")
                .hasMessageContaining("no.html");
    }

    @Test
    void aTemplateThatCannotBeSentIsRefused(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("E-ACT-01.fr.subject.txt"), " \n");
        Files.writeString(directory.resolve("E-ACT-01.en.html"), "<p>no button, no way out</p>");
        assertThatThrownBy(() -> new EmailRenderer(settings(directory), List.of(NO_PROJECT)))
                .hasMessageContaining("E-ACT-01.fr.subject.txt: the subject is empty")
                .hasMessageContaining("E-ACT-01.en.html: 0 calls to action")
                .hasMessageContaining("E-ACT-01.en.html: no unsubscribe link");
    }

    @Test
    void aMissingTemplateIsNamed() {
        Rule rule =
                SampleRules.rule("E-NEW-01", EmailCategory.SERVICE, "{dashboard_path}", "a", "b");
        assertThatThrownBy(() -> new EmailRenderer(SampleRules.SETTINGS, List.of(rule)))
                .hasMessageContaining("E-NEW-01.fr.html: not found");
    }

    private static EmailSettings settings(Path directory) {
        EmailSettings ours = SampleRules.SETTINGS;
        return new EmailSettings(
                ours.frontendUrl(),
                ours.dashboardPath(),
                ours.pricingPath(),
                ours.onboardingPath(),
                ours.publicUrl(),
                ours.linkSecret(),
                ours.language(),
                ours.timezone(),
                directory.toString());
    }

    private static EmailContent render(Rule rule, Map<String, String> values) {
        return RENDERER.render(rule, null, values, NOW);
    }

    private static String subject(Rule rule, Map<String, String> values) {
        return render(rule, values).subject();
    }
}
