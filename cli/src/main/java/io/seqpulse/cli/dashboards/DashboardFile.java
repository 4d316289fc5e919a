package io.seqpulse.cli.dashboards;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.seqpulse.cli.CommandException;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A dashboard as its file has it, with what the catalogue says of the KPIs it shows: thresholds and
 * definition. A panel shows a KPI if its title is the KPI's name or {@code Trend - <name> (daily)}.
 */
final class DashboardFile {

    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

    /**
     * As Grafana itself exports dashboards, so that its exports differ in what was changed only.
     */
    private static final DefaultPrettyPrinter AS_GRAFANA_EXPORTS =
            new DefaultPrettyPrinter(
                            Separators.createDefaultInstance()
                                    .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                                    .withObjectEmptySeparator("")
                                    .withArrayEmptySeparator(""))
                    .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                    .withArrayIndenter(new DefaultIndenter("  ", "\n"));

    private static final Pattern TREND = Pattern.compile("Trend - (\\w+) \\(daily\\)");

    private static final String OF_THE_WINDOW =
            " The value is that of the whole selected window, from its first minute to the one"
                    + " before its last; the line is how it built up since the window began. All"
                    + " times are UTC.";
    private static final String OF_A_DAY =
            " One point a UTC day, of the whole day also where the selected window begins or ends"
                    + " within it. A day with nobody to count has no point.";

    /** Only where there is a time in which to reach the goal. */
    private static final String NOT_OVER_YET =
            " Those whose time is not over yet count as not yet.";

    private DashboardFile() {}

    /**
     * The same dashboard with the catalogue's thresholds and definitions.
     *
     * @param name of the file, for messages
     * @param shown gets the names of the KPIs that it shows
     * @throws CommandException if it is no dashboard
     */
    static String with(
            Map<String, KpiThresholds> kpis, String name, String text, Set<String> shown) {
        JsonNode dashboard;
        try {
            dashboard = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new CommandException(name + " is no JSON: " + e.getOriginalMessage(), e);
        }
        if (!dashboard.path("panels").isArray()) {
            throw new CommandException(name + ": there is no list 'panels' in it");
        }
        for (JsonNode panel : dashboard.path("panels")) {
            String title = panel.path("title").asText();
            Matcher trend = TREND.matcher(title);
            KpiThresholds kpi = kpis.get(trend.matches() ? trend.group(1) : title);
            if (kpi != null) {
                shown.add(kpi.name());
                write(kpi, (ObjectNode) panel, trend.matches() ? OF_A_DAY : OF_THE_WINDOW);
            }
        }
        return written(dashboard);
    }

    /** A dashboard as the file's text. */
    static String written(JsonNode dashboard) {
        try {
            return JSON.writer(AS_GRAFANA_EXPORTS).writeValueAsString(dashboard) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of JSON can be written", e);
        }
    }

    private static void write(KpiThresholds kpi, ObjectNode panel, String meaning) {
        String horizon = kpi.horizon() ? NOT_OVER_YET : "";
        panel.put("description", kpi.description() + meaning + horizon);
        ObjectNode thresholds = JSON.createObjectNode().put("mode", "absolute");
        ArrayNode steps = thresholds.putArray("steps");
        steps.addObject().put("color", "red").putNull("value");
        if (kpi.redBelow().compareTo(kpi.greenFrom()) < 0) {
            steps.addObject().put("color", "orange").put("value", kpi.redBelow());
        }
        steps.addObject().put("color", "green").put("value", kpi.greenFrom());
        panel.withObject("/fieldConfig/defaults").set("thresholds", thresholds);
    }
}
