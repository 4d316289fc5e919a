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
 * @param table may be set for {@link Kind#UNREADABLE}: the table it names, where it names one
 * @param replayedFrom where it stood before, if it was appended again later: then its place in the
 *     log says nothing of when it was committed, nor of what was read before and after it; else
 *     null
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
        String reason,
        String table,
        Long replayedFrom) {

    /** A record that stands where Debezium put it. */
    public LogRecord(
            Kind kind,
            long offset,
            byte[] rawKey,
            byte[] rawValue,
            ChangeEvent change,
            ClockMessage clock,
            long heartbeatMillis,
            String reason) {
        this(kind, offset, rawKey, rawValue, change, clock, heartbeatMillis, reason, null, null);
    }

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

    static LogRecord unreadable(
            String reason, String table, byte[] key, byte[] value, long offset) {
        return new LogRecord(
                Kind.UNREADABLE, offset, key, value, null, null, 0, reason, table, null);
    }

    /** The same record, which cannot be used. */
    public LogRecord asUnreadable(String why) {
        return unreadable(why, change == null ? table : change.table(), rawKey, rawValue, offset);
    }

    /** The same clock message, which is somebody else's: of no table, and missed in none. */
    public LogRecord asForged() {
        return unreadable(
                "clock message that lifecycle.emit_clock() did not write",
                DebeziumEnvelope.CLOCK_PREFIX,
                rawKey,
                rawValue,
                offset);
    }

    /** Whether it was appended again. */
    public boolean replayed() {
        return replayedFrom != null;
    }

    /**
     * The same record, appended again.
     *
     * @param from where it stood before
     */
    public LogRecord asReplayed(long from) {
        return new LogRecord(
                kind,
                offset,
                rawKey,
                rawValue,
                change,
                clock,
                heartbeatMillis,
                reason,
                table,
                from);
    }
}
