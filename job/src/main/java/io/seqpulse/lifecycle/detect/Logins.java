package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.codec.BoundedText;
import io.seqpulse.lifecycle.fact.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * From where and with what a user logged in. Logins from one country, or with one device, of which
 * each is at most 90 days after the one before make a run: the first of a run is what nobody had
 * seen, whichever order they are told in. The value that was not seen for longest is forgotten
 * where there are too many.
 */
final class Logins {

    private static final List<String> ATTRIBUTES = List.of("country", "device");

    private static final long REMEMBERED = Duration.ofDays(90).toMillis();
    private static final int MOST_RUNS = 3;
    private static final int MOST_VALUES = 64;
    private static final int LONGEST_VALUE = 40;

    /**
     * Logins of one value in unbroken sequence.
     *
     * @param start time of the first, epoch milliseconds
     * @param first its id
     * @param end time of the last, epoch milliseconds
     */
    record Run(long start, String first, long end) {

        private boolean touches(Run other) {
            return start <= other.end + REMEMBERED && other.start <= end + REMEMBERED;
        }

        private Run with(Run other) {
            Run earlier = BY_START.compare(this, other) <= 0 ? this : other;
            return new Run(earlier.start, earlier.first, Math.max(end, other.end));
        }
    }

    /** Rows of one transaction share their time: the smaller id is first then. */
    private static final Comparator<Run> BY_START =
            Comparator.comparingLong(Run::start).thenComparing(Run::first);

    /** Attribute and value → its latest runs, ascending. */
    final Map<String, List<Run>> runs = new HashMap<>();

    void take(Event login) {
        for (String attribute : ATTRIBUTES) {
            String name = name(attribute, login.value(attribute));
            if (name != null) {
                List<Run> all = runs.computeIfAbsent(name, n -> new ArrayList<>(1));
                add(all, new Run(login.at(), login.id(), login.at()));
            }
        }
        while (runs.size() > MOST_VALUES) {
            runs.remove(
                    runs.entrySet().stream()
                            .min(
                                    Comparator.comparingLong(Logins::seenAt)
                                            .thenComparing(Map.Entry::getKey))
                            .orElseThrow()
                            .getKey());
        }
    }

    private static void add(List<Run> all, Run login) {
        Run joined = login;
        for (int place = all.size() - 1; place >= 0; place--) {
            if (all.get(place).touches(joined)) {
                joined = joined.with(all.remove(place));
            }
        }
        all.add(joined);
        all.sort(BY_START);
        if (all.size() > MOST_RUNS) {
            all.remove(0);
        }
    }

    private static long seenAt(Map.Entry<String, List<Run>> value) {
        return value.getValue().get(value.getValue().size() - 1).end();
    }

    /** Whether a login, which was taken, is the first with one of its values for 90 days. */
    boolean isUnfamiliar(List<String> attributes, String id, Map<String, String> values) {
        for (String attribute : attributes) {
            String name = name(attribute, values.get(attribute));
            List<Run> all = name == null ? List.of() : runs.getOrDefault(name, List.of());
            if (all.stream().anyMatch(run -> run.first().equals(id))) {
                return true;
            }
        }
        return false;
    }

    /** Null where the value is unknown. */
    private static String name(String attribute, String value) {
        String text = value == null ? "" : value.strip().toUpperCase(Locale.ROOT);
        return text.isEmpty() ? null : attribute + "/" + BoundedText.name(text, LONGEST_VALUE);
    }
}
