package io.seqpulse.api.access;

import java.time.Instant;

/**
 * Somebody's stay in one browser, begun by a token or a ticket.
 *
 * @param id tells it from all others; no secret
 * @param expires when it ends by itself
 */
public record Session(String id, Caller caller, Instant expires) {}
