package io.seqpulse.cli.deadletters;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Letters as a table for people. What they say is other people's text and steers no terminal. */
final class LetterTable {

    private static final int LONGEST_CELL = 80;
    private static final List<String> HEAD =
            List.of("POSITION", "GIVEN UP AT", "TABLE", "REASON", "KEY", "REPLAYED");

    private LetterTable() {}

    /**
     * Prints a line a letter.
     *
     * @param below what to print below a letter, or null for nothing
     */
    static void print(
            List<StoredLetter> letters, PrintWriter out, Function<StoredLetter, String> below) {
        if (letters.isEmpty()) {
            return;
        }
        List<List<String>> lines = new ArrayList<>();
        lines.add(HEAD);
        letters.forEach(letter -> lines.add(cells(letter)));
        int[] widths = new int[HEAD.size()];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        for (int i = 0; i < lines.size(); i++) {
            out.println(padded(lines.get(i), widths));
            String more = i == 0 ? null : below.apply(letters.get(i - 1));
            if (more != null) {
                out.println("    " + printable(more));
            }
        }
    }

    private static List<String> cells(StoredLetter letter) {
        String replayed =
                letter.isReplayed()
                        ? letter.replays()
                                .get(letter.replays().size() - 1)
                                .at()
                                .truncatedTo(ChronoUnit.SECONDS)
                                .toString()
                        : "";
        return List.of(
                Long.toString(letter.position()),
                letter.givenUpAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                cell(letter.table()),
                cell(letter.reason()),
                cell(letter.key()),
                replayed);
    }

    private static String cell(String text) {
        String cell = text == null ? "-" : printable(text);
        return cell.length() <= LONGEST_CELL ? cell : cell.substring(0, LONGEST_CELL - 3) + "...";
    }

    private static String padded(List<String> line, int[] widths) {
        StringBuilder padded = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            padded.append(line.get(i)).append(" ".repeat(widths[i] - line.get(i).length() + 2));
        }
        return padded.toString().stripTrailing();
    }

    static String text(byte[] value) {
        return value == null ? "no value" : new String(value, StandardCharsets.UTF_8);
    }

    /** Control and format characters, which could move the cursor or turn text around, out. */
    static String printable(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", " ");
    }
}
