package io.seqpulse.quickstart;

import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
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
    private static final Duration LAST_BACKOFF = Duration.ofMinutes(2);
    private static final Duration HEALTHY = Duration.ofMinutes(5);
    private static final Pattern CAUSE = Pattern.compile("(?m)^Caused by: (.*)$");

    private final ConnectWorker worker;
    private final Consumer<String> alarms;
    private Duration backoff = FIRST_BACKOFF;
    private long restartAt;
    private long runningSince;
    private String raised = "";

    ConnectSupervisor(ConnectWorker worker, Consumer<String> alarms) {
        this.worker = worker;
        this.alarms = alarms;
    }

    void superviseOn(ScheduledExecutorService scheduler) {
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

    private void look(ConnectWorker.Status status, long now)
            throws IOException, InterruptedException {
        if (!status.hasFailed()) {
            runningSince = runningSince == 0 ? now : runningSince;
            restartAt = 0;
            if (now - runningSince > HEALTHY.toNanos()) {
                backoff = FIRST_BACKOFF;
                raised = "";
            }
            return;
        }
        runningSince = 0;
        String cause = rootCause(status.trace());
        Optional<String> byHand = needsSomebody(status.trace());
        if (byHand.isPresent()) {
            alarmOnce("change capture stopped and is not restarted: " + cause + byHand.get());
        } else if (restartAt == 0) {
            restartAt = now + backoff.toNanos();
            alarmOnce(
                    "change capture failed, restarting in %ds: %s"
                            .formatted(backoff.toSeconds(), cause));
        } else if (now >= restartAt) {
            restartAt = 0;
            raised = "";
            backoff = backoff.multipliedBy(2);
            backoff = backoff.compareTo(LAST_BACKOFF) > 0 ? LAST_BACKOFF : backoff;
            worker.restart();
        }
    }

    /** What to do by hand when a restart would skip changes or fail for ever; empty: restart it. */
    static Optional<String> needsSomebody(String trace) {
        String text = trace.toLowerCase(Locale.ROOT);
        boolean slotOrOffset =
                text.contains("replication slot") && text.contains("does not exist")
                        || text.contains("slot") && text.contains("no longer available")
                        || text.contains("can no longer get changes from replication slot")
                        || text.contains("can no longer access replication slot")
                        || text.contains("no longer available on the server")
                        || text.contains("offset") && text.contains("slot") && text.contains("lsn");
        return slotOrOffset
                ? Optional.of(
                        "; changes since may be missing: decide, then take a new snapshot:"
                                + " drop the connector's offsets and register it again (runbook:"
                                + " 'The replication slot is gone')")
                : Optional.empty();
    }

    private void alarmOnce(String alarm) {
        if (!alarm.equals(raised)) {
            raised = alarm;
            LOG.error("{}", alarm);
            alarms.accept(alarm + " [by hand: " + worker.restartCommand() + "]");
        }
    }

    /** The innermost cause of a stack trace, one line. */
    static String rootCause(String trace) {
        String cause = trace.lines().findFirst().orElse("no reason given");
        Matcher matcher = CAUSE.matcher(trace);
        while (matcher.find()) {
            cause = matcher.group(1);
        }
        return cause;
    }
}
