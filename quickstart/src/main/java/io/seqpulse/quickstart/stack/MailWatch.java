package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises an alarm where no mail leaves, and says once when it does again. A server that comes and
 * goes, or changes its words, is told of once a minute.
 */
final class MailWatch {

    private static final Logger LOG = LoggerFactory.getLogger(MailWatch.class);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration AGAIN = Duration.ofMinutes(1);
    static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    /**
     * Whether mail leaves.
     *
     * @param lasts for how long it has not; zero: it does
     * @param because what the mail server or the network says, without addresses
     */
    record Halt(Duration lasts, String because) {

        /** Mail leaves. */
        static final Halt NONE = new Halt(Duration.ZERO, "");
    }

    /** What is watched. */
    @FunctionalInterface
    interface Sender {
        /** How it is; empty while nobody knows, as when the job does not run. */
        Optional<Halt> halt() throws IOException, InterruptedException;
    }

    private final Sender sender;
    private final Consumer<String> alarms;
    private final Consumer<String> notices;
    private Halt told = Halt.NONE;
    private Instant since;
    private Instant toldAt = Instant.MIN;

    MailWatch(Sender sender, Consumer<String> alarms, Consumer<String> notices) {
        this.sender = sender;
        this.alarms = alarms;
        this.notices = notices;
    }

    /** Looks from now on, again and again. */
    void watchOn(ScheduledExecutorService scheduler) {
        var unused =
                scheduler.scheduleWithFixedDelay(
                        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            Optional<Halt> found = sender.halt();
            if (found.isPresent()) {
                look(found.get(), Instant.now());
            }
        } catch (IOException e) {
            LOG.debug("Flink does not say how the sender is: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks at how the sender is at a time. */
    void look(Halt halt, Instant now) {
        boolean raised = !told.equals(Halt.NONE);
        if (halt.lasts().isZero()) {
            if (raised) {
                notices.accept(
                        "mail leaves again, after %s"
                                .formatted(inWords(Duration.between(since, now))));
                told = Halt.NONE;
            }
            return;
        }
        boolean news = !raised || !halt.because().equals(told.because());
        if (news && !now.isBefore(toldAt.equals(Instant.MIN) ? now : toldAt.plus(AGAIN))) {
            since = raised ? since : now.minus(halt.lasts());
            told = halt;
            toldAt = now;
            alarms.accept(
                    "no mail leaves since %s: %s. It stays in the journal, and goes when the server takes it; what expires until then does not"
                            .formatted(CLOCK.format(since), halt.because()));
        }
    }

    /** A duration to the second, or to the minute where it is long. */
    static String inWords(Duration duration) {
        long seconds = Math.max(1, duration.toSeconds());
        if (seconds < 60) {
            return seconds + " s";
        }
        return seconds < 3600
                ? "%s min %s s".formatted(seconds / 60, seconds % 60)
                : "%s h %s min".formatted(seconds / 3600, seconds % 3600 / 60);
    }
}
