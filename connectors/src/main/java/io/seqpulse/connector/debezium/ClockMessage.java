package io.seqpulse.connector.debezium;

/**
 * A logical message that the heartbeat's action wrote into the database's log: everything committed
 * before it has been read.
 *
 * @param commitMicros when it was committed, in microseconds since the epoch
 * @param envelopeMillis when Debezium handled it, in milliseconds since the epoch
 * @param lsn log sequence number; 0 where the log gives none
 * @param content what the action wrote, as text
 */
public record ClockMessage(long commitMicros, long envelopeMillis, long lsn, String content) {}
