package io.seqpulse.cli.deadletters;

import picocli.CommandLine.Option;

/** Which letters of a topic are meant; all of them where nothing is said. */
final class LetterFilter {

    @Option(names = "--table", paramLabel = "TABLE", description = "Only changes of that table.")
    private String table;

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            description = "Only those whose reason contains that.")
    private String reason;

    boolean isGiven() {
        return table != null || reason != null;
    }

    boolean matches(StoredLetter letter) {
        return (table == null || table.equals(letter.table()))
                && (reason == null || letter.reason().contains(reason));
    }
}
