package io.seqpulse.lifecycle;

import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.connector.email.UnjournalledMail;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.config.MailConfig;
import io.seqpulse.lifecycle.email.SampleEmails;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One email with sample data, sent as the job sends, and not journalled. {@code ./lifecycle
 * test-send} calls it in the job's jar, by its name.
 */
public final class TestSend {

    /** Begins the subject. */
    static final String MARK = "[TEST] ";

    private TestSend() {}

    /**
     * Code → what its emails are called: steps, verdicts and variants.
     *
     * @param settings as for {@link #send}
     * @throws io.seqpulse.lifecycle.catalogue.InvalidCatalogueException by file, line and key
     */
    public static Map<String, List<String>> names(
            Map<String, String> settings, Map<String, String> environment) {
        Map<String, List<String>> names = new LinkedHashMap<>();
        for (Rule rule : CatalogueLoader.load(MailConfig.rulesDir(settings, environment)).rules()) {
            names.put(rule.code(), SampleEmails.names(rule));
        }
        return names;
    }

    /**
     * Sends one.
     *
     * @param mail {@code code}, {@code language}, {@code to}, and what it is called among its
     *     rule's, {@code step}; without that it is the first
     * @param settings keys of the job's configuration over its environment, such as {@code config}
     * @param environment as the job's
     * @return {@code accepted} or {@code refused} → what the server said, and {@code subject}
     * @throws io.seqpulse.lifecycle.config.InvalidConfigurationException if no mail can leave, as
     *     it is configured
     * @throws IllegalArgumentException if there is no such email or the recipient is no address
     */
    public static Map<String, String> send(
            Map<String, String> mail, Map<String, String> settings, Map<String, String> environment)
            throws InterruptedException {
        MailConfig config = MailConfig.of(settings, environment);
        Catalogue catalogue = CatalogueLoader.load(config.rulesDir());
        SampleEmails.Sample sample =
                sample(
                        new SampleEmails(
                                config.emailSettings(), catalogue.rules(), catalogue.linkHosts()),
                        rule(catalogue, mail.get("code")),
                        mail);
        EmailContent content = marked(sample.content());
        UnjournalledMail.Answer answer =
                new UnjournalledMail(
                                sample.rule().code(),
                                sample.rule().category(),
                                content,
                                mail.get("to"))
                        .send(
                                config.smtp(),
                                config.emailFrom(),
                                config.emailReplyTo(),
                                Clock.systemUTC());
        return Map.of(
                answer.accepted() ? "accepted" : "refused",
                answer.words(),
                "subject",
                content.subject());
    }

    private static Rule rule(Catalogue catalogue, String code) {
        return catalogue.rules().stream()
                .filter(rule -> rule.code().equals(code))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no email " + code));
    }

    private static SampleEmails.Sample sample(
            SampleEmails samples, Rule rule, Map<String, String> mail) {
        String step = mail.get("step");
        return samples.of(rule, mail.get("language")).stream()
                .filter(sample -> step == null || sample.name().equals(step))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "there is no step %s of %s".formatted(step, rule.code())));
    }

    private static EmailContent marked(EmailContent content) {
        return new EmailContent(
                content.language(),
                MARK + content.subject(),
                content.html(),
                content.text(),
                content.headers());
    }
}
