package io.seqpulse.cli.deadletters;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says when a run has its first dead letter, and then at most once a minute that it has more. */
public final class LetterWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LetterWatch.class);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration AGAIN = Duration.ofMinutes(1);

    private final Supplier<List<StoredLetter>> next;
    private final Runnable closing;
    private final String command;
    private final Consumer<String> notices;
    private long count;
    private long told;
    private Instant toldAt;
    private StoredLetter newest;

    LetterWatch(
            Supplier<List<StoredLetter>> next,
            Runnable closing,
            String command,
            Consumer<String> notices) {
        this.next = next;
        this.closing = closing;
        this.command = command;
        this.notices = notices;
    }

    /**
     * Watches a topic.
     *
     * @param client what a client of Kafka needs
     * @param begun when the run began: earlier letters are no news
     * @param command what lists them
     */
    public static LetterWatch of(
            Map<String, String> client,
            String topic,
            Instant begun,
            String command,
            Consumer<String> notices) {
        LetterTopic letters = new LetterTopic(client, topic);
        return new LetterWatch(() -> letters.nextSince(begun), letters::close, command, notices);
    }

    /** Looks from now on, again and again. */
    public void watchOn(ScheduledExecutorService scheduler) {
        var unused =
                scheduler.scheduleWithFixedDelay(
                        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private synchronized void look() {
        try {
            look(Instant.now());
        } catch (KafkaException e) {
            LOG.debug("Dead letters cannot be looked at: {}", e.getMessage());
        }
    }

    /** Looks at what was given up since the last look. */
    synchronized void look(Instant now) {
        List<StoredLetter> letters = next.get();
        if (!letters.isEmpty()) {
            count += letters.size();
            newest = letters.get(letters.size() - 1);
        }
        if (count > told && (toldAt == null || !now.isBefore(toldAt.plus(AGAIN)))) {
            notices.accept(
                    "%s of this run, %s: %s. They stop nothing: %s"
                            .formatted(
                                    count == 1 ? "1 dead letter" : count + " dead letters",
                                    newest.table() == null
                                            ? "the newest of no known table"
                                            : "the newest of table " + printable(newest.table()),
                                    printable(newest.reason()),
                                    command));
            told = count;
            toldAt = now;
        }
    }

    private static String printable(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Cf}]", " ");
    }

    @Override
    public synchronized void close() {
        closing.run();
    }
}
