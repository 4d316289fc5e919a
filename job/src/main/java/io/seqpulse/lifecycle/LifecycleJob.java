package io.seqpulse.lifecycle;

import io.seqpulse.connector.email.EmailSink;
import io.seqpulse.connector.jdbc.KpiTables;
import io.seqpulse.connector.jdbc.StartUpDatabase;
import io.seqpulse.connector.kafka.ChangeLog;
import io.seqpulse.connector.kafka.DeadLetterSink;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.config.LifecycleConfig;
import io.seqpulse.lifecycle.config.RulesMode;
import io.seqpulse.lifecycle.detect.ActiveRule;
import java.util.List;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The job's entry: reads the configuration, connects the ends, starts. */
public final class LifecycleJob {

    private LifecycleJob() {}

    /**
     * @param args {@code --config FILE} and {@code --key value}; docs/configuration.md has the keys
     */
    public static void main(String[] args) throws Exception {
        LifecycleConfig config = LifecycleConfig.of(args, System.getenv());
        ChangeLog changeLog =
                new ChangeLog(
                        config.kafkaBootstrapServers(),
                        config.kafkaTopic(),
                        "seqpulse-lifecycle",
                        config.kafkaClient(),
                        new StartUpDatabase(config.database()).clockKey());
        changeLog.requireOnePartition();
        Catalogue catalogue = CatalogueLoader.load(config.rulesDir());
        List<ActiveRule> rules =
                LifecycleStart.rules(
                        catalogue, config.rulesMode(), config.enabledTypes(), config.database());
        LifecycleStart.define(catalogue, rules, config.database());
        LifecyclePipeline pipeline =
                new LifecyclePipeline(
                        config.kafkaTopic(),
                        rules,
                        catalogue,
                        new StartUpDatabase(config.database()).newStart(),
                        config.marketingCooldown(),
                        config.emailSettings(),
                        config.quietHours());
        EmailSink.Builder emails =
                EmailSink.builder()
                        .journal(config.database())
                        .tables(SeqpulseTables.TABLES)
                        .transport(config.smtp())
                        .from(config.emailFrom())
                        .replyTo(config.emailReplyTo())
                        .cooldown(config.marketingCooldown())
                        .sendOnly(
                                LifecycleStart.codes(rules, Rule.Mode.LIVE),
                                LifecycleStart.heldBack(rules));
        if (config.rulesMode() == RulesMode.SHADOW) {
            emails.journalOnly();
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        pipeline.define(
                LifecyclePipeline.changes(env, changeLog),
                emails.build(),
                KpiTables.of(config.database()),
                DeadLetterSink.to(
                        config.kafkaBootstrapServers(),
                        config.deadLetterTopic(),
                        config.kafkaClient()));
        env.execute("seqpulse-lifecycle");
    }
}
