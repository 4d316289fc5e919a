package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.seqpulse.quickstart.access.HttpAccess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What others on the machine and pages in a browser can reach of a running stack: every socket at
 * which it listens, and what each answers to a stranger.
 */
class PortsIT {

    private static final int PATIENCE_MS = 10_000;

    private static Set<InetSocketAddress> others;
    private static EmbeddedStack stack;

    @BeforeAll
    static void startStack() throws Exception {
        assumeTrue(ListeningSockets.areTold(), "needs /proc");
        others = new HashSet<>(ListeningSockets.of(List.of(ProcessHandle.current())));
        stack = EmbeddedStack.builder().api(0).start();
    }

    @AfterAll
    static void stopStack() {
        if (stack != null) {
            stack.close();
        }
    }

    /** Ours, what we have started, and what that has: a database server leaves its parent. */
    private static List<ProcessHandle> processes() {
        return Stream.concat(
                        Stream.of(ProcessHandle.current()),
                        Stream.concat(
                                ProcessHandle.current().descendants(),
                                stack.serverProcesses().stream()))
                .distinct()
                .toList();
    }

    private static List<InetSocketAddress> sockets() throws IOException {
        List<InetSocketAddress> sockets = new ArrayList<>(ListeningSockets.of(processes()));
        sockets.removeAll(others);
        return sockets;
    }

    /** The HTTP interfaces, by name. */
    private static Map<String, URI> http() {
        return new TreeMap<>(
                Map.of(
                        "Flink", stack.flinkUrl().orElseThrow(),
                        "Kafka Connect", stack.connectUrl(),
                        "metrics", stack.metricsUrl().orElseThrow(),
                        "API", stack.api().orElseThrow().url().resolve("/status")));
    }

    private static String login(String name) throws IOException {
        return switch (name) {
            case "API" -> "Bearer " + stack.api().orElseThrow().token();
            case "metrics" -> HttpAccess.of(stack.metricsPasswordFile()).authorization();
            default -> stack.access().authorization();
        };
    }

    @Test
    void everySocketIsOnTheLoopbackInterfaceAndKnown() throws Exception {
        List<InetSocketAddress> sockets = sockets();
        assertThat(sockets).allMatch(socket -> socket.getAddress().isLoopbackAddress());
        List<Integer> known = new ArrayList<>(List.of(stack.postgresPort(), stack.mails().port()));
        http().values().forEach(url -> known.add(url.getPort()));
        known.addAll(stack.kafkaPorts());
        List<Integer> ports = sockets.stream().map(InetSocketAddress::getPort).toList();
        assertThat(ports).containsAll(known);
        // And the one from which Flink's parts fetch jars, which Flink chooses.
        assertThat(ports).hasSize(known.size() + 1);
        assertThat(ListeningSockets.files(processes())).isEmpty();
    }

    @Test
    void noHttpInterfaceAnswersWithoutAPassword() throws Exception {
        for (Map.Entry<String, URI> entry : http().entrySet()) {
            URI url = entry.getValue();
            for (String login :
                    List.of(
                            "",
                            "Authorization: Basic bGlmZWN5Y2xlOnBhc3N3b3Jk\r\n",
                            "Authorization: Bearer a-token-that-is-none-of-ours\r\n")) {
                for (String method : List.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")) {
                    assertThat(answer(url, method, url.getPath(), "127.0.0.1", login))
                            .as("%s: %s %s", entry.getKey(), method, login)
                            .matches("(?s)HTTP/1.1 (401|403|405) .*");
                }
                assertThat(answer(url, "GET", url.getPath(), "127.0.0.1", login))
                        .as(entry.getKey())
                        .startsWith("HTTP/1.1 401 ");
            }
        }
    }

    @Test
    void noHttpInterfaceAnswersByAnotherName() throws Exception {
        for (Map.Entry<String, URI> entry : http().entrySet()) {
            String login = "Authorization: %s\r\n".formatted(login(entry.getKey()));
            URI url = entry.getValue();
            assertThat(answer(url, "GET", url.getPath(), "127.0.0.1", login))
                    .as(entry.getKey())
                    .startsWith("HTTP/1.1 200 ");
            assertThat(answer(url, "GET", url.getPath(), "rebound.example", login))
                    .as(entry.getKey())
                    .startsWith("HTTP/1.1 421 ");
        }
    }

