package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.connector.email.SmtpSettings.Security;
import io.seqpulse.connector.jdbc.JdbcSettings;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SmtpSettingsTest {

    @Test
    void theDefaults() {
        SmtpSettings settings = SmtpSettings.server("mail.example.org", 25, Security.NONE);

        assertThat(settings.connections()).isEqualTo(4);
        assertThat(settings.connectTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.commandTimeout()).isEqualTo(Duration.ofMinutes(1));
        assertThat(settings.acceptTimeout()).isEqualTo(Duration.ofMinutes(10));
        assertThat(settings.idempotencyHeader()).isNull();
        assertThat(settings.user()).isNull();
    }

    @Test
    void knowsTheProvidersByName() {
        SmtpSettings resend = Providers.smtp("Resend", "key", null, null, null, null, null);
        assertThat(resend.host()).isEqualTo("smtp.resend.com");
        assertThat(resend.port()).isEqualTo(587);
        assertThat(resend.security()).isEqualTo(Security.STARTTLS);
        assertThat(resend.user()).isEqualTo("resend");
        assertThat(resend.password()).isEqualTo("key");
        assertThat(resend.idempotencyHeader()).isEqualTo("Resend-Idempotency-Key");

        SmtpSettings postmark = Providers.smtp("postmark", "key", null, null, null, null, null);
        assertThat(postmark.host()).isEqualTo("smtp.postmarkapp.com");
        assertThat(postmark.user()).isEqualTo("key");
        assertThat(postmark.idempotencyHeader()).isNull();

        SmtpSettings smtp = Providers.smtp("smtp", null, "h", 2525, Security.NONE, "u", "p");
        assertThat(smtp.host() + ":" + smtp.port()).isEqualTo("h:2525");
        assertThat(smtp.user()).isEqualTo("u");

        assertThat(Providers.smtp("console", null, null, null, null, null, null).console())
                .isTrue();
    }

    @Test
    void saysWhatIsWrong() {
        assertThatThrownBy(() -> Providers.smtp("sendmail", null, null, null, null, null, null))
                .hasMessage("no email provider 'sendmail': use resend, postmark, smtp or console");
        assertThatThrownBy(() -> Providers.smtp("resend", " ", null, null, null, null, null))
                .hasMessageContaining("EMAIL_API_KEY");
        assertThatThrownBy(() -> Providers.smtp("smtp", null, null, null, null, null, null))
                .hasMessage("smtp host is missing");
        assertThatThrownBy(() -> SmtpSettings.server("h", 0, Security.NONE))
                .hasMessage("smtp port 0 is not in 1..65535");
        assertThatThrownBy(() -> new JdbcSettings("postgres://x", "u", "p"))
                .hasMessageContaining("jdbc:postgresql://");
    }

    @Test
    void printsNoSecret() {
        assertThat(
                        SmtpSettings.server("h", 25, Security.TLS).login("u", "s3cret")
                                + " "
                                + new JdbcSettings(
                                        "jdbc:postgresql://h/d?password=s3cret", "u", "s3cret"))
                .doesNotContain("s3cret");
    }
}
