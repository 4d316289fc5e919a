package io.seqpulse.api.access;

/**
 * Who calls.
 *
 * @param name whose token it is, for the log
 */
public record Caller(String name, Role role) {

    /** Who showed nothing. */
    public static final Caller STRANGER = new Caller("-", Role.ANYONE);
}
