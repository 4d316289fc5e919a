package io.seqpulse.connector.email;

import java.io.Serializable;
import java.time.Duration;

/**
 * How mail leaves: a mail server, or the log.
 *
 * @param host name of the mail server; with TLS its certificate must be for this name
 * @param security whether and how the connection is encrypted
 * @param user who logs in, or null for no login
 * @param password the login's password; never printed
 * @param connections how many mails are on their way at a time, each on its own connection
 * @param idempotencyHeader header by which the provider recognises a mail sent again, or null
 * @param console log each mail's key and subject instead of sending it
 * @param connectTimeout for the connection to be made
 * @param commandTimeout for the answer to any command but the end of the message
 * @param acceptTimeout for the answer to the end of the message; RFC 5321 asks for ten minutes
 */
public record SmtpSettings(
        String host,
        int port,
        Security security,
        String user,
        String password,
        int connections,
        String idempotencyHeader,
        boolean console,
        Duration connectTimeout,
        Duration commandTimeout,
        Duration acceptTimeout)
        implements Serializable {

    /** Default number of connections. */
    public static final int DEFAULT_CONNECTIONS = 4;

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration COMMAND_TIMEOUT = Duration.ofMinutes(1);
    private static final Duration ACCEPT_TIMEOUT = Duration.ofMinutes(10);

    /** How a connection is encrypted. */
    public enum Security {
        /** Not at all. */
        NONE,
        /** By STARTTLS, which must succeed before anything is sent. */
        STARTTLS,
        /** From the first byte. */
        TLS
    }

    /**
     * Checks what can be checked without connecting.
     *
     * @throws IllegalArgumentException naming the setting that is wrong
     */
    public SmtpSettings {
        if (!console) {
            if (host == null || host.isBlank()) {
                throw new IllegalArgumentException("smtp host is missing");
            }
            if (port < 1 || port > 65_535) {
                throw new IllegalArgumentException("smtp port " + port + " is not in 1..65535");
            }
            if (security == null) {
                throw new IllegalArgumentException("smtp security is none, starttls or tls");
            }
            if ((user == null) != (password == null)) {
                throw new IllegalArgumentException("smtp user and password go together");
            }
        }
        if (connections < 1 || connections > 100) {
            throw new IllegalArgumentException(
                    "smtp connections must be in 1..100, not " + connections);
        }
    }

    /** A mail server without a login. */
    public static SmtpSettings server(String host, int port, Security security) {
        return new SmtpSettings(
                host,
                port,
                security,
                null,
                null,
                DEFAULT_CONNECTIONS,
                null,
                false,
                CONNECT_TIMEOUT,
                COMMAND_TIMEOUT,
                ACCEPT_TIMEOUT);
    }

    /** No mail server: each mail is logged instead. */
    public static SmtpSettings toConsole() {
        return new SmtpSettings(
                null,
                0,
                Security.NONE,
                null,
                null,
                1,
                null,
                true,
                CONNECT_TIMEOUT,
                COMMAND_TIMEOUT,
                ACCEPT_TIMEOUT);
    }

    /** The same with a login. */
    public SmtpSettings login(String user, String password) {
        return new SmtpSettings(
                host,
                port,
                security,
                user,
                password,
                connections,
                idempotencyHeader,
                console,
                connectTimeout,
                commandTimeout,
                acceptTimeout);
    }

    /** The same with that many connections. */
    public SmtpSettings withConnections(int connections) {
        return new SmtpSettings(
                host,
                port,
                security,
                user,
                password,
                connections,
                idempotencyHeader,
                console,
                connectTimeout,
                commandTimeout,
                acceptTimeout);
    }

    /** The same with a header by which the provider recognises a mail sent again. */
    public SmtpSettings withIdempotencyHeader(String header) {
        return new SmtpSettings(
                host,
                port,
                security,
                user,
                password,
                connections,
                header,
                console,
                connectTimeout,
                commandTimeout,
                acceptTimeout);
    }

    /** The same with other patience. */
    public SmtpSettings withTimeouts(Duration connect, Duration command, Duration accept) {
        return new SmtpSettings(
                host,
                port,
                security,
                user,
                password,
                connections,
                idempotencyHeader,
                console,
                connect,
                command,
                accept);
    }

    /** Without the login: some providers take their key as the user's name too. */
    @Override
    public String toString() {
        if (console) {
            return "SmtpSettings[console]";
        }
        return "SmtpSettings[%s:%s, %s, login=%s, connections=%s]"
                .formatted(host, port, security, user == null ? "none" : "***", connections);
    }
}
