package io.seqpulse.connector.email;

import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketException;
import java.time.Duration;
import java.util.Properties;
import org.eclipse.angus.mail.smtp.SMTPTransport;

/**
 * One SMTP connection that asks a {@link Fence} immediately before a message is ended, be that by
 * the final dot or by the last chunk. While the fence is closed the message is not ended: the
 * connection is cut, and a server discards a message it has not seen the end of (RFC 5321,
 * 4.1.1.4).
 *
 * <p>It also remembers how far a message came and the first refusal it met, as Jakarta Mail may
 * overwrite that with what happens while cleaning up.
 */
final class FencedTransport extends SMTPTransport {

    /** Answers to NOOP are immediate; who waits longer waits for a connection that is gone. */
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(5);

    private static final String INTERNATIONAL = "SMTPUTF8";

    private static final int OK = 250;
    private static final int GO_AHEAD = 354;

    private final SmtpSettings settings;
    private final TrackedSockets sockets;

    private Fence fence;
    private boolean international;
    private boolean inChunks;
    private Stage stage = Stage.CONNECT;
    private Fence.Verdict verdict;
    private int code;
    private String reply = "";
    private boolean settled;
    private boolean inStep = true;
    private int messages;

    private FencedTransport(Session session, SmtpSettings settings, TrackedSockets sockets) {
        super(
                session,
                new URLName("smtp", settings.host(), settings.port(), null, null, null),
                "smtp",
                settings.security() == SmtpSettings.Security.TLS);
        this.settings = settings;
        this.sockets = sockets;
    }

    /**
     * Connects, encrypts and logs in as the settings ask.
     *
     * @throws MessagingException if any of it fails
     */
    static FencedTransport connect(SmtpSettings settings) throws MessagingException {
        TrackedSockets sockets = new TrackedSockets();
        FencedTransport transport =
                new FencedTransport(
                        Session.getInstance(properties(settings, sockets)), settings, sockets);
        transport.connect(settings.host(), settings.port(), settings.user(), settings.password());
        return transport;
    }

    private static Properties properties(SmtpSettings settings, TrackedSockets sockets) {
        Properties properties = new Properties();
        properties.put("mail.smtp.socketFactory", sockets.plain());
        properties.put("mail.smtp.socketFactory.fallback", "false");
        if (settings.security() != SmtpSettings.Security.NONE) {
            properties.put("mail.smtp.ssl.socketFactory", sockets.encrypted());
            properties.put("mail.smtp.ssl.checkserveridentity", "true");
        }
        if (settings.security() == SmtpSettings.Security.STARTTLS) {
            properties.put("mail.smtp.starttls.enable", "true");
            properties.put("mail.smtp.starttls.required", "true");
        }
        properties.put("mail.smtp.auth", Boolean.toString(settings.user() != null));
        properties.put("mail.smtp.connectiontimeout", millis(settings.connectTimeout()));
        properties.put("mail.smtp.timeout", millis(settings.commandTimeout()));
        properties.put("mail.smtp.writetimeout", millis(settings.commandTimeout()));
        // Commands in UTF-8; what that asks of a message is asked below, of those that need it.
        properties.put("mail.mime.allowutf8", "true");
        // Do not wait for the answer to QUIT: everything that matters has been answered.
        properties.put("mail.smtp.quitwait", "false");
        return properties;
    }

    private static String millis(Duration duration) {
        return Long.toString(duration.toMillis());
    }

    /** Sends a message to one recipient and says what became of it; never throws for its fate. */
    synchronized Attempt send(MimeMessage message, InternetAddress recipient, Fence fence) {
        this.fence = fence;
        verdict = null;
        messages++;
        enter(Stage.SENDER);
        international = !HostName.isAscii(recipient.getAddress());
        if (international && !super.supportsExtension(INTERNATIONAL)) {
            return new Attempt(
                    ReplyClass.UNSUPPORTED_ADDRESS,
                    stage,
                    null,
                    "the mail server takes no addresses outside ASCII (SMTPUTF8)");
        }
        String failure = "";
        try {
            sockets.patience(settings.commandTimeout());
            sendMessage(message, new Address[] {recipient});
        } catch (MessagingException | IOException failed) {
            failure = failed.getMessage();
        } finally {
            this.fence = null;
        }
        ReplyClass replyClass = ReplyClassifier.classify(stage, code, reply);
        return new Attempt(replyClass, stage, verdict, reply.isEmpty() ? failure : reply);
    }

