package io.seqpulse.quickstart.stack;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** How Flink runs the job on one machine. */
public final class FlinkSettings {

    /** Slots of the one task manager, and parallelism of the job. */
    public static final int PARALLELISM = 2;

    /** Where Prometheus finds the metrics, unless the port is taken. */
    public static final int METRICS_PORT = 9249;

    private static final String COMPRESSION =
            "NO_COMPRESSION;NO_COMPRESSION" + ";SNAPPY_COMPRESSION".repeat(5);

    private FlinkSettings() {}

    /**
     * Flink's configuration, without ports: RocksDB state, incremental checkpoints every ten
     * seconds, what the job's state needs to stay readable, and memory for a small machine.
     *
     * @param folder everything Flink writes goes below it
     */
    public static Map<String, String> of(Path folder) {
        String scratch = folder.resolve("tmp/flink").toString();
        Map<String, String> settings = new HashMap<>();
        settings.put("web.submit.enable", "false");
        settings.put("web.cancel.enable", "false");
        settings.put("web.tmpdir", scratch);
        settings.put("io.tmp.dirs", scratch);
        settings.put("blob.storage.directory", scratch);
        settings.put("metrics.fetcher.update-interval", "250 ms");
        settings.put("parallelism.default", Integer.toString(PARALLELISM));
        settings.put("state.backend.type", "rocksdb");
        // A key that is not there is found out without a look at every file.
        settings.put("state.backend.rocksdb.use-bloom-filter", "true");
        // What is soon rewritten is not worth compressing.
        settings.put("state.backend.rocksdb.compression.per.level", COMPRESSION);
        settings.put("execution.checkpointing.incremental", "true");
        settings.put("execution.checkpointing.interval", "10 s");
        settings.put("execution.checkpointing.timeout", "5 min");
        settings.put("execution.checkpointing.tolerable-failed-checkpoints", "5");
        settings.put("execution.checkpointing.dir", FlinkPaths.text(folder.resolve("checkpoints")));
        settings.put(
                "execution.checkpointing.savepoint-dir",
                FlinkPaths.text(folder.resolve("savepoints")));
        // What was written in the last seconds before a power cut may be gone: there is older.
        settings.put("execution.checkpointing.num-retained", "6");
        settings.put(
                "execution.checkpointing.externalized-checkpoint-retention",
                "RETAIN_ON_CANCELLATION");
        settings.put("execution.buffer-timeout.interval", "5 ms");
        settings.put("pipeline.auto-watermark-interval", "20 ms");
        settings.put("pipeline.generic-types", "false");
        settings.put("pipeline.auto-generate-uids", "false");
        settings.put("pipeline.object-reuse", "true");
        settings.put("restart-strategy.type", "exponential-delay");
        settings.put("restart-strategy.exponential-delay.initial-backoff", "1 s");
        // What a database that was away for long is waited for after it has come back.
        settings.put("restart-strategy.exponential-delay.max-backoff", "10 s");
        settings.put("taskmanager.memory.managed.size", "192 mb");
        settings.put("taskmanager.memory.network.min", "32 mb");
        settings.put("taskmanager.memory.network.max", "32 mb");
        return settings;
    }

    /**
     * The same with every port on loopback.
     *
     * @param port of the REST interface; 0: any free one
     */
    public static Map<String, String> onLoopback(Path folder, int port) {
        Map<String, String> settings = of(folder);
        settings.put("rest.address", "127.0.0.1");
        settings.put("rest.bind-address", "127.0.0.1");
        settings.put("rest.port", Integer.toString(port));
        settings.put("rest.bind-port", Integer.toString(port));
        settings.put("web.access-control-allow-origin", "http://127.0.0.1:" + port);
        // Where jars are fetched from; without it, on every interface.
        settings.put("jobmanager.bind-host", "127.0.0.1");
        settings.put("taskmanager.bind-host", "127.0.0.1");
        return settings;
    }

    /**
     * What makes Flink serve its metrics and the job's to Prometheus, on the loopback interface.
     *
     * @param port a free one
     * @param passwordFile holds what they are to be asked for with
     */
    public static Map<String, String> metrics(int port, Path passwordFile) {
        return Map.of(
                "metrics.reporters",
                "prometheus",
                "metrics.reporter.prometheus.factory.class",
                "org.apache.flink.metrics.prometheus.LoopbackReporterFactory",
                "metrics.reporter.prometheus.port",
                Integer.toString(port),
                "metrics.reporter.prometheus.password-file",
                passwordFile.toString(),
                "metrics.job.status.enable",
                "STATE;TOTAL_TIME");
    }
}
