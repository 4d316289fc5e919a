package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * The spill store of the current key, in keyed state: {@code kind id} → time.
 *
 * @param what is kept, for messages
 * @param others of every kind but verdicts
 * @param verdicts of those, which are forgotten some day
 */
record SpillState(String what, MapState<String, Long> others, MapState<String, Long> verdicts)
        implements SpillStore {

    /** A store of which every kind is kept for as long. */
    SpillState(String what, MapState<String, Long> state) {
        this(what, state, state);
    }

    @Override
    public Long get(String kind, String id) {
        try {
            return of(kind).get(key(kind, id));
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public void put(String kind, String id, long at) {
        try {
            of(kind).put(key(kind, id), at);
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public void remove(String kind, String id) {
        try {
            of(kind).remove(key(kind, id));
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public Map<String, Long> all(String kind) {
        String prefix = key(kind, "");
        Map<String, Long> all = new HashMap<>();
        try {
            for (Map.Entry<String, Long> entry : of(kind).entries()) {
                if (entry.getKey().startsWith(prefix)) {
                    all.put(entry.getKey().substring(prefix.length()), entry.getValue());
                }
            }
        } catch (Exception e) {
            throw unusable(e);
        }
        return all;
    }

    private MapState<String, Long> of(String kind) {
        return kind.equals(VERDICTS) ? verdicts : others;
    }

    private static String key(String kind, String id) {
        return kind + " " + id;
    }

    private FlinkRuntimeException unusable(Exception cause) {
        return new FlinkRuntimeException(
                what + " of the current key cannot be read or written", cause);
    }
}
