package io.seqpulse.lifecycle.state;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.KeyContext;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Write-behind cache in front of a keyed {@link ValueState}. Changes of one subject arrive in
 * bursts, and serialising the value costs more than processing it (ADR 6).
 *
 * <p>Write-through until {@link #attach}. From then on updates stay dirty until {@link #flush},
 * which must precede every snapshot of the operator, or until the entry is evicted. A checkpoint
 * therefore contains every update made before its barrier.
 *
 * <p>Belongs to one operator instance and its thread. A value may be changed between {@link #value}
 * and {@link #update} of the same key, and must not be changed otherwise.
 */
public final class CachedState<T> {

    private static final long HEAP_PER_VALUE = 1 << 17;
    private static final int FEWEST = 1_024;
    private static final int MOST = 65_536;

    private final ValueState<T> state;
    private final Map<String, Recent<T>> recent;
    private int capacity;
    private KeyContext keys;
    private long hits;
    private long misses;
    private int dirty;

    private static final class Recent<T> {
        private final T value;
        private boolean dirty;

        Recent(T value) {
            this.value = value;
        }
    }

    public CachedState(ValueState<T> state) {
        this(state, capacity(Runtime.getRuntime().maxMemory(), 1));
    }

    /**
     * @param capacity most values kept as objects
     */
    CachedState(ValueState<T> state, int capacity) {
        this.state = state;
        this.capacity = capacity;
        this.recent =
                new LinkedHashMap<>(2 * capacity, 0.75f, true) {
                    private static final long serialVersionUID = 1L;

                    @Override
                    protected boolean removeEldestEntry(Map.Entry<String, Recent<T>> eldest) {
                        if (size() <= CachedState.this.capacity) {
                            return false;
                        }
                        writeAside(eldest);
                        return true;
                    }
                };
    }

    /**
     * How many values, of a few kilobytes, each state of a slot may keep.
     *
     * @param heap of the process, in bytes
     * @param slots that share it
     */
    static int capacity(long heap, int slots) {
        return (int) Math.max(FEWEST, Math.min(MOST, heap / slots / HEAP_PER_VALUE));
    }

    /**
     * Makes updates wait for {@link #flush()}, shares the heap with the process' other slots, and
     * registers the gauges {@code hitRate}, {@code size} and {@code dirty}.
     *
     * @param name of the state, in the metric group {@code stateCache}
     */
    public void attach(AbstractStreamOperator<?> operator, String name) {
        int slots =
                operator.getContainingTask()
                        .getEnvironment()
                        .getTaskManagerInfo()
                        .getConfiguration()
                        .get(TaskManagerOptions.NUM_TASK_SLOTS);
        capacity = Math.min(capacity, capacity(Runtime.getRuntime().maxMemory(), slots));
        MetricGroup group = operator.getMetricGroup().addGroup("stateCache", name);
        group.gauge("hitRate", this::hitRate);
        group.gauge("size", recent::size);
        group.gauge("dirty", this::dirty);
        buffer(operator);
    }

    /** How many entries are dirty. */
    int dirty() {
        return dirty;
    }

    /** Share of reads that needed no state, of all; 1 before the first. */
    double hitRate() {
        long reads = hits + misses;
        return reads == 0 ? 1 : (double) hits / reads;
    }

    /** Lets updates wait for {@link #flush()}. */
    void buffer(KeyContext keyContext) {
        keys = keyContext;
    }

    /** The value of the current key, or null where there is none. */
    public T value(String currentKey) throws IOException {
        Recent<T> known = recent.get(currentKey);
        if (known != null) {
            hits++;
            return known.value;
        }
        misses++;
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
            dirty -= known != null && known.dirty ? 1 : 0;
            known = new Recent<>(value);
            recent.put(currentKey, known);
        }
        if (keys == null) {
            state.update(value);
        } else {
            dirty += known.dirty ? 0 : 1;
            known.dirty = true;
        }
    }

    /** Forgets the value of the current key. */
    public void clear(String currentKey) {
        Recent<T> known = recent.remove(currentKey);
        dirty -= known != null && known.dirty ? 1 : 0;
        state.clear();
    }

    /** Writes dirty entries. Changes the current key. */
    public void flush() {
        recent.entrySet().forEach(this::write);
    }

    private void writeAside(Map.Entry<String, Recent<T>> entry) {
        if (entry.getValue().dirty) {
            Object current = keys.getCurrentKey();
            write(entry);
            keys.setCurrentKey(current);
        }
    }

    private void write(Map.Entry<String, Recent<T>> entry) {
        if (!entry.getValue().dirty) {
            return;
        }
        keys.setCurrentKey(entry.getKey());
        try {
            state.update(entry.getValue().value);
        } catch (IOException e) {
            throw new FlinkRuntimeException("a value of keyed state cannot be written", e);
        }
        entry.getValue().dirty = false;
        dirty--;
    }
}
