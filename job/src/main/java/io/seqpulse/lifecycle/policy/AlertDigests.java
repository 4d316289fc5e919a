package io.seqpulse.lifecycle.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.policy.Recipient.AlertHour;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * Spares a person a flood: beyond five alerts of one project in an hour, the further ones are told
 * together in one digest when that hour is over (CATALOGUE, E-ACT-05).
 */
final class AlertDigests {

    /** Template variant of a digest. */
    static final String VARIANT = "digest";

    private static final int ONE_BY_ONE = 5;
    private static final Duration HOUR = Duration.ofHours(1);
    private static final List<String> DIGEST_LINE =
            List.of(
                    "deployment_number",
                    "env",
                    "branch",
                    "verdict",
                    "latency_delta",
                    "error_rate_delta");
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * A digest whose hour is over.
     *
     * @param candidate what is sent
     * @param alerts what it tells of, in their order
     */
    record Digest(Candidate candidate, List<Candidate> alerts) {}

    /**
     * Whether the alert waits for a digest instead of being sent. The digests that are {@link #due}
     * by then must have been told: an alert that comes later opens another hour.
     */
    boolean absorbs(Recipient recipient, Candidate alert, long now) {
        AlertHour hour =
                recipient.alertHours.computeIfAbsent(
                        String.valueOf(alert.projectId()), project -> new AlertHour());
        hour.sentAt.removeIf(at -> at <= now - HOUR.toMillis());
        if (hour.sentAt.size() < ONE_BY_ONE && hour.absorbed.isEmpty()) {
            hour.sentAt.add(now);
            return false;
        }
        if (hour.absorbed.isEmpty()) {
            hour.digestAt = hour.sentAt.get(0) + HOUR.toMillis();
        }
        hour.absorbed.add(alert);
        return true;
    }

    /** Takes back an alert that waits for its digest; empty if none does under that key. */
    Optional<Candidate> release(Recipient recipient, String key) {
        Optional<Candidate> held =
                recipient.alertHours.values().stream()
                        .flatMap(hour -> hour.absorbed.stream())
                        .filter(alert -> alert.key().equals(key))
                        .findFirst();
        recipient.alertHours.values().forEach(h -> h.absorbed.removeIf(a -> a.key().equals(key)));
        recipient
                .alertHours
                .values()
                .removeIf(hour -> hour.absorbed.isEmpty() && hour.sentAt.isEmpty());
        return held;
    }

    /** The digests whose hour is over, each once. */
    List<Digest> due(Recipient recipient, long now) {
        List<Digest> due = new ArrayList<>();
        for (AlertHour hour : new TreeMap<>(recipient.alertHours).values()) {
            if (!hour.absorbed.isEmpty() && hour.digestAt <= now) {
                due.add(new Digest(digest(hour, now), List.copyOf(hour.absorbed)));
                hour.absorbed.clear();
            }
        }
        recipient.alertHours.values().removeIf(hour -> next(hour) <= now);
        return due;
    }

    /** When {@link #due} has something to do. */
    LongStream times(Recipient recipient) {
        return recipient.alertHours.values().stream().mapToLong(AlertDigests::next);
    }

    /** Never later than needed; the alerts sent may all be older than an hour by now. */
    private static long next(AlertHour hour) {
        if (!hour.absorbed.isEmpty()) {
            return hour.digestAt;
        }
        return hour.sentAt.isEmpty()
                ? Long.MIN_VALUE
                : hour.sentAt.get(hour.sentAt.size() - 1) + HOUR.toMillis();
    }

    /** The digest is named after its first alert. */
    private static Candidate digest(AlertHour hour, long now) {
        Candidate first = hour.absorbed.get(0);
        long expiresAt = hour.absorbed.stream().mapToLong(Candidate::expiresAt).max().orElseThrow();
        Map<String, String> values = new HashMap<>(first.values());
        values.put("alerts", json(hour.absorbed));
        return new Candidate(
                first.rule(),
                first.key() + ":" + VARIANT,
                first.instance() + ":" + VARIANT,
                first.recipient(),
                first.userId(),
                first.projectId(),
                hour.digestAt,
                expiresAt,
                0,
                now,
                values,
                first.alsoTo(),
                null);
    }

    private static String json(List<Candidate> alerts) {
        List<Map<String, String>> lines = new ArrayList<>();
        for (Candidate alert : alerts) {
            Map<String, String> line = new TreeMap<>();
            for (String name : DIGEST_LINE) {
                if (alert.values().get(name) != null) {
                    line.put(name, alert.values().get(name));
                }
            }
            lines.add(line);
        }
        try {
            return JSON.writeValueAsString(lines);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a list of texts is always JSON", e);
        }
    }
}
