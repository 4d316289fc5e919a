package io.seqpulse.cli.dashboards;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What Grafana makes of a query before it reaches the database (13.2, data source PostgreSQL): the
 * macros that our queries use, by the same rules. Whatever it does not know is an error here as it
 * is there.
 */
final class Macros {

    /** A macro ends at the first closing parenthesis, whatever stands before it. */
    private static final Pattern MACRO = Pattern.compile("\\$([_a-zA-Z0-9]+)\\(([^)]*)\\)");

    private final Instant from;
    private final Instant to;
    private final Duration interval;

    /**
     * @param interval width of a point, whole seconds; what {@code $__interval} stands for
     */
    Macros(Instant from, Instant to, Duration interval) {
        this.from = from;
        this.to = to;
        this.interval = interval;
    }

    String expand(String sql) {
        String seconds = Long.toString(interval.toSeconds());
        String text =
                sql.replace("$__interval_ms", Long.toString(interval.toMillis()))
                        .replace("$__interval", seconds + "s");
        String expanded =
                MACRO.matcher(text)
                        .replaceAll(match -> Matcher.quoteReplacement(value(match, text)));
        if (expanded.contains("$")) {
            throw new IllegalArgumentException("a $ is left: " + expanded);
        }
        return expanded;
    }

    private String value(MatchResult match, String text) {
        String[] arguments =
                Arrays.stream(match.group(2).split(",")).map(String::strip).toArray(String[]::new);
        return switch (match.group(1)) {
            case "__timeFrom" -> "'" + from + "'";
            case "__timeTo" -> "'" + to + "'";
            case "__timeFilter" -> "%s BETWEEN '%s' AND '%s'".formatted(arguments[0], from, to);
            case "__timeGroup" -> {
                // Followed by a comma it names its column, as it did long ago.
                boolean old = text.startsWith(",", match.end());
                yield group(arguments) + (old ? " AS \"time\"" : "");
            }
            case "__timeGroupAlias" -> group(arguments) + " AS \"time\"";
            default -> throw new IllegalArgumentException("unknown macro " + match.group(1));
        };
    }

    private static String group(String[] arguments) {
        String width = arguments[1].replace("'", "");
        if (!width.matches("\\d+s")) {
            throw new IllegalArgumentException("error parsing interval " + width);
        }
        String seconds = width.substring(0, width.length() - 1);
        return "floor(extract(epoch from %s)/%s)*%s".formatted(arguments[0], seconds, seconds);
    }
}
