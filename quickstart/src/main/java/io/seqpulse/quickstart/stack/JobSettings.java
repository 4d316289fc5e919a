package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** What the job is told: where the other parts of the stack are, and how to log in. */
final class JobSettings {

    private final Properties settings = new Properties();

    /**
     * The settings for a stack's parts.
     *
     * @param kafkaFile where Kafka is and how to log in
     * @param mails empty: in shadow, as there is no mail server
     * @param overrides what is set over them
     */
    JobSettings(
            KafkaBroker kafka,
            Path kafkaFile,
            Database database,
            Optional<MailServer> mails,
            Secrets secrets,
            Optional<Path> rules,
            Map<String, String> overrides) {
        settings.setProperty("kafka.bootstrap.servers", kafka.bootstrapServers());
        settings.setProperty("kafka.properties-file", kafkaFile.toString());
        settings.setProperty("kafka.topic", KafkaBroker.CHANGES);
        settings.setProperty("kafka.dead-letter-topic", KafkaBroker.DEAD_LETTERS);
        settings.setProperty("database.url", database.jdbcUrl());
        settings.setProperty("database.user", database.job().user());
        settings.setProperty("database.password", database.job().password());
        if (mails.isEmpty()) {
            settings.setProperty("rules.mode", "shadow");
            settings.setProperty("email.provider", "console");
        } else {
            settings.setProperty("smtp.host", "127.0.0.1");
            settings.setProperty("smtp.port", Integer.toString(mails.get().port()));
            settings.setProperty("smtp.security", "none");
            settings.setProperty("smtp.user", LoopbackSmtp.USER);
            settings.setProperty("smtp.password", secrets.smtp());
            settings.setProperty("email.provider", "smtp");
        }
        settings.setProperty("email.from", "SEQPULSE <notifications@seqpulse.example>");
        settings.setProperty("frontend.url", "https://app.seqpulse.example");
        settings.setProperty("public.url", "https://lifecycle.seqpulse.example");
        settings.setProperty("link.secret", secrets.link());
        rules.ifPresent(
                folder -> settings.setProperty("rules.dir", folder.toAbsolutePath().toString()));
        settings.putAll(overrides);
    }

    /** Sets keys over what is set. */
    void set(Map<String, String> overrides) {
        settings.putAll(overrides);
    }

    /** Writes a file that only its owner may read. */
    void write(Path file) throws IOException {
        StringWriter text = new StringWriter();
        settings.store(text, "Settings of the job");
        StateFolder.writePrivately(file, text.toString());
    }
}
