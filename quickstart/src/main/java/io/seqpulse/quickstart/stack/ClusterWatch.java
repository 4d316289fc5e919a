package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the cluster in this JVM alive, as Kubernetes or a process supervisor keeps others: one live
 * task manager, whatever became of the one before (a fatal error, a machine that slept past the
 * heartbeat), the cluster itself, and the job. What is lost again and again is replaced later each
 * time, and each loss is an alarm.
 */
final class ClusterWatch {

    private static final Logger LOG = LoggerFactory.getLogger(ClusterWatch.class);
    private static final Duration LOOK = Duration.ofSeconds(1);

    /** A task manager that only lost its connection comes back by itself within it. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final Duration LAST_BACKOFF = Duration.ofMinutes(1);
    private static final Duration HEALTHY = Duration.ofMinutes(5);

    private final FlinkCluster cluster;
    private final Consumer<String> alarms;
    private Duration backoff = PATIENCE;
    private long replaceAt;
    private long wholeSince;
    private String unusable = "";

    ClusterWatch(FlinkCluster cluster, Consumer<String> alarms) {
        this.cluster = cluster;
        this.alarms = alarms;
    }

    /** Looks from now on, again and again. */
    void watchOn(ScheduledExecutorService scheduler) {
        var unused =
                scheduler.scheduleWithFixedDelay(
                        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            replaceLost(System.nanoTime());
            cluster.passOverUnrestored();
            cluster.removeEarlier();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (StackException e) {
            alarmOnce(e.getMessage());
        } catch (IOException e) {
            LOG.warn("Snapshots of earlier runs stay: {}", e.getMessage());
        }
    }

    private void replaceLost(long now) throws InterruptedException {
        Optional<String> lost = cluster.lost();
        if (lost.isEmpty()) {
            replaceAt = 0;
            wholeSince = wholeSince == 0 ? now : wholeSince;
            if (now - wholeSince > HEALTHY.toNanos()) {
                backoff = PATIENCE;
                unusable = "";
            }
        } else if (replaceAt == 0) {
            wholeSince = 0;
            replaceAt = now + backoff.toNanos();
        } else if (now >= replaceAt) {
            replaceAt = 0;
            backoff = backoff.multipliedBy(2);
            backoff = backoff.compareTo(LAST_BACKOFF) > 0 ? LAST_BACKOFF : backoff;
            replace(lost.get());
        }
    }

    private void replace(String lost) throws InterruptedException {
        alarm(lost + "; starting another");
        try {
            cluster.replaceLost();
        } catch (InterruptedException | StackException e) {
            throw e;
        } catch (Exception e) { // a cluster's start declares it; the next look tries again
            LOG.error("Nothing could be started in its place", e);
        }
    }

    private void alarmOnce(String text) {
        if (!text.equals(unusable)) {
            unusable = text;
            alarm(text);
        }
    }

    private void alarm(String text) {
        LOG.error("{}", text);
        alarms.accept(text);
    }
}
