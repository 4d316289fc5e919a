package io.seqpulse.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle status}: how a pipeline is that runs, on one screen or as JSON. */
@Command(
        name = "./lifecycle status",
        description = {
            "Says how a pipeline is that runs: health, lag, last checkpoint, waiting mail, slot.",
            "Without options it is the one that ./lifecycle up runs on this machine."
        },
        footer = {
            "",
            "Ends with 0 when the pipeline is healthy, 1 when it is not, 2 when it cannot be asked."
        },
        sortOptions = false,
        usageHelpAutoWidth = true)
public final class Status implements Callable<Integer> {

    static final String TOKEN = "LIFECYCLE_API_TOKEN";

    private static final int UNHEALTHY = 1;
    private static final int UNKNOWN = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final ObjectMapper JSON =
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    @Option(names = "--json", description = "As JSON.")
    private boolean asJson;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "Of the pipeline that ./lifecycle up runs with this folder.")
    private Path state;

    @Option(
            names = "--api",
            paramLabel = "URL",
            description = "Of the pipeline with this API; an operator's token in " + TOKEN + ".")
    private URI api;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    @Spec private CommandSpec spec;

    private final Map<String, String> environment;

    Status(Map<String, String> environment) {
        this.environment = environment;
    }

    /** Runs the command. */
    public static void main(String[] arguments) {
        System.exit(
                new CommandLine(new Status(System.getenv()))
                        .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
                        .execute(arguments));
    }

    @Override
    public Integer call() throws InterruptedException {
        JsonNode status;
        try {
            status = ask(address());
        } catch (IOException | StackException e) {
            System.err.println(e.getMessage());
            return UNKNOWN;
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(asJson ? status.toPrettyString() : screen(status));
        out.flush();
        return status.path("healthy").asBoolean() ? 0 : UNHEALTHY;
    }

    private ApiAddress address() throws IOException {
        if (api != null) {
            String token = environment.get(TOKEN);
            if (token == null || token.isBlank()) {
                throw new StackException("--api needs an operator's token in " + TOKEN);
            }
            return new ApiAddress(api, token);
        }
        if (state != null) {
            Path file = state.resolve(ApiAddress.FILE);
            if (!Files.isReadable(file)) {
                throw new StackException("no ./lifecycle up runs with --state " + state);
            }
            return ApiAddress.read(file);
        }
        List<Path> running = running(Path.of(System.getProperty("java.io.tmpdir")));
        if (running.size() != 1) {
            throw new StackException(
                    running.isEmpty()
                            ? "no ./lifecycle up runs here without --state; name the one you mean"
                                    + " with --state DIR or --api URL"
                            : running.size() + " of them run here; name one with --api URL");
        }
        return ApiAddress.read(running.get(0));
    }

    /** Where those that were started without a folder of their own wrote their addresses. */
    static List<Path> running(Path temporary) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> runs =
                Files.newDirectoryStream(temporary, "seqpulse-lifecycle.*")) {
            for (Path run : runs) {
                if (!Files.isReadable(run)) {
                    continue;
                }
                try (DirectoryStream<Path> folders = Files.newDirectoryStream(run, "seqpulse-*")) {
                    for (Path folder : folders) {
                        Path file = folder.resolve(ApiAddress.FILE);
                        if (Files.isReadable(file)) {
                            found.add(file);
                        }
                    }
                }
            }
        }
        return found;
    }

    private static JsonNode ask(ApiAddress address) throws IOException, InterruptedException {
        HttpResponse<String> answer;
        try {
            answer =
                    HttpClient.newBuilder()
                            .connectTimeout(PATIENCE)
                            .build()
                            .send(
                                    HttpRequest.newBuilder(address.url().resolve("/status"))
                                            .header("Authorization", "Bearer " + address.token())
                                            .timeout(PATIENCE)
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IOException(address.url() + " does not answer", e);
        } catch (IllegalArgumentException e) {
            throw new StackException(address.url() + " is no address of an API", e);
        }
        JsonNode body;
        try {
            body = JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new IOException(address.url() + " answers with something else than a status", e);
        }
        if (answer.statusCode() != 200) {
            throw new IOException(
                    "%s answers %d: %s"
                            .formatted(
                                    address.url(),
                                    answer.statusCode(),
                                    body.path("detail").asText("no reason given")));
        }
        return body;
    }

    static String screen(JsonNode status) {
        StringBuilder text = new StringBuilder();
        line(text, "Health", status.path("healthy").asBoolean() ? "healthy" : "NOT HEALTHY");
        for (JsonNode problem : status.path("problems")) {
            line(text, "", "- " + problem.asText());
        }
        JsonNode tables = status.path("tables");
        line(
                text,
                "Tables",
                tables.hasNonNull("as_of")
                        ? "true as of %s, %s behind"
                                .formatted(
                                        tables.path("as_of").asText(),
                                        seconds(tables.path("lag_seconds")))
                        : "not filled yet");
        JsonNode job = status.path("job");
        if (job.isObject()) {
            line(
                    text,
                    "Job",
                    "%s, %d restarts"
                            .formatted(job.path("state").asText(), job.path("restarts").asLong()));
            line(
                    text,
                    "Checkpoint",
                    job.hasNonNull("last_checkpoint_at")
                            ? "%s ago, took %d ms, %s; %d failed"
                                    .formatted(
                                            seconds(job.path("last_checkpoint_age_seconds")),
                                            job.path("last_checkpoint_ms").asLong(),
                                            bytes(job.path("last_checkpoint_bytes").asLong()),
                                            job.path("failed_checkpoints").asLong())
                            : "none yet");
        }
        JsonNode mail = status.path("mail");
        line(
                text,
                "Mail",
                "%d waiting, %d of them after a failure%s"
                        .formatted(
                                mail.path("waiting").asLong(),
                                mail.path("waiting_after_a_failure").asLong(),
                                mail.hasNonNull("oldest_due_seconds")
                                        ? "; the oldest due for "
                                                + seconds(mail.path("oldest_due_seconds"))
                                        : ""));
        JsonNode slot = status.path("slot");
        line(
                text,
                "Slot",
                slot.isObject()
                        ? "%s, WAL %s, %s behind"
                                .formatted(
                                        slot.path("active").asBoolean() ? "read" : "not read",
                                        slot.path("wal_status").asText(),
                                        bytes(slot.path("behind_bytes").asLong()))
                        : "none");
        return text.toString().stripTrailing();
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(String.format(Locale.ROOT, "%-11s %s%n", name, value));
    }

    private static String seconds(JsonNode value) {
        return String.format(Locale.ROOT, "%.1f s", value.asDouble());
    }

    private static String bytes(long bytes) {
        return bytes < 1024 * 1024
                ? String.format(Locale.ROOT, "%.0f kB", bytes / 1024.0)
                : String.format(Locale.ROOT, "%.1f MB", bytes / 1048576.0);
    }
}
