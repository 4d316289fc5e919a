package io.seqpulse.lifecycle.email;

import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes every mail in every language as a browser and a terminal show it, for people to look at:
 * {@code RenderSamples [DIRECTORY]}, by default {@code target/mails}. The test of the same room
 * does so on every build.
 */
final class RenderSamples {

    private static final Instant NOW = Instant.parse("2026-11-18T12:00:00Z");

    private RenderSamples() {}

    public static void main(String[] args) throws IOException {
        Path directory = Path.of(args.length > 0 ? args[0] : "target/mails");
        System.out.println(write(directory) + " mails in " + directory.toAbsolutePath());
    }

    /** Returns how many mails were written. */
    static int write(Path directory) throws IOException {
        Files.createDirectories(directory);
        EmailRenderer renderer = new EmailRenderer(SampleRules.SETTINGS, SampleRules.ALL);
        int count = 0;
        for (String language : List.of("fr", "en")) {
            for (Rule rule : SampleRules.ALL) {
                for (SampleValues.Case sample : samples(rule, language)) {
                    TemplateCheck.addPlaceholders(rule, sample.values());
                    EmailContent mail =
                            renderer.render(
                                    rule, rule.template() + sample.variant(), sample.values(), NOW);
                    String name = rule.code() + "." + sample.name() + "." + language;
                    Files.writeString(directory.resolve(name + ".html"), mail.html());
                    Files.writeString(
                            directory.resolve(name + ".txt"),
                            "Subject: " + mail.subject() + "\n\n" + mail.text());
                    count++;
                }
            }
        }
        return count;
    }

    /** What a rule can come to send, and what people can make of it. */
    private static List<SampleValues.Case> samples(Rule rule, String language) {
        List<SampleValues.Case> samples = new ArrayList<>(SampleValues.of(rule, language));
        Map<String, String> hostile = new HashMap<>(samples.get(0).values());
        if (rule.template().equals("E-ACT-04")) {
            hostile = SampleValues.everything(language);
        }
        hostile.put("first_name", "");
        hostile.put("name", "<script>alert(1)</script> https://evil.example/x");
        hostile.put(
                "project_name",
                "A-very-long-project-name-without-any-space-in-it-that-goes-on-and-on-for-ever");
        hostile.put("country", "https://evil.example/<b>");
        hostile.put("city", "\"><img src=x>");
        hostile.put("device", "a\r\nBcc: victim@acme.example");
        hostile.put("feature", "win money at www.evil.example");
        hostile.put("invoice_url", "https://app.seqpulse.example.evil.example/invoice");
        hostile.put("amount_cents", "-1");
        hostile.put("step", "j99");
        hostile.put(
                "report",
                "[{\"project_name\":\"Checkout <b>https://evil.example</b>\",\"deployments\":8},"
                        + "{\"deployments\":-3},null,7]");
        samples.add(new SampleValues.Case("hostile", "", hostile));
        return samples;
    }
}
