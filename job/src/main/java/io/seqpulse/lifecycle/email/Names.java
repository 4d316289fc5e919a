package io.seqpulse.lifecycle.email;

import java.util.AbstractMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What a template may name. There is far more than any one template asks for, so what costs
 * something is made when it is asked for, once. For one thread.
 */
final class Names extends AbstractMap<String, Object> {

    private static final int USUAL_NUMBER = 128;

    private final Map<String, Object> values = new HashMap<>(USUAL_NUMBER);

    /** What the supplier gives, null too, stands under the name from the first time it is asked. */
    void putWhenAsked(String name, Supplier<?> value) {
        values.put(name, value);
    }

    @Override
    public Object put(String name, Object value) {
        return values.put(name, value);
    }

    @Override
    public boolean containsKey(Object name) {
        return values.containsKey(name);
    }

    @Override
    public Object get(Object name) {
        Object value = values.get(name);
        if (value instanceof Supplier<?> unmade) {
            value = unmade.get();
            values.replace((String) name, value);
        }
        return value;
    }

    @Override
    public Set<Entry<String, Object>> entrySet() {
        values.keySet().forEach(this::get);
        return values.entrySet();
    }
}
