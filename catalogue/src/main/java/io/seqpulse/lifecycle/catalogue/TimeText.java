package io.seqpulse.lifecycle.catalogue;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalTime;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lengths of time as a catalogue writes them, {@code 90s}, {@code 15m}, {@code 2h} or {@code 30d},
 * and what somebody probably meant who wrote one otherwise.
 */
final class TimeText {

    /** What is expected where a time is none. */
    static final String EXPECTED = "must be a time such as 90s, 15m, 2h or 30d";

    /** What is expected where a time of day is none. */
    static final String OF_DAY_EXPECTED = "must be a time of day such as 08:00 (in quotes)";

    private static final Pattern OF_DAY = Pattern.compile("([01]\\d|2[0-3]):[0-5]\\d");
    private static final Pattern WRITTEN = Pattern.compile("(\\d{1,6})([smhd])");
    private static final Pattern PIECE =
            Pattern.compile(
                    "(?:(\\d{1,9}(?:[.,]\\d{1,6})?)\\s*|(\\p{L}+)\\s+)(\\p{L}+)\\.?"
                            + "(?:\\s*(?:,|and|et)\\s+|\\s*)");
    private static final Pattern UNEVEN =
            Pattern.compile("\\d\\s*(mo|months?|mois|y|yrs?|years?|ans?|p\\d+[my])$|^p\\d+[my]$");
    private static final List<String> IN_WORDS =
            List.of(
                    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
                    "ten", "eleven", "twelve");

    /** Seconds of a unit, by the names people give it. */
    private static final Map<String, Long> UNITS =
            units(
                    1,
                    "s sec secs second seconds seconde secondes",
                    60,
                    "m min mins minute minutes mn",
                    3_600,
                    "h hr hrs hour hours heure heures",
                    86_400,
                    "d day days j jour jours",
                    604_800,
                    "w wk wks week weeks semaine semaines");

    private TimeText() {}

    private static Map<String, Long> units(Object... secondsAndNames) {
        Map<String, Long> units = new HashMap<>();
        for (int i = 0; i < secondsAndNames.length; i += 2) {
            long seconds = ((Number) secondsAndNames[i]).longValue();
            for (String name : ((String) secondsAndNames[i + 1]).split(" ")) {
                units.put(name, seconds);
            }
        }
        return units;
    }

    /** The time a text stands for; null for none, and for anything else. */
    static Duration parse(String text) {
        Matcher matcher = WRITTEN.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        Duration duration =
                Duration.ofSeconds(Long.parseLong(matcher.group(1)) * UNITS.get(matcher.group(2)));
        return duration.isZero() ? null : duration;
    }

    /** The time of day a text stands for; null for anything else. */
    static LocalTime ofDay(String text) {
        return OF_DAY.matcher(text).matches() ? LocalTime.parse(text) : null;
    }

    /** How to write what was probably meant, as the end of a message; empty if nobody can tell. */
    static String advice(String text) {
        String meant = text.strip().toLowerCase(Locale.ROOT);
        if (meant.matches("\\d{1,6}")) {
            return "; it lacks its unit: %1$ss, %1$sm, %1$sh or %1$sd".formatted(meant);
        }
        if (UNEVEN.matcher(meant).find()) {
            return "; months and years differ in length, so count in days";
        }
        return iso(meant)
                .or(() -> pieces(meant))
                .flatMap(TimeText::written)
                .map("; write %s"::formatted)
                .orElse("");
    }

    private static Optional<Duration> iso(String text) {
        try {
            return Optional.of(
                    text.matches("p\\d{1,6}w")
                            ? Duration.ofDays(
                                    7L * Long.parseLong(text.substring(1, text.length() - 1)))
                            : Duration.parse(text.toUpperCase(Locale.ROOT)));
        } catch (DateTimeException otherwise) {
            return Optional.empty();
        }
    }

    /** A number and a unit, or several: {@code 1 hour 30 min}. */
    private static Optional<Duration> pieces(String text) {
        double seconds = 0;
        Matcher piece = PIECE.matcher(text);
        int end = 0;
        while (end < text.length()) {
            if (!piece.find(end) || piece.start() != end) {
                return Optional.empty();
            }
            Optional<Double> count =
                    piece.group(1) == null ? inWords(piece.group(2)) : number(piece.group(1));
            Long unit = UNITS.get(piece.group(3));
            if (count.isEmpty() || unit == null) {
                return Optional.empty();
            }
            seconds += count.get() * unit;
            end = piece.end();
        }
        return end == 0 || seconds != Math.rint(seconds)
                ? Optional.empty()
                : Optional.of(Duration.ofSeconds((long) seconds));
    }

    private static Optional<Double> number(String text) {
        return Optional.of(Double.parseDouble(text.replace(',', '.')));
    }

    private static Optional<Double> inWords(String text) {
        if (text.equals("a") || text.equals("an")) {
            return Optional.of(1.0);
        }
        int number = IN_WORDS.indexOf(text);
        return number < 0 ? Optional.empty() : Optional.of((double) number);
    }

    /** In the largest unit that leaves no rest. */
    private static Optional<String> written(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds <= 0 || duration.getNano() != 0) {
            return Optional.empty();
        }
        for (String unit : List.of("d", "h", "m", "s")) {
            String text = seconds / UNITS.get(unit) + unit;
            if (seconds % UNITS.get(unit) == 0 && parse(text) != null) {
                return Optional.of(text);
            }
        }
        return Optional.empty();
    }
}
