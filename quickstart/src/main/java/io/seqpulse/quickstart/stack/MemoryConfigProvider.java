package io.seqpulse.quickstart.stack;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigData;
import org.apache.kafka.common.config.provider.ConfigProvider;

/**
 * Answers a connector's <code>${env:NAME}</code> inside this JVM as Kafka's own environment
 * provider does in a container, so that the same registration works in both and no password is
 * stored in a topic.
 */
public final class MemoryConfigProvider implements ConfigProvider {

    /** Parameter that says whose values to serve: several stacks may live in one JVM. */
    static final String STACK = "stack";

    private static final Map<String, Map<String, String>> VALUES = new ConcurrentHashMap<>();

    private Map<String, String> values = Map.of();

    static void serve(String stack, Map<String, String> values) {
        VALUES.put(stack, Map.copyOf(values));
    }

    static void forget(String stack) {
        VALUES.remove(stack);
    }

    @Override
    public void configure(Map<String, ?> settings) {
        values = VALUES.getOrDefault(String.valueOf(settings.get(STACK)), Map.of());
    }

    @Override
    public ConfigData get(String path) {
        return new ConfigData(values);
    }

    @Override
    public ConfigData get(String path, Set<String> keys) {
        return new ConfigData(
                values.entrySet().stream()
                        .filter(entry -> keys.contains(entry.getKey()))
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    @Override
    public void close() {}
}
