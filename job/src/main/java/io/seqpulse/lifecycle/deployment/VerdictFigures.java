package io.seqpulse.lifecycle.deployment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/** What a verdict's email says of a deployment beside the verdict. */
final class VerdictFigures {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final int ACTIONS = 3;

    /** A number of more digits measures nothing, and a few characters can stand for a billion. */
    private static final int LONGEST_SAMPLE = 64;

    /** What the connector makes of the elements of an array of more than one dimension. */
    private static final Pattern NESTED = Pattern.compile("\\[+Ljava\\.lang\\.[^@]+@[0-9a-f]+");

    private static final List<String> SEVERITIES =
            List.of("critical", "high", "warning", "medium", "low", "info");

    private VerdictFigures() {}

    /**
     * Change of the 95th percentile of latency in percent of what it was before, whole; null where
     * it is not known.
     *
     * @param samples by phase, {@code pre} and {@code post}
     */
    static String latencyDelta(Map<String, Sample> samples) {
        BigDecimal pre = number(samples.get("pre"), Sample::latencyP95);
        BigDecimal post = number(samples.get("post"), Sample::latencyP95);
        if (pre == null || post == null || pre.signum() <= 0) {
            return null;
        }
        return post.subtract(pre)
                .multiply(BigDecimal.valueOf(100))
                .divide(pre, 0, RoundingMode.HALF_UP)
                .toPlainString();
    }

    /**
     * Change of the error rate, a share of 1, in percentage points with one decimal; null where it
     * is not known.
     *
     * @param samples by phase, {@code pre} and {@code post}
     */
    static String errorRateDelta(Map<String, Sample> samples) {
        BigDecimal pre = number(samples.get("pre"), Sample::errorRate);
        BigDecimal post = number(samples.get("post"), Sample::errorRate);
        if (pre == null || post == null) {
            return null;
        }
        return post.subtract(pre)
                .multiply(BigDecimal.valueOf(100))
                .setScale(1, RoundingMode.HALF_UP)
                .toPlainString();
    }

    private static BigDecimal number(Sample sample, Function<Sample, String> metric) {
        String value = sample == null ? null : metric.apply(sample);
        if (value == null || value.length() > LONGEST_SAMPLE) {
            return null;
        }
        try {
            BigDecimal number = new BigDecimal(value);
            return Math.abs((long) number.scale()) > LONGEST_SAMPLE ? null : number;
        } catch (NumberFormatException e) {
            return null; // NaN and infinities are numbers in Postgres and no figure for a mail
        }
    }

    /**
     * What the hints suggest, the gravest first, as JSON; null where they suggest nothing.
     *
     * @param until commit time of the last hint that counts, epoch milliseconds
     */
    static String actions(Collection<Hint> hints, long until) {
        Set<String> actions = new LinkedHashSet<>();
        hints.stream()
                .filter(hint -> hint.source().committedAt() <= until)
                .sorted(Comparator.comparingInt(VerdictFigures::gravity).thenComparing(Hint::id))
                .forEach(hint -> actions.addAll(suggestions(hint)));
        if (actions.isEmpty()) {
            return null;
        }
        try {
            return JSON.writeValueAsString(actions.stream().limit(ACTIONS).toList());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a list of texts is always JSON", e);
        }
    }

    private static int gravity(Hint hint) {
        int rank = hint.severity() == null ? -1 : SEVERITIES.indexOf(hint.severity()); // of no null
        return rank < 0 ? SEVERITIES.size() : rank;
    }

    private static List<String> suggestions(Hint hint) {
        if (hint.suggestedActions() == null) {
            return List.of();
        }
        try {
            List<String> actions =
                    JSON.readValue(hint.suggestedActions(), new TypeReference<List<String>>() {});
            return actions == null
                    ? List.of()
                    : actions.stream()
                            .filter(a -> a != null && !a.isBlank())
                            .filter(a -> !NESTED.matcher(a).matches())
                            .toList();
        } catch (JsonProcessingException e) {
            return List.of(); // no list of texts: a mail without suggestions beats no mail
        }
    }
}
