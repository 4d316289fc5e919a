package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.fact.Event;
import java.util.List;
import java.util.Map;

/** Whether an event's attributes are what a rule asks for. */
final class Conditions {

    private Conditions() {}

    /**
     * Whether each attribute has one of its accepted values.
     *
     * @param where attribute → accepted values; empty: any
     */
    static boolean hold(Map<String, List<String>> where, Map<String, String> values) {
        for (Map.Entry<String, List<String>> accepted : where.entrySet()) {
            String value = values.get(accepted.getKey());
            if (value == null || !accepted.getValue().contains(value)) {
                return false;
            }
        }
        return true;
    }

    static boolean hold(Map<String, List<String>> where, Event event) {
        return where.isEmpty() || hold(where, event.attributes());
    }
}