    /** A browser that was given the password once sends it along with whatever a page asks for. */
    @Test
    void noPageOfSomebodyElsesStopsTheJobOrMakesAConnector() throws Exception {
        String job = job();
        URI flink = stack.flinkUrl().orElseThrow();
        String login = "Authorization: %s\r\n".formatted(stack.access().authorization());
        String page = login + "Origin: https://evil.example\r\nContent-Type: text/plain\r\n";
        Path planted = stack.folder().resolveSibling("planted-" + job);
        String savepoint = "{\"target-directory\": \"%s\"}".formatted(planted.toUri());
        for (String sender : List.of(page, login + "Sec-Fetch-Site: cross-site\r\n")) {
            for (String[] request :
                    new String[][] {
                        {"POST", "/jobs/" + job + "/stop", "{\"drain\": true}"},
                        {"POST", "/jobs/" + job + "/savepoints", savepoint},
                        {"PATCH", "/jobs/" + job + "?mode=cancel", ""},
                        {"GET", "/jobs/" + job + "/yarn-cancel", ""},
                        {"DELETE", "/cluster", ""},
                        {"GET", "/jobs", ""}
                    }) {
                assertThat(answer(flink, request[0], request[1], "127.0.0.1", sender, request[2]))
                        .as(String.join(" ", request))
                        .startsWith("HTTP/1.1 403 ")
                        .doesNotContain("Access-Control-Allow-Origin");
            }
            assertThat(
                            answer(
                                    stack.connectUrl(),
                                    "POST",
                                    "/connectors",
                                    "127.0.0.1",
                                    sender,
                                    "{\"name\": \"theirs\", \"config\": {}}"))
                    .startsWith("HTTP/1.1 403 ");
        }
        // What a link or a picture can do without any of these marks, with the password or not.
        assertThat(answer(flink, "GET", "/jobs/" + job + "/yarn-cancel", "127.0.0.1", login))
                .startsWith("HTTP/1.1 404 ");
        assertThat(answer(flink, "GET", "/v1/jobs/" + job + "/yarn%2dstop", "127.0.0.1", login))
                .startsWith("HTTP/1.1 404 ");
        assertThat(answer(flink, "POST", "/jobs/" + job + "/stop", "127.0.0.1", "", "{}"))
                .startsWith("HTTP/1.1 401 ");
        assertThat(planted).doesNotExist();
        assertThat(stack.runs()).isTrue();
        assertThat(job()).isEqualTo(job);
    }

    private static String job() throws Exception {
        String login = "Authorization: %s\r\n".formatted(stack.access().authorization());
        return answer(stack.flinkUrl().orElseThrow(), "GET", "/jobs", "127.0.0.1", login)
                .replaceAll("(?s).*\"id\":\"(\\w+)\",\"status\":\"RUNNING\".*", "$1");
    }

    @Test
    void jarsAreFetchedWithTheKeyOfTheClusterOnly() throws Exception {
        List<Integer> known = new ArrayList<>(List.of(stack.postgresPort(), stack.mails().port()));
        http().values().forEach(url -> known.add(url.getPort()));
        known.addAll(stack.kafkaPorts());
        int port =
                sockets().stream()
                        .map(InetSocketAddress::getPort)
                        .filter(any -> !known.contains(any))
                        .findFirst()
                        .orElseThrow();
        try (Socket plain = connection(port)) {
            // Of Flink's protocol: put a blob of no job, of ten bytes.
            plain.getOutputStream().write(new byte[] {0, 0, 0, 0, 0, 10, 1, 2, 3, 4, 5, 6, 7});
            plain.shutdownOutput();
            // An alert of TLS, or nothing; an answer of Flink's would begin with 0.
            int first = plain.getInputStream().read();
            assertThat(first).isNotZero();
        }
        SSLContext anybody = SSLContext.getInstance("TLS");
        anybody.init(null, new TrustManager[] {new Trusting()}, new SecureRandom());
        assertThatThrownBy(
                        () -> {
                            try (SSLSocket socket =
                                    (SSLSocket)
                                            anybody.getSocketFactory()
                                                    .createSocket(
                                                            InetAddress.getLoopbackAddress(),
                                                            port)) {
                                socket.setSoTimeout(PATIENCE_MS);
                                socket.getOutputStream().write(new byte[] {0, 0});
                                socket.getInputStream().read();
                            }
                        })
                .isInstanceOf(IOException.class);
    }

