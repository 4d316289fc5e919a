package io.seqpulse.cli.deadletters;

import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.UsageException;
import java.io.Console;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle deadletters replay}. */
@Command(
        name = "replay",
        description = {
            "Appends dead letters to the change log again, in their order.",
            "They are the original bytes, and it is noted that they were replayed. The job reads"
                    + " them like any change: what is over does not come back, what was mailed is"
                    + " not mailed again.",
            "A letter that still cannot be used becomes a new one."
        },
        sortOptions = false,
        abbreviateSynopsis = true)
final class ReplayLetters implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Mixin private Place place;

    @Option(names = "--all", description = "All that were not replayed yet.")
    private boolean all;

    @Option(
            names = "--offset",
            paramLabel = "N",
            arity = "1..*",
            description = "Those at these positions of the change log.")
    private List<Long> offsets = List.of();

    @Mixin private LetterFilter filter;

    @Option(names = "--again", description = "Also those that were replayed already.")
    private boolean again;

    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    @Override
    public Integer call() throws InterruptedException {
        validate();
        PrintWriter out = spec.commandLine().getOut();
        try (LetterTopic topic = place.open()) {
            List<StoredLetter> chosen = chosen(topic.read());
            long before = chosen.stream().filter(StoredLetter::isReplayed).count();
            if (!again && before > 0) {
                chosen.removeIf(StoredLetter::isReplayed);
                out.printf("%s were replayed before; --again replays them once more%n", before);
            }
            if (chosen.isEmpty()) {
                out.println("nothing to replay");
                out.flush();
                return 0;
            }
            LetterTable.print(chosen, out, letter -> null);
            out.flush();
            return isConfirmed(chosen) ? replay(chosen, topic, out) : 1;
        }
    }

    private void validate() {
        int ways = (all ? 1 : 0) + (offsets.isEmpty() ? 0 : 1) + (filter.isGiven() ? 1 : 0);
        if (ways != 1) {
            throw new UsageException(
                    "say which letters: --all, --offset N ..., or --table and --reason");
        }
    }

    private List<StoredLetter> chosen(List<StoredLetter> letters) {
        if (!offsets.isEmpty()) {
            Set<Long> unknown = new TreeSet<>(offsets);
            letters.forEach(letter -> unknown.remove(letter.position()));
            if (!unknown.isEmpty()) {
                throw new CommandException(
                        "no dead letter has position %s; ./lifecycle deadletters list shows those there are"
                                .formatted(
                                        unknown.stream()
                                                .map(String::valueOf)
                                                .collect(Collectors.joining(", "))));
            }
        }
        List<StoredLetter> chosen = new ArrayList<>(letters);
        chosen.removeIf(letter -> !offsets.isEmpty() && !offsets.contains(letter.position()));
        chosen.removeIf(letter -> !filter.matches(letter));
        return chosen;
    }

    private boolean isConfirmed(List<StoredLetter> chosen) {
        if (yes) {
            return true;
        }
        Console console = System.console();
        if (console == null) {
            throw new UsageException("nobody to ask here: add --yes; nothing was replayed");
        }
        String answer =
                console.readLine(
                        "Append %d records to the change log again? Type yes: ", chosen.size());
        return "yes".equals(answer);
    }

    private int replay(List<StoredLetter> chosen, LetterTopic topic, PrintWriter out)
            throws InterruptedException {
        int failed = 0;
        for (StoredLetter letter : chosen) {
            try {
                long position = topic.replay(letter);
                out.printf("%s replayed, now at %s%n", letter.position(), position);
            } catch (CommandException e) {
                failed++;
                spec.commandLine().getErr().println(e.getMessage());
            }
        }
        out.printf("%s replayed, %s failed%n", chosen.size() - failed, failed);
        out.flush();
        return failed == 0 ? 0 : 1;
    }
}
