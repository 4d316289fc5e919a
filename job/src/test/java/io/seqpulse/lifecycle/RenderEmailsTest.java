package io.seqpulse.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.email.JournalEntry;
import io.seqpulse.lifecycle.catalogue.Experiment;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.email.EmailSettings;
import io.seqpulse.lifecycle.policy.Decision;
import io.seqpulse.lifecycle.story.Rules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.streaming.util.ProcessFunctionTestHarnesses;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with one mail is told of that mail. */
class RenderEmailsTest {

    private static final String ALERT = "E-ACT-05";

    @Test
    void aMailThatCannotBeWrittenIsJournalledAsFailedAndTheNextOneGoesItsWay() throws Exception {
        try (var harness = harness(Rules.all(), null)) {
            harness.processElement(decision(ALERT, Map.of("project_id", "p")), 0);
            harness.processElement(
                    decision(ALERT, Map.of("project_id", "p", "deployment_id", "d")), 0);

            List<JournalEntry> entries = entries(harness);
            assertThat(entries.get(0).dedupeKey()).isEqualTo("key");
            assertThat(entries.get(0).suppressedFor()).isEqualTo("invalid_content");
            assertThat(entries.get(0).error()).contains("{deployment_id}");
            assertThat(entries.get(0).content()).isNull();
            assertThat(entries.get(1).error()).isNull();
            assertThat(entries.get(1).content()).isNotNull();
        }
    }

    @Test
    void aTemplateThatFailsForOneValueFailsThatMail(@TempDir Path templates) throws Exception {
        Files.writeString(
                templates.resolve("E-ACT-05.fr.subject.txt"),
                "{% if branch == 'odd' %}{{ branch.missing.deeper }}{% endif %}Alerte");
        try (var harness = harness(Rules.all(), templates.toString())) {
            harness.processElement(decision(ALERT, values("odd")), 0);
            harness.processElement(decision(ALERT, values("even")), 0);

            List<JournalEntry> entries = entries(harness);
            assertThat(entries.get(0).error()).contains("E-ACT-05.fr.subject.txt:1");
            assertThat(entries.get(1).error()).isNull();
        }
    }

    @Test
    void aMailOfARuleThatIsNoMoreIsNotSentAndLeavesItsKeyFree() throws Exception {
        List<Rule> others =
                Rules.all().stream().filter(rule -> !rule.code().equals(ALERT)).toList();
        try (var harness = harness(others, null)) {
            harness.processElement(decision(ALERT, Map.of("deployment_id", "d")), 0);

            JournalEntry entry = entries(harness).get(0);
            assertThat(entry.suppressedFor()).isEqualTo("disabled");
            assertThat(entry.dedupeKey()).isEqualTo("key#disabled");
            assertThat(entry.content()).isNull();
        }
    }

    @Test
    void aMailToABareAddressSaysWhoseItMayBe() throws Exception {
        try (var harness = harness(Rules.all(), null)) {
            Candidate candidate =
                    new Candidate(
                            ALERT,
                            "key",
                            "occasion",
                            "mailto:duty@example.org",
                            "u",
                            "p",
                            1,
                            2,
                            0,
                            1,
                            values("main"),
                            List.of("u", "v"),
                            null);
            harness.processElement(new Decision(candidate, null, null, Map.of(), null), 0);

            JournalEntry entry = entries(harness).get(0);
            assertThat(entry.recipientAddress()).isEqualTo("duty@example.org");
            assertThat(entry.alsoTo()).containsExactly("u", "v");
        }
    }

    @Test
    void writesEachSubjectToItsShareOfPeopleAndSaysWhich(@TempDir Path templates) throws Exception {
        for (String language : List.of("fr", "en")) {
            Files.writeString(
                    templates.resolve("E-ACT-01.b." + language + ".subject.txt"), "Another one");
        }
        Experiment experiment = new Experiment(0, List.of("a", "b"));
        Rule rule = Rules.withExperiment(Rules.rule("E-ACT-01"), experiment);
        try (var harness = harness(List.of(rule), templates.toString())) {
            for (int i = 0; i < 20; i++) {
                harness.processElement(to("u" + i, null), 0);
            }
            List<JournalEntry> entries = entries(harness);
            for (int i = 0; i < 20; i++) {
                String subject = experiment.subject("E-ACT-01", "u" + i);
                assertThat(entries.get(i).variant()).isEqualTo(subject);
                assertThat(entries.get(i).content().subject().equals("Another one"))
                        .isEqualTo(subject.equals("b"));
            }
            assertThat(entries).extracting(JournalEntry::variant).contains("a", "b");
        }
    }

    @Test
    void saysOfNothingElseThatItIsAVariant() throws Exception {
        Rule rule = Rules.withExperiment(Rules.rule("E-ACT-01"), new Experiment(500, List.of()));
        try (var harness = harness(List.of(rule), null)) {
            harness.processElement(to("u", null), 0);
            harness.processElement(to("u", "holdout"), 0);
            harness.processElement(to("u", "resolved"), 0);
            List<JournalEntry> entries = entries(harness);
            assertThat(entries)
                    .extracting(JournalEntry::variant)
                    .containsExactly(null, "holdout", null);
            assertThat(entries.get(1).dedupeKey()).isEqualTo("key");
            assertThat(entries.get(1).content()).isNull();
        }
    }

    private static Decision to(String user, String reason) {
        Candidate candidate =
                new Candidate(
                        "E-ACT-01", "key", "occasion", user, user, null, 1, 2, 0, 1, Map.of());
        return new Decision(candidate, null, reason, Map.of("name", "Ada"), null);
    }

    private static Map<String, String> values(String branch) {
        return Map.of("project_id", "p", "deployment_id", "d", "branch", branch);
    }

    private static Decision decision(String code, Map<String, String> values) {
        Candidate candidate =
                new Candidate(code, "key", "occasion", "u", "u", "p", 1, 2, 0, 1, values);
        return new Decision(candidate, null, null, Map.of("name", "Ada"), null);
    }

    private static List<JournalEntry> entries(
            OneInputStreamOperatorTestHarness<Decision, EmailCommand> harness) {
        return harness.extractOutputValues().stream().map(EmailCommand::entry).toList();
    }

    private static OneInputStreamOperatorTestHarness<Decision, EmailCommand> harness(
            List<Rule> rules, String templates) throws Exception {
        EmailSettings settings =
                new EmailSettings(
                        "https://app.example",
                        "/dashboard",
                        "/pricing",
                        "/onboarding",
                        "https://lifecycle.example",
                        "a secret that signs the links of a test only",
                        "fr",
                        ZoneId.of("Europe/Paris"),
                        templates);
        return ProcessFunctionTestHarnesses.forProcessFunction(
                new RenderEmails(rules, settings, Set.of()));
    }
}
