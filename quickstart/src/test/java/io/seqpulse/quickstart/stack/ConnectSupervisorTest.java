package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConnectSupervisorTest {

    private static final ConnectWorker.Status RUNNING = new ConnectWorker.Status("RUNNING", "");

    private final List<String> alarms = new ArrayList<>();
    private final Task task = new Task();
    private final ConnectSupervisor supervisor = new ConnectSupervisor(task, alarms::add);
    private long second = 1_000;

    @Test
    void tellsTheCauseOfTheFailureAtHandNotOfTheOneBefore() throws Exception {
        see(failed("the database is starting up"), 4);
        assertThat(task.restarts).isEqualTo(1);
        // The restart is under way, and Kafka Connect still tells of what was before it.
        see(failed("the database is starting up"), 2);
        see(RUNNING, 1);
        see(failed("no route to host"), 1);

        assertThat(alarms)
                .containsExactly(
                        "change capture failed and is restarted until it runs: java.io.IOException:"
                                + " the database is starting up",
                        "change capture failed and is restarted until it runs: java.io.IOException:"
                                + " no route to host");
    }

    @Test
    void restartsAgainAndAgainAndTellsOneCauseOnce() throws Exception {
        for (int i = 0; i < 20; i++) {
            see(failed("connection refused"), 15);
            see(RUNNING, 2);
        }
        assertThat(task.restarts).isGreaterThanOrEqualTo(20);
        assertThat(alarms).hasSize(1);

        see(RUNNING, 40);
        see(failed("connection refused"), 1);
        assertThat(alarms).hasSize(2);
    }

    @Test
    void restartsWhatNeverGetsOutOfFailing() throws Exception {
        see(failed("connection refused"), 100);
        assertThat(task.restarts).isBetween(5, 20);
        assertThat(alarms).hasSize(1);
    }

    private void see(ConnectWorker.Status status, int seconds) throws Exception {
        for (int i = 0; i < seconds; i++) {
            supervisor.look(status, Duration.ofSeconds(++second).toNanos());
        }
    }

    private static ConnectWorker.Status failed(String cause) {
        return new ConnectWorker.Status(
                "FAILED", "ConnectException: failed\nCaused by: java.io.IOException: " + cause);
    }

    private static final class Task implements ConnectSupervisor.Supervised {

        private int restarts;

        @Override
        public ConnectWorker.Status status() throws IOException {
            throw new IOException("not asked here");
        }

        @Override
        public void restart() {
            restarts++;
        }

        @Override
        public String resnapshotCommand() {
            return "snapshot";
        }
    }
}
