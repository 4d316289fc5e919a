package io.seqpulse.connector.email;

import jakarta.mail.internet.InternetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * One mail on the way that the sink's take, without a journal: it is sent once, as often as
 * somebody asks, and what the server answers is for them alone.
 *
 * @param code of the email, which the Feedback-ID names
 */
public record UnjournalledMail(
        String code, EmailCategory category, EmailContent content, String recipient) {

    /** Somebody waits for it. */
    private static final Duration CONNECT = Duration.ofSeconds(10);

    private static final Duration ANSWER = Duration.ofSeconds(60);

    /**
     * What became of it.
     *
     * @param words the server's, or what is wrong; on one line, without anything secret
     */
    public record Answer(boolean accepted, String words) {}

    /**
     * Sends it.
     *
     * @param from who it is from
     * @param replyTo where answers go, or null
     * @throws IllegalArgumentException if the recipient or one of ours is no single address, the
     *     content is none, or the settings name no server
     */
    public Answer send(SmtpSettings settings, String from, String replyTo, Clock clock)
            throws InterruptedException {
        if (settings.console()) {
            throw new IllegalArgumentException(
                    "email.provider is console, which logs mails and sends none");
        }
        InternetAddress address =
                RecipientAddress.parse(recipient)
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "the recipient is not one mail address, such as"
                                                        + " ada@example.org"));
        MimeMessages messages =
                new MimeMessages(from, replyTo, settings.idempotencyHeader(), clock);
        SmtpProbe.Answer door = SmtpProbe.ask(settings, CONNECT);
        if (door.verdict() != SmtpProbe.Verdict.OPEN) {
            return new Answer(false, door.words());
        }
        try (SmtpRoute route =
                new SmtpRoute(settings.withConnections(1).withTimeouts(CONNECT, ANSWER, ANSWER))) {
            Attempt attempt =
                    route.send(
                            messages.message(queued(), address), address, () -> Fence.Verdict.OPEN);
            return answer(settings, attempt);
        } catch (MimeMessages.InvalidContent unusable) {
            throw new IllegalArgumentException(unusable.getMessage(), unusable);
        }
    }

    /** As if leased from a journal, under a key that no other mail has. */
    private QueuedMail queued() {
        return new QueuedMail(
                UUID.randomUUID(),
                UUID.randomUUID(),
                "test:" + UUID.randomUUID(),
                code,
                category,
                recipient,
                recipient,
                MimeMessages.payload(content, List.of()),
                0,
                false,
                0);
    }

    private static Answer answer(SmtpSettings settings, Attempt attempt) {
        String server = settings.host() + ":" + settings.port();
        String said = attempt.detail().isEmpty() ? "nothing" : attempt.detail();
        return switch (attempt.reply()) {
            case ACCEPTED -> new Answer(true, "%s: %s".formatted(server, said));
            case UNCONFIRMED ->
                    new Answer(
                            false,
                            "%s did not say whether it took the mail, which may arrive all the same: %s"
                                    .formatted(server, said));
            case TRANSIENT,
                    ADDRESS_REFUSED,
                    MESSAGE_REFUSED,
                    REFUSED,
                    UNSUPPORTED_ADDRESS,
                    CONFIGURATION ->
                    new Answer(
                            false,
                            "%s refuses %s: %s".formatted(server, what(attempt.stage()), said));
        };
    }

    private static String what(Stage stage) {
        return switch (stage) {
            case CONNECT -> "the connection";
            case SENDER -> "the sender (email.from)";
            case RECIPIENT -> "the recipient";
            case MESSAGE, END_OF_MESSAGE -> "the mail";
        };
    }
}
