package io.seqpulse.cli.dashboards;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A panel of a dashboard, and which columns of its query it draws. */
record Panel(String dashboard, JsonNode json) {

    private static final ObjectMapper JSON = new ObjectMapper();

    static Path grafana() {
        return Path.of(System.getProperty("lifecycle.home", ""))
                .toAbsolutePath()
                .resolve("grafana");
    }

    /** Every panel of every dashboard of ours. */
    static List<Panel> all() throws IOException {
        List<Panel> panels = new ArrayList<>();
        for (Path file : dashboards()) {
            for (JsonNode panel : JSON.readTree(Files.readString(file)).path("panels")) {
                panels.add(new Panel(file.getFileName().toString(), panel));
            }
        }
        return panels;
    }

    static List<Path> dashboards() throws IOException {
        try (Stream<Path> files = Files.list(grafana().resolve("dashboards"))) {
            return files.sorted().toList();
        }
    }

    static Panel titled(String title) throws IOException {
        return all().stream()
                .filter(panel -> panel.title().equals(title))
                .findFirst()
                .orElseThrow();
    }

    String title() {
        return json.path("title").asText();
    }

    String type() {
        return json.path("type").asText();
    }

    /** What the marks of all dashboards ask, each once: {@code rawSql} or {@code expr}. */
    static Set<String> annotations(String query) throws IOException {
        Set<String> asked = new TreeSet<>();
        for (Path file : dashboards()) {
            JsonNode dashboard = JSON.readTree(file.toFile());
            for (JsonNode mark : dashboard.at("/annotations/list")) {
                JsonNode found = mark.findValue(query);
                if (found != null) {
                    asked.add(found.asText());
                }
            }
        }
        return asked;
    }

    /** Its queries of the database. */
    List<JsonNode> sqlTargets() {
        return targets("rawSql");
    }

    /** Its queries of Prometheus. */
    List<JsonNode> prometheusTargets() {
        return targets("expr");
    }

    private List<JsonNode> targets(String query) {
        return StreamSupport.stream(json.path("targets").spliterator(), false)
                .filter(target -> target.has(query))
                .toList();
    }

    /** Columns of a result, in their order, with their SQL types. */
    static Map<String, Integer> columns(ResultSetMetaData result) throws SQLException {
        Map<String, Integer> columns = new LinkedHashMap<>();
        for (int i = 1; i <= result.getColumnCount(); i++) {
            columns.put(result.getColumnLabel(i), result.getColumnType(i));
        }
        return columns;
    }

    /** Why these columns are not what the panel draws; empty if they are. */
    List<String> problems(JsonNode target, Map<String, Integer> columns) {
        List<String> problems = new ArrayList<>();
        Map<String, Integer> drawn = new LinkedHashMap<>(columns);
        boolean overTime = target.path("format").asText().equals("time_series");
        if (overTime) {
            Integer time = drawn.remove("time");
            if (time == null || !(isTime(time) || isNumber(time))) {
                problems.add("no column time");
            }
            Integer metric = drawn.remove("metric");
            if (metric != null) {
                if (isNumber(metric) || !drawn.keySet().equals(Set.of("value"))) {
                    problems.add("beside time and metric there must be value alone: " + drawn);
                }
                return problems;
            }
            drawn.forEach(
                    (name, type) -> {
                        if (!isNumber(type)) {
                            problems.add(name + " is no number");
                        }
                    });
        }
        switch (type()) {
            case "stat", "bargauge" -> {
                Pattern wanted = shown();
                if (drawn.entrySet().stream()
                                .filter(column -> wanted.matcher(column.getKey()).find())
                                .filter(column -> isNumber(column.getValue()))
                                .count()
                        != 1) {
                    problems.add("%s shows not one of %s".formatted(wanted, drawn.keySet()));
                }
                boolean names = drawn.values().stream().anyMatch(type -> type == Types.VARCHAR);
                if (type().equals("bargauge") && (!names || !drawn.containsKey("segment"))) {
                    problems.add("no names for the bars");
                }
                if (type().equals("stat") && drawn.size() != 1) {
                    problems.add("a stat draws one column: " + drawn.keySet());
                }
            }
            case "timeseries", "table" -> {
                Map<String, JsonNode> overrides = overrides();
                if (!overrides.keySet().equals(drawn.keySet())) {
                    problems.add(
                            "draws %s, is given %s".formatted(overrides.keySet(), drawn.keySet()));
                }
                drawn.forEach(
                        (name, type) -> {
                            String unit = unit(overrides.get(name));
                            if (unit.startsWith("dateTime")
                                    ? !isTime(type)
                                    : !unit.isEmpty() && !isNumber(type)) {
                                problems.add(
                                        "%s has unit %s and type %s".formatted(name, unit, type));
                            }
                        });
            }
            default -> problems.add("a panel of type " + type() + " is not known here");
        }
        return problems;
    }

    private Pattern shown() {
        String fields = json.at("/options/reduceOptions/fields").asText();
        if (fields.length() < 3 || !fields.startsWith("/") || !fields.endsWith("/")) {
            throw new AssertionError(
                    title() + " must name the column it shows, not '" + fields + "'");
        }
        return Pattern.compile(fields.substring(1, fields.length() - 1));
    }

    /** What is set for single columns, by their names. */
    private Map<String, JsonNode> overrides() {
        Map<String, JsonNode> found = new LinkedHashMap<>();
        for (JsonNode override : json.at("/fieldConfig/overrides")) {
            if (override.at("/matcher/id").asText().equals("byName")) {
                found.put(override.at("/matcher/options").asText(), override.path("properties"));
            }
        }
        return found;
    }

    private static String unit(JsonNode properties) {
        if (properties != null) {
            for (JsonNode property : properties) {
                if (property.path("id").asText().equals("unit")) {
                    return property.path("value").asText();
                }
            }
        }
        return "";
    }

    private static boolean isNumber(int type) {
        return switch (type) {
            case Types.NUMERIC, Types.BIGINT, Types.INTEGER, Types.DOUBLE -> true;
            default -> false;
        };
    }

    private static boolean isTime(int type) {
        return type == Types.TIMESTAMP || type == Types.TIMESTAMP_WITH_TIMEZONE;
    }

    @Override
    public String toString() {
        return dashboard + ": " + title();
    }
}
