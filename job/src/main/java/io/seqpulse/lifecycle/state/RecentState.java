package io.seqpulse.lifecycle.state;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.state.ValueState;

/**
 * Keyed state of which the recently used values are also kept as objects: facts about one subject
 * come close together, and reading a value from RocksDB costs more than everything done with it.
 * Every update is written through, so that a checkpoint finds nothing missing.
 *
 * <p>Belongs to one operator instance and its thread. A value may be changed between {@link #value}
 * and {@link #update} of the same key, and must not be changed otherwise.
 */
public final class RecentState<T> {

    private final ValueState<T> state;
    private final Map<String, T> recent;

    /**
     * @param capacity most values kept as objects
     */
    public RecentState(ValueState<T> state, int capacity) {
        this.state = state;
        this.recent =
                new LinkedHashMap<>(2 * capacity, 0.75f, true) {
                    private static final long serialVersionUID = 1L;

                    @Override
                    protected boolean removeEldestEntry(Map.Entry<String, T> eldest) {
                        return size() > capacity;
                    }
                };
    }

    /** The value of the current key, or null where there is none. */
    public T value(String currentKey) throws IOException {
        T value = recent.get(currentKey);
        if (value == null) {
            value = state.value();
            if (value != null) {
                recent.put(currentKey, value);
            }
        }
        return value;
    }

    /** Makes a value that of the current key. */
    public void update(String currentKey, T value) throws IOException {
        recent.put(currentKey, value);
        state.update(value);
    }

    /** Forgets the value of the current key. */
    public void clear(String currentKey) {
        recent.remove(currentKey);
        state.clear();
    }
}
