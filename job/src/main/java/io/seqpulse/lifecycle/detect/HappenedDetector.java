package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.Trigger.Happened;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An event happened: each one, the first ever, or the first of a UTC month. */
record HappenedDetector(Happened trigger) implements Detector {

    @Override
    public boolean isMovedBy(FactKind kind) {
        return kind == trigger.fact();
    }

    @Override
    public List<Occasion> occasions(Profile profile, Fact fact, Events older) {
        return switch (trigger.occurrence()) {
            case EACH -> occasion(fact.id(), Happening.of(fact));
            case FIRST -> first(profile.first(trigger.fact()), fact);
            case FIRST_OF_MONTH -> occasion(Periods.month(fact.at()), Happening.of(fact));
        };
    }

    /** Later ones say nothing new about the first. */
    private List<Occasion> first(Happening first, Fact fact) {
        return first != null && first.isTold(fact) ? occasion("", first) : List.of();
    }

    private List<Occasion> occasion(String id, Happening happening) {
        if (!matches(happening.values())) {
            return List.of();
        }
        Map<String, String> values = new HashMap<>(happening.values());
        values.put("month", Periods.month(happening.at()));
        long seenAt = Math.max(happening.at(), happening.committedAt());
        return List.of(
                new Occasion(
                        id,
                        happening.at(),
                        seenAt + trigger.waitFor().toMillis(),
                        happening.snapshot() ? 0 : happening.committedAt(),
                        values));
    }

    private boolean matches(Map<String, String> values) {
        return trigger.where().entrySet().stream()
                .allMatch(accepted -> accepts(accepted.getValue(), values.get(accepted.getKey())));
    }

    /** Immutable lists throw when asked for null. */
    private static boolean accepts(List<String> accepted, String value) {
        return value != null && accepted.contains(value);
    }

    @Override
    public Answer ask(Profile profile, Pending pending) {
        return Answer.HOLDS;
    }
}
