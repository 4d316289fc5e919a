package io.seqpulse.benchmark;

/**
 * The first part of every run, which is not counted: it finds caches cold and code that is not
 * compiled yet, as an always-on job and an always-on connector do once in weeks.
 */
final class WarmUp {

    /** Share of each run. */
    static final int PERCENT = 20;

    private WarmUp() {}

    /** How many of that many are not counted. */
    static long of(long count) {
        return count * PERCENT / 100;
    }

    /** How many of that many are counted. */
    static long rest(long count) {
        return count - of(count);
    }
}
