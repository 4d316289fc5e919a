package io.seqpulse.benchmark;

import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.connector.email.JournalEntry;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * From a number to the mail of that number, the same text to one user after the other. After the
 * last one it waits until it is cancelled: a sink is closed when its input ends, and its senders
 * with it.
 */
final class Letters extends ProcessFunction<Long, EmailCommand> {

    private static final long serialVersionUID = 1L;

    private final String run;
    private final long last;
    private final List<String> users;
    private final Rule rule;
    private final String subject;
    private final String html;
    private final String text;

    /**
     * @param run in every key, so that each run writes its own
     * @param last number of the last mail; the first is 1
     * @param users ids of the recipients
     * @param rule whose mails they are; one of a category without a cap
     * @param content what stands in all of them
     */
    Letters(String run, long last, List<String> users, Rule rule, EmailContent content) {
        this.run = run;
        this.last = last;
        this.users = List.copyOf(users);
        this.rule = rule;
        this.subject = content.subject();
        this.html = content.html();
        this.text = content.text();
    }

    @Override
    public void processElement(Long number, Context context, Collector<EmailCommand> out)
            throws InterruptedException {
        if (number > last) {
            new CountDownLatch(1).await();
        }
        Instant now = Instant.now();
        out.collect(
                EmailCommand.journal(
                        new JournalEntry(
                                "benchmark:%s:%s".formatted(run, number),
                                rule.code(),
                                rule.category().label(),
                                users.get((int) (number % users.size())),
                                null,
                                null,
                                null,
                                null,
                                null,
                                now.plus(Duration.ofDays(1)),
                                now,
                                now,
                                new EmailContent("fr", subject, html, text, Map.of()),
                                null)));
    }
}