    /** Of a client that takes any server, and has no key of its own. */
    private static final class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /** Such as a page, whose request to this port the server reads line by line. */
    @Test
    void theMailServerTakesNoMailWithoutALogin() throws Exception {
        long before = stack.mails().count();
        List<String> lines =
                List.of(
                        "POST / HTTP/1.1",
                        "EHLO page.example",
                        "AUTH PLAIN AGxpZmVjeWNsZQBwYXNzd29yZA==",
                        "MAIL FROM:<>",
                        "RCPT TO:<ada@live.example>",
                        "DATA",
                        "VRFY ada",
                        "QUIT");
        try (Socket socket = connection(stack.mails().port())) {
            socket.getOutputStream()
                    .write((String.join("\r\n", lines) + "\r\n").getBytes(StandardCharsets.UTF_8));
            String answers =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answers.lines().filter(line -> line.startsWith("530 "))).hasSize(4);
            assertThat(answers).contains("535 ").doesNotContain("250 OK", "354 ", "235 ");
        }
        assertThat(stack.mails().count()).isEqualTo(before);
    }

    /** Those for whom Kafka has no login, by where they go: to the broker or its controller. */
    @Test
    void kafkaAnswersWithTheLoginOnly() throws Exception {
        for (String where : List.of("bootstrap.servers", "bootstrap.controllers")) {
            int port = stack.kafkaPorts().get(where.endsWith("servers") ? 0 : 1);
            Map<String, Object> ours = new HashMap<>(stack.kafkaClient());
            ours.remove("bootstrap.servers");
            ours.put(where, "127.0.0.1:" + port);
            ours.put("default.api.timeout.ms", 3_000);
            ours.put("request.timeout.ms", 2_000);
            ours.put("retries", 0);
            assertThat(clusterId(ours)).as(where).isNotEmpty();

            Map<String, Object> wrong = new HashMap<>(ours);
            wrong.computeIfPresent(
                    "sasl.jaas.config",
                    (key, login) -> login.toString().replaceFirst("password=\"", "password=\"x"));
            assertThatThrownBy(() -> clusterId(wrong))
                    .as(where)
                    .hasRootCauseInstanceOf(SaslAuthenticationException.class);

            Map<String, Object> none = new HashMap<>(ours);
            none.put("security.protocol", "PLAINTEXT");
            assertThatThrownBy(() -> clusterId(none)).as(where).isInstanceOf(Exception.class);
        }
        assertThat(Files.getPosixFilePermissions(stack.kafkaFile()))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    private static String clusterId(Map<String, Object> client) throws Exception {
        try (Admin admin = Admin.create(client)) {
            return admin.describeCluster().clusterId().get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void theDatabaseAsksForAPassword() {
        for (String user : List.of("postgres", "lifecycle_job", "lifecycle_connect")) {
            for (String password : List.of("", user, "password")) {
                assertThatThrownBy(
                                () -> DriverManager.getConnection(stack.jdbcUrl(), user, password))
                        .isInstanceOf(SQLException.class)
                        .hasMessageContaining("password");
            }
        }
    }

    @Test
    void whatItSaysToOthersIsInFilesOfItsOwner() throws Exception {
        for (String file :
                List.of("netrc", "http.password", "metrics.password", "flink.p12", "api.json")) {
            assertThat(Files.getPosixFilePermissions(stack.folder().resolve(file)))
                    .as(file)
                    .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        }
    }

    private static String answer(URI url, String method, String path, String host, String headers)
            throws IOException {
        return answer(url, method, path, host, headers, "");
    }

    /** What is answered to a request, byte by byte: clients would put such headers right. */
    private static String answer(
            URI url, String method, String path, String host, String headers, String body)
            throws IOException {
        try (Socket socket = connection(url.getPort());
                OutputStream out = socket.getOutputStream();
                InputStream in = socket.getInputStream()) {
            String request =
                    "%s %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\nContent-Length: %s\r\n%s\r\n%s"
                            .formatted(
                                    method,
                                    path.isEmpty() ? "/" : path,
                                    host,
                                    url.getPort(),
                                    body.length(),
                                    headers,
                                    body);
            out.write(request.getBytes(StandardCharsets.UTF_8));
            out.flush();
            StringBuilder text = new StringBuilder();
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            try {
                for (int next = lines.read(); next >= 0; next = lines.read()) {
                    text.append((char) next);
                }
            } catch (IOException closedAfterItsAnswer) {
                assertThat(text).isNotEmpty();
            }
            return text.toString();
        }
    }

    private static Socket connection(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MS);
        return socket;
    }
}
