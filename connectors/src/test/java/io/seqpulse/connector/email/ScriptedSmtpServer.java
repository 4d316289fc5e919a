package io.seqpulse.connector.email;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A mail server that answers as a test tells it to, step by step, and keeps what it accepts.
 * Without a script it accepts everything.
 */
public final class ScriptedSmtpServer implements AutoCloseable {

    /** The points of a session at which it can be told what to do. */
    public enum Step {
        GREETING,
        EHLO,
        STARTTLS,
        AUTH,
        MAIL,
        RCPT,
        DATA,
        /** While the message comes in, before its end. */
        BODY,
        /** After the final dot. */
        END,
        NOOP,
        RSET
    }

    /**
     * A message it accepted.
     *
     * @param recipient as in RCPT TO, without brackets
     * @param text headers and body, lines ended by CRLF
     */
    public record Received(String sender, String recipient, String text) {

        /** The first value of a header, unfolded, or null. */
        public String header(String name) {
            String head = text.substring(0, text.indexOf("\r\n\r\n") + 2);
            for (String line : head.replaceAll("\r\n[ \t]+", " ").split("\r\n")) {
                int colon = line.indexOf(':');
                if (colon > 0 && line.substring(0, colon).equalsIgnoreCase(name)) {
                    return line.substring(colon + 1).strip();
                }
            }
            return null;
        }
    }

    /** A session that waits at a step until it is let go on. */
    public static final class Hold {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);

        /** Waits until a session has come to the step. */
        public void awaitReached() throws InterruptedException {
            if (!reached.await(10, TimeUnit.SECONDS)) {
                throw new AssertionError("no session reached the step");
            }
        }

