package io.seqpulse.quickstart;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Options that every run of {@code ./lifecycle up} has.
 *
 * @param seconds after which it stops by itself, or null
 * @param reportFile to be written at the end, or null
 * @param state the folder to continue from, or null
 */
record RunOptions(Integer seconds, Path reportFile, Path state) {

    /** When a run that begins now stops by itself, as {@link System#nanoTime()} tells it. */
    long end() {
        return seconds == null
                ? Long.MAX_VALUE
                : System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    }
}
