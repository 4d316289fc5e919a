package io.seqpulse.connector.email;

import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks a mail server, once and without sending anything, whether it would let us in: its name, the
 * connection, encryption and the login. What somebody has to put right is told from what may pass
 * by itself.
 */
public final class SmtpProbe {

    /** Implicit TLS: such a server waits for the client to speak first. */
    private static final int SUBMISSIONS = 465;

    /** What Jakarta Mail takes for the reply where the server closes the connection. */
    private static final String END_OF_FILE = "[EOF]";

    private static final Pattern GREETING = Pattern.compile("response: (\\d{3})");

    /** Jakarta Mail's own words, where the login fails before the server is asked. */
    private static final Pattern UNASKED =
            Pattern.compile("^No authentication mechanisms|no (user name|password) specified");

    /** What an answer comes to. */
    public enum Verdict {
        /** Mail can leave. */
        OPEN,
        /** Not now; it may come back by itself. */
        AWAY,
        /** Not until host, port, encryption or login are other ones. */
        MISCONFIGURED
    }

    /**
     * What was found out.
     *
     * @param words what is wrong, on one line without anything secret; empty where nothing is
     */
    public record Answer(Verdict verdict, String words) {}

    private SmtpProbe() {}

    /**
     * Asks.
     *
     * @param atMost waits no longer, whatever the server and the name service do
     */
    public static Answer ask(SmtpSettings settings, Duration atMost) throws InterruptedException {
        if (settings.console()) {
            return new Answer(Verdict.OPEN, "");
        }
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        // A name service cannot be interrupted; nobody waits for the thread.
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                answer.complete(ask(settings.withTimeouts(atMost, atMost, atMost)));
                            } catch (Throwable bug) {
                                answer.completeExceptionally(bug);
                            }
                        },
                        "smtp-probe");
        thread.setDaemon(true);
        thread.start();
        try {
            return answer.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            return silent(settings);
        } catch (ExecutionException bug) {
            throw new IllegalStateException("the mail server could not be asked", bug.getCause());
        }
    }

    private static Answer ask(SmtpSettings settings) {
        try {
            InetAddress.getAllByName(settings.host());
        } catch (UnknownHostException unknown) {
            return nameless(settings);
        }
        try {
            FencedTransport transport = FencedTransport.connect(settings);
            boolean takesLogins = transport.supportsExtension("AUTH");
            try {
                transport.close();
            } finally {
                transport.cut();
            }
            return settings.user() == null || takesLogins
                    ? new Answer(Verdict.OPEN, "")
                    : new Answer(
                            Verdict.MISCONFIGURED,
                            "%s:%s takes no logins: name no user"
                                    .formatted(settings.host(), settings.port()));
        } catch (MessagingException failed) {
            return answer(settings, failed);
        }
    }

    private static Answer answer(SmtpSettings settings, MessagingException failed) {
        String server = settings.host() + ":" + settings.port();
        String said = line(failed.getMessage());
        List<Throwable> causes = causes(failed);
        // A connection that ends meanwhile comes as a failed login, too, with what was said before.
        boolean broken = said.equals(END_OF_FILE) || first(causes, IOException.class).isPresent();
        if (failed instanceof AuthenticationFailedException && !broken) {
            if (said.startsWith("5")) {
                return new Answer(
                        Verdict.MISCONFIGURED, "%s refuses the login: %s".formatted(server, said));
            }
            return UNASKED.matcher(said).find()
                    ? new Answer(
                            Verdict.MISCONFIGURED,
                            "%s takes no login as ours: %s".formatted(server, said))
                    : new Answer(Verdict.AWAY, "%s logs nobody in now: %s".formatted(server, said));
        }
        Matcher greeting = GREETING.matcher(said);
        if (greeting.find()) {
            return new Answer(
                    Verdict.AWAY, "%s takes no mail now: %s".formatted(server, greeting.group(1)));
        }
        Optional<Throwable> certificate =
                first(causes, CertificateException.class, CertPathValidatorException.class);
        if (certificate.isPresent() || said.contains("verify identity")) {
            return new Answer(
                    Verdict.MISCONFIGURED,
                    "the certificate of %s is not to be trusted: %s"
                            .formatted(
                                    server,
                                    line(certificate.map(Throwable::getMessage).orElse(said))));
        }
        String all = String.join(" ", causes.stream().map(Throwable::toString).toList());
        if (all.contains("Unsupported or unrecognized SSL message")) {
            return new Answer(
                    Verdict.MISCONFIGURED,
                    "%s does not speak TLS from the first byte; for STARTTLS it is smtp://"
                            .formatted(server));
        }
        if (said.toUpperCase(Locale.ROOT).contains("STARTTLS IS REQUIRED")) {
            return new Answer(Verdict.MISCONFIGURED, "%s offers no STARTTLS".formatted(server));
        }
        if (all.contains("handshake_failure") || all.contains("protocol_version")) {
            return new Answer(
                    Verdict.MISCONFIGURED,
                    "%s speaks no version of TLS that we do: %s"
                            .formatted(server, line(causes.get(causes.size() - 1).getMessage())));
        }
        if (first(causes, UnknownHostException.class).isPresent()) {
            return nameless(settings);
        }
        if (first(causes, SocketTimeoutException.class).isPresent()) {
            return silent(settings);
        }
        if (first(causes, ConnectException.class).isPresent()) {
            return new Answer(
                    Verdict.AWAY,
                    "%s takes no connection: %s"
                            .formatted(server, line(causes.get(causes.size() - 1).getMessage())));
        }
        return new Answer(
                Verdict.AWAY,
                "%s ends the connection: %s"
                        .formatted(
                                server,
                                said.isEmpty()
                                        ? line(causes.get(causes.size() - 1).getMessage())
                                        : said));
    }

    /**
     * A name that does not exist is not told from one that cannot be looked up now: the words are
     * those of the machine, in its language, and some systems say the same to both.
     */
    private static Answer nameless(SmtpSettings settings) {
        return new Answer(
                Verdict.AWAY,
                "no address is found for %s: either the name is wrong, or the name service does not answer"
                        .formatted(settings.host()));
    }

    private static Answer silent(SmtpSettings settings) {
        boolean waitsForUs =
                settings.port() == SUBMISSIONS && settings.security() != SmtpSettings.Security.TLS;
        return new Answer(
                Verdict.AWAY,
                "%s:%s does not answer%s"
                        .formatted(
                                settings.host(),
                                settings.port(),
                                waitsForUs ? "; with this port it is mostly smtps://" : ""));
    }

    private static List<Throwable> causes(MessagingException failed) {
        List<Throwable> causes = new ArrayList<>();
        Throwable next = failed;
        while (next != null && !causes.contains(next)) {
            causes.add(next);
            next =
                    next instanceof MessagingException nested && nested.getNextException() != null
                            ? nested.getNextException()
                            : next.getCause();
        }
        return causes;
    }

    private static Optional<Throwable> first(List<Throwable> causes, Class<?>... kinds) {
        return causes.stream()
                .filter(cause -> Arrays.stream(kinds).anyMatch(kind -> kind.isInstance(cause)))
                .findFirst();
    }

    private static String line(String words) {
        return SenderGate.shown(words == null ? "no reason given" : words);
    }
}
