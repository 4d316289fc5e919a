package io.seqpulse.cli.deadletters;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.seqpulse.cli.CommandException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle deadletters list}. */
@Command(
        name = "list",
        description = "Lists dead letters in the order of the change log, without row contents.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class ListLetters implements Callable<Integer> {

    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec private CommandSpec spec;

    @Mixin private Place place;

    @Mixin private LetterFilter filter;

    @Option(names = "--json", description = "One JSON object a line.")
    private boolean json;

    @Option(
            names = "--show",
            description = "Also what the record says. That is personal data: mind where it goes.")
    private boolean show;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (LetterTopic topic = place.open()) {
            List<StoredLetter> letters = topic.read().stream().filter(filter::matches).toList();
            if (json) {
                letters.forEach(letter -> out.println(line(letter, topic)));
            } else {
                LetterTable.print(letters, out, letter -> show ? value(letter, topic) : null);
                long replayed = letters.stream().filter(StoredLetter::isReplayed).count();
                out.printf("%s dead letters, %s of them replayed%n", letters.size(), replayed);
            }
        }
        out.flush();
        return 0;
    }

    private static String value(StoredLetter letter, LetterTopic topic) {
        try {
            return LetterTable.text(topic.original(letter).value());
        } catch (CommandException e) {
            return e.getMessage();
        }
    }

    private String line(StoredLetter letter, LetterTopic topic) {
        ObjectNode line = JSON.createObjectNode();
        line.put("topic", letter.topic());
        line.put("position", letter.position());
        line.put("given_up_at", letter.givenUpAt().toString());
        line.put("table", letter.table());
        line.put("reason", letter.reason());
        line.put("key", letter.key());
        var replays = line.putArray("replays");
        for (StoredLetter.Replay replay : letter.replays()) {
            replays.addObject()
                    .put("at", replay.at().toString())
                    .put("position", replay.position());
        }
        if (show) {
            line.put("value", value(letter, topic));
        }
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts and numbers are always JSON", e);
        }
    }
}
