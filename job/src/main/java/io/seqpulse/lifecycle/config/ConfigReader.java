package io.seqpulse.lifecycle.config;

import io.seqpulse.lifecycle.config.LifecycleOptions.Option;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;

/** Brings command line, file and environment together, and collects what is wrong with them. */
final class ConfigReader {

    private static final String FILE = "config";

    private final Configuration values;
    private final List<String> problems = new ArrayList<>();

    ConfigReader(String[] args, Map<String, String> environment) {
        Map<String, String> given = new HashMap<>();
        for (Option option : LifecycleOptions.ALL) {
            put(given, option.key(), environment.get(option.environment()));
        }
        Map<String, String> commandLine = commandLine(args);
        String file = commandLine.remove(FILE);
        if (file != null) {
            file(FILE, file).forEach((key, value) -> putKnown(given, key, value, file));
        }
        commandLine.forEach((key, value) -> putKnown(given, key, value, "the command line"));
        values = Configuration.fromMap(given);
    }

    /** Reports those of the required keys that have no value. */
    void requireAll() {
        for (Option option : LifecycleOptions.ALL) {
            if (option.required() && !values.contains(option.option())) {
                problem(
                        option.option(),
                        "is missing; set it in the file, as --%s or as %s"
                                .formatted(option.key(), option.environment()));
            }
        }
    }

    /** The value or the default; null where there is none or it was reported. */
    <T> T value(ConfigOption<T> option) {
        try {
            return values.getOptional(option)
                    .orElse(option.hasDefaultValue() ? option.defaultValue() : null);
        } catch (IllegalArgumentException e) {
            problem(
                    option,
                    "'%s' is not %s".formatted(values.toMap().get(option.key()), expected(option)));
            return null;
        }
    }

    /** A whole number in a range; null where it is none or was reported. */
    Integer inRange(ConfigOption<Integer> option, int least, int most) {
        Integer number = value(option);
        if (number != null && (number < least || number > most)) {
            problem(option, "is %s; give a number from %s to %s".formatted(number, least, most));
            return null;
        }
        return number;
    }

    /** Settings that check themselves; null where they refused, which is reported. */
    <T> T settings(ConfigOption<?> key, Supplier<T> settings) {
        try {
            return settings.get();
        } catch (IllegalArgumentException e) {
            problems.add(key == null ? e.getMessage() : key.key() + ": " + e.getMessage());
            return null;
        }
    }

    void problem(ConfigOption<?> option, String what) {
        problems.add(option.key() + ": " + what);
    }

    /** Whether anything was reported about a key that begins with one of these. */
    boolean hasProblemWith(String... keys) {
        return problems.stream().anyMatch(p -> Arrays.stream(keys).anyMatch(p::startsWith));
    }

    /**
     * Ends what cannot work.
     *
     * @param consequence of a problem, as {@link InvalidConfigurationException} takes it
     */
    void throwIfAnyProblem(String consequence) {
        if (!problems.isEmpty()) {
            throw new InvalidConfigurationException(consequence, problems);
        }
    }

    private Map<String, String> commandLine(String[] args) {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < args.length; i += 2) {
            if (!args[i].startsWith("--")) {
                // What stands here may be a secret without its key: it is not repeated.
                problems.add(
                        "the command line: argument %s is no key; give --config FILE and --key value"
                                .formatted(i + 1));
                return given;
            }
            String key = args[i].substring(2);
            if (i + 1 == args.length) {
                problems.add(key + ": has no value on the command line; give --" + key + " VALUE");
            } else if (given.put(key, args[i + 1]) != null) {
                problems.add(key + ": stands twice on the command line; take one out");
            }
        }
        return given;
    }

    /** What a properties file says; empty where it cannot be read, which is reported. */
    Map<String, String> file(String asked, String file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(file), StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            problems.add(
                    "%s: %s cannot be read as properties in UTF-8 (%s)"
                            .formatted(asked, file, e.getClass().getSimpleName()));
        }
        Map<String, String> given = new HashMap<>();
        properties.stringPropertyNames().stream()
                .sorted()
                .forEach(key -> given.put(key, properties.getProperty(key)));
        return given;
    }

    private void putKnown(Map<String, String> given, String key, String value, String where) {
        if (LifecycleConfig.option(key) == null) {
            problems.add(key + ": unknown key in " + where + "; correct it or take it out");
        } else {
            put(given, key, value);
        }
    }

    private static String expected(ConfigOption<?> option) {
        if (option.defaultValue() instanceof Enum<?> one) {
            return Arrays.stream(one.getDeclaringClass().getEnumConstants())
                    .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", ", "one of ", ""));
        }
        return option.defaultValue() instanceof Integer ? "a whole number" : "text";
    }

    private static void put(Map<String, String> given, String key, String value) {
        if (value != null && !value.isBlank()) {
            given.put(key, value.strip());
        }
    }
}
