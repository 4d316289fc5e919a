package io.seqpulse.api.kpi;

import java.time.Instant;

/**
 * One step of a series.
 *
 * @param at where the step begins
 */
public record Point(Instant at, Figure figure) {}
