package io.seqpulse.lifecycle.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MailConfigTest {

    private static final Map<String, String> ENVIRONMENT =
            Map.of(
                    "EMAIL_FROM", "hello@example.org",
                    "LIFECYCLE_SMTP_HOST", "smtp.example.org",
                    "LIFECYCLE_SMTP_USER", "planted-user",
                    "LIFECYCLE_SMTP_PASSWORD", "planted-password",
                    "LIFECYCLE_LINK_SECRET", "planted-secret-of-32-characters-0");

    @Test
    void needsNothingButASenderAndAServer() {
        MailConfig config =
                MailConfig.of(
                        Map.of(),
                        Map.of(
                                "EMAIL_FROM", "hello@example.org",
                                "LIFECYCLE_SMTP_HOST", "smtp.example.org",
                                "LIFECYCLE_PUBLIC_URL", "  "));
        assertThat(config.smtp().host()).isEqualTo("smtp.example.org");
        assertThat(config.smtp().port()).isEqualTo(587);
        assertThat(config.emailReplyTo()).isNull();
        assertThat(config.rulesDir()).isNull();
        assertThat(config.emailSettings().frontendUrl()).isEqualTo("https://app.seqpulse.example");
    }

    @Test
    void prefersTheFileToTheEnvironment(@TempDir Path folder) throws Exception {
        Path file =
                Files.writeString(
                        folder.resolve("job.properties"),
                        "smtp.host=file.example.org\nkafka.topic=unused\n"
                                + "frontend.url=https://p.example\n");
        MailConfig config = MailConfig.of(Map.of("config", file.toString()), ENVIRONMENT);
        assertThat(config.smtp().host()).isEqualTo("file.example.org");
        assertThat(config.emailFrom()).isEqualTo("hello@example.org");
        assertThat(config.emailSettings().frontendUrl()).isEqualTo("https://p.example");
    }

    @Test
    void namesEveryBadValueAtOnce() {
        assertThatThrownBy(
                        () ->
                                MailConfig.of(
                                        Map.of("smtp.port", "0", "locale", "de"),
                                        Map.of("EMAIL_FROM", "nobody", "EMAIL_PROVIDER", "resend")))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageStartingWith("no mail can be sent as it is configured")
                .hasMessageContaining("email.from: email from must be one address")
                .hasMessageContaining("smtp.port: is 0")
                .hasMessageContaining("email.api-key: is required for email.provider resend")
                .hasMessageContaining("locale is 'de'");
    }

    @Test
    void printsNoSecret() {
        assertThat(MailConfig.of(Map.of(), ENVIRONMENT).toString())
                .contains("smtp.example.org")
                .doesNotContain("planted");
    }
}
