package io.seqpulse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class StatusTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void fitsOnOneScreen() throws Exception {
        String healthy =
                """
                {"healthy":true,"problems":[],
                 "pipeline":{"database":"db.example:5432/shop","slot":"seqpulse_lifecycle",
                  "state":"/var/lib/lifecycle","running_since":"2026-11-21T08:00:00Z"},
                 "sender":{"halted":false,"journal_waiting_seconds":0,"unjournalled":0},
                 "tables":{"as_of":"2026-11-21T15:59:32Z","lag_seconds":0.2},
                 "job":{"state":"RUNNING","restarts":0,"last_checkpoint_at":"2026-11-21T15:59:30Z",
                  "last_checkpoint_age_seconds":2.5,"last_checkpoint_ms":130,
                  "last_checkpoint_bytes":3145728,"failed_checkpoints":0},
                 "mail":{"waiting":3,"waiting_after_a_failure":1,"oldest_due_seconds":4.0},
                 "slot":{"active":true,"wal_status":"reserved","behind_bytes":2048}}
                """;
        assertThat(Status.screen(JSON.readTree(healthy)).lines())
                .containsExactly(
                        "Health      healthy",
                        "Pipeline    db.example:5432/shop, slot seqpulse_lifecycle, state in"
                                + " /var/lib/lifecycle, runs since 2026-11-21T08:00:00Z",
                        "Tables      true as of 2026-11-21T15:59:32Z, 0.2 s behind",
                        "Job         RUNNING, 0 restarts",
                        "Checkpoint  2.5 s ago, took 130 ms, 3.0 MB; 0 failed",
                        "Mail        3 waiting, 1 of them after a failure; the oldest due for 4.0"
                                + " s",
                        "Slot        read, WAL reserved, 2 kB behind");
        String ill =
                """
                {"healthy":false,"problems":["Nobody reads the replication slot"],
                 "tables":{"as_of":null},"job":null,"mail":{"waiting":0},"slot":null}
                """;
        assertThat(Status.screen(JSON.readTree(ill)).lines())
                .startsWith(
                        "Health      NOT HEALTHY",
                        "            - Nobody reads the replication slot",
                        "Tables      not filled yet")
                .endsWith("Slot        none");
    }

    @Test
    void tellsOfTheJobWhileTheDatabaseIsAwayAndOfTasksThatDoNotRun() throws Exception {
        String away =
                """
                {"healthy":false,"problems":["The job does not run: Flink has no task manager",
                  "The database does not answer"],"tables":null,"mail":null,"slot":null,
                 "job":{"state":"STARTING","tasks":18,"tasks_running":0,"task_managers":0,
                  "restarts":2,"failed_checkpoints":0}}
                """;
        assertThat(Status.screen(JSON.readTree(away)).lines())
                .containsExactly(
                        "Health      NOT HEALTHY",
                        "            - The job does not run: Flink has no task manager",
                        "            - The database does not answer",
                        "Tables      unknown",
                        "Job         STARTING, 0 of 18 tasks run on 0 task managers, 2 restarts",
                        "Checkpoint  none yet",
                        "Mail        unknown",
                        "Slot        unknown");
    }

    @Test
    void tellsSinceWhenNoMailLeavesAndWhatIsNotJournalled() throws Exception {
        String halted =
                """
                {"healthy":false,"problems":["No mail leaves since 2026-11-21T15:00:00Z: refused"],
                 "tables":{"as_of":null},"slot":null,
                 "mail":{"waiting":3,"waiting_after_a_failure":0},"held_mail":{"count":2},
                 "sender":{"halted":true,"halted_since":"2026-11-21T15:00:00Z",
                  "halted_because":"refused","journal_waiting_seconds":12,"unjournalled":2}}
                """;
        assertThat(Status.screen(JSON.readTree(halted)).lines())
                .containsSequence(
                        "Mail        3 waiting, 0 of them after a failure; 2 more held back",
                        "            none leaves since 2026-11-21T15:00:00Z: refused",
                        "            the journal has been waited for 12 s",
                        "            2 decided and not journalled, as the table takes nothing of"
                                + " them: see the log");
    }

    @Test
    void namesWhoLocksTheJournalAndTheNewestDeadLetter() throws Exception {
        String locked =
                """
                {"healthy":true,"problems":[],"tables":{"as_of":null},"slot":null,
                 "mail":{"waiting":0,"waiting_after_a_failure":0},
                 "sender":{"halted":false,"journal_waiting_seconds":12,"unjournalled":0,
                  "journal_held_by":[{"pid":7,"query":"lock table email_deliveries"},
                   {"pid":8,"query":null}]},
                 "dead_letters":{"count":3,"tables":{"projects":1,"users":2},
                  "newest_at":"2026-11-21T15:00:00Z","newest_table":"users"}}
                """;
        assertThat(Status.screen(JSON.readTree(locked)).lines())
                .startsWith("Health      healthy")
                .containsSequence(
                        "            the journal has been waited for 12 s, locked by database"
                                + " process 7 (lock table email_deliveries) and database process 8",
                        "Letters     3 dead letters since the job's last start (1 projects, 2"
                                + " users); the newest at 2026-11-21T15:00:00Z, of users");
    }

    @Test
    void findsTheOneThatRunsHereByAFileForItsOwnerAlone(@TempDir Path temporary) throws Exception {
        Path folder =
                Files.createDirectories(temporary.resolve("seqpulse-lifecycle.Ab12/seqpulse-3"));
        assertThat(Status.running(temporary)).isEmpty();

        ApiAddress address = new ApiAddress(URI.create("http://127.0.0.1:8090"), "a-token");
        StateFolder state = StateFolder.kept(folder);
        ApiAddress.write(folder, address);

        assertThat(Status.running(temporary)).hasSize(1);
        assertThat(ApiAddress.read(Status.running(temporary).get(0))).isEqualTo(address);
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(folder.resolve("api.json"))))
                .isEqualTo("rw-------");
        assertThat(address).hasToString("ApiAddress[http://127.0.0.1:8090]");
        state.close();
        assertThat(Status.running(temporary)).as("left by one that was killed").isEmpty();
        ApiAddress.remove(folder);
        assertThat(Status.running(temporary)).isEmpty();
    }

    @Test
    void endsWithOneWhenNobodyCanBeAsked(@TempDir Path empty) {
        Ran stateless = Ran.of("status", "--state", empty.toString());
        assertThat(stateless.code()).isOne();
        assertThat(stateless.err())
                .isEqualTo(
                        "./lifecycle status: no ./lifecycle up runs with --state %s%n"
                                .formatted(empty));
        assertThat(stateless.out()).isEmpty();

        StringWriter err = new StringWriter();
        CommandLine silent =
                new CommandLine(new Status(Map.of(Status.TOKEN, "a-token")))
                        .setErr(new PrintWriter(err, true))
                        .setExecutionExceptionHandler(new ErrorReporter());
        assertThat(silent.execute("--api", "http://127.0.0.1:1")).isOne();
        assertThat(err.toString()).contains("http://127.0.0.1:1 does not answer");
    }
}
