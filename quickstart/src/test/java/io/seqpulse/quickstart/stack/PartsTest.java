package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.cli.StateFolder;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.FinishedOperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.FullyFinishedOperatorState;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The small parts of the stack that decide something. */
class PartsTest {

    @Test
    void aPreferredPortThatIsTakenIsReplacedAndSaid() throws Exception {
        List<String> notices = new ArrayList<>();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port =
                    new Ports(notices::add)
                            .choose("SMTP", "--smtp-port", null, taken.getLocalPort());
            assertThat(port).isNotEqualTo(taken.getLocalPort());
            assertThat(notices)
                    .singleElement()
                    .asString()
                    .contains("port " + taken.getLocalPort(), "using " + port, "--smtp-port");
        }
    }

    @Test
    void noPortIsGivenTwice() {
        Ports ports = new Ports(notice -> {});
        int first = ports.free();
        assertThat(first).isBetween(Ports.LOWEST, Ports.HIGHEST);
        assertThatThrownBy(() -> ports.choose("Flink", "--flink-port", first, 0))
                .isInstanceOf(StackException.class)
                .hasMessageContaining("is taken");
    }

    /** A job whose log has ended finishes, and what resumes from that does so at once. */
    @Test
    void aSnapshotOfAJobThatHasEndedIsNotResumedFrom(@TempDir Path scratch) throws Exception {
        OperatorID id = new OperatorID();
        OperatorState half = new OperatorState("decode", "decode", id, 2, 720);
        half.putState(0, FinishedOperatorSubtaskState.INSTANCE);
        List<OperatorState> ended =
                List.of(new FullyFinishedOperatorState("decode", "decode", id, 2, 720), half);
        for (OperatorState operator : ended) {
            assertThat(snapshot(scratch, operator).damage())
                    .get()
                    .asString()
                    .contains("log had ended");
        }
        OperatorState running = new OperatorState("decode", "decode", id, 2, 720);
        assertThat(snapshot(scratch, running).damage()).isEmpty();
    }

    private static Snapshot snapshot(Path folder, OperatorState operator) throws Exception {
        try (OutputStream file = Files.newOutputStream(folder.resolve("_metadata"))) {
            Checkpoints.storeCheckpointMetadata(
                    new CheckpointMetadata(1, List.of(operator), List.of()), file);
        }
        return new Snapshot(folder, Instant.now());
    }

    @Test
    void secretsStayTheSameInOneFolderAndAreNotPrinted(@TempDir Path scratch) throws Exception {
        try (StateFolder state = StateFolder.kept(scratch.resolve("state"))) {
            Secrets secrets = Secrets.of(state);
            assertThat(Secrets.of(state)).isEqualTo(secrets);
            assertThat(secrets.link()).hasSizeGreaterThanOrEqualTo(32);
            assertThat(secrets.toString()).doesNotContain(secrets.postgres());
            assertThat(Files.getPosixFilePermissions(state.root().resolve("secrets.properties")))
                    .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        }
    }

    @Test
    void aLostPositionIsToldFromAPassingFailure() {
        assertThat(
                        ConnectSupervisor.needsSomebody(
                                "PSQLException: ERROR: replication slot \"seqpulse_lifecycle\" does not exist"))
                .isTrue();
        assertThat(
                        ConnectSupervisor.needsSomebody(
                                "DebeziumException: The connector is trying to read change stream starting"
                                        + " at LSN{0/1}, but this is no longer available on the server."))
                .isTrue();
        assertThat(
                        ConnectSupervisor.needsSomebody(
                                "ConnectException: Could not connect\nCaused by: java.net.ConnectException: Connection refused"))
                .isFalse();
    }

    @Test
    void theCauseOfATraceIsItsInnermost() {
        assertThat(
                        ConnectSupervisor.rootCause(
                                "a: b\n\tat x\nCaused by: c: d\n\tat y\nCaused by: e: f\n"))
                .isEqualTo("e: f");
        assertThat(ConnectSupervisor.rootCause("begins " + "x".repeat(1_000) + " ends"))
                .startsWith("begins x")
                .endsWith("x ends")
                .hasSizeLessThan(260);
    }
}
