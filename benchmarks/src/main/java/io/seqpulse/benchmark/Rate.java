package io.seqpulse.benchmark;

/**
 * How many of something were done in what time.
 *
 * @param count how many
 * @param nanos from the first to the last
 */
record Rate(long count, long nanos) {

    private static final double NANOS_PER_SECOND = 1e9;

    Rate {
        if (count <= 0 || nanos <= 0) {
            throw new IllegalArgumentException(
                    "%s in %s ns is no rate: too few to be measured".formatted(count, nanos));
        }
    }

    double perSecond() {
        return count * NANOS_PER_SECOND / nanos;
    }
}
