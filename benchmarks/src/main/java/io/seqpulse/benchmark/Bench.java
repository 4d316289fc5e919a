package io.seqpulse.benchmark;

import io.seqpulse.benchmark.history.ProductHistory;
import io.seqpulse.cli.BuiltApart;
import io.seqpulse.cli.OutputFile;
import io.seqpulse.cli.SubCommand;
import io.seqpulse.cli.UsageException;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.EmbeddedStackBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle bench}: how fast the pipeline is, beside what feeds it. */
@Command(
        name = BuiltApart.NAME,
        description = {
            BuiltApart.DESCRIPTION,
            "Tells how many change events a second the pipeline takes, stage by stage, on the"
                    + " same events, beside how many Debezium delivers from PostgreSQL on this"
                    + " machine. Start-up and the first fifth of each run are excluded; each figure"
                    + " is the median of several runs.",
            "Nothing else should run meanwhile. With the defaults it takes about half an hour and"
                    + " 10 GB of disk."
        },
        sortOptions = false,
        subcommands = KpiScale.class,
        synopsisSubcommandLabel = "[COMMAND]",
        abbreviateSynopsis = true)
public final class Bench implements SubCommand {

    private static final long SEED = 20261121L;
    private static final String TOPIC = "benchmark.changes";
    private static final String CHANGES = "seqpulse.changes";
    private static final int FEWEST = 1_000;

    @Spec private CommandSpec spec;

