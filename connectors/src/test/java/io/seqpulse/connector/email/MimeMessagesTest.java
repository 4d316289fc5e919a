package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.connector.email.MimeMessages.InvalidContent;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MimeMessagesTest {

    private static final Clock NOON =
            Clock.fixed(Instant.parse("2026-11-21T12:00:00Z"), ZoneOffset.UTC);

    private final MimeMessages messages =
            new MimeMessages(
                    "SEQPULSE é <hello@mail.example.org>",
                    "support@example.org",
                    "Resend-Idempotency-Key",
                    NOON);

    @Test
    void writesTheWholeMessage() throws Exception {
        MimeMessage message = messages.message(mail("k", JournalRows.CONTENT), to());

        String text = text(message);
        assertThat(message.getFrom()).hasSize(1);
        assertThat(((InternetAddress) message.getFrom()[0]).getPersonal()).isEqualTo("SEQPULSE é");
        assertThat(text)
                .contains("To: ada@example.org\r\n")
                .contains("Reply-To: support@example.org\r\n")
                .contains("Date: Sat, 21 Nov 2026 12:00:00")
                .contains("Auto-Submitted: auto-generated\r\n")
                .contains("Feedback-ID: E-TEST-01:marketing:seqpulse\r\n")
                .contains("X-Test: 1\r\n")
                .contains("Content-Type: multipart/alternative;")
                .contains("Content-Language: fr\r\n")
                .doesNotContain("é");
        assertThat(message.getSubject()).isEqualTo("Bonjour à vous");
        MimeMultipart parts = (MimeMultipart) message.getContent();
        assertThat(parts.getBodyPart(0).getContentType()).startsWith("text/plain; charset=UTF-8");
        assertThat(parts.getBodyPart(0).getContent()).isEqualTo("Bonjour é");
        assertThat(parts.getBodyPart(1).getContentType()).startsWith("text/html; charset=UTF-8");
        assertThat(parts.getBodyPart(1).getContent()).isEqualTo("<p>Bonjour é</p>");
    }

    @Test
    void theMessageIdIsTheKeysForEver() throws Exception {
        String id = messages.message(mail("k", JournalRows.CONTENT), to()).getMessageID();

        assertThat(id).matches("<[0-9a-f]{32}@mail\\.example\\.org>");
        assertThat(messages.messageId("k")).isEqualTo(id);
        assertThat(messages.messageId("k#opted_out")).isEqualTo(id);
        assertThat(messages.messageId("other")).isNotEqualTo(id);
        assertThat(
                        messages.message(mail("k", JournalRows.CONTENT), to())
                                .getHeader("Resend-Idempotency-Key"))
                .containsExactly(id.substring(1, 33));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Hi\r\nBcc: eve@example.org", "Hi\nthere", "Hi\0", "Hi\u2028x", " ", ""})
    void aSubjectIsOneLine(String subject) {
        assertInvalid(new EmailContent("fr", subject, "<p>", "text", Map.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"<https://x>\r\nBcc: eve@example.org", "a\nb", "\0", ""})
    void aHeaderIsOneLine(String value) {
        assertInvalid(
                new EmailContent("fr", "Hi", "<p>", "text", Map.of("List-Unsubscribe", value)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Bcc",
                "cc",
                "TO",
                "From",
                "Message-ID",
                "Content-Type",
                "content-transfer-encoding",
                "Resent-To",
                "Bad Name",
                "Bad:Name",
                "Bad\r\nBcc",
                ""
            })
    void aContentMaySetNoHeaderOfOurs(String name) {
        assertInvalid(new EmailContent("fr", "Hi", "<p>", "text", Map.of(name, "x")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "null", "{\"subject\":\"Hi\"}", "{\"headers\":[1]}"})
    void anUnreadableContentIsInvalid(String payload) {
        QueuedMail mail = mail("k", payload);

        assertThatThrownBy(() -> messages.message(mail, to())).isInstanceOf(InvalidContent.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "SEQPULSE",
                "a@example.org, b@example.org",
                "a@example.org\r\nBcc: b@x.org"
            })
    void theSenderIsOneAddress(String from) {
        assertThatThrownBy(() -> new MimeMessages(from, null, null, NOON))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("email from");
    }

    /** Whatever our own address is, no server and no header is told anything outside ASCII. */
    @ParameterizedTest
    @CsvSource({
        "X <hello@exämple.example>, hello@xn--exmple-cua.example",
        "hello@straße.example, hello@xn--strae-oqa.example",
        "Équipe ß 日本 <hello@exämple.example>, hello@xn--exmple-cua.example"
    })
    void allHeadersAreAscii(String from, String address) throws Exception {
        MimeMessages ours = new MimeMessages(from, from, null, NOON);
        MimeMessage message = ours.message(mail("k", JournalRows.CONTENT), to());

        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        message.writeTo(bytes);
        for (byte octet : bytes.toByteArray()) {
            assertThat(octet).isGreaterThan((byte) 0);
        }
        assertThat(((InternetAddress) message.getFrom()[0]).getAddress()).isEqualTo(address);
        assertThat(message.getMessageID()).endsWith(address.substring(address.indexOf('@')) + ">");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jörg@example.org", "X <hello@a\u200Cb.example>", "hello@-ä.example"})
    void ourOwnAddressHasAnAsciiForm(String from) {
        assertThatThrownBy(() -> new MimeMessages(from, null, null, NOON))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("email from");
    }

    private void assertInvalid(EmailContent content) {
        QueuedMail mail = mail("k", content);
        assertThatThrownBy(() -> messages.message(mail, to())).isInstanceOf(InvalidContent.class);
    }

    private static QueuedMail mail(String key, EmailContent content) {
        return mail(key, MimeMessages.payload(content, List.of()));
    }

    private static QueuedMail mail(String key, String payload) {
        return new QueuedMail(
                UUID.randomUUID(),
                UUID.randomUUID(),
                key,
                "E-TEST-01",
                EmailCategory.MARKETING,
                "ada@example.org",
                "ada",
                payload,
                0,
                false,
                0);
    }

    private static InternetAddress to() {
        return RecipientAddress.parse("ada@example.org").orElseThrow();
    }

    private static String text(MimeMessage message) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        message.writeTo(bytes);
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
