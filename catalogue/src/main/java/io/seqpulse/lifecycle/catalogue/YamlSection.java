package io.seqpulse.lifecycle.catalogue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A mapping of a YAML file, read key by key. What is missing or of another form is reported with
 * its line and read as null; {@link #refuseUnknownKeys()} reports every key that nobody asked for.
 */
final class YamlSection {

    private final Node node;
    private final String path;
    private final YamlProblems problems;
    private final Map<String, NodeTuple> entries = new LinkedHashMap<>();
    private final Set<String> asked = new LinkedHashSet<>();

    private YamlSection(MappingNode node, String path, YamlProblems problems) {
        this.node = node;
        this.path = path;
        this.problems = problems;
        for (NodeTuple entry : node.getValue()) {
            if (!(entry.getKeyNode() instanceof ScalarNode key)) {
                problems.add(entry.getKeyNode(), path, "a key must be text");
            } else if (entries.putIfAbsent(key.getValue(), entry) != null) {
                problems.add(key, at(key.getValue()), "stands here twice");
            }
        }
    }

    /** The mapping at a node; null and a problem if it is none. */
    static YamlSection of(Node node, String path, YamlProblems problems) {
        if (node instanceof MappingNode mapping) {
            return new YamlSection(mapping, path, problems);
        }
        problems.add(node, path, "must be a mapping of keys to values");
        return null;
    }

    String path() {
        return path;
    }

    /** Whether the key is there, whatever its value. */
    boolean has(String key) {
        asked.add(key);
        return entries.containsKey(key);
    }

    /** Reports a problem with a key's value, or with the section where the key is missing. */
    void problem(String key, String what) {
        NodeTuple entry = entries.get(key);
        problems.add(entry == null ? node : entry.getValueNode(), at(key), what);
    }

    /** A value that must be there. */
    String text(String key) {
        Node value = required(key);
        return value == null ? null : scalar(value, at(key));
    }

    /** A value that may be missing; null then. */
    String optionalText(String key) {
        return has(key) ? text(key) : null;
    }

    /** A value that must be there and that a function understands, or else throws. */
    <T> T value(String key, Function<String, T> understand, String expected) {
        String text = text(key);
        return text == null ? null : understood(text, understand, expected, value(key), at(key));
    }

    /**
     * A length of time that must be there.
     *
     * @param orElse what else may stand there, for the message; or empty
     */
    <T> T time(String key, Function<String, T> understand, String orElse) {
        String text = text(key);
        return text == null
                ? null
                : understood(
                        text,
                        understand,
                        TimeText.EXPECTED + orElse + TimeText.advice(text),
                        value(key),
                        at(key));
    }

    /** A value that must be one of an enum's labels. */
    <E> E oneOf(String key, E[] values, Function<E, String> label) {
        return value(key, text -> find(text, values, label), among(values, label));
    }

    Duration duration(String key) {
        return time(key, TimeText::parse, "");
    }

    Duration optionalDuration(String key, Duration ifMissing) {
        return has(key) ? duration(key) : ifMissing;
    }

    Integer positive(String key) {
        return value(
                key,
                text -> {
                    int number = Integer.parseInt(text);
                    return number > 0 ? number : null;
                },
                "must be a whole number, 1 or more");
    }

    /**
     * The elements of a list that must be there, each understood by a function; null if any fails.
     */
    <T> List<T> list(String key, Function<String, T> understand, String expected) {
        return list(key, understand, any -> expected);
    }

    private <T> List<T> list(
            String key, Function<String, T> understand, Function<String, String> expected) {
        Node value = required(key);
        return value == null ? null : list(value, at(key), understand, expected);
    }

    <E> List<E> listOf(String key, E[] values, Function<E, String> label) {
        return list(key, text -> find(text, values, label), among(values, label));
    }

    List<Duration> durations(String key) {
        return times(key, TimeText::parse, "");
    }

    /**
     * Lengths of time that must be there.
     *
     * @param orElse what else may stand there, for the message; or empty
     */
    <T> List<T> times(String key, Function<String, T> understand, String orElse) {
        return list(key, understand, text -> TimeText.EXPECTED + orElse + TimeText.advice(text));
    }

    /** A mapping that must be there. */
    YamlSection section(String key) {
        Node value = required(key);
        return value == null ? null : of(value, at(key), problems);
    }

    /**
     * The mappings of a list that must be there, named by their position until they have a code.
     */
    List<YamlSection> sections(String key, String nameKey) {
        Node value = required(key);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof SequenceNode sequence)) {
            problems.add(value, at(key), "must be a list");
            return List.of();
        }
        List<YamlSection> sections = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            String position = at(key) + "[" + sections.size() + "]";
            YamlSection section = of(element, named(element, nameKey, position), problems);
            if (section != null) {
                sections.add(section);
            }
        }
        return sections;
    }

    /** Every key with the texts of its list. */
    Map<String, List<String>> lists() {
        Map<String, List<String>> lists = new LinkedHashMap<>();
        entries.forEach(
                (key, entry) -> {
                    asked.add(key);
                    List<String> texts =
                            list(
                                    entry.getValueNode(),
                                    at(key),
                                    text -> text,
                                    any -> "must be text");
                    if (texts != null) {
                        lists.put(key, texts);
                    }
                });
        return lists;
    }

    void refuseUnknownKeys() {
        entries.forEach(
                (key, entry) -> {
                    if (!asked.contains(key)) {
                        problems.add(
                                entry.getKeyNode(),
                                at(key),
                                "unknown key; known here: " + String.join(", ", asked));
                    }
                });
    }

    private String at(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private Node value(String key) {
        return entries.get(key).getValueNode();
    }

    private Node required(String key) {
        if (!has(key)) {
            problems.add(node, at(key), "is missing");
            return null;
        }
        return value(key);
    }

    private String scalar(Node value, String where) {
        if (!(value instanceof ScalarNode scalar)) {
            problems.add(value, where, "must be a single value");
            return null;
        }
        if (scalar.getTag().equals(Tag.NULL) || scalar.getValue().isBlank()) {
            problems.add(value, where, "is empty");
            return null;
        }
        return scalar.getValue();
    }

    private <T> List<T> list(
            Node value,
            String where,
            Function<String, T> understand,
            Function<String, String> expected) {
        if (!(value instanceof SequenceNode sequence)) {
            problems.add(value, where, "must be a list, such as [a, b]");
            return null;
        }
        if (sequence.getValue().isEmpty()) {
            problems.add(value, where, "is empty");
            return null;
        }
        List<T> elements = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            String text = scalar(element, where);
            T understood =
                    text == null
                            ? null
                            : understood(text, understand, expected.apply(text), element, where);
            if (understood != null && elements.contains(understood)) {
                problems.add(element, where, "'" + text + "' stands here twice");
            } else if (understood != null) {
                elements.add(understood);
            }
        }
        return elements.size() == sequence.getValue().size() ? elements : null;
    }

    private <T> T understood(
            String text, Function<String, T> understand, String expected, Node node, String where) {
        T value;
        try {
            value = understand.apply(text);
        } catch (NumberFormatException e) {
            value = null;
        }
        if (value == null) {
            problems.add(node, where, "'" + text + "' " + expected);
        }
        return value;
    }

    private static String named(Node element, String nameKey, String position) {
        if (element instanceof MappingNode mapping) {
            for (NodeTuple entry : mapping.getValue()) {
                if (entry.getKeyNode() instanceof ScalarNode key
                        && key.getValue().equals(nameKey)
                        && entry.getValueNode() instanceof ScalarNode name
                        && !name.getValue().isBlank()) {
                    return name.getValue();
                }
            }
        }
        return position;
    }

    private static <E> E find(String text, E[] values, Function<E, String> label) {
        for (E value : values) {
            if (label.apply(value).equals(text)) {
                return value;
            }
        }
        return null;
    }

    private static <E> String among(E[] values, Function<E, String> label) {
        return Arrays.stream(values)
                .map(label)
                .collect(Collectors.joining(", ", "is none of ", ""));
    }
}
