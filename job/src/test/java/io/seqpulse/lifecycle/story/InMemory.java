package io.seqpulse.lifecycle.story;

import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.HashMap;
import java.util.Map;

/** What is not at hand, in a map. */
public final class InMemory implements SpillStore {

    private final Map<String, Map<String, Long>> kinds = new HashMap<>();

    private Map<String, Long> kind(String kind) {
        return kinds.computeIfAbsent(kind, any -> new HashMap<>());
    }

    @Override
    public Long get(String kind, String id) {
        return kind(kind).get(id);
    }

    @Override
    public void put(String kind, String id, long atMicros) {
        kind(kind).put(id, atMicros);
    }

    @Override
    public void remove(String kind, String id) {
        kind(kind).remove(id);
    }

    @Override
    public Map<String, Long> all(String kind) {
        return new HashMap<>(kind(kind));
    }
}
