package io.seqpulse.connector.debezium;

/**
 * What one Kafka record of the change log is. Exactly the part that its {@link Kind} names is set.
 *
 * @param kind what it is
 * @param offset position in the change log
 * @param rawKey the record's key as it was read, or null
 * @param rawValue the record's value as it was read, or null
 * @param change set for {@link Kind#CHANGE}
 * @param clock set for {@link Kind#CLOCK}
 * @param heartbeatMillis set for {@link Kind#HEARTBEAT}: when the connector said that it lives, in
 *     milliseconds since the epoch; else 0
 * @param reason set for {@link Kind#UNREADABLE}: what is wrong with it, without its contents
 */
@SuppressWarnings("ArrayRecordComponent") // bytes to be passed on, never compared
public record LogRecord(
        Kind kind,
        long offset,
        byte[] rawKey,
        byte[] rawValue,
        ChangeEvent change,
        ClockMessage clock,
        long heartbeatMillis,
        String reason) {

    /** The kinds of record in a change log. */
    public enum Kind {
        /** A row changed, or a snapshot read it. */
        CHANGE,
        /** The database's log has reached this commit time. */
        CLOCK,
        /** The connector lives; says nothing of how far it has read. */
        HEARTBEAT,
        /** Kafka's own mark after a delete; says nothing new. */
        TOMBSTONE,
        /** A logical message that somebody else wrote into the database's log: not for us. */
        FOREIGN,
        /** A dead letter. */
        UNREADABLE
    }

    static LogRecord change(ChangeEvent change, byte[] key, byte[] value) {
        return new LogRecord(Kind.CHANGE, change.offset(), key, value, change, null, 0, null);
    }

    static LogRecord clock(ClockMessage clock, byte[] key, byte[] value, long offset) {
        return new LogRecord(Kind.CLOCK, offset, key, value, null, clock, 0, null);
    }

    static LogRecord heartbeat(long millis, byte[] key, byte[] value, long offset) {
        return new LogRecord(Kind.HEARTBEAT, offset, key, value, null, null, millis, null);
    }

    static LogRecord tombstone(byte[] key, long offset) {
        return new LogRecord(Kind.TOMBSTONE, offset, key, null, null, null, 0, null);
    }

    static LogRecord foreign(byte[] key, byte[] value, long offset) {
        return new LogRecord(Kind.FOREIGN, offset, key, value, null, null, 0, null);
    }

    static LogRecord unreadable(String reason, byte[] key, byte[] value, long offset) {
        return new LogRecord(Kind.UNREADABLE, offset, key, value, null, null, 0, reason);
    }
}
