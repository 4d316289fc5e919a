package io.seqpulse.quickstart.stack;

import com.icegreen.greenmail.Managers;
import com.icegreen.greenmail.server.AbstractServer;
import com.icegreen.greenmail.server.ProtocolHandler;
import com.icegreen.greenmail.smtp.SmtpConnection;
import com.icegreen.greenmail.smtp.SmtpHandler;
import com.icegreen.greenmail.smtp.SmtpManager;
import com.icegreen.greenmail.smtp.SmtpServer;
import com.icegreen.greenmail.smtp.SmtpState;
import com.icegreen.greenmail.smtp.commands.SmtpCommand;
import com.icegreen.greenmail.smtp.commands.SmtpCommandRegistry;
import com.icegreen.greenmail.user.UserException;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * GreenMail's SMTP server, which survives what a client may do. It takes mail from everybody, or
 * from its one user only: a page in a browser, whose request a mail server would read line by line,
 * has no login.
 */
final class LoopbackSmtp extends GreenMail {

    static final String USER = "lifecycle";

    private static final Logger LOG = LoggerFactory.getLogger(LoopbackSmtp.class);
    private static final int SHOWN = 120;

    private final boolean withLogin;

    private LoopbackSmtp(ServerSetup setup, boolean withLogin) {
        super(setup);
        this.withLogin = withLogin;
    }

    /** A server that takes mail from everybody. */
    static LoopbackSmtp open(ServerSetup setup) {
        return new LoopbackSmtp(setup, false);
    }

    /**
     * A server that takes mail after a login only.
     *
     * @param password of its only user
     */
    static LoopbackSmtp withLogin(ServerSetup setup, String password) {
        LoopbackSmtp server = new LoopbackSmtp(setup, true);
        try {
            server.getUserManager().createUser(USER + "@localhost", USER, password);
        } catch (UserException e) {
            throw new IllegalStateException("there is no other user yet", e);
        }
        return server;
    }

    @Override
    protected Map<String, AbstractServer> createServices(ServerSetup[] setups, Managers managers) {
        return Map.of(setups[0].getProtocol(), new Server(setups[0], managers));
    }

    private final class Server extends SmtpServer {

        Server(ServerSetup setup, Managers managers) {
            super(setup, managers);
        }

        @Override
        protected ProtocolHandler createProtocolHandler(Socket client) {
            SmtpManager manager = managers.getSmtpManager();
            return withLogin
                    ? new LoginHandler(manager, client)
                    : new Handler(new SmtpCommandRegistry(), manager, client);
        }
    }

    private static class Handler extends SmtpHandler {

        Handler(SmtpCommandRegistry commands, SmtpManager manager, Socket client) {
            super(commands, manager, client);
        }

        /** A client that goes away in the middle of a mail ends its connection, and is no more. */
        @Override
        public void run() {
            try {
                super.run();
            } catch (IllegalStateException broken) {
                LOG.warn("An SMTP connection broke off: {}", shown(broken));
            }
        }

        /** The reason without the mail, which GreenMail puts behind it. */
        private static String shown(IllegalStateException broken) {
            Throwable cause = broken.getCause() == null ? broken : broken.getCause();
            String words = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
            int behind = words.indexOf(": ");
            String reason = behind < 0 ? words : words.substring(0, behind);
            return reason.substring(0, Math.min(SHOWN, reason.length()));
        }
    }

    private static final class LoginHandler extends Handler {

        LoginHandler(SmtpManager manager, Socket client) {
            super(new AfterLogin(), manager, new Reluctant(client));
            ((Reluctant) socket).until(() -> conn != null && conn.isAuthenticated());
        }
    }

    /**
     * Takes little from who has not logged in: GreenMail reads a line to its end, if it has one.
     */
    private static final class Reluctant extends Socket {

        private static final int MOST_BEFORE_LOGIN = 16_384;

        private final Socket client;
        private BooleanSupplier loggedIn = () -> false;

        Reluctant(Socket client) {
            this.client = client;
        }

        void until(BooleanSupplier login) {
            loggedIn = login;
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return new FilterInputStream(client.getInputStream()) {
                private int taken;

                @Override
                public int read() throws IOException {
                    return count(super.read(), 1);
                }

                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    int read = super.read(bytes, offset, length);
                    return count(read, read);
                }

                private int count(int read, int bytes) throws IOException {
                    if (read >= 0 && !loggedIn.getAsBoolean()) {
                        taken += bytes;
                        if (taken > MOST_BEFORE_LOGIN) {
                            throw new IOException("too much from somebody who has not logged in");
                        }
                    }
                    return read;
                }
            };
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            return client.getOutputStream();
        }

        @Override
        public InetAddress getInetAddress() {
            return client.getInetAddress();
        }

        @Override
        public int getPort() {
            return client.getPort();
        }

        @Override
        public InetAddress getLocalAddress() {
            return client.getLocalAddress();
        }

        @Override
        public void setSoTimeout(int millis) throws SocketException {
            client.setSoTimeout(millis);
        }

        @Override
        public int getSoTimeout() throws SocketException {
            return client.getSoTimeout();
        }

        @Override
        public boolean isClosed() {
            return client.isClosed();
        }

        @Override
        public boolean isConnected() {
            return client.isConnected();
        }

        @Override
        public void close() throws IOException {
            client.close();
        }

        @Override
        public String toString() {
            return client.toString();
        }
    }

    private static final class AfterLogin extends SmtpCommandRegistry {

        private static final Set<String> BEFORE =
                Set.of("HELO", "EHLO", "AUTH", "NOOP", "RSET", "QUIT");

        @Override
        public SmtpCommand getCommand(String name) {
            SmtpCommand command = super.getCommand(name);
            return command == null || BEFORE.contains(name) ? command : new Guarded(command);
        }
    }

    private static final class Guarded extends SmtpCommand {

        private final SmtpCommand command;

        Guarded(SmtpCommand command) {
            this.command = command;
        }

        @Override
        public void execute(
                SmtpConnection connection, SmtpState state, SmtpManager manager, String line)
                throws IOException {
            if (connection.isAuthenticated()) {
                command.execute(connection, state, manager, line);
            } else {
                connection.send("530 5.7.0 Authentication required");
            }
        }
    }
}