        /** Lets the session go on. */
        public void release() {
            released.countDown();
        }
    }

    /** Instead of a reply: the connection is closed. */
    public static final String DROP = "drop";

    /** Instead of a reply: the connection is reset, as by a firewall. */
    public static final String RESET = "reset";

    private final ServerSocket listener;
    private final Map<Step, Queue<String>> once = new ConcurrentHashMap<>();
    private final Map<Step, String> always = new ConcurrentHashMap<>();
    private final Map<Step, Hold> holds = new ConcurrentHashMap<>();
    private final List<Received> received = new CopyOnWriteArrayList<>();
    private final List<String> commands = new CopyOnWriteArrayList<>();
    private final Map<String, String> refused = new ConcurrentHashMap<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Set<Socket> silent = ConcurrentHashMap.newKeySet();
    private final AtomicInteger sessions = new AtomicInteger();
    private final AtomicInteger cutOff = new AtomicInteger();
    private volatile int mostSessions = Integer.MAX_VALUE;
    private volatile boolean international;
    private volatile String user;
    private volatile String password;
    private volatile SSLContext tls;
    private volatile boolean tlsFromTheStart;

    private ScriptedSmtpServer(ServerSocket listener) {
        this.listener = listener;
    }

    /** A server on a free port of this machine. */
    public static ScriptedSmtpServer start() {
        return start(0);
    }

    /** A server on that port of this machine. */
    public static ScriptedSmtpServer start(int port) {
        try {
            ScriptedSmtpServer server =
                    new ScriptedSmtpServer(
                            new ServerSocket(port, 50, InetAddress.getByName("localhost")));
            daemon(server::accept, "scripted-smtp");
            return server;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static void daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Its port. */
    public int port() {
        return listener.getLocalPort();
    }

    /** Answers so the next time, then as before; repeated calls queue up. */
    public ScriptedSmtpServer once(Step step, String reply) {
        once.computeIfAbsent(step, any -> new ConcurrentLinkedQueue<>()).add(reply);
        return this;
    }

    /** Answers so from now on. */
    public ScriptedSmtpServer always(Step step, String reply) {
        always.put(step, reply);
        return this;
    }

    /** Answers as a well-meaning server from now on. */
    public ScriptedSmtpServer forget(Step step) {
        always.remove(step);
        once.remove(step);
        return this;
    }

    /** Answers so to RCPT with that address from now on. */
    public ScriptedSmtpServer refuse(String recipient, String reply) {
        refused.put(recipient, reply);
        return this;
    }

    /** Takes that many sessions at a time from now on, and refuses others. */
    public ScriptedSmtpServer atMost(int sessions) {
        mostSessions = sessions;
        return this;
    }

    /** Offers SMTPUTF8 from now on. */
    public ScriptedSmtpServer international() {
        international = true;
        return this;
    }

    /** Says nothing more in the sessions there are; new ones are as always. */
    public ScriptedSmtpServer fallSilent() {
        silent.addAll(open);
        return this;
    }

    /** How many sessions there are at present. */
    public int open() {
        return open.size();
    }

    /** Makes the next session wait before it answers at a step. */
    public Hold hold(Step step) {
        Hold hold = new Hold();
        holds.put(step, hold);
        return hold;
    }

    /** Asks for a login from now on. */
    public ScriptedSmtpServer login(String user, String password) {
        this.user = user;
        this.password = password;
        return this;
    }

    /** Offers STARTTLS with that certificate. */
    public ScriptedSmtpServer startTls(SSLContext context) {
        tls = context;
        return this;
    }

    /** Speaks TLS from the first byte with that certificate. */
    public ScriptedSmtpServer tls(SSLContext context) {
        tls = context;
        tlsFromTheStart = true;
        return this;
    }

    /** What it has accepted, in order. */
    public List<Received> received() {
        return List.copyOf(received);
    }

    /** Every command it was given. */
    public List<String> commands() {
        return List.copyOf(commands);
    }

    /** How many sessions there were. */
    public int sessions() {
        return sessions.get();
    }

    /** How many messages broke off before their end. */
    public int cutOff() {
        return cutOff.get();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                sessions.incrementAndGet();
                if (open.size() >= mostSessions) {
                    try (socket) {
                        socket.getOutputStream()
                                .write(
                                        "421 4.7.0 too many connections\r\n"
                                                .getBytes(StandardCharsets.UTF_8));
                    }
                    continue;
                }
                open.add(socket);
                daemon(() -> serve(socket), "scripted-smtp-session");
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            new Session(socket).run();
        } catch (IOException gone) {
            // The client went away; what it left unfinished has been counted.
        } finally {
            open.remove(socket);
            silent.remove(socket);
        }
    }

    /** Ends every session and listens no more. */
    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private final class Session {
        private final Socket connection;
        private Socket socket;
        private BufferedReader in;
        private OutputStream out;
        private boolean encrypted;
        private boolean loggedIn;
        private String sender;
        private String recipient;

        Session(Socket socket) throws IOException {
            this.connection = socket;
            this.socket = socket;
            if (tlsFromTheStart) {
                encrypt();
            } else {
                streams();
            }
        }

        private void encrypt() throws IOException {
            SSLSocket wrapped =
                    (SSLSocket)
                            tls.getSocketFactory()
                                    .createSocket(socket, null, socket.getPort(), true);
            wrapped.setUseClientMode(false);
            wrapped.startHandshake();
            socket = wrapped;
            encrypted = true;
            streams();
        }

        private void streams() throws IOException {
            in =
                    new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            out = socket.getOutputStream();
        }

        void run() throws IOException {
            if (!answer(Step.GREETING, "220 localhost ready")) {
                return;
            }
            String line;
            while ((line = in.readLine()) != null) {
                commands.add(line);
                if (!handle(line)) {
                    return;
                }
            }
        }

        private boolean handle(String line) throws IOException {
            String verb = line.split(" ")[0].toUpperCase(Locale.ROOT);
            return switch (verb) {
                case "EHLO" -> answer(Step.EHLO, extensions());
                case "HELO" -> answer(Step.EHLO, "250 localhost");
                case "STARTTLS" -> {
                    boolean goesOn = answer(Step.STARTTLS, "220 go ahead");
                    encrypt();
                    yield goesOn;
                }
                case "AUTH" -> authenticate(line);
                case "MAIL" -> {
                    sender = address(line);
                    yield answer(
                            Step.MAIL,
                            user == null || loggedIn ? "250 ok" : "530 5.7.0 login first");
                }
                case "RCPT" -> {
                    recipient = address(line);
                    String refusal = refused.get(recipient);
                    yield refusal != null ? perform(refusal) : answer(Step.RCPT, "250 ok");
                }
                case "DATA" -> answer(Step.DATA, "354 go ahead") && body();
                case "NOOP" -> answer(Step.NOOP, "250 ok");
                case "RSET" -> answer(Step.RSET, "250 ok");
                case "QUIT" -> {
                    send("221 bye");
                    yield false;
                }
                default -> {
                    send("502 5.5.1 not known");
                    yield true;
                }
            };
        }

        private String extensions() {
            String offered = "250-localhost\r\n";
            if (tls != null && !encrypted) {
                offered += "250-STARTTLS\r\n";
            }
            if (user != null) {
                offered += "250-AUTH PLAIN\r\n";
            }
            if (international) {
                offered += "250-SMTPUTF8\r\n";
            }
            return offered + "250 8BITMIME";
        }

        private boolean authenticate(String line) throws IOException {
            String[] words = line.split(" ");
            String proof = words.length > 2 ? words[2] : "";
            if (proof.isEmpty()) {
                send("334 ");
                proof = in.readLine();
            }
            String[] parts =
                    new String(Base64.getDecoder().decode(proof), StandardCharsets.UTF_8)
                            .split("\0", -1);
            loggedIn = parts[1].equals(user) && parts[2].equals(password);
            return answer(Step.AUTH, loggedIn ? "235 welcome" : "535 5.7.8 wrong password");
        }

        /** After a go-ahead to DATA: takes the message, ended by a lone dot. */
        private boolean body() throws IOException {
            if (!lastReply.startsWith("354")) {
                return true;
            }
            StringBuilder text = new StringBuilder();
            String line;
            while ((line = in.readLine()) != null && !line.equals(".")) {
                if (DROP.equals(next(Step.BODY, ""))) {
                    cutOff.incrementAndGet();
                    return false;
                }
                text.append(line.startsWith(".") ? line.substring(1) : line).append("\r\n");
            }
            if (line == null) {
                cutOff.incrementAndGet();
                return false;
            }
            Received message = new Received(sender, recipient, text.toString());
            String reply = next(Step.END, "250 2.0.0 taken");
            if (DROP.equals(reply) || reply.startsWith("2")) {
                received.add(message);
            }
            return perform(reply);
        }

        private String lastReply = "";

        private boolean answer(Step step, String usual) throws IOException {
            return perform(next(step, usual));
        }

        private boolean perform(String reply) throws IOException {
            lastReply = reply;
            if (DROP.equals(reply)) {
                return false;
            }
            if (RESET.equals(reply)) {
                connection.setSoLinger(true, 0);
                return false;
            }
            send(reply);
            return !reply.startsWith("421");
        }

        private String next(Step step, String usual) throws IOException {
            Hold hold = holds.remove(step);
            if (hold != null) {
                hold.reached.countDown();
                try {
                    if (!hold.released.await(30, TimeUnit.SECONDS)) {
                        throw new IOException("held for too long");
                    }
                } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                    throw new IOException(stopped);
                }
            }
            Queue<String> queued = once.get(step);
            String scripted = queued == null ? null : queued.poll();
            return scripted != null ? scripted : always.getOrDefault(step, usual);
        }

        private void send(String reply) throws IOException {
            if (silent.contains(connection)) {
                return;
            }
            out.write((reply + "\r\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }

    private static String address(String line) {
        return line.substring(line.indexOf('<') + 1, line.indexOf('>'));
    }
}
