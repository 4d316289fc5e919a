package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;

import com.icegreen.greenmail.util.ServerSetup;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a client can do to the mail server: before it has logged in, and by going away. */
class LoopbackSmtpTest {

    private static final String PASSWORD = "of a test";
    private static final byte[] LONG = "x".repeat(64_000).getBytes(StandardCharsets.US_ASCII);

    private final LoopbackSmtp server =
            LoopbackSmtp.withLogin(
                    new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP), PASSWORD);

    @BeforeEach
    void start() {
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    @Test
    void aLineWithoutAnEndEndsTheConnection() throws Exception {
        try (Socket client = connect()) {
            BufferedReader said = reader(client);
            assertThat(said.readLine()).startsWith("220");
            assertThat(send(client, said, 16)).isFalse();
        }
    }

    @Test
    void whoHasLoggedInMaySendALongMail() throws Exception {
        try (Socket client = connect()) {
            BufferedReader said = reader(client);
            said.readLine();
            login(client, said);
            assertThat(ask(client, said, "MAIL FROM:<a@live.example>")).startsWith("250");
            assertThat(ask(client, said, "RCPT TO:<b@live.example>")).startsWith("250");
            assertThat(ask(client, said, "DATA")).startsWith("354");
            for (int i = 0; i < 16; i++) {
                client.getOutputStream().write(LONG);
                client.getOutputStream().write('\n');
            }
            assertThat(ask(client, said, "\r\n.")).startsWith("250");
        }
    }

    @Test
    void aMailThatIsCutEndsItsConnectionOnly() throws Exception {
        List<Throwable> uncaught = new CopyOnWriteArrayList<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> uncaught.add(failure));
        try {
            try (Socket client = connect()) {
                BufferedReader said = reader(client);
                said.readLine();
                login(client, said);
                ask(client, said, "MAIL FROM:<a@live.example>");
                ask(client, said, "RCPT TO:<b@live.example>");
                assertThat(ask(client, said, "DATA")).startsWith("354");
                client.getOutputStream().write("Subject: cut".getBytes(StandardCharsets.US_ASCII));
            }
            Awaitility.await()
                    .dontCatchUncaughtExceptions()
                    .untilAsserted(() -> assertThat(connections()).isEmpty());
            assertThat(uncaught).isEmpty();
            assertThat(server.getReceivedMessages()).isEmpty();
            try (Socket next = connect()) {
                assertThat(reader(next).readLine()).startsWith("220");
            }
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    private static List<String> connections() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("smtp:") && name.contains("<-"))
                .toList();
    }

    private static void login(Socket client, BufferedReader said) throws IOException {
        String login =
                Base64.getEncoder()
                        .encodeToString(
                                "\0%s\0%s"
                                        .formatted(LoopbackSmtp.USER, PASSWORD)
                                        .getBytes(StandardCharsets.UTF_8));
        assertThat(ask(client, said, "AUTH PLAIN " + login)).startsWith("235");
    }

    private Socket connect() throws IOException {
        Socket client = new Socket(InetAddress.getLoopbackAddress(), server.getSmtp().getPort());
        client.setSoTimeout(10_000);
        return client;
    }

    private static BufferedReader reader(Socket client) throws IOException {
        return new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
    }

    private static String ask(Socket client, BufferedReader said, String line) throws IOException {
        client.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        return said.readLine();
    }

    /** Whether the server is still there when so many pieces of a line were sent. */
    private static boolean send(Socket client, BufferedReader said, int pieces) {
        try {
            OutputStream out = client.getOutputStream();
            for (int i = 0; i < pieces; i++) {
                out.write(LONG);
                out.flush();
            }
            return said.readLine() != null;
        } catch (java.net.SocketTimeoutException waits) {
            return true;
        } catch (IOException closed) {
            return false;
        }
    }
}
