package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.detect.OwnedActivity;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Keyed state of the activity of a user's projects: one entry a project, however many there are.
 */
record OwnedActivityState(MapState<String, OwnedActivity> state) implements OwnedActivity.Store {

    @Override
    public OwnedActivity get(String project) {
        try {
            return state.get(project);
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public void put(String project, OwnedActivity activity) {
        try {
            state.put(project, activity);
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public void remove(String project) {
        try {
            state.remove(project);
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public Map<String, OwnedActivity> all() {
        try {
            Map<String, OwnedActivity> all = new HashMap<>();
            state.entries().forEach(one -> all.put(one.getKey(), one.getValue()));
            return all;
        } catch (Exception e) {
            throw unusable(e);
        }
    }

    @Override
    public void clear() {
        state.clear();
    }

    private static FlinkRuntimeException unusable(Exception cause) {
        return new FlinkRuntimeException(
                "Projects' activity of the current key cannot be read or written", cause);
    }
}
