package io.seqpulse.connector.connect;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.transforms.Transformation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts what is too large in a row, so that no row can be too large for the change log: text and
 * bytes at their length, arrays and maps at as many elements as fit. JSON cannot be cut: too large
 * a document becomes null, or an empty array where the column has no null. What was cut is named in
 * the record's header {@value #HEADER}, by column, and logged with the row's key.
 *
 * <p>Debezium cuts text and bytes only. Never throws, so that no row can stop the connector.
 *
 * @param <R> the kind of record
 */
public final class CutValues<R extends ConnectRecord<R>> implements Transformation<R> {

    /** Names the columns that were cut, separated by commas. */
    public static final String HEADER = "cut";

    private static final Logger LOG = LoggerFactory.getLogger(CutValues.class);
    private static final String MAX = "max.chars";
    private static final String JSON = "io.debezium.data.Json";
    private static final int DEFAULT_MAX = 65_536;

    /** What an element counts beside its characters. */
    private static final int ELEMENT = 8;

    private static final ConfigDef CONFIG =
            new ConfigDef()
                    .define(
                            MAX,
                            Type.INT,
                            DEFAULT_MAX,
                            Range.atLeast(16),
                            Importance.MEDIUM,
                            "How many characters, or bytes, a column's value may have");

    private int max = DEFAULT_MAX;

    @Override
    public ConfigDef config() {
        return CONFIG;
    }

    @Override
    public void configure(Map<String, ?> settings) {
        max = (Integer) CONFIG.parse(settings).get(MAX);
    }

    @Override
    public R apply(R record) {
        if (!(record.value() instanceof Struct envelope)) {
            return record;
        }
        Set<String> cut = new TreeSet<>();
        for (String part : List.of("before", "after")) {
            Field field = envelope.schema().field(part);
            if (field != null && envelope.get(field) instanceof Struct row) {
                cutAll(row, cut);
            }
        }
        if (!cut.isEmpty()) {
            record.headers().addString(HEADER, String.join(",", cut));
            LOG.warn(
                    "Larger than {} characters and cut: {} of {} in the row with key {}",
                    max,
                    cut,
                    envelope.schema().name(),
                    record.key());
        }
        return record;
    }

    private void cutAll(Struct row, Set<String> cut) {
        for (Field column : row.schema().fields()) {
            Object value = row.get(column);
            Object fitting = fitting(value, column.schema());
            if (fitting != value) {
                row.put(column, fitting);
                cut.add(column.name());
            }
        }
    }

    /** The value itself where it fits. */
    private Object fitting(Object value, Schema schema) {
        if (value instanceof String text) {
            if (!JSON.equals(schema.name())) {
                return cut(text, max);
            }
            // Debezium cut it already where it has exactly that many.
            return text.length() < max ? text : schema.isOptional() ? null : "[]";
        }
        if (value instanceof List<?> elements) {
            return cut(elements, schema.valueSchema());
        }
        if (value instanceof Map<?, ?> entries) {
            return cut(entries);
        }
        if (value instanceof byte[] bytes) {
            return bytes.length <= max ? bytes : Arrays.copyOf(bytes, max);
        }
        if (value instanceof ByteBuffer bytes) {
            return bytes.remaining() <= max ? bytes : bytes.slice(bytes.position(), max);
        }
        if (value instanceof Struct nested) {
            return size(nested) <= max ? nested : schema.isOptional() ? null : nested;
        }
        return value;
    }

    private static String cut(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
        return text.substring(0, end);
    }

    private List<?> cut(List<?> elements, Schema schema) {
        long size = 0;
        for (int i = 0; i < elements.size(); i++) {
            Object element = elements.get(i);
            long room = max - size - ELEMENT;
            size += size(element) + ELEMENT;
            if (size > max) {
                List<Object> fitting = new ArrayList<>(elements.subList(0, i));
                if (element instanceof String text
                        && room > 0
                        && (schema == null || !JSON.equals(schema.name()))) {
                    fitting.add(cut(text, (int) room));
                }
                return fitting;
            }
        }
        return elements;
    }

    private Map<?, ?> cut(Map<?, ?> entries) {
        if (size(entries) <= max) {
            return entries;
        }
        Map<Object, Object> fitting = new LinkedHashMap<>();
        long size = 0;
        for (Map.Entry<?, ?> entry : entries.entrySet()) {
            size += size(entry.getKey()) + size(entry.getValue()) + ELEMENT;
            if (size > max) {
                break;
            }
            fitting.put(entry.getKey(), entry.getValue());
        }
        return fitting;
    }

    /** About how many characters or bytes a value has. */
    private static long size(Object value) {
        if (value instanceof String text) {
            return text.length();
        }
        if (value instanceof byte[] bytes) {
            return bytes.length;
        }
        if (value instanceof ByteBuffer bytes) {
            return bytes.remaining();
        }
        long size = ELEMENT;
        if (value instanceof List<?> elements) {
            for (Object element : elements) {
                size += size(element) + ELEMENT;
            }
        } else if (value instanceof Map<?, ?> entries) {
            for (Map.Entry<?, ?> entry : entries.entrySet()) {
                size += size(entry.getKey()) + size(entry.getValue()) + ELEMENT;
            }
        } else if (value instanceof Struct struct) {
            for (Field field : struct.schema().fields()) {
                size += size(struct.get(field)) + ELEMENT;
            }
        }
        return size;
    }

    @Override
    public void close() {
        // holds nothing
    }
}
