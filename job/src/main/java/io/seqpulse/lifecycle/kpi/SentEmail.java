package io.seqpulse.lifecycle.kpi;

/**
 * An email that the journal says was sent.
 *
 * @param code the rule's
 * @param sentMicros when, in microseconds since the epoch
 */
record SentEmail(String code, long sentMicros) {}
