package io.seqpulse.api;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Comma-separated values (RFC 4180). A text that a spreadsheet would take for a formula is preceded
 * by an apostrophe.
 */
public final class Csv {

    private final StringBuilder lines = new StringBuilder();

    /** A table with these columns. */
    public Csv(String... columns) {
        row((Object[]) columns);
    }

    /** Adds a row; null is an empty cell. */
    public Csv row(Object... cells) {
        return row(java.util.Arrays.asList(cells));
    }

    private Csv row(List<Object> cells) {
        lines.append(cells.stream().map(Csv::cell).collect(Collectors.joining(","))).append("\r\n");
        return this;
    }

    private static String cell(Object value) {
        if (value == null) {
            return "";
        }
        String text = value.toString();
        if (!(value instanceof Number)
                && !text.isEmpty()
                && "=+-@\t\r\n".indexOf(text.charAt(0)) >= 0) {
            text = "'" + text;
        }
        return text.matches("(?s).*[\",\r\n].*") ? '"' + text.replace("\"", "\"\"") + '"' : text;
    }

    @Override
    public String toString() {
        return lines.toString();
    }
}
