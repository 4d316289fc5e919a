package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A process that runs {@link CountingJob} on a cluster of {@code ./lifecycle up} and its state
 * folder, and stops in order when its input ends.
 */
public final class CountingCluster {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private CountingCluster() {}

    /** State folder, REST port, metrics port, jar, folder to tell in. */
    public static void main(String[] arguments) throws Exception {
        int code = 0;
        ScheduledExecutorService watch = new Watches(1, Thread::new);
        try (StateFolder state = StateFolder.kept(Path.of(arguments[0]));
                FlinkCluster cluster =
                        FlinkCluster.start(
                                state,
                                Secrets.of(state),
                                Integer.parseInt(arguments[1]),
                                Integer.parseInt(arguments[2]),
                                Map.of(
                                        "execution.checkpointing.interval", "250 ms",
                                        "task.cancellation.timeout", "2 s",
                                        "heartbeat.interval", "1 s",
                                        "heartbeat.timeout", "3 s"),
                                CountingCluster::say)) {
            new ClusterWatch(cluster, CountingCluster::say).watchOn(watch);
            cluster.submit(Path.of(arguments[3]), arguments[4]);
            say("submitted, " + cluster.origin());
            awaitRunning(cluster);
            say("up");
            try (BufferedReader in =
                    new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
                while (in.readLine() != null) {
                    continue;
                }
            }
            say("stopped with " + cluster.stopWithSavepoint());
            watch.shutdownNow();
        } catch (StackException e) {
            say("refused: " + e.getMessage());
            code = 1;
        }
        say("ended");
        Runtime.getRuntime().halt(code);
    }

    private static void awaitRunning(FlinkCluster cluster)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!cluster.runs()) {
            cluster.passOverUnrestored();
            if (System.nanoTime() > end) {
                throw new StackException("does not run: " + cluster.newestFailure());
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private static void say(String text) {
        System.out.println(text);
        System.out.flush();
    }
}
