package io.seqpulse.quickstart.stack;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.icegreen.greenmail.mail.MailAddress;
import com.icegreen.greenmail.mail.MovingMessage;
import com.icegreen.greenmail.user.GreenMailUser;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import io.seqpulse.connector.email.EmailCode;
import jakarta.mail.BodyPart;
import jakarta.mail.Header;
import jakarta.mail.MessagingException;
import jakarta.mail.Multipart;
import jakarta.mail.Part;
import jakarta.mail.internet.MimeMessage;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The far end of SMTP: a server on the loopback interface that accepts every mail and keeps it as a
 * file ({@code .eml}, and its HTML part as {@code .html}) with one line in {@code received.jsonl}.
 * A mail is accepted only after it was written. In memory stays one small record a mail, of the
 * latest 100,000.
 */
public final class MailServer implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int REMEMBERED = 100_000;
    private static final Pattern CODE = Pattern.compile("\\b" + EmailCode.PATTERN + "\\b");
    private static final DateTimeFormatter FILE_TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private final GreenMail server;
    private final int port;
    private final Path folder;
    private final BufferedWriter index;
    private final Clock clock = Clock.systemUTC();
    private final Object arrived = new Object();
    private final List<ReceivedMail> received = new ArrayList<>();
    private final List<Consumer<ReceivedMail>> listeners = new CopyOnWriteArrayList<>();
    private long count;

    private MailServer(GreenMail server, int port, Path folder) throws IOException {
        this.server = server;
        this.port = port;
        this.folder = folder;
        Path file = folder.resolve("received.jsonl");
        if (Files.exists(file)) {
            try (Stream<String> lines = Files.lines(file)) {
                lines.map(MailServer::parse).flatMap(Optional::stream).forEach(this::remember);
            }
        }
        this.index =
                Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Starts one that takes mail from everybody. */
    public static MailServer start(int port, Path folder) throws IOException {
        return start(LoopbackSmtp.open(setup(port)), port, folder);
    }

    /**
     * Starts one that takes mail after a login only.
     *
     * @param password asked of {@link LoopbackSmtp#USER}
     */
    static MailServer start(int port, Path folder, String password) throws IOException {
        return start(LoopbackSmtp.withLogin(setup(port), password), port, folder);
    }

    private static ServerSetup setup(int port) {
        ServerSetup setup = new ServerSetup(port, "127.0.0.1", ServerSetup.PROTOCOL_SMTP);
        setup.setServerStartupTimeout(10_000);
        return setup;
    }

    private static MailServer start(GreenMail server, int port, Path folder) throws IOException {
        MailServer mails = new MailServer(server, port, folder);
        server.getUserManager().setMessageDeliveryHandler((mail, to) -> mails.inboxOf(to));
        server.start();
        return mails;
    }

    /** Where it listens. */
    public int port() {
        return port;
    }

    /** Where the mails are. */
    public Path folder() {
        return folder;
    }

    /** How many mails were accepted, earlier runs of this folder included. */
    public long count() {
        synchronized (arrived) {
            return count;
        }
    }

    /** The accepted mails, oldest first. */
    public List<ReceivedMail> received() {
        synchronized (arrived) {
            return List.copyOf(received);
        }
    }

    /** The accepted mails that match, oldest first. */
    public List<ReceivedMail> received(Predicate<ReceivedMail> wanted) {
        return received().stream().filter(wanted).toList();
    }

    /** Calls a listener for each mail from now on, on the thread that received it. */
    public void onDelivery(Consumer<ReceivedMail> listener) {
        listeners.add(listener);
    }

    /**
     * Waits until a mail that matches is here; those already here count.
     *
     * @return the oldest that matches, or empty when none came in time
     */
    public Optional<ReceivedMail> await(Predicate<ReceivedMail> wanted, Duration atMost)
            throws InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        long seen = 0;
        synchronized (arrived) {
            while (true) {
                long forgotten = count - received.size();
                for (seen = Math.max(seen, forgotten); seen < count; seen++) {
                    ReceivedMail mail = received.get((int) (seen - forgotten));
                    if (wanted.test(mail)) {
                        return Optional.of(mail);
                    }
                }
                long left = end - System.nanoTime();
                if (left <= 0) {
                    return Optional.empty();
                }
                arrived.wait(Math.max(1, left / 1_000_000));
            }
        }
    }

    private GreenMailUser inboxOf(MailAddress recipient) {
        return new Inbox(recipient.getEmail());
    }

    private synchronized void keep(MimeMessage message, String recipient)
            throws MessagingException, IOException {
        Instant at = clock.instant();
        String code = codeOf(message).orElse("mail");
        String name =
                "%s-%s-%s"
                        .formatted(
                                FILE_TIME.format(at).replace(".", ""),
                                code,
                                hash(recipient + message.getMessageID()));
        Path eml = folder.resolve(name + ".eml");
        try (OutputStream out = Files.newOutputStream(eml)) {
            message.writeTo(out);
        }
        Optional<String> html = textOf(message, "text/html");
        if (html.isPresent()) {
            Files.writeString(folder.resolve(name + ".html"), html.get());
        }
        ReceivedMail mail =
                new ReceivedMail(
                        at,
                        code,
                        Optional.ofNullable(message.getMessageID()).orElse(""),
                        recipient,
                        Optional.ofNullable(message.getSubject()).orElse(""),
                        eml);
        index.write(line(mail));
        index.newLine();
        index.flush();
        synchronized (arrived) {
            remember(mail);
            arrived.notifyAll();
        }
        listeners.forEach(listener -> listener.accept(mail));
    }

    private void remember(ReceivedMail mail) {
        count++;
        received.add(mail);
        if (received.size() > REMEMBERED) {
            received.subList(0, REMEMBERED / 10).clear();
        }
    }

    /** The catalogue's code, from the header that names it, or any of our headers. */
    private static Optional<String> codeOf(MimeMessage message) throws MessagingException {
        for (Header header : Collections.list(message.getAllHeaders())) {
            String name = header.getName().toLowerCase(Locale.ROOT);
            if (name.equals("feedback-id") || name.startsWith("x-")) {
                Matcher code = CODE.matcher(header.getValue());
                if (code.find()) {
                    return Optional.of(code.group());
                }
            }
        }
        return Optional.empty();
    }

    /** The first part of a mail with that media type. */
    static Optional<String> textOf(Part part, String type) throws MessagingException, IOException {
        if (part.isMimeType(type)) {
            return Optional.of(part.getContent().toString());
        }
        if (part.isMimeType("multipart/*") && part.getContent() instanceof Multipart parts) {
            for (int i = 0; i < parts.getCount(); i++) {
                BodyPart inner = parts.getBodyPart(i);
                Optional<String> text = textOf(inner, type);
                if (text.isPresent()) {
                    return text;
                }
            }
        }
        return Optional.empty();
    }

    private static String line(ReceivedMail mail) throws JsonProcessingException {
        ObjectNode line = JSON.createObjectNode();
        line.put("received_at", mail.receivedAt().toString());
        line.put("code", mail.code());
        line.put("message_id", mail.messageId());
        line.put("recipient", mail.recipient());
        line.put("subject", mail.subject());
        line.put("file", mail.file().toString());
        return JSON.writeValueAsString(line);
    }

    private static Optional<ReceivedMail> parse(String line) {
        try {
            JsonNode mail = JSON.readTree(line);
            return Optional.of(
                    new ReceivedMail(
                            Instant.parse(mail.path("received_at").asText()),
                            mail.path("code").asText(),
                            mail.path("message_id").asText(),
                            mail.path("recipient").asText(),
                            mail.path("subject").asText(),
                            Path.of(mail.path("file").asText())));
        } catch (JsonProcessingException lastLineCutByACrash) {
            return Optional.empty();
        }
    }

    private static String hash(String text) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 5);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public void close() throws IOException {
        server.stop();
        index.close();
    }

    /** Where the server delivers to: our files, instead of a mailbox in memory. */
    private final class Inbox implements GreenMailUser {

        private static final long serialVersionUID = 1L;

        private final String address;

        Inbox(String address) {
            this.address = address;
        }

        @Override
        public String getEmail() {
            return address;
        }

        @Override
        public void deliver(MovingMessage message) {
            deliver(message.getMessage());
        }

        @Override
        public void deliver(MimeMessage message) {
            try {
                keep(message, address);
            } catch (IOException e) {
                throw new UncheckedIOException("a mail could not be written to " + folder, e);
            } catch (MessagingException e) {
                throw new IllegalStateException("a mail could not be read", e);
            }
        }

        @Override
        public void create() {}

        @Override
        public void delete() {}

        @Override
        public String getLogin() {
            return address;
        }

        @Override
        public String getPassword() {
            return "";
        }

        @Override
        public void setPassword(String password) {
            throw new UnsupportedOperationException("an inbox has no password");
        }

        @Override
        public void authenticate(String password) {}

        @Override
        public String getQualifiedMailboxName() {
            return address;
        }
    }
}
