package io.seqpulse.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What was measured, for people and as JSON. */
final class Report {

    /** The pipeline must be this much faster than what feeds it. */
    private static final double WANTED = 2.0;

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Map<Measure, Result> results = new LinkedHashMap<>();
    private final Map<String, Object> input = new LinkedHashMap<>();
    private final Instant begun;

    Report(Instant begun) {
        this.begun = begun;
    }

    void add(Result result) {
        results.put(result.measure(), result);
    }

    /** A figure about what was read. */
    void input(String name, Object value) {
        input.put(name, value);
    }

    /** Prints the table and the ratios. */
    void print(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%n   %-34s %12s %12s %12s %8s%n",
                "",
                "median /s",
                "slowest",
                "fastest",
                "spread");
        for (Result result : results.values()) {
            out.printf(
                    Locale.ROOT,
                    "%s  %-34s %,12.0f %,12.0f %,12.0f %7.0f%%  %s%n",
                    result.measure().letter(),
                    result.measure().title(),
                    result.median(),
                    result.slowest(),
                    result.fastest(),
                    result.spreadPercent(),
                    result.measure().unit());
            result.notes()
                    .forEach((name, value) -> out.printf("      %s: %s%n", words(name), value));
        }
        ratios().forEach(
                        (name, ratio) ->
                                out.printf(Locale.ROOT, "%n%-40s %6.2f", words(name), ratio));
        Boolean holds = holds();
        if (holds != null) {
            out.printf(
                    Locale.ROOT,
                    "%n%nThe pipeline is to be at least %.0f times as fast as Debezium: %s.",
                    WANTED,
                    holds ? "it is" : "IT IS NOT");
        }
        out.println();
    }

    private static String words(String name) {
        return name.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
    }

    /** Writes everything. */
    void write(Path file) throws IOException {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("begun", begun.toString());
        report.put("machine", machine());
        report.put("input", input);
        Map<String, Object> measures = new LinkedHashMap<>();
        results.values().forEach(result -> measures.put(result.measure().label(), of(result)));
        report.put("measures", measures);
        report.put("ratios", ratios());
        if (holds() != null) {
            report.put("pipelineAtLeastTwiceDebezium", holds());
        }
        JSON.writeValue(file.toFile(), report);
    }

    private static Map<String, Object> machine() {
        Runtime runtime = Runtime.getRuntime();
        Map<String, Object> machine = new LinkedHashMap<>();
        machine.put("processors", runtime.availableProcessors());
        machine.put("heapMegabytes", runtime.maxMemory() / (1024 * 1024));
        machine.put("java", Runtime.version().toString());
        machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        return machine;
    }

    private static Map<String, Object> of(Result result) {
        Map<String, Object> measure = new LinkedHashMap<>();
        measure.put("letter", result.measure().letter());
        measure.put("title", result.measure().title());
        measure.put("unit", result.measure().unit() + " per second");
        measure.put("warmUpRuns", result.measure().warmUps());
        measure.put("runs", result.perSecond().stream().map(Report::rounded).toList());
        measure.put("median", rounded(result.median()));
        measure.put("slowest", rounded(result.slowest()));
        measure.put("fastest", rounded(result.fastest()));
        measure.put("spreadPercent", rounded(result.spreadPercent()));
        measure.putAll(result.notes());
        return measure;
    }

    private Map<String, Double> ratios() {
        Map<String, Double> ratios = new LinkedHashMap<>();
        ratio(ratios, "consumerToDebezium", Measure.CONSUMER, Measure.DEBEZIUM);
        ratio(ratios, "decodeToDebezium", Measure.DECODE, Measure.DEBEZIUM);
        ratio(ratios, "pipelineToDebezium", Measure.PIPELINE, Measure.DEBEZIUM);
        ratio(ratios, "journalToDebezium", Measure.JOURNAL, Measure.DEBEZIUM);
        ratio(ratios, "snapshotToDebezium", Measure.SNAPSHOT, Measure.DEBEZIUM);
        ratio(ratios, "decodeToConsumer", Measure.DECODE, Measure.CONSUMER);
        ratio(ratios, "pipelineToDecode", Measure.PIPELINE, Measure.DECODE);
        ratio(ratios, "journalToPipeline", Measure.JOURNAL, Measure.PIPELINE);
        return ratios;
    }

    private void ratio(Map<String, Double> ratios, String name, Measure of, Measure to) {
        if (results.containsKey(of) && results.containsKey(to)) {
            ratios.put(name, rounded(results.get(of).median() / results.get(to).median()));
        }
    }

    /** Whether the pipeline is fast enough; null where that was not measured. */
    private Boolean holds() {
        return results.containsKey(Measure.PIPELINE) && results.containsKey(Measure.DEBEZIUM)
                ? results.get(Measure.PIPELINE).median()
                        >= WANTED * results.get(Measure.DEBEZIUM).median()
                : null;
    }

    private static double rounded(double value) {
        return Math.round(value * 100) / 100.0;
    }
}
