package io.seqpulse.lifecycle.state;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.streaming.api.operators.KeyContext;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Keyed state of which the recently used values are also kept as objects: facts about one subject
 * come close together, and taking a value to RocksDB and back costs more than all that is done with
 * it.
 *
 * <p>By itself it writes every update through. Once an operator has lent its key context, updates
 * wait: until {@link #flush()}, which belongs before every snapshot of the operator, or until the
 * value is no longer among the recent ones. Either way a checkpoint holds exactly what was done
 * before it.
 *
 * <p>Belongs to one operator instance and its thread. A value may be changed between {@link #value}
 * and {@link #update} of the same key, and must not be changed otherwise.
 */
public final class RecentState<T> {

    private static final long HEAP_PER_VALUE = 1 << 17;
    private static final int FEWEST = 1_024;
    private static final int MOST = 65_536;

    private final ValueState<T> state;
    private final Map<String, Recent<T>> recent;
    private KeyContext keys;

    private static final class Recent<T> {
        private final T value;
        private boolean unwritten;

        Recent(T value) {
            this.value = value;
        }
    }

    public RecentState(ValueState<T> state) {
        this(state, capacity(Runtime.getRuntime().maxMemory()));
    }

    /**
     * @param capacity most values kept as objects
     */
    RecentState(ValueState<T> state, int capacity) {
        this.state = state;
        this.recent =
                new LinkedHashMap<>(2 * capacity, 0.75f, true) {
                    private static final long serialVersionUID = 1L;

                    @Override
                    protected boolean removeEldestEntry(Map.Entry<String, Recent<T>> eldest) {
                        if (size() <= capacity) {
                            return false;
                        }
                        writeAside(eldest);
                        return true;
                    }
                };
    }

    /** How many values, of a few kilobytes, a state may keep of a heap of that many bytes. */
    static int capacity(long heap) {
        return (int) Math.max(FEWEST, Math.min(MOST, heap / HEAP_PER_VALUE));
    }

    /** Lets updates wait for {@link #flush()}. */
    public void buffer(KeyContext keyContext) {
        keys = keyContext;
    }

    /** The value of the current key, or null where there is none. */
    public T value(String currentKey) throws IOException {
        Recent<T> known = recent.get(currentKey);
        if (known != null) {
            return known.value;
        }
        T value = state.value();
        if (value != null) {
            recent.put(currentKey, new Recent<>(value));
        }
        return value;
    }

    /** Makes a value that of the current key. */
    public void update(String currentKey, T value) throws IOException {
        Recent<T> known = recent.get(currentKey);
        if (known == null || known.value != value) {
            known = new Recent<>(value);
            recent.put(currentKey, known);
        }
        if (keys == null) {
            state.update(value);
        } else {
            known.unwritten = true;
        }
    }

    /** Forgets the value of the current key. */
    public void clear(String currentKey) {
        recent.remove(currentKey);
        state.clear();
    }

    /** Writes what waits. Leaves another key current than before. */
    public void flush() {
        recent.entrySet().forEach(this::write);
    }

    private void writeAside(Map.Entry<String, Recent<T>> entry) {
        if (entry.getValue().unwritten) {
            Object current = keys.getCurrentKey();
            write(entry);
            keys.setCurrentKey(current);
        }
    }

    private void write(Map.Entry<String, Recent<T>> entry) {
        if (!entry.getValue().unwritten) {
            return;
        }
        keys.setCurrentKey(entry.getKey());
        try {
            state.update(entry.getValue().value);
        } catch (IOException e) {
            throw new FlinkRuntimeException("a value of keyed state cannot be written", e);
        }
        entry.getValue().unwritten = false;
    }
}
