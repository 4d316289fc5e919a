package io.seqpulse.cli.deadletters;

import java.time.Instant;
import java.util.List;

/**
 * A dead letter as its topic tells it, without the contents.
 *
 * @param topic the change log it was read from
 * @param position its offset there, by which it is named; a letter that a restart of the job
 *     repeated is one letter
 * @param givenUpAt when it was given up
 * @param table the changed table, or null where the record names none
 * @param reason what is wrong with it
 * @param key its key as text, or null
 * @param storedAt its offset in the topic of dead letters
 * @param kept whether its bytes are there; else they are at its position in the change log
 * @param replays when it was appended to the change log again, oldest first
 */
record StoredLetter(
        String topic,
        long position,
        Instant givenUpAt,
        String table,
        String reason,
        String key,
        long storedAt,
        boolean kept,
        List<Replay> replays) {

    /**
     * That a letter was appended to the change log again.
     *
     * @param position where it stands now
     */
    record Replay(Instant at, long position) {}

    boolean isReplayed() {
        return !replays.isEmpty();
    }
}