    /**
     * Whether the server still answers on it, asked with little patience: the ten minutes that the
     * last message's end was given are not waited for again.
     */
    synchronized boolean isAlive() {
        try {
            Duration patience = settings.commandTimeout();
            sockets.patience(patience.compareTo(SIGN_OF_LIFE) < 0 ? patience : SIGN_OF_LIFE);
        } catch (SocketException gone) {
            return false;
        }
        return isConnected();
    }

    /**
     * A message is international only where its recipient's address makes it so. While connecting,
     * Jakarta Mail asks only to say in the log that a server does not offer it.
     */
    @Override
    public boolean supportsExtension(String extension) {
        return extension.equals(INTERNATIONAL)
                ? stage == Stage.CONNECT || international
                : super.supportsExtension(extension);
    }

    /**
     * Whether every answer so far was one to the command before it: what is neither what the
     * command asks for nor a refusal belongs to another one, and so does whatever comes next.
     */
    synchronized boolean isInStep() {
        return inStep;
    }

    /** How many messages it was used for. */
    synchronized int messages() {
        return messages;
    }

    /** Cuts the connection, even while another thread is sending on it. */
    void cut() {
        sockets.cut();
    }

    @Override
    protected void mailFrom() throws MessagingException {
        enter(Stage.SENDER);
        super.mailFrom();
    }

    @Override
    protected void rcptTo() throws MessagingException {
        enter(Stage.RECIPIENT);
        super.rcptTo();
    }

    @Override
    protected OutputStream data() throws MessagingException {
        enter(Stage.MESSAGE);
        inChunks = false;
        return super.data();
    }

    @Override
    protected OutputStream bdat() throws MessagingException {
        enter(Stage.MESSAGE);
        inChunks = true;
        return super.bdat();
    }

    @Override
    protected void finishData() throws IOException, MessagingException {
        passFence();
        super.finishData();
    }

    @Override
    protected void finishBdat() throws IOException, MessagingException {
        passFence();
        super.finishBdat();
    }

    /** An IOException, because that is what makes Jakarta Mail cut the connection. */
    private void passFence() throws IOException {
        verdict = fence.pass();
        if (verdict != Fence.Verdict.OPEN) {
            throw new IOException("message not ended: " + verdict);
        }
        enter(Stage.END_OF_MESSAGE);
        sockets.patience(settings.acceptTimeout());
    }

    @Override
    protected int readServerResponse() throws MessagingException {
        int answered = ReplyClassifier.NO_REPLY;
        try {
            answered = super.readServerResponse();
            return answered;
        } finally {
            if (!settled) {
                code = answered;
                reply = answered > 0 ? getLastServerResponse() : "";
                boolean wanted = isWanted(answered);
                inStep &= wanted || ReplyClassifier.isRefusal(answered);
                settled = !wanted || stage == Stage.END_OF_MESSAGE;
            }
        }
    }

    /** Jakarta Mail asks for some of these codes only, and breaks off at the others. */
    private boolean isWanted(int answered) {
        return switch (stage) {
            case CONNECT -> answered >= 200 && answered < 400;
            case SENDER -> answered == OK;
            case MESSAGE -> answered == (inChunks ? OK : GO_AHEAD);
            case RECIPIENT, END_OF_MESSAGE -> ReplyClassifier.isPositive(answered);
        };
    }

    private void enter(Stage next) {
        stage = next;
        code = ReplyClassifier.NO_REPLY;
        reply = "";
        settled = false;
    }
}
