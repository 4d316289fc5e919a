package io.seqpulse.api.kpi;

import java.time.Instant;

/**
 * How current the tables are.
 *
 * @param asOf on the log's clock, everything committed before it is in the tables
 * @param writtenAt when that was last said
 */
public record Heartbeat(Instant asOf, Instant writtenAt) {}
