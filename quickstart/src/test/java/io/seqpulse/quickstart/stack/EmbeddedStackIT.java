package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.cli.CommandException;
import io.seqpulse.quickstart.access.HttpAccess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stack as a whole: comes up, goes down without a trace, and continues where it was. */
class EmbeddedStackIT {

    private static final Duration SOON = Duration.ofSeconds(60);

    @Test
    void leavesNoProcessPortOrFolderBehind() throws Exception {
        List<ProcessHandle> before = ProcessHandle.current().descendants().toList();
        Path folder;
        List<Integer> ports;
        List<ProcessHandle> servers;
        try (EmbeddedStack stack = EmbeddedStack.builder().start()) {
            folder = stack.folder();
            servers = stack.serverProcesses();
            ports =
                    List.of(
                            stack.postgresPort(),
                            stack.mails().port(),
                            stack.connectUrl().getPort(),
                            URI.create("tcp://" + stack.bootstrapServers()).getPort(),
                            stack.flinkUrl().orElseThrow().getPort());
            assertThat(stack.runs()).isTrue();
            // Postgres ends its short-lived workers when it likes; its postmaster stays
            assertThat(servers).anyMatch(ProcessHandle::isAlive);
            assertThat(Files.getPosixFilePermissions(folder.resolve("job.properties")))
                    .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        }
        assertThat(servers).noneMatch(ProcessHandle::isAlive);
        assertThat(ProcessHandle.current().descendants().toList()).isEqualTo(before);
        assertThat(ports).allSatisfy(EmbeddedStackIT::assertFree);
        assertThat(folder).doesNotExist();
        try (Stream<Path> left = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            assertThat(left)
                    .noneMatch(file -> file.getFileName().toString().startsWith("seqpulse-"));
        }
    }

    private static void assertFree(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        }
    }

    @Test
    void continuesFromItsFolderWithoutMailingTwice(@TempDir Path scratch) throws Exception {
        Path folder = scratch.resolve("state");
        UUID first = UUID.randomUUID();
        UUID second = UUID.randomUUID();
        try (EmbeddedStack stack = EmbeddedStack.builder().state(folder).start()) {
            signUp(stack, first);
            assertThat(stack.mails().await(mail -> isTo(mail, first), SOON)).isPresent();
            assertThatThrownBy(() -> EmbeddedStack.builder().state(folder).withoutJob().start())
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("in use by another stack");
        }
        assertThat(Files.getPosixFilePermissions(folder))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        try (EmbeddedStack stack = EmbeddedStack.builder().state(folder).start()) {
            signUp(stack, second);
            assertThat(stack.mails().await(mail -> isTo(mail, second), SOON)).isPresent();
            assertThat(stack.awaitWatermark(Instant.now(), SOON)).isTrue();
            assertThat(stack.mails().received(mail -> isTo(mail, first))).hasSize(1);
            assertThat(stack.journal().rowsOf("E-TRX-01"))
                    .hasSize(2)
                    .allMatch(row -> row.status().equals("sent"));
        }
    }

    /**
     * Written by somebody who is connected: one that says that there are no users, first behind a
     * change and so let through; and one of a size that Kafka does not take.
     */
    @Test
    void forgedClockMessagesMoveNothingAndStopNothing() throws Exception {
        UUID first = UUID.randomUUID();
        UUID second = UUID.randomUUID();
        try (EmbeddedStack stack = EmbeddedStack.builder().start()) {
            try (Connection anybody = stack.connect();
                    Statement statement = anybody.createStatement()) {
                statement.execute(
                        "update lifecycle.clock_key set signs_from = now() - interval '1 hour'");
            }
            stack.stopJob();
            stack.resumeJob(); // it reads the key when it starts
            try (Connection anybody = stack.connect();
                    Statement statement = anybody.createStatement()) {
                anybody.setAutoCommit(false);
                statement.execute(
                        "insert into public.users (id, name, email) values ('%s', 'Nadia', '%s@live.example')"
                                .formatted(first, first));
                statement.execute(
                        "select pg_logical_emit_message(true, 'seqpulse.clock', '{\"empty\":[\"users\"]}')");
                anybody.commit();
                statement.execute(
                        "select pg_logical_emit_message(true, 'seqpulse.clock', repeat('x', 61000000))");
                anybody.commit();
            }
            signUp(stack, second);

            assertThat(stack.mails().await(mail -> isTo(mail, first), SOON)).isPresent();
            assertThat(stack.mails().await(mail -> isTo(mail, second), SOON)).isPresent();
            assertThat(stack.awaitWatermark(Instant.now(), SOON)).isTrue();
            assertThat(stack.runs()).isTrue();
            assertThat(stack.alarms()).isEmpty();
            assertThat(forgedMessages(stack)).isEqualTo(1);
        }
    }

    private static double forgedMessages(EmbeddedStack stack) throws Exception {
        HttpResponse<String> metrics =
                HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(stack.metricsUrl().orElseThrow())
                                        .header(
                                                "Authorization",
                                                HttpAccess.of(stack.metricsPasswordFile())
                                                        .authorization())
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
        return metrics.body()
                .lines()
                .filter(line -> line.contains("forgedClockMessages{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private static void signUp(EmbeddedStack stack, UUID user) throws Exception {
        try (Connection product = stack.connect();
                Statement statement = product.createStatement()) {
            statement.execute(
                    "insert into public.users (id, name, email) values ('%s', 'Nadia', '%s@live.example')"
                            .formatted(user, user));
        }
    }

    private static boolean isTo(ReceivedMail mail, UUID user) {
        return mail.recipient().equals(user + "@live.example");
    }

    @Test
    void saysWhichPortIsTakenAndWhatToDo() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(
                            () ->
                                    EmbeddedStack.builder()
                                            .withoutJob()
                                            .postgresPort(taken.getLocalPort())
                                            .start())
                    .isInstanceOf(StackException.class)
                    .hasMessageContaining("port " + taken.getLocalPort())
                    .hasMessageContaining("--postgres-port");
        }
    }

    @Test
    void saysThatTheJobMustBeBuilt(@TempDir Path elsewhere) {
        assertThatThrownBy(
                        () ->
                                EmbeddedStack.builder()
                                        .jobJar(elsewhere.resolve("job-1.jar"))
                                        .start())
                .isInstanceOf(StackException.class)
                .hasMessageContaining("job-1.jar is not there: build it with");
    }
}
