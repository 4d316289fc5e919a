package io.seqpulse.lifecycle.email;

import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
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
                for (var sample : samples(rule, language).entrySet()) {
                    boolean digest = sample.getKey().equals("digest");
                    EmailContent mail =
                            renderer.render(
                                    rule,
                                    digest ? rule.template() + EmailRenderer.DIGEST : null,
                                    sample.getValue(),
                                    NOW);
                    String name = rule.code() + "." + sample.getKey() + "." + language;
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

    private static Map<String, Map<String, String>> samples(Rule rule, String language) {
        Map<String, String> everything = SampleValues.everything(language);
        Map<String, Map<String, String>> samples = new LinkedHashMap<>();
        switch (rule.template()) {
            case "E-ACT-04" -> {
                Map<String, String> good = SampleValues.with(everything, "verdict", "ok");
                good.remove("summary");
                good.put("latency_delta", "-4.2");
                good.put("error_rate_delta", "0");
                samples.put("ok", good);
                samples.put("warning", SampleValues.with(everything, "verdict", "warning"));
            }
            case "E-ACT-05" -> {
                samples.put("rollback", everything);
                samples.put("warning", SampleValues.with(everything, "verdict", "warning"));
                samples.put("free", SampleValues.with(everything, "plan", "free"));
                samples.put("digest", everything);
            }
            default -> samples.put("full", everything);
        }
        Map<String, String> hostile = new LinkedHashMap<>(everything);
        hostile.put("first_name", "");
        hostile.put("name", "<script>alert(1)</script> https://evil.example/x");
        hostile.put(
                "project_name",
                "A-very-long-project-name-without-any-space-in-it-that-goes-on-and-on-for-ever");
        samples.put("hostile", hostile);
        samples.put("least", SampleValues.leastOf(language));
        return samples;
    }
}
