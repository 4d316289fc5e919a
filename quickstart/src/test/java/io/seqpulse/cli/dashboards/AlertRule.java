package io.seqpulse.cli.dashboards;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** An alert rule, and what Grafana makes of its query's result: reduced, then compared. */
record AlertRule(JsonNode json) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Every rule of ours, in the order of the file. */
    static List<AlertRule> all() throws IOException {
        String text = Files.readString(Panel.grafana().resolve("provisioning/alerting/rules.yaml"));
        JsonNode file =
                JSON.valueToTree(new Load(LoadSettings.builder().build()).loadFromString(text));
        List<AlertRule> rules = new ArrayList<>();
        for (JsonNode group : file.path("groups")) {
            group.path("rules").forEach(rule -> rules.add(new AlertRule(rule)));
        }
        return rules;
    }

    static AlertRule of(String uid) throws IOException {
        return all().stream().filter(rule -> rule.uid().equals(uid)).findFirst().orElseThrow();
    }

    String uid() {
        return json.path("uid").asText();
    }

    String title() {
        return json.path("title").asText();
    }

    boolean asksPrometheus() {
        return json.at("/data/0/datasourceUid").asText().equals("DS_PROMETHEUS");
    }

    /** PromQL or SQL. */
    String query() {
        return json.at(asksPrometheus() ? "/data/0/model/expr" : "/data/0/model/rawSql").asText();
    }

    /** What SQL says: one number, or nothing. */
    OptionalDouble value(Connection reader) throws SQLException {
        try (Statement statement = reader.createStatement();
                ResultSet found =
                        statement.executeQuery(
                                new Macros(null, null, Duration.ofSeconds(1)).expand(query()))) {
            if (found.getMetaData().getColumnCount() != 1) {
                throw new AssertionError(uid() + " must ask for one number");
            }
            OptionalDouble value = OptionalDouble.empty();
            if (found.next()) {
                double number = found.getDouble(1);
                value = found.wasNull() ? value : OptionalDouble.of(number);
                if (found.next()) {
                    throw new AssertionError(uid() + " must ask for one row");
                }
            }
            return value;
        }
    }

    /** {@code >} or {@code <}, and the number, as in {@code > 60}. */
    String threshold() {
        JsonNode evaluator = evaluator();
        String sign =
                switch (evaluator.path("type").asText()) {
                    case "gt" -> ">";
                    case "lt" -> "<";
                    default -> throw new AssertionError(uid() + ": " + evaluator);
                };
        return sign + " " + evaluator.path("params").path(0).asText();
    }

    private JsonNode evaluator() {
        JsonNode last = json.path("data").path(json.path("data").size() - 1);
        if (!last.path("refId").asText().equals(json.path("condition").asText())) {
            throw new AssertionError(uid() + ": the condition is not the last step");
        }
        return last.at("/model/conditions/0/evaluator");
    }

    /** Whether it fires once that has lasted as long as the rule says; no value is no data. */
    boolean firesOn(OptionalDouble value) {
        if (value.isEmpty()) {
            return json.path("noDataState").asText().equals("Alerting");
        }
        JsonNode evaluator = evaluator();
        double threshold = evaluator.path("params").path(0).asDouble();
        return switch (evaluator.path("type").asText()) {
            case "gt" -> value.getAsDouble() > threshold;
            case "lt" -> value.getAsDouble() < threshold;
            default -> throw new AssertionError(uid() + ": " + evaluator);
        };
    }

    @Override
    public String toString() {
        return uid();
    }
}
