package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Restarts the connector's task when it failed, which Kafka Connect does not do by itself, later
 * each time. What a restart would make worse (a lost slot, an offset that is no longer there) is
 * left alone: it raises an alarm that names the command (DESIGN D12).
 */
final class ConnectSupervisor {

    private static final Logger LOG = LoggerFactory.getLogger(ConnectSupervisor.class);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration FIRST_BACKOFF = Duration.ofSeconds(2);

    /** A database that comes back is read again within it. */
    private static final Duration LAST_BACKOFF = Duration.ofSeconds(10);

    /** So long a restarted task may still be told of as it failed before. */
    private static final Duration RESTARTING = Duration.ofSeconds(5);

    private static final Duration HEALTHY = Duration.ofMinutes(5);

    /** A task that has run so long fails anew; until then it was still about to start. */
    private static final Duration RECOVERED = Duration.ofSeconds(30);

    private static final int LONGEST_CAUSE = 240;
    private static final Pattern LOST_POSITION =
            Pattern.compile(
                    "(?is)replication slot [^\\n]*does not exist"
                            + "|can no longer (get changes from|access) replication slot"
                            + "|cannot read from logical replication slot"
                            + "|no longer available on the server"
                            + "|requested WAL segment [^\\n]* has already been removed");
    private static final Pattern CAUSE = Pattern.compile("(?m)^Caused by: (.*)$");

    /** What is watched over. */
    interface Supervised {
        /** How its task is. */
        ConnectWorker.Status status() throws IOException, InterruptedException;

        /** Starts what failed again; returns before it has. */
        void restart() throws IOException, InterruptedException;

        /** What to type to have everything read anew. */
        String resnapshotCommand();
    }

    private final Supervised worker;
    private final Consumer<String> alarms;
    private Duration backoff = FIRST_BACKOFF;
    private long restartAt;
    private long runningSince;
    private long restartedAt;
    private String restartedAfter = "";
    private String raised = "";

    ConnectSupervisor(Supervised worker, Consumer<String> alarms) {
        this.worker = worker;
        this.alarms = alarms;
    }

    void superviseOn(ScheduledExecutorService scheduler) {
        var unused =
                scheduler.scheduleWithFixedDelay(
                        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            look(worker.status(), System.nanoTime());
        } catch (IOException e) {
            LOG.warn("Kafka Connect does not answer: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks at a status that was asked for at a time of {@link System#nanoTime()}. */
    void look(ConnectWorker.Status status, long now) throws IOException, InterruptedException {
        if (!status.hasFailed()) {
            runningSince = runningSince == 0 ? now : runningSince;
            restartAt = 0;
            restartedAfter = "";
            if (now - runningSince > HEALTHY.toNanos()) {
                backoff = FIRST_BACKOFF;
            }
            if (now - runningSince > RECOVERED.toNanos()) {
                raised = "";
            }
            return;
        }
        if (status.trace().equals(restartedAfter) && now - restartedAt < RESTARTING.toNanos()) {
            return;
        }
        runningSince = 0;
        String cause = rootCause(status.trace());
        if (needsSomebody(status.trace())) {
            alarmOnce(
                    "change capture stopped: %s. Not restarted, because changes since may be missing; take a new snapshot with: %s"
                            .formatted(cause, worker.resnapshotCommand()));
        } else if (restartAt == 0) {
            restartAt = now + backoff.toNanos();
            alarmOnce("change capture failed and is restarted until it runs: " + cause);
        } else if (now >= restartAt) {
            restartAt = 0;
            backoff = backoff.multipliedBy(2);
            backoff = backoff.compareTo(LAST_BACKOFF) > 0 ? LAST_BACKOFF : backoff;
            restartedAt = now;
            restartedAfter = status.trace();
            worker.restart();
        }
    }

    /**
     * Whether a restart would skip changes or fail for ever: the slot or the position in it is
     * gone.
     */
    static boolean needsSomebody(String trace) {
        return LOST_POSITION.matcher(trace).find();
    }

    private void alarmOnce(String alarm) {
        if (!alarm.equals(raised)) {
            raised = alarm;
            LOG.error("{}", alarm);
            alarms.accept(alarm);
        }
    }

    /** The innermost cause of a stack trace, on one line of bounded length. */
    static String rootCause(String trace) {
        String cause = trace.lines().findFirst().orElse("no reason given");
        Matcher matcher = CAUSE.matcher(trace);
        while (matcher.find()) {
            cause = matcher.group(1);
        }
        if (cause.length() <= LONGEST_CAUSE) {
            return cause;
        }
        // Debezium's say what they mean at their end, after a dump of the position.
        int half = LONGEST_CAUSE / 2;
        return cause.substring(0, half) + " ... " + cause.substring(cause.length() - half);
    }
}
