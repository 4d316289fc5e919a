package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.kpi.Overflow;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.util.FlinkRuntimeException;

/** The moments of the current key that are not at hand: {@code kind id} → microseconds. */
record MomentState(MapState<String, Long> state) implements Overflow {

    @Override
    public Long get(String kind, String id) {
        try {
            return state.get(key(kind, id));
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public void put(String kind, String id, long atMicros) {
        try {
            state.put(key(kind, id), atMicros);
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public void remove(String kind, String id) {
        try {
            state.remove(key(kind, id));
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public Map<String, Long> all(String kind) {
        String prefix = key(kind, "");
        Map<String, Long> all = new HashMap<>();
        try {
            for (Map.Entry<String, Long> moment : state.entries()) {
                if (moment.getKey().startsWith(prefix)) {
                    all.put(moment.getKey().substring(prefix.length()), moment.getValue());
                }
            }
        } catch (Exception e) {
            throw unusable(e);
        }
        return all;
    }

    private static String key(String kind, String id) {
        return kind + " " + id;
    }

    private static FlinkRuntimeException unusable(Exception cause) {
        return new FlinkRuntimeException("what is counted of a subject cannot be kept", cause);
    }
}
