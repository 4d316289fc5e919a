package io.seqpulse.connector.email;

import jakarta.mail.MessagingException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends nothing: logs each mail's Message-ID and subject, for trying out a catalogue. */
final class ConsoleRoute implements MailRoute {

    private static final Logger LOG = LoggerFactory.getLogger(ConsoleRoute.class);

    @Override
    public Attempt send(MimeMessage message, InternetAddress recipient, Fence fence) {
        Fence.Verdict verdict = fence.pass();
        if (verdict == Fence.Verdict.OPEN) {
            try {
                LOG.info("Email {}: {}", message.getMessageID(), message.getSubject());
            } catch (MessagingException unreadable) {
                throw new IllegalStateException("a message of ours cannot be read", unreadable);
            }
        }
        return new Attempt(ReplyClass.ACCEPTED, Stage.END_OF_MESSAGE, verdict, "console");
    }

    @Override
    public void probe() {}

    @Override
    public int connections() {
        return 0;
    }

    @Override
    public void close() {}
}
