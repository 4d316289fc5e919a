package io.seqpulse.quickstart.deadletters;

import io.seqpulse.quickstart.StackException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Which dead letters are meant: those of a stack on this machine, or of any Kafka. */
final class Place {

    /** Written into its state folder by a stack that is up. */
    private static final String ADDRESS_FILE = "bootstrap-servers";

    @ArgGroup(multiplicity = "1")
    private Where where;

    @Option(
            names = "--topic",
            paramLabel = "NAME",
            defaultValue = "seqpulse.dead-letters",
            description = "The job's kafka.dead-letter-topic (default: ${DEFAULT-VALUE}).")
    private String topic;

    private static final class Where {
        @Option(
                names = "--state",
                paramLabel = "DIR",
                description = "The folder of a `./lifecycle up --state DIR` that is running.")
        private Path state;

        @Option(
                names = "--bootstrap-servers",
                paramLabel = "HOST:PORT",
                description = "Kafka's address; `./lifecycle up` prints it.")
        private String bootstrapServers;
    }

    /** The letters; close them. */
    LetterTopic open() {
        return new LetterTopic(
                where.state == null ? where.bootstrapServers : addressIn(where.state), topic);
    }

    private static String addressIn(Path state) {
        Path file = state.resolve(ADDRESS_FILE);
        try {
            if (Files.isRegularFile(file)) {
                return Files.readString(file).strip();
            }
        } catch (IOException e) {
            throw new StackException(file + " cannot be read: " + e.getMessage(), e);
        }
        throw new StackException(
                "no stack is up with %s: start it with ./lifecycle up --state %s"
                        .formatted(state, state));
    }
}
