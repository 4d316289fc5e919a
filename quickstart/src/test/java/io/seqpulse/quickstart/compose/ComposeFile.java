package io.seqpulse.quickstart.compose;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * docker-compose.yml as Compose reads it: YAML first, then in each text <code>${NAME:-default}
 * </code>, whose default may have variables, and <code>${NAME:?why it is needed}</code> from the
 * caller's environment, and <code>$$
 * </code> for one dollar sign.
 */
final class ComposeFile {

    private static final Pattern DOLLAR =
            Pattern.compile(
                    "\\$(?:(?<dollar>\\$)|\\{(?<name>\\w+)(?::(?<mark>[-?])(?<text>(?:[^{}]|\\$\\{[^{}]*})*))?}|)");

    private final Map<String, Object> content;
    private final Path home;

    private ComposeFile(Path home, Map<String, Object> content) {
        this.home = home;
        this.content = content;
    }

    /** The file of this repository. */
    static ComposeFile read() throws IOException {
        Path home = home();
        Load yaml = new Load(LoadSettings.builder().build());
        return new ComposeFile(
                home,
                map(yaml.loadFromString(Files.readString(home.resolve("docker-compose.yml")))));
    }

    private static Path home() {
        Path folder = Path.of(System.getProperty("lifecycle.home", "")).toAbsolutePath();
        while (!Files.exists(folder.resolve("docker-compose.yml"))) {
            folder = folder.getParent();
        }
        return folder;
    }

    /** The folder that relative paths start from: the repository. */
    Path folder() {
        return home;
    }

    Service service(String name) {
        Map<String, Object> services = map(content.get("services"));
        if (!services.containsKey(name)) {
            throw new IllegalArgumentException("there is no service " + name);
        }
        return new Service(name, map(services.get(name)));
    }

    Collection<Service> services() {
        return map(content.get("services")).keySet().stream().map(this::service).toList();
    }

    Map<String, Object> volumes() {
        return map(content.get("volumes"));
    }

    /** Variables of the caller's environment, with what stands behind them in the file. */
    Collection<Variable> variables() {
        Map<String, Variable> found = new TreeMap<>();
        collect(content, found);
        return found.values();
    }

    private static void collect(Object node, Map<String, Variable> found) {
        if (node instanceof Map<?, ?> entries) {
            entries.values().forEach(value -> collect(value, found));
        } else if (node instanceof Collection<?> items) {
            items.forEach(item -> collect(item, found));
        } else if (node instanceof String text) {
            Matcher matcher = DOLLAR.matcher(text);
            while (matcher.find()) {
                if (matcher.group("name") != null) {
                    Variable variable =
                            new Variable(
                                    matcher.group("name"),
                                    "?".equals(matcher.group("mark")),
                                    matcher.group("text"));
                    Variable known = found.put(variable.name(), variable);
                    if (known != null && !known.equals(variable)) {
                        throw new IllegalStateException(
                                "%s and %s differ".formatted(known, variable));
                    }
                }
            }
        }
    }

    /**
     * A text with its variables filled in.
     *
     * @throws IllegalArgumentException naming a required variable that is not set
     */
    static String filledIn(String text, Map<String, String> environment) {
        Matcher matcher = DOLLAR.matcher(text);
        StringBuilder filled = new StringBuilder();
        while (matcher.find()) {
            matcher.appendReplacement(
                    filled, Matcher.quoteReplacement(value(matcher, environment)));
        }
        return matcher.appendTail(filled).toString();
    }

    private static String value(Matcher matcher, Map<String, String> environment) {
        if (matcher.group("dollar") != null) {
            return "$";
        }
        String name = matcher.group("name");
        if (name == null) {
            throw new IllegalArgumentException("a lone $: write $$");
        }
        String value = environment.getOrDefault(name, "");
        if (!value.isEmpty() || matcher.group("mark") == null) {
            return value;
        }
        if (matcher.group("mark").equals("?")) {
            throw new IllegalArgumentException(name + ": " + matcher.group("text"));
        }
        return filledIn(matcher.group("text"), environment);
    }

    @SuppressWarnings("unchecked") // what YAML has between braces
    private static Map<String, Object> map(Object node) {
        return node == null ? Map.of() : (Map<String, Object>) node;
    }

    /**
     * A variable of the caller's environment.
     *
     * @param required whether Compose refuses to start without it
     * @param text the message if it is required, otherwise the default
     */
    record Variable(String name, boolean required, String text) {}

    /** One service, by the names that Compose gives its parts. */
    record Service(String name, Map<String, Object> content) {

        String image() {
            return String.valueOf(content.get("image"));
        }

        Object value(String key) {
            return content.get(key);
        }

        List<String> texts(String key) {
            List<String> texts = new ArrayList<>();
            if (content.get(key) instanceof Collection<?> items) {
                items.forEach(item -> texts.add(String.valueOf(item)));
            } else if (content.get(key) != null) {
                throw new IllegalStateException("%s.%s is no list".formatted(name, key));
            }
            return texts;
        }

        /** Entry point and command, with variables filled in: what is run. */
        List<String> commandLine(Map<String, String> caller) {
            List<String> line = new ArrayList<>(texts("entrypoint"));
            line.addAll(texts("command"));
            return line.stream().map(word -> filledIn(word, caller)).toList();
        }

        /** What is mounted where, with variables filled in. */
        List<String> volumes(Map<String, String> caller) {
            return texts("volumes").stream().map(volume -> filledIn(volume, caller)).toList();
        }

        /** The service's environment, with variables filled in. */
        Map<String, String> environment(Map<String, String> caller) {
            Map<String, String> environment = new LinkedHashMap<>();
            map(content.get("environment"))
                    .forEach(
                            (key, value) ->
                                    environment.put(key, filledIn(String.valueOf(value), caller)));
            return environment;
        }

        /** Service → the condition it is waited for. */
        Map<String, String> dependsOn() {
            Map<String, String> conditions = new LinkedHashMap<>();
            map(content.get("depends_on"))
                    .forEach(
                            (other, how) ->
                                    conditions.put(
                                            other, String.valueOf(map(how).get("condition"))));
            return conditions;
        }

        boolean runsOnce() {
            return "no".equals(content.get("restart"));
        }

        /** Flink's configuration as the image's entry point reads it: without white space. */
        Map<String, String> flinkProperties() {
            Map<String, String> properties = new LinkedHashMap<>();
            String text = String.valueOf(map(content.get("environment")).get("FLINK_PROPERTIES"));
            filledIn(text, Map.of())
                    .lines()
                    .map(line -> line.replaceAll("\\s", ""))
                    .filter(line -> !line.isEmpty())
                    .forEach(
                            line -> {
                                String[] parts = line.split(":", 2);
                                properties.put(parts[0], parts[1]);
                            });
            return properties;
        }
    }
}
