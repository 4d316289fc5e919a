package io.seqpulse.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import one.profiler.AsyncProfiler;

/** Where this JVM spends its processor time, as a flame graph. */
final class Profiler {

    private final Path file;

    /**
     * @param file the flame graph, an HTML page
     */
    Profiler(Path file) {
        this.file = file.toAbsolutePath();
    }

    /**
     * Begins to take samples.
     *
     * @throws BenchmarkException if this machine does not let it
     */
    void start() {
        try {
            AsyncProfiler.getInstance().execute("start,event=itimer,interval=1ms,threads");
        } catch (IllegalStateException | IOException | UnsatisfiedLinkError e) {
            throw new BenchmarkException("no profile can be taken here: " + e.getMessage(), e);
        }
    }

    /** Ends it and writes the file. */
    void stop() {
        try {
            AsyncProfiler.getInstance().execute("stop,file=" + file);
        } catch (IllegalStateException | IOException e) {
            throw new BenchmarkException("%s cannot be written".formatted(file), e);
        }
    }
}