    @Option(
            names = "--events",
            paramLabel = "N",
            defaultValue = "1000000",
            description = "Row changes to measure with (default: ${DEFAULT-VALUE}).")
    private int events;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "3",
            description = "Runs of each measure, of which the median counts (default: 3).")
    private int runs;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Write everything there, as JSON.")
    private Path reportFile;

    @Option(
            names = "--only",
            paramLabel = "LETTERS",
            split = ",",
            converter = MeasureConverter.class,
            description =
                    "Measure only these, separated by commas: a a bare Kafka consumer, b Flink's"
                            + " source and the decoder, c the whole pipeline with its sink"
                            + " discarding, d the whole pipeline with the journal and no mail, e"
                            + " the email sink alone, f Debezium streaming, g Debezium's snapshot.")
    private Set<Measure> only = EnumSet.allOf(Measure.class);

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description =
                    "Work in that folder, empty or new, and keep what is in it at the end. Default:"
                            + " a temporary folder, removed at the end.")
    private Path state;

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            description =
                    "Of every operator behind the decoder (default: one for two processors, since"
                            + " each stage of the pipeline has threads of its own).")
    private int parallelism = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);

    @Option(
            names = "--flink",
            paramLabel = "KEY=VALUE",
            description =
                    "One setting of Flink over those of the embedded stack; may be given again.")
    private Map<String, String> flinkSettings = new LinkedHashMap<>();

    @Option(
            names = "--profile",
            paramLabel = "FILE",
            description =
                    "Write a flame graph of the last run of c there, as HTML. Taking samples slows"
                            + " that run a little.")
    private Path profile;

    private final Instant begun = Instant.now();
    private final Report report = new Report(begun);

    @Override
    public Integer call() throws Exception {
        validate();
        EmbeddedStackBuilder builder = EmbeddedStack.builder().withoutJob();
        if (state != null) {
            builder.state(state);
        }
        say("Starting PostgreSQL, Kafka and Debezium");
        try (EmbeddedStack stack = builder.start();
                JobRuns jobs =
                        JobRuns.start(
                                stack.folder().resolve("benchmark"),
                                stack.httpPasswordFile(),
                                parallelism,
                                flinkSettings)) {
            Connector connector = new Connector(stack);
            connector.stop();
            Supplier<ProductHistory> history = () -> new ProductHistory(SEED, events, begun);
            Product product = new Product(stack, history);
            if (only.stream().anyMatch(Measure::readsEvents)) {
                EventTopic topic = writeEvents(stack, history.get());
                measureEvents(topic, jobs);
                measureDebezium(stack, connector, product);
                measureJournal(topic, jobs, product);
            } else {
                measureDebezium(stack, connector, product);
            }
            measureMails(jobs, product);
            report.print(spec.commandLine().getOut());
            if (reportFile != null) {
                report.write(reportFile);
            }
            return 0;
        }
    }

    private void validate() {
        if (events < FEWEST) {
            throw new UsageException("--events must be at least " + FEWEST);
        }
        if (parallelism < 1) {
            throw new UsageException("--parallelism must be at least 1");
        }
        if (runs < 1) {
            throw new UsageException("--runs must be at least 1");
        }
        OutputFile.require("--report", reportFile);
        OutputFile.require("--profile", profile);
    }

    private EventTopic writeEvents(EmbeddedStack stack, ProductHistory history)
            throws InterruptedException {
        say("Writing %,d events into Kafka", events);
        EventTopic topic = EventTopic.write(stack.kafkaClient(), TOPIC, history, events);
        report.input("events", topic.events());
        report.input("records", topic.records());
        report.input("bytesPerRecord", topic.bytes() / topic.records());
        report.input("parallelism", parallelism);
        report.input("seed", SEED);
        report.input("warmUpPercent", WarmUp.PERCENT);
        report.input("logSeconds", Duration.between(topic.begin(), topic.end()).toSeconds());
        return topic;
    }

    private void measureEvents(EventTopic topic, JobRuns jobs) throws Exception {
        measure(Measure.CONSUMER, run -> topic.consume(), Map.of());
        Map<String, Object> decoding = new LinkedHashMap<>();
        measure(Measure.DECODE, run -> rate(run, jobs.decode(topic), decoding), decoding);
        Map<String, Object> deciding = new LinkedHashMap<>();
        measure(
                Measure.PIPELINE,
                run -> rate(run, profiled(run, () -> jobs.pipeline(topic)), deciding),
                deciding);
    }

    private void measureJournal(EventTopic topic, JobRuns jobs, Product product) throws Exception {
        Map<String, Object> journalling = new LinkedHashMap<>();
        measure(
                Measure.JOURNAL,
                run -> {
                    product.prepareForMail();
                    JobRuns.Outcome outcome = jobs.journal(topic, product.settings());
                    journalling.put("mailsJournalled", product.journalled());
                    journalling.put("sentMeanwhile", product.sent());
                    return rate(run, outcome, journalling);
                },
                journalling);
    }

    /** What came out of each counted run and its processor time go beside the rates. */
    private static Rate rate(int run, JobRuns.Outcome outcome, Map<String, Object> notes) {
        if (run < 0) {
            return outcome.rate(); // only warmed up
        }
        if (!outcome.arrived().isEmpty()) {
            notes.merge(
                    "emails",
                    outcome.arrived().toString(),
                    (before, last) -> before.equals(last) ? before : before + ", " + last);
        }
        notes.merge(
                "processorMicrosPerEvent",
                String.format(Locale.ROOT, "%.1f", outcome.processorMicros()),
                (before, last) -> before + ", " + last);
        return outcome.rate();
    }

    private JobRuns.Outcome profiled(int run, Callable<JobRuns.Outcome> measured) throws Exception {
        if (profile == null || run != runs) {
            return measured.call();
        }
        Profiler profiler = new Profiler(profile);
        profiler.start();
        try {
            return measured.call();
        } finally {
            profiler.stop();
        }
    }

    private void measureDebezium(EmbeddedStack stack, Connector connector, Product product)
            throws Exception {
        measure(
                Measure.DEBEZIUM,
                run -> {
                    product.commitHistory();
                    long from = EventTopic.end(stack.kafkaClient(), CHANGES);
                    connector.resume();
                    Rate rate = EventTopic.sent(stack.kafkaClient(), CHANGES, from, events);
                    connector.stop();
                    return rate;
                },
                Map.of());
        measure(
                Measure.SNAPSHOT,
                run -> {
                    product.fill();
                    connector.forgetPosition();
                    long from = EventTopic.end(stack.kafkaClient(), CHANGES);
                    connector.resume();
                    Rate rate = EventTopic.sent(stack.kafkaClient(), CHANGES, from, product.rows());
                    connector.stop();
                    return rate;
                },
                Map.of());
    }

    private void measureMails(JobRuns jobs, Product product) throws Exception {
        MailRun mails = new MailRun(jobs, product);
        long count = Math.min(10_000, Math.max(200, events / 50));
        measure(Measure.SMTP, run -> mails.run("run" + run, count), Map.of("mails", count));
    }

    private interface Run {
        Rate measure(int number) throws Exception;
    }

    private void measure(Measure measure, Run run, Map<String, Object> notes) throws Exception {
        if (!only.contains(measure)) {
            return;
        }
        for (int number = 1; number <= measure.warmUps(); number++) {
            double rate = run(run, -number);
            tell(measure, "warm-up %s of %s".formatted(number, measure.warmUps()), rate);
        }
        List<Double> rates = new ArrayList<>();
        for (int number = 1; number <= runs; number++) {
            double rate = run(run, number);
            rates.add(rate);
            tell(measure, "run %s of %s".formatted(number, runs), rate);
        }
        report.add(new Result(measure, rates, notes));
    }

    private static double run(Run run, int number) throws Exception {
        // What the run before left behind is not this one's to clear up.
        System.gc();
        return run.measure(number).perSecond();
    }

    private void tell(Measure measure, String which, double rate) {
        say(
                "%s  %-34s %s: %,.0f %s/s",
                measure.letter(), measure.title(), which, rate, measure.unit());
    }

    private void say(String format, Object... arguments) {
        spec.commandLine()
                .getErr()
                .printf(
                        Locale.ROOT,
                        "%4d s  %s%n",
                        Duration.between(begun, Instant.now()).toSeconds(),
                        format.formatted(arguments));
    }

    /** Letters or names of measures. */
    private static final class MeasureConverter implements ITypeConverter<Measure> {
        @Override
        public Measure convert(String text) {
            try {
                return Measure.of(text.strip().toLowerCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new CommandLine.TypeConversionException(e.getMessage());
            }
        }
    }
}
