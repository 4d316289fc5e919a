package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.FactKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The older events of one subject, in memory. */
final class Elsewhere implements EventSpillStore {

    final Map<String, Long> events = new HashMap<>();

    @Override
    public Long at(FactKind kind, String id) {
        return events.get(kind.label() + " " + id);
    }

    @Override
    public void put(FactKind kind, String id, long at) {
        events.put(kind.label() + " " + id, at);
    }

    @Override
    public List<Long> times(FactKind kind) {
        return events.entrySet().stream()
                .filter(event -> event.getKey().startsWith(kind.label() + " "))
                .map(Map.Entry::getValue)
                .toList();
    }
}
