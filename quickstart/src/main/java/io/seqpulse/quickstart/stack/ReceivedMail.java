package io.seqpulse.quickstart.stack;

import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Properties;

/**
 * A mail that the SMTP server accepted for one recipient.
 *
 * @param receivedAt when it was accepted
 * @param code the catalogue's code, or {@code mail} when no header names one
 * @param messageId its Message-ID, angle brackets included
 * @param recipient the address it was sent to
 * @param subject its subject, decoded
 * @param file where it is, as it was received
 */
public record ReceivedMail(
        Instant receivedAt,
        String code,
        String messageId,
        String recipient,
        String subject,
        Path file) {

    /** The mail itself, read from its file. */
    public MimeMessage message() throws IOException, MessagingException {
        try (InputStream in = Files.newInputStream(file)) {
            return new MimeMessage(Session.getInstance(new Properties()), in);
        }
    }

    /** Its HTML part, or an empty text. */
    public String html() throws IOException, MessagingException {
        return MailServer.textOf(message(), "text/html").orElse("");
    }

    /** Its plain text part, or an empty text. */
    public String text() throws IOException, MessagingException {
        return MailServer.textOf(message(), "text/plain").orElse("");
    }
}
