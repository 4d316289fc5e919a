package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
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
                        "Tables      true as of 2026-11-21T15:59:32Z, 0.2 s behind",
                        "Job         RUNNING, 0 restarts",
                        "Checkpoint  2.5 s ago, took 130 ms, 3.0 MB; 0 failed",
                        "Mail        3 waiting, 1 of them after a failure; the oldest due for 4.0 s",
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
    void findsTheOneThatRunsHereByAFileForItsOwnerAlone(@TempDir Path temporary) throws Exception {
        Path folder =
                Files.createDirectories(temporary.resolve("seqpulse-lifecycle.Ab12/seqpulse-3"));
        assertThat(Status.running(temporary)).isEmpty();

        ApiAddress address = new ApiAddress(URI.create("http://127.0.0.1:8090"), "a-token");
        ApiAddress.write(folder, address);

        assertThat(Status.running(temporary)).hasSize(1);
        assertThat(ApiAddress.read(Status.running(temporary).get(0))).isEqualTo(address);
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(folder.resolve("api.json"))))
                .isEqualTo("rw-------");
        assertThat(address).hasToString("ApiAddress[http://127.0.0.1:8090]");
        ApiAddress.remove(folder);
        assertThat(Status.running(temporary)).isEmpty();
    }

    @Test
    void endsWithTwoWhenNobodyCanBeAsked(@TempDir Path empty) {
        CommandLine status = new CommandLine(new Status(Map.of()));
        assertThat(status.execute("--state", empty.toString())).isEqualTo(2);
        assertThat(status.execute("--api", "http://127.0.0.1:1")).isEqualTo(2);
    }
}
