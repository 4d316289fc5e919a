package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises an alarm where the job cannot write the journal, and says once when it can again. A
 * journal that comes and goes is told of once a minute.
 */
final class JournalWatch {

    /** A journal that is waited for so long is no passing lock; the status says the same. */
    static final Duration PASSING = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(JournalWatch.class);
    private static final Duration LOOK = Duration.ofSeconds(2);
    private static final Duration AGAIN = Duration.ofMinutes(1);

    /** What is watched. */
    @FunctionalInterface
    interface Sink {
        /** For how long the journal could not be written; zero: it can; empty: nobody knows. */
        Optional<Duration> journalWaits() throws IOException, InterruptedException;
    }

    private final Sink sink;
    private final Supplier<Optional<String>> lock;
    private final Consumer<String> alarms;
    private final Consumer<String> notices;

    /** Of what was told and is not over; null: nothing is. */
    private Instant since;

    private Instant toldAt;

    /**
     * @param lock who holds a lock on the journal, in words, where that can be known
     */
    JournalWatch(
            Sink sink,
            Supplier<Optional<String>> lock,
            Consumer<String> alarms,
            Consumer<String> notices) {
        this.sink = sink;
        this.lock = lock;
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
            Optional<Duration> waits = sink.journalWaits();
            if (waits.isPresent()) {
                look(waits.get(), Instant.now());
            }
        } catch (IOException e) {
            LOG.debug("Flink does not say how the journal is: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks at for how long the journal has been waited for at a time. */
    void look(Duration waits, Instant now) {
        if (waits.isZero()) {
            if (since != null) {
                notices.accept(
                        "the journal can be written again, after %s"
                                .formatted(MailWatch.inWords(Duration.between(since, now))));
                since = null;
            }
        } else if (since == null
                && waits.compareTo(PASSING) >= 0
                && (toldAt == null || !now.isBefore(toldAt.plus(AGAIN)))) {
            since = now.minus(waits);
            toldAt = now;
            alarms.accept(
                    "the journal cannot be written since %s%s. What is decided waits, and nothing is lost. Look at public.email_deliveries for a lock, a right that is gone or row level security (docs/alerts.md, The journal cannot be written)"
                            .formatted(
                                    MailWatch.CLOCK.format(since),
                                    lock.get().map(held -> ": " + held).orElse("")));
        }
    }
}
