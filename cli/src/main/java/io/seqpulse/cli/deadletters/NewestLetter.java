package io.seqpulse.cli.deadletters;

import io.seqpulse.cli.CommandException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * The dead letter that was given up last, for the status.
 *
 * @param at when
 * @param table the changed table, or null where the record names none
 */
public record NewestLetter(Instant at, String table) {

    /** Of a stack that is up with a folder; empty where there is none, or Kafka does not say. */
    public static Optional<NewestLetter> of(Path state) {
        try (LetterTopic topic = new LetterTopic(Place.ofStack(state), Place.TOPIC)) {
            return topic.newest()
                    .map(letter -> new NewestLetter(letter.givenUpAt(), letter.table()));
        } catch (CommandException unknown) {
            return Optional.empty();
        }
    }
}
