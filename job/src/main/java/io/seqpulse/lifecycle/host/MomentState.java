package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.kpi.SpillStore;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * The moments of the current key that are not at hand: {@code kind id} → microseconds.
 *
 * @param state of those that are kept as long as their subject
 * @param verdicts of those that are as many as there are verdicts, and forgotten some day
 */
record MomentState(MapState<String, Long> state, MapState<String, Long> verdicts)
        implements SpillStore {

    @Override
    public Long get(String kind, String id) {
        try {
            return of(kind).get(key(kind, id));
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public void put(String kind, String id, long atMicros) {
        try {
            of(kind).put(key(kind, id), atMicros);
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
            for (Map.Entry<String, Long> moment : of(kind).entries()) {
                if (moment.getKey().startsWith(prefix)) {
                    all.put(moment.getKey().substring(prefix.length()), moment.getValue());
                }
            }
        } catch (Exception e) {
            throw unusable(e);
        }
        return all;
    }

    private MapState<String, Long> of(String kind) {
        return kind.equals(SpillStore.VERDICTS) ? verdicts : state;
    }

    private static String key(String kind, String id) {
        return kind + " " + id;
    }

    private static FlinkRuntimeException unusable(Exception cause) {
        return new FlinkRuntimeException(
                "KPI state of the current key cannot be read or written", cause);
    }
}
