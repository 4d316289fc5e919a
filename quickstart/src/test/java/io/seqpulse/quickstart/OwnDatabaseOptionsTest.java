package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class OwnDatabaseOptionsTest {

    private static final String[] LIVE = {
        "--database",
        "postgresql://u@h/db",
        "--send",
        "--public-url",
        "https://mail.example.org",
        "--frontend-url",
        "https://app.example.org",
        "--from",
        "SEQPULSE <hello@example.org>"
    };

    private static List<String> problems(Map<String, String> environment, String... arguments) {
        OwnDatabaseOptions options = new OwnDatabaseOptions();
        CommandLine.ParseResult parsed = new CommandLine(options).parseArgs(arguments);
        return options.problems(parsed::hasMatchedOption, environment);
    }

    private static Map<String, String> mail(Map<String, String> environment, String... more) {
        OwnDatabaseOptions options = new OwnDatabaseOptions();
        String[] arguments = Stream.of(LIVE, more).flatMap(Arrays::stream).toArray(String[]::new);
        CommandLine.ParseResult parsed = new CommandLine(options).parseArgs(arguments);
        assertThat(options.problems(parsed::hasMatchedOption, environment)).isEmpty();
        return options.mailSettings(environment);
    }

    @Test
    void sendingNamesEverythingItLacks() {
        assertThat(problems(Map.of(), "--database", "postgresql://u@h/db", "--send"))
                .hasSize(4)
                .anyMatch(problem -> problem.contains("--smtp"))
                .anyMatch(problem -> problem.contains("--public-url"))
                .anyMatch(problem -> problem.contains("--frontend-url"))
                .anyMatch(problem -> problem.contains("--from"));
    }

    @Test
    void sendingTakesWhatTheProductsEnvironmentSays() {
        assertThat(
                        problems(
                                Map.of(
                                        "FRONTEND_URL", "https://app.example.org",
                                        "EMAIL_FROM", "hello@example.org"),
                                "--database",
                                "postgresql://u@h/db",
                                "--send",
                                "--smtp",
                                "smtp://h:25",
                                "--public-url",
                                "https://mail.example.org"))
                .isEmpty();
    }

    @Test
    void optionsOfMailNeedSend() {
        assertThat(problems(Map.of(), "--database", "postgresql://u@h/db", "--smtp", "smtp://h:25"))
                .singleElement()
                .asString()
                .contains("--smtp is for --send");
        assertThat(problems(Map.of(), "--send", "--yes")).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "smtp://h:25, h, 25, none, ",
        "smtp://me@h:2525, h, 2525, starttls, me",
        "smtp://me@example.org@h, h, 587, starttls, me@example.org",
        "smtps://me@h, h, 465, tls, me",
        "smtps://h:466/, h, 466, tls, "
    })
    void understandsMailServers(String url, String host, String port, String how, String user) {
        Map<String, String> mail = mail(Map.of("SMTP_PASSWORD", "s"), "--smtp", url);
        assertThat(mail)
                .containsEntry("smtp.host", host)
                .containsEntry("smtp.port", port)
                .containsEntry("smtp.security", how);
        assertThat(mail.get("smtp.user")).isEqualTo(user);
        assertThat(mail.get("smtp.password")).isEqualTo(user == null ? null : "s");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "h:25",
                "smtp://h",
                "http://h:25",
                "smtp://me:hunter2@h:25",
                "smtps://me@h",
                "smtp://h:25/path"
            })
    void refusesOtherMailServers(String url) {
        String[] arguments =
                Stream.of(LIVE, new String[] {"--smtp", url})
                        .flatMap(Arrays::stream)
                        .toArray(String[]::new);
        assertThat(problems(Map.of(), arguments))
                .singleElement()
                .asString()
                .contains("--smtp")
                .doesNotContain("hunter2");
    }

    @Test
    void nothingOfMailIsSetInShadow() {
        OwnDatabaseOptions options = new OwnDatabaseOptions();
        var unused = new CommandLine(options).parseArgs("--database", "postgresql://u@h/db");
        assertThat(options.mailSettings(Map.of("EMAIL_FROM", "a@b"))).isEmpty();
    }
}
