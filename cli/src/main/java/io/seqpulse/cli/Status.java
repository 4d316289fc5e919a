package io.seqpulse.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.seqpulse.cli.deadletters.NewestLetter;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle status}: how a pipeline is that runs, on one screen or as JSON. */
@Command(
        name = "status",
        description = {
            "Says how a pipeline is: health, lag, last checkpoint, waiting mail, slot.",
            "Without options it is the one that ./lifecycle up runs on this machine."
        },
        footer = {
            "",
            "Ends with 0 when the pipeline is healthy, and with 1 when it is not or cannot be asked."
        },
        sortOptions = false,
        abbreviateSynopsis = true)
public final class Status implements Callable<Integer> {

    /** The environment's variable with an operator's token, for {@code --api}. */
    public static final String TOKEN = "LIFECYCLE_API_TOKEN";

    private static final String UNASKED = "unknown";
    private static final int UNHEALTHY = 1;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final ObjectMapper JSON =
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    @Option(names = "--json", description = "As JSON.")
    private boolean asJson;

    @Option(
            names = "--page",
            description =
                    "Print an address that opens the live page, once and within a minute, instead.")
    private boolean page;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "Of the pipeline that ./lifecycle up runs with this folder.")
    private Path state;

    @Option(
            names = "--api",
            paramLabel = "URL",
            converter = HttpAddress.class,
            description = "Of the pipeline with this API; an operator's token in " + TOKEN + ".")
    private URI api;

    @Spec private CommandSpec spec;

    private final Map<String, String> environment;

    /** With the environment of this process. */
    public Status() {
        this(System.getenv());
    }

    /** With another environment. */
    public Status(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws InterruptedException {
        try {
            return tell();
        } catch (IOException e) {
            throw new CommandException(e.getMessage(), e);
        }
    }

    private int tell() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (page) {
            out.println(address().page());
            return 0;
        }
        Optional<Path> folder = api == null ? Optional.of(folder()) : Optional.empty();
        JsonNode status = ask(folder.isEmpty() ? ofApi() : addressIn(folder.get()));
        if (folder.isPresent()) {
            addNewestLetter(status.path("dead_letters"), folder.get());
        }
        out.println(asJson ? status.toPrettyString() : screen(status));
        out.flush();
        return status.path("healthy").asBoolean() ? 0 : UNHEALTHY;
    }

    private ApiAddress address() throws IOException {
        return api == null ? addressIn(folder()) : ofApi();
    }

    private ApiAddress ofApi() {
        String token = environment.get(TOKEN);
        if (token == null || token.isBlank()) {
            throw new UsageException("--api needs an operator's token in " + TOKEN);
        }
        return new ApiAddress(api, token);
    }

    private static ApiAddress addressIn(Path folder) throws IOException {
        return ApiAddress.read(folder.resolve(ApiAddress.FILE));
    }

    /** Of the one that runs on this machine and is meant. */
    private Path folder() throws IOException {
        if (state != null) {
            if (!Files.isReadable(state.resolve(ApiAddress.FILE)) || !StateFolder.isInUse(state)) {
                throw new CommandException("no ./lifecycle up runs with --state " + state);
            }
            return state;
        }
        List<Path> running = running(Scratch.folder());
        if (running.size() != 1) {
            throw new CommandException(
                    running.isEmpty()
                            ? "no ./lifecycle up runs here without --state; name the one you mean"
                                    + " with --state DIR or --api URL"
                            : running.size() + " of them run here; name one with --api URL");
        }
        return running.get(0).getParent();
    }

    /** The API knows how many there are, and Kafka when the last one was given up. */
    private static void addNewestLetter(JsonNode letters, Path folder) {
        if (letters instanceof ObjectNode known && letters.path("count").asLong() > 0) {
            NewestLetter.of(folder)
                    .ifPresent(
                            newest ->
                                    known.put("newest_at", newest.at().toString())
                                            .put("newest_table", newest.table()));
        }
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
                        if (Files.isReadable(file) && StateFolder.isInUse(folder)) {
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
        }
        JsonNode body;
        try {
            body = JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new IOException(address.url() + " answers with something else than a status", e);
        }
        if (answer.statusCode() != 200) {
            throw new IOException(
                    "%s answers %s: %s"
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
        pipeline(text, status.path("pipeline"));
        JsonNode tables = status.path("tables");
        line(
                text,
                "Tables",
                !tables.isObject()
                        ? UNASKED
                        : tables.hasNonNull("as_of")
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
                    "%s%s, %s restarts"
                            .formatted(
                                    job.path("state").asText(),
                                    job.path("tasks_running").asLong() < job.path("tasks").asLong()
                                            ? ", %s of %s tasks run on %s task managers"
                                                    .formatted(
                                                            job.path("tasks_running").asLong(),
                                                            job.path("tasks").asLong(),
                                                            job.path("task_managers").asLong())
                                            : "",
                                    job.path("restarts").asLong()));
            line(
                    text,
                    "Checkpoint",
                    job.hasNonNull("last_checkpoint_at")
                            ? "%s ago, took %s ms, %s; %s failed"
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
                !mail.isObject()
                        ? UNASKED
                        : "%s waiting, %s of them after a failure%s%s"
                                .formatted(
                                        mail.path("waiting").asLong(),
                                        mail.path("waiting_after_a_failure").asLong(),
                                        held(status.path("held_mail")),
                                        mail.hasNonNull("oldest_due_seconds")
                                                ? "; the oldest due for "
                                                        + seconds(mail.path("oldest_due_seconds"))
                                                : ""));
        sender(text, status.path("sender"));
        deadLetters(text, status.path("dead_letters"));
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
                        : mail.isObject() ? "none" : UNASKED);
        return text.toString().stripTrailing();
    }

    /** What is decided and has no line in the journal yet: for the daily limit, or a digest. */
    private static String held(JsonNode held) {
        long count = held.path("count").asLong();
        return count == 0 ? "" : "; %s more held back".formatted(count);
    }

    /** Which one it is: several may run on one machine. */
    private static void pipeline(StringBuilder text, JsonNode pipeline) {
        if (!pipeline.isObject()) {
            return;
        }
        line(
                text,
                "Pipeline",
                "%s, slot %s%s%s"
                        .formatted(
                                pipeline.path("database").asText(),
                                pipeline.path("slot").asText(),
                                pipeline.hasNonNull("state")
                                        ? ", state in " + pipeline.path("state").asText()
                                        : "",
                                pipeline.hasNonNull("running_since")
                                        ? ", runs since " + pipeline.path("running_since").asText()
                                        : ""));
    }

    private static void sender(StringBuilder text, JsonNode sender) {
        if (!sender.isObject()) {
            return;
        }
        if (sender.path("halted").asBoolean()) {
            line(
                    text,
                    "",
                    "none leaves since %s: %s"
                            .formatted(
                                    sender.path("halted_since").asText(),
                                    sender.path("halted_because").asText()));
        }
        if (sender.path("journal_waiting_seconds").asLong() > 0) {
            line(
                    text,
                    "",
                    "the journal has been waited for %s s%s"
                            .formatted(
                                    sender.path("journal_waiting_seconds").asLong(),
                                    holders(sender.path("journal_held_by"))));
        }
        if (sender.path("unjournalled").asLong() > 0) {
            line(
                    text,
                    "",
                    "%s decided and not journalled, as the table takes nothing of them: see the log"
                            .formatted(sender.path("unjournalled").asLong()));
        }
    }

    private static String holders(JsonNode holders) {
        List<String> shown = new ArrayList<>();
        for (JsonNode holder : holders) {
            shown.add(
                    new LockHolder(holder.path("pid").asInt(), holder.path("query").asText(""))
                            .toString());
        }
        return shown.isEmpty() ? "" : ", locked by " + String.join(" and ", shown);
    }

    /** They are no fault of the pipeline. */
    private static void deadLetters(StringBuilder text, JsonNode letters) {
        if (!letters.isObject()) {
            return;
        }
        List<String> tables = new ArrayList<>();
        letters.path("tables")
                .properties()
                .forEach(
                        table ->
                                tables.add(
                                        "%s %s"
                                                .formatted(
                                                        table.getValue().asLong(),
                                                        table.getKey())));
        line(
                text,
                "Letters",
                "%s dead letters since the job's last start%s%s"
                        .formatted(
                                letters.path("count").asLong(),
                                tables.isEmpty()
                                        ? ""
                                        : " (%s)".formatted(String.join(", ", tables)),
                                letters.hasNonNull("newest_at")
                                        ? "; the newest at %s, of %s"
                                                .formatted(
                                                        letters.path("newest_at").asText(),
                                                        letters.path("newest_table")
                                                                .asText("no known table"))
                                        : ""));
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
