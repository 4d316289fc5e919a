package io.seqpulse.benchmark;

import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.connector.email.SmtpSettings;
import io.seqpulse.connector.email.SmtpSettings.Security;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.email.EmailRenderer;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The email sink by itself: mails go through the journal to a server that accepts everything. */
final class MailRun {

    private static final String CODE = "E-TRX-01";
    private static final int RECIPIENTS = 1_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final JobRuns jobs;
    private final Product product;

    MailRun(JobRuns jobs, Product product) {
        this.jobs = jobs;
        this.product = product;
    }

    /** From the first mail accepted to the last. */
    Rate run(String name, long mails) throws IOException, SQLException, InterruptedException {
        product.prepareForMail();
        Rule rule = jobs.catalogue().rule(CODE).orElseThrow();
        try (AcceptingSmtpServer server = AcceptingSmtpServer.start()) {
            SmtpSettings transport = SmtpSettings.server("127.0.0.1", server.port(), Security.NONE);
            List<String> users = product.users(RECIPIENTS);
            StreamExecutionEnvironment env = jobs.environment();
            DataStream<EmailCommand> letters =
                    env.fromSequence(1, mails + 1)
                            .uid("numbers")
                            .setParallelism(1)
                            .process(new Letters(name, mails, users, rule, content(rule, users)))
                            .uid("letters")
                            .setParallelism(1)
                            .rebalance();
            letters.sinkTo(JobRuns.emailSink(product.settings(), transport)).uid("email-sink");
            JobID job = jobs.submit(env);
            try {
                return server.await(mails, PATIENCE);
            } finally {
                jobs.cancel(job);
            }
        }
    }

    /** A mail as the catalogue has it, with its HTML part. */
    private static EmailContent content(Rule rule, List<String> users) {
        return new EmailRenderer(JobRuns.emails(), List.of(rule))
                .render(
                        rule,
                        null,
                        Map.of(
                                "user_id",
                                users.get(0),
                                "first_name",
                                "Nadia",
                                "language",
                                "fr",
                                "dedupe_key",
                                "benchmark"),
                        Instant.now());
    }
}
