package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The peak of what this JVM and other processes held in memory, over the samples taken. On Linux
 * the JVM's own high-water mark, and of the others their proportional share (memory they have in
 * common counts once); elsewhere what {@code ps} says at each sample, which counts shared memory
 * more than once. Not thread-safe.
 */
public final class ResidentMemory {

    private static final Logger LOG = LoggerFactory.getLogger(ResidentMemory.class);

    private final Supplier<List<ProcessHandle>> others;
    private long peakJvm;
    private long peakOthers;

    ResidentMemory(Supplier<List<ProcessHandle>> others) {
        this.others = others;
    }

    /** Takes a sample. */
    public void sample() throws InterruptedException {
        long self = ProcessHandle.current().pid();
        long jvm = kibibytes(Path.of("/proc/self/status"), "VmHWM:");
        peakJvm = Math.max(peakJvm, jvm >= 0 ? jvm : residentByPs(self));
        long sum = 0;
        for (ProcessHandle process : others.get()) {
            long pss =
                    kibibytes(
                            Path.of("/proc", Long.toString(process.pid()), "smaps_rollup"), "Pss:");
            sum += pss >= 0 ? pss : Math.max(0, residentByPs(process.pid()));
        }
        peakOthers = Math.max(peakOthers, sum);
    }

    /** Peak of this JVM in KiB. */
    public long jvmKib() {
        return peakJvm;
    }

    /** Peak of the other processes together in KiB. */
    public long othersKib() {
        return peakOthers;
    }

    /** Value of a line such as {@code VmHWM: 1234 kB}, or -1 where there is no such file. */
    private static long kibibytes(Path file, String field) {
        try {
            for (String line : Files.readAllLines(file)) {
                if (line.startsWith(field)) {
                    return Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
            return -1;
        } catch (IOException notHereOrGone) {
            return -1;
        }
    }

    private static long residentByPs(long pid) throws InterruptedException {
        try {
            Process ps =
                    new ProcessBuilder("ps", "-o", "rss=", "-p", Long.toString(pid))
                            .redirectErrorStream(true)
                            .start();
            String answer =
                    new String(ps.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
            if (!ps.waitFor(5, TimeUnit.SECONDS) || !answer.matches("\\d+")) {
                return 0;
            }
            return Long.parseLong(answer);
        } catch (IOException e) {
            LOG.debug("No ps here: {}", e.getMessage());
            return 0;
        }
    }
}
