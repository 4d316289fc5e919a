package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.detect.EventSpillStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.util.FlinkRuntimeException;

/** The older events of the current key, in keyed state: {@code kind id} → business time. */
record EventState(MapState<String, Long> state) implements EventSpillStore {

    @Override
    public Long at(FactKind kind, String id) {
        try {
            return state.get(key(kind, id));
        } catch (Exception e) {
            throw unreadable(e);
        }
    }

    @Override
    public void put(FactKind kind, String id, long at) {
        try {
            state.put(key(kind, id), at);
        } catch (Exception e) {
            throw new FlinkRuntimeException("the events of a subject cannot be written", e);
        }
    }

    @Override
    public List<Long> times(FactKind kind) {
        String prefix = key(kind, "");
        List<Long> times = new ArrayList<>();
        try {
            for (Map.Entry<String, Long> event : state.entries()) {
                if (event.getKey().startsWith(prefix)) {
                    times.add(event.getValue());
                }
            }
        } catch (Exception e) {
            throw unreadable(e);
        }
        return times;
    }

    private static String key(FactKind kind, String id) {
        return kind.label() + " " + id;
    }

    private static FlinkRuntimeException unreadable(Exception cause) {
        return new FlinkRuntimeException("the events of a subject cannot be read", cause);
    }
}
