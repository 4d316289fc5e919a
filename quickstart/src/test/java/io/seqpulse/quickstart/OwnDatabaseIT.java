package io.seqpulse.quickstart;

import static io.seqpulse.cli.database.SomebodysPostgres.column;
import static io.seqpulse.cli.database.SomebodysPostgres.everything;
import static io.seqpulse.cli.database.SomebodysPostgres.execute;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.cli.database.DatabaseAddress;
import io.seqpulse.cli.database.ReplicationSlot;
import io.seqpulse.cli.database.SomebodysPostgres;
import io.seqpulse.quickstart.restarts.Connector;
import io.seqpulse.quickstart.stack.MailServer;
import io.seqpulse.quickstart.stack.Ports;
import io.seqpulse.quickstart.stack.ReceivedMail;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code ./lifecycle up --database} and {@code down}, as programs, on a PostgreSQL of somebody's.
 */
class OwnDatabaseIT {

    private static final Duration SOON = Duration.ofSeconds(30);

    private static SomebodysPostgres postgres;

    @BeforeAll
    static void start() {
        postgres = SomebodysPostgres.start();
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static String url(String database) {
        return postgres.url(database, SomebodysPostgres.PRODUCT);
    }

    private static void signUp(DatabaseAddress address, String name) {
        execute(
                address,
                "insert into public.users (name, email) values ('%s', '%s@example.org')"
                        .formatted(name, name));
    }

    private static List<String> slots(DatabaseAddress address) {
        return column(address, "select slot_name from pg_replication_slots");
    }

    private static void awaitJournal(DatabaseAddress address, String outcome, String name) {
        Awaitility.await()
                .atMost(SOON.toSeconds(), TimeUnit.SECONDS)
                .untilAsserted(
                        () ->
                                assertThat(
                                                column(
                                                        address,
                                                        "select d.status || coalesce(':' || d.reason, '')"
                                                                + " from public.email_deliveries d"
                                                                + " join public.users u on u.id = d.user_id"
                                                                + " where u.name = '"
                                                                + name
                                                                + "' and d.email_type = 'E-TRX-01'"))
                                        .contains(outcome));
    }

    @Test
    void changesNothingWithoutAYes(@TempDir Path scratch) throws Exception {
        DatabaseAddress address = postgres.product("asked");
        List<String> before = everything(address);

        try (Program up = Program.run("up", scratch, "--database", url("asked"))) {
            assertThat(up.exitValue()).isEqualTo(2);
            assertThat(up.printed())
                    .contains("create publication seqpulse_lifecycle")
                    .contains("CREATE_REPLICATION_SLOT")
                    .contains("add --yes; nothing was changed");
            assertThat(up.temporary()).doesNotExist();
        }
        assertThat(everything(address)).isEqualTo(before);
    }

    @Test
    void namesWhatIsMissingAndChangesNothing(@TempDir Path scratch) throws Exception {
        DatabaseAddress address = postgres.empty("lacking");
        List<String> before = everything(address);

        try (Program up = Program.run("up", scratch, "--database", url("lacking"), "--yes")) {
            assertThat(up.exitValue()).isEqualTo(1);
            assertThat(up.printed())
                    .contains("cannot be used yet. Missing:")
                    .contains("table public.users is missing")
                    .contains("table public.projects is missing");
        }
        assertThat(everything(address)).isEqualTo(before);
    }

    @Test
    void saysWhatDoesNotGoTogether(@TempDir Path scratch) throws Exception {
        for (String option : List.of("--rate", "--smtp-port", "--postgres-port")) {
            try (Program up = Program.run("up", scratch, "--database", url("none"), option, "7")) {
                assertThat(up.exitValue()).isEqualTo(2);
                assertThat(up.printed()).contains(option + " is for the embedded database");
            }
        }
        try (Program down = Program.run("down", scratch)) {
            assertThat(down.exitValue()).isEqualTo(2);
            assertThat(down.printed()).contains("./lifecycle up itself ends with Ctrl-C");
        }
        try (Program up =
                Program.run("up", scratch, "--database", "postgresql://u@localhost:1/x")) {
            assertThat(up.exitValue()).isEqualTo(1);
            assertThat(up.printed()).contains("localhost:1/x cannot be used as user u");
        }
    }

    /**
     * Whose password is wrong is told before anything is started; whose server is away, goes on.
     */
    @Test
    void aMailServerThatRefusesIsToldOfAtTheStart(@TempDir Path scratch) throws Exception {
        String[] options = {
            "--database",
            url("unreached"),
            "--send",
            "--public-url",
            "https://mail.example.org",
            "--frontend-url",
            "https://example.org",
            "--from",
            "X <x@example.org>"
        };
        try (ServerSocket neverGreets = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            String tls = "smtp://127.0.0.1:" + neverGreets.getLocalPort();
            try (Program up =
                    Program.run(
                            "up",
                            scratch,
                            Stream.of(options, new String[] {"--smtp", tls})
                                    .flatMap(Stream::of)
                                    .toArray(String[]::new))) {
                assertThat(up.printed())
                        .contains("no mail would leave now: 127.0.0.1:")
                        .contains("does not answer")
                        .contains("unreached cannot be used as user");
            }
        }
        try (ServerSocket plain = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread greeting = new Thread(() -> greet(plain), "greeting");
            greeting.setDaemon(true);
            greeting.start();
            try (Program up =
                    Program.run(
                            "up",
                            scratch,
                            Stream.of(
                                            options,
                                            new String[] {
                                                "--smtp",
                                                "smtps://127.0.0.1:" + plain.getLocalPort()
                                            })
                                    .flatMap(Stream::of)
                                    .toArray(String[]::new))) {
                assertThat(up.exitValue()).isEqualTo(1);
                assertThat(up.printed())
                        .contains("does not speak TLS from the first byte")
                        .contains("nothing was started");
                assertThat(up.temporary()).doesNotExist();
            }
        }
    }

    /** From a dead port to a server that takes mail: one alarm, the status, one line at the end. */
    @Test
    void aMailServerThatIsAwayIsAnAlarmUntilMailLeaves(@TempDir Path scratch) throws Exception {
        DatabaseAddress address = postgres.product("halted");
        // Bound and not listening: it refuses, and nobody else takes it meanwhile.
        Socket dead = new Socket();
        dead.bind(
                new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), new Ports(notice -> {}).free()));
        int port = dead.getLocalPort();
        String state = scratch.resolve("state").toString();
        try (dead;
                Program up =
                        Program.start(
                                "up",
                                scratch,
                                "--database",
                                url("halted"),
                                "--yes",
                                "--state",
                                state,
                                "--send",
                                "--smtp",
                                "smtp://127.0.0.1:" + port,
                                "--public-url",
                                "https://mail.example.org",
                                "--frontend-url",
                                "https://app.example.org",
                                "--from",
                                "SEQPULSE <hello@example.org>")) {
            up.awaitPrinted("no mail would leave now: 127.0.0.1:" + port);
            up.awaitPrinted("up after");
            up.awaitPrinted("ALARM: no mail leaves since ");
            signUp(address, "ada");
            awaitJournal(address, "queued", "ada");
            up.awaitPrinted("E-TRX-01  to be sent  -> user ");
            try (Program status = Program.run("status", scratch, "--state", state)) {
                assertThat(status.exitValue()).as(status.printed()).isEqualTo(1);
                assertThat(status.printed())
                        .contains("NOT HEALTHY")
                        .contains("No mail leaves since ")
                        .contains("no connection: ")
                        .contains(address.shown() + ", slot seqpulse_lifecycle, state in " + state)
                        .contains("runs since ");
            }
            dead.close();
            try (MailServer mails =
                    MailServer.start(port, Files.createDirectory(scratch.resolve("mails")))) {
                assertThat(mails.await(mail -> mail.recipient().equals("ada@example.org"), SOON))
                        .isPresent();
                up.awaitPrinted("mail leaves again, after ");
                up.awaitPrinted("E-TRX-01  sent  -> user ");
                try (Program status = Program.run("status", scratch, "--state", state)) {
                    assertThat(status.printed()).doesNotContain("leaves since");
                }
                up.signal("TERM");
            }
            assertThat(up.exitValue()).as(up.printed()).isZero();
            assertThat(up.printed())
                    .containsOnlyOnce("ALARM: no mail leaves since ")
                    .containsOnlyOnce("mail leaves again")
                    .doesNotContain("ada@example.org");
        }
        execute(address, ReplicationSlot.DROP);
    }

    private static void greet(ServerSocket server) {
        try (Socket client = server.accept()) {
            client.getOutputStream()
                    .write("220 plain ESMTP\r\n".getBytes(StandardCharsets.US_ASCII));
            client.getOutputStream().flush();
            client.getInputStream().readAllBytes();
        } catch (IOException gone) {
            // The client has seen enough.
        }
    }

    @Test
    void aStartThatFailsLeavesNoSlot(@TempDir Path scratch) throws Exception {
        DatabaseAddress address = postgres.product("failing");
        try (Program up =
                Program.run(
                        "up",
                        scratch,
                        "--database",
                        url("failing"),
                        "--yes",
                        "--send",
                        "--smtp",
                        "smtp://127.0.0.1:1",
                        "--public-url",
                        "https://mail.example.org",
                        "--frontend-url",
                        "https://app.example.org",
                        "--from",
                        "nobody")) {
            assertThat(up.exitValue()).isEqualTo(1);
            assertThat(up.printed()).contains("email.from");
        }
        assertThat(slots(address)).isEmpty();
    }

    /** Found while it runs, where Debezium says nothing of it, and when it is started. */
    @Test
    void aSlotThatTheServerGaveUpIsAlarmedAndMadeAnew(@TempDir Path scratch) throws Exception {
        DatabaseAddress address = postgres.product("exceeded");
        String[] options = {
            "--database", url("exceeded"), "--yes", "--state", scratch.resolve("state").toString()
        };
        try (Program up = Program.start("up", scratch, options)) {
            up.awaitPrinted("up after");
            signUp(address, "ada");
            awaitJournal(address, "suppressed:shadow", "ada");

            loseSlot(address);
            signUp(address, "meanwhile");
            up.awaitPrinted("ALARM: change capture stopped");
            Matcher command =
                    Pattern.compile(
                                    "-c \"(select pg_drop_replication_slot\\(.*?\\))\"; .*curl .*-X DELETE ")
                            .matcher(up.printed());
            assertThat(command.find()).as(up.printed()).isTrue();
            Connector connector = Connector.named(up.printed()).orElseThrow();
            connector.stop();
            execute(address, command.group(1));
            connector.forgetOffsets();
            connector.resume();
            awaitJournal(address, "suppressed:shadow", "meanwhile");
            up.signal("TERM");
            assertThat(up.exitValue()).as(up.printed()).isZero();
        }

        loseSlot(address);
        try (Program up = Program.run("up", scratch, options)) {
            assertThat(up.exitValue()).as(up.printed()).isEqualTo(1);
            assertThat(up.printed())
                    .contains("replication slot seqpulse_lifecycle is lost")
                    .contains("max_slot_wal_keep_size")
                    .contains("select pg_drop_replication_slot('seqpulse_lifecycle');");
        }
        execute(address, ReplicationSlot.DROP);
    }

    /**
     * The server may keep hardly any WAL for slots, and much is written before this one is read.
     */
    private static void loseSlot(DatabaseAddress address) {
        postgres.asSuperuser("postgres", "alter system set max_slot_wal_keep_size = '1MB'");
        try {
            postgres.asSuperuser("postgres", "select pg_reload_conf()");
            Awaitility.await()
                    .atMost(SOON.toSeconds(), TimeUnit.SECONDS)
                    .until(
                            () -> {
                                postgres.asSuperuser(
                                        "exceeded",
                                        "select pg_logical_emit_message(false, 'x', 'x'), pg_switch_wal()");
                                postgres.asSuperuser("exceeded", "checkpoint");
                                return column(
                                                address,
                                                "select wal_status from pg_replication_slots")
                                        .equals(List.of("lost"));
                            });
        } finally {
            postgres.asSuperuser("postgres", "alter system reset max_slot_wal_keep_size");
            postgres.asSuperuser("postgres", "select pg_reload_conf()");
        }
    }

    /** The whole way: shadow, then real mail with a state that is kept, then nothing of ours. */
    @Test
    void runsInShadowThenSendsThenLeavesNothing(@TempDir Path scratch) throws Exception {
        DatabaseAddress address = postgres.product("whole");
        List<String> before = everything(address);
        signUp(address, "history");

        try (Program up = Program.start("up", scratch, "--database", url("whole"), "--yes")) {
            up.awaitPrinted("up after");
            signUp(address, "ada");
            awaitJournal(address, "suppressed:shadow", "ada");
            up.awaitPrinted("E-TRX-01  not sent (shadow)  -> user ");
            up.signal("TERM");
            assertThat(up.exitValue()).as(up.printed()).isZero();
            assertThat(up.printed())
                    .doesNotContain("ada@example.org")
                    .contains("Mode         shadow")
                    .contains("0 sent, 0 queued, 1 not sent {shadow=1}")
                    .contains("the replication slot is removed");
        }
        assertThat(slots(address)).isEmpty();

        Path state = scratch.resolve("state");
        String id;
        try (MailServer mails =
                        MailServer.start(
                                new Ports(notice -> {}).free(),
                                Files.createDirectory(scratch.resolve("mails")));
                Program up =
                        Program.start(
                                "up",
                                scratch,
                                Stream.of(
                                                live(mails),
                                                List.of("--yes", "--state", state.toString()))
                                        .flatMap(List::stream)
                                        .toArray(String[]::new))) {
            up.awaitPrinted("up after");
            signUp(address, "bob");
            assertThat(mails.await(mail -> mail.recipient().equals("bob@example.org"), SOON))
                    .isPresent();
            awaitJournal(address, "sent", "bob");
            // Nobody else has written to her, and her welcome has not expired.
            awaitJournal(address, "sent", "ada");

            mendsThePublication(address, up);
            refusesWhileItRuns(scratch);

            up.signal("TERM");
            assertThat(up.exitValue()).as(up.printed()).isZero();
            assertThat(up.printed())
                    .contains("Nothing to run in localhost")
                    .contains("Mode         live")
                    .contains("The replication slot stays")
                    .contains("select pg_drop_replication_slot('seqpulse_lifecycle');");
            assertThat(mails.received())
                    .extracting(ReceivedMail::recipient)
                    .containsExactlyInAnyOrder("ada@example.org", "bob@example.org");
            id = mails.received().get(0).messageId();
        }
        assertThat(id).endsWith("@example.org>");
        assertThat(slots(address)).containsExactly("seqpulse_lifecycle");

        try (Program up = Program.run("up", scratch, "--database", url("whole"), "--yes")) {
            assertThat(up.exitValue()).isEqualTo(1);
            assertThat(up.printed()).contains("left by a run whose state is not given");
        }
        continuesFromItsState(scratch, address, state);

        try (Program down =
                Program.run("down", scratch, "--purge", "--database", url("whole"), "--yes")) {
            assertThat(down.exitValue()).as(down.printed()).isZero();
        }
        assertThat(everything(address)).isEqualTo(before);
        assertThat(column(address, "select count(*) from public.email_deliveries"))
                .containsExactly("0");
    }

    /** Its user is no superuser, so that nothing follows the tables by itself. */
    private static void mendsThePublication(DatabaseAddress address, Program up) throws Exception {
        execute(address, "alter table public.users replica identity full");
        Awaitility.await()
                .atMost(5, TimeUnit.SECONDS)
                .ignoreExceptions()
                .until(
                        () -> {
                            execute(address, "update public.users set locale = 'fr'");
                            return true;
                        });
        up.awaitPrinted("ALARM: table users cannot be updated");
        execute(address, "alter table public.users replica identity default");
    }

    private static List<String> live(MailServer mails) {
        return List.of(
                "--database",
                url("whole"),
                "--send",
                "--smtp",
                "smtp://127.0.0.1:" + mails.port(),
                "--public-url",
                "https://mail.example.org",
                "--frontend-url",
                "https://app.example.org",
                "--from",
                "SEQPULSE <hello@example.org>");
    }

    private static void refusesWhileItRuns(Path scratch) throws Exception {
        try (Program down =
                Program.run("down", scratch, "--purge", "--database", url("whole"), "--yes")) {
            assertThat(down.exitValue()).isEqualTo(1);
            assertThat(down.printed()).contains("stop it first");
        }
        try (Program up = Program.run("up", scratch, "--database", url("whole"), "--yes")) {
            assertThat(up.exitValue()).isEqualTo(1);
            assertThat(up.printed()).contains("is being read by another ./lifecycle");
        }
    }

    /** Back in shadow: what was committed in between is decided, and none of it sent. */
    private static void continuesFromItsState(Path scratch, DatabaseAddress address, Path state)
            throws Exception {
        signUp(address, "between");
        Path report = scratch.resolve("report.json");
        try (Program up =
                Program.start(
                        "up",
                        scratch,
                        "--database",
                        url("whole"),
                        "--state",
                        state.toString(),
                        "--report",
                        report.toString())) {
            up.awaitPrinted("up after");
            awaitJournal(address, "suppressed:shadow", "between");
            up.signal("TERM");
            assertThat(up.printed()).contains("nothing to change in localhost");
        }
        JsonNode written = new ObjectMapper().readTree(report.toFile());
        assertThat(written.path("mode").asText()).isEqualTo("shadow");
        assertThat(written.path("shadowed").asInt()).isPositive();
        assertThat(written.path("sent").asInt(-1)).as("those of the run before").isZero();
        assertThat(written.at("/journal/E-TRX-01/suppressed:shadow").asInt()).isEqualTo(1);
        assertThat(
                        column(
                                address,
                                "select u.name || ' ' || d.status from public.email_deliveries d"
                                        + " join public.users u on u.id = d.user_id order by 1"))
                .containsExactly("ada sent", "ada suppressed", "between suppressed", "bob sent");
    }
}
