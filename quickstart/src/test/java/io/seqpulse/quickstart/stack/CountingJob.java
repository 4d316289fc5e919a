package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * A job that knows whether its state is right: it counts the numbers of a sequence by their
 * remainder, and every count follows from the number at hand. It tells in a folder what it was
 * restored from and what it snapshots, and meets a fatal error when told to.
 */
public final class CountingJob {

    static final int KEYS = 500;

    /**
     * A file with this name makes one task fail and another not heed that it is to end, which Flink
     * takes for a fatal error of the task manager.
     */
    static final String FATAL = "fatal";

    private static final String STUCK = "stuck";
    private static final Duration UNHEEDING = Duration.ofSeconds(6);

    /** One line for each wrong count. */
    static final String BROKEN = "broken";

    /** One line for each start: the checkpoint restored, or none, and the first number read. */
    static final String STARTS = "starts";

    /** One line for each snapshot: the checkpoint, and the last number in it. */
    static final String SNAPSHOTS = "snapshots";

    private CountingJob() {}

    /** Runs it; the argument is the folder to tell in. */
    public static void main(String[] arguments) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.fromSource(
                        new NumberSequenceSource(0, Long.MAX_VALUE / 2),
                        WatermarkStrategy.noWatermarks(),
                        "numbers")
                .uid("numbers")
                .setParallelism(1)
                .map(new FailBesideStuck(arguments[0]))
                .uid("fail")
                .setParallelism(1)
                .keyBy(number -> number % KEYS)
                .process(new Count(arguments[0]))
                .uid("count")
                .setParallelism(1)
                .sinkTo(new DiscardingSink<>())
                .uid("nowhere")
                .setParallelism(1);
        env.execute("counting");
    }

    private static final class FailBesideStuck implements MapFunction<Long, Long> {

        private static final long serialVersionUID = 1L;

        private final String folder;

        private FailBesideStuck(String folder) {
            this.folder = folder;
        }

        @Override
        public Long map(Long number) throws IOException {
            if (number % 100 == 0 && Files.exists(Path.of(folder, FATAL))) {
                Files.move(Path.of(folder, FATAL), Path.of(folder, STUCK));
                throw new IOException("a failure, as told");
            }
            return number;
        }
    }

    private static final class Count extends KeyedProcessFunction<Long, Long, Long>
            implements CheckpointedFunction {

        private static final long serialVersionUID = 1L;

        private final String folder;
        private transient ValueState<Long> count;
        private transient MapState<Long, byte[]> ballast;
        private transient ListState<byte[]> cargo;
        private transient long last;
        private transient boolean first;
        private transient OptionalLong restored;

        private Count(String folder) {
            this.folder = folder;
        }

        @Override
        public void open(OpenContext context) {
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Long.class));
            ballast =
                    getRuntimeContext()
                            .getMapState(
                                    new MapStateDescriptor<>("ballast", Long.class, byte[].class));
            first = true;
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            restored = context.getRestoredCheckpointId();
            // Large enough to be a file of its own in a checkpoint's folder.
            cargo =
                    context.getOperatorStateStore()
                            .getListState(new ListStateDescriptor<>("cargo", byte[].class));
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            cargo.update(List.of(new byte[50_000]));
            tell(SNAPSHOTS, context.getCheckpointId() + " " + last);
        }

        @Override
        public void processElement(Long number, Context context, Collector<Long> out)
                throws Exception {
            if (first) {
                first = false;
                tell(
                        STARTS,
                        (restored.isPresent() ? Long.toString(restored.getAsLong()) : "none")
                                + " "
                                + number);
            }
            long counted = count.value() == null ? 0 : count.value();
            if (counted != number / KEYS) {
                tell(BROKEN, "at %s: counted %s".formatted(number, counted));
            }
            count.update(counted + 1);
            byte[] bytes = new byte[300];
            ThreadLocalRandom.current().nextBytes(bytes);
            ballast.put(counted % 20, bytes);
            last = number;
            if (number % 4 == 0) {
                Thread.sleep(1);
            }
        }

        /** Takes longer than Flink waits for a task to end, where another one failed as told. */
        @Override
        public void close() throws IOException {
            if (Files.deleteIfExists(Path.of(folder, STUCK))) {
                long end = System.nanoTime() + UNHEEDING.toNanos();
                while (System.nanoTime() < end) {
                    try {
                        Thread.sleep(100);
                    } catch (InterruptedException unheeded) {
                        continue;
                    }
                }
            }
        }

        private void tell(String file, String line) {
            try {
                Files.writeString(
                        Path.of(folder, file),
                        line + "\n",
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
