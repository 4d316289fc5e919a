package io.seqpulse.connector.email;

/**
 * An email that is no longer wanted: suppressed if it is still queued, leased or not. One that has
 * passed the fence before its final dot may be sent by now: it is not tried again if it was not.
 *
 * @param dedupeKey the key it was journalled under
 * @param userId whose it was; a row that has meanwhile gone to somebody else is left alone
 * @param reason {@code resolved}, {@code superseded}, or {@code moved} when it goes to a new owner
 */
public record Withdrawal(String dedupeKey, String userId, String reason) {}
