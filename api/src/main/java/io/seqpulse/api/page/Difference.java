package io.seqpulse.api.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What changed from one object to the next: {@code {"set": {…}, "gone": [[…], …]}}. {@code set}
 * holds the members that are new or different, each in its place, and only those; anything but an
 * object is given whole. {@code gone} names, step by step, members that are no longer there. Unlike
 * a merge patch (RFC 7396), in which null means removal, it can say that a value is null now.
 */
final class Difference {

    private final ArrayNode gone = JsonNodeFactory.instance.arrayNode();

    private Difference() {}

    static ObjectNode between(ObjectNode before, ObjectNode after) {
        Difference difference = new Difference();
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.set("set", difference.changed(before, after, List.of()));
        if (!difference.gone.isEmpty()) {
            result.set("gone", difference.gone);
        }
        return result;
    }

    private ObjectNode changed(ObjectNode before, ObjectNode after, List<String> place) {
        ObjectNode changed = JsonNodeFactory.instance.objectNode();
        before.fieldNames()
                .forEachRemaining(
                        name -> {
                            if (!after.has(name)) {
                                ArrayNode path = gone.addArray();
                                place.forEach(path::add);
                                path.add(name);
                            }
                        });
        for (Map.Entry<String, JsonNode> member : after.properties()) {
            JsonNode old = before.get(member.getKey());
            JsonNode now = member.getValue();
            if (old instanceof ObjectNode oldObject && now instanceof ObjectNode newObject) {
                if (!old.equals(now)) {
                    List<String> below = new ArrayList<>(place);
                    below.add(member.getKey());
                    ObjectNode inner = changed(oldObject, newObject, below);
                    if (!inner.isEmpty()) {
                        changed.set(member.getKey(), inner);
                    }
                }
            } else if (!now.equals(old)) {
                changed.set(member.getKey(), now);
            }
        }
        return changed;
    }
}
