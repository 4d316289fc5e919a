package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.ApiAddress;
import io.seqpulse.cli.StateFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Files in a stack's folder that say where its parts are and how to log in, for other programs
 * while the stack is up. They are readable by their owner only.
 */
record ConnectionFiles(Path folder) {

    /** The password of PostgreSQL, as {@code psql} takes it. */
    Path postgres() {
        return folder.resolve("pgpass");
    }

    /** Where Kafka is and how to log in. */
    Path kafka() {
        return folder.resolve("kafka.properties");
    }

    /** The same for the job, which is submitted before the stack is up. */
    Path jobsKafka() {
        return folder.resolve("job.kafka.properties");
    }

    /** Every email with sample data, for the live page. */
    Path emails() {
        return folder.resolve("emails.html");
    }

    void writePostgres(int port, Secrets secrets) throws IOException {
        StateFolder.writePrivately(
                postgres(),
                "127.0.0.1:%s:*:%s:%s%n"
                        .formatted(port, PostgresServer.SUPERUSER, secrets.postgres()));
    }

    void writeApi(ApiAddress address) throws IOException {
        ApiAddress.write(folder, address);
    }

    /** Removes the addresses of a stack that is about to stop. */
    void remove(BoundedCloser closer) {
        closer.close("Kafka's address", () -> Files.deleteIfExists(kafka()));
        closer.close("the API's address", () -> ApiAddress.remove(folder));
    }
}
