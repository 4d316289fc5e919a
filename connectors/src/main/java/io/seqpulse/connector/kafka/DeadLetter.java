package io.seqpulse.connector.kafka;

import io.seqpulse.connector.debezium.LogRecord;
import java.nio.charset.StandardCharsets;

/**
 * A record of a topic that could not be used, kept so that it can be replayed: with its original
 * bytes, or, where who gives it up no longer has them, with its position in the topic alone.
 *
 * @param topic the topic it was read from
 * @param offset its position there
 * @param table the changed table, or null where even that could not be read
 * @param reason what is wrong with it, without its contents
 * @param key its key, or null
 * @param value its value; null where only the position is known
 * @param atMillis when it was given up, in milliseconds since the epoch
 */
@SuppressWarnings("ArrayRecordComponent") // bytes to be passed on, never compared
public record DeadLetter(
        String topic,
        long offset,
        String table,
        String reason,
        byte[] key,
        byte[] value,
        long atMillis) {

    /** Reason of a record that refers to a row which never came. */
    public static final String ORPHAN = "orphan";

    /** The dead letter of a record of the change log whose bytes nobody has any more. */
    public static DeadLetter orphan(String topic, long offset, String table, long atMillis) {
        return new DeadLetter(topic, offset, table, ORPHAN, null, null, atMillis);
    }

    /**
     * The dead letter of a record of the change log.
     *
     * @param table the changed table, or null where even that could not be read
     */
    public static DeadLetter of(
            String topic, LogRecord record, String table, String reason, long atMillis) {
        return new DeadLetter(
                topic,
                record.offset(),
                table,
                reason,
                record.rawKey(),
                record.rawValue(),
                atMillis);
    }

    /** The key as text for people; null where there is none. */
    public String keyText() {
        return key == null ? null : new String(key, StandardCharsets.UTF_8);
    }
}
