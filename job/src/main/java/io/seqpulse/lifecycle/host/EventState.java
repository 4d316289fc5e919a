package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.detect.Events;
import io.seqpulse.lifecycle.fact.FactKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.util.FlinkRuntimeException;

/** The distinct events of the current key, in keyed state: {@code kind id} → business time. */
record EventState(MapState<String, Long> state) implements Events {

    @Override
    public Long put(FactKind kind, String id, long at) {
        String key = kind.label() + " " + id;
        try {
            Long before = state.get(key);
            if (before == null || before != at) {
                state.put(key, at);
            }
            return before;
        } catch (Exception e) {
            throw new FlinkRuntimeException("the events of a subject cannot be written", e);
        }
    }

    @Override
    public void add(FactKind kind, String id, long at) {
        try {
            state.put(kind.label() + " " + id, at);
        } catch (Exception e) {
            throw new FlinkRuntimeException("the events of a subject cannot be written", e);
        }
    }

    @Override
    public List<Long> times(FactKind kind, long from, long to) {
        String prefix = kind.label() + " ";
        List<Long> times = new ArrayList<>();
        try {
            for (Map.Entry<String, Long> event : state.entries()) {
                if (event.getKey().startsWith(prefix)
                        && event.getValue() >= from
                        && event.getValue() < to) {
                    times.add(event.getValue());
                }
            }
        } catch (Exception e) {
            throw new FlinkRuntimeException("the events of a subject cannot be read", e);
        }
        times.sort(null);
        return times;
    }
}
