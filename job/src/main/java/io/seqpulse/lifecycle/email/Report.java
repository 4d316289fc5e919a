package io.seqpulse.lifecycle.email;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A period's figures of somebody's projects, as templates use them: a figure is an {@code Integer},
 * or null where it is not known.
 *
 * @param projects those with the most deployments, each with its name and {@link #FIGURES}
 * @param more how many there are besides
 * @param totals the {@link #FIGURES} of all, and {@code alerts}: warnings and rollbacks; null where
 *     that of a project is not known, as a sum that lacks something is none
 */
record Report(List<Map<String, Object>> projects, int more, Map<String, Object> totals) {

    /** No mail lists more of them. */
    static final int MOST_PROJECTS = 20;

    private static final String DEPLOYMENTS = "deployments";
    private static final String ALERTS = "alerts";

    private static final List<String> FIGURES =
            List.of(
                    DEPLOYMENTS,
                    "ok",
                    "warnings",
                    "rollbacks",
                    "critical_hints",
                    "previous_deployments");

    private static final Comparator<Map<String, Object>> MOST_DEPLOYMENTS_FIRST =
            Comparator.comparing(
                    project -> (Integer) project.get(DEPLOYMENTS), Comparator.reverseOrder());

    /** Of nothing. */
    static final Report NONE = of(null);

    /**
     * Reads a JSON array of objects with {@code project_name} and the figures. What is no project
     * with a number of deployments is left out.
     *
     * @param json any text, or null
     */
    static Report of(String json) {
        List<Map<String, Object>> projects = new ArrayList<>();
        for (JsonNode item : TemplateModel.array(json)) {
            Map<String, Object> project = new HashMap<>();
            FIGURES.forEach(figure -> project.put(figure, figure(item.get(figure))));
            project.put("name", SafeText.name(text(item.get("project_name"))));
            if (project.get(DEPLOYMENTS) != null) {
                projects.add(project);
            }
        }
        projects.sort(MOST_DEPLOYMENTS_FIRST);
        Map<String, Object> totals = new HashMap<>();
        FIGURES.forEach(figure -> totals.put(figure, sum(projects, figure)));
        totals.put(
                ALERTS, plus((Integer) totals.get("warnings"), (Integer) totals.get("rollbacks")));
        int shown = Math.min(MOST_PROJECTS, projects.size());
        return new Report(projects.subList(0, shown), projects.size() - shown, totals);
    }

    private static Integer sum(List<Map<String, Object>> projects, String figure) {
        Integer sum = projects.isEmpty() ? null : Integer.valueOf(0);
        for (Map<String, Object> project : projects) {
            sum = plus(sum, (Integer) project.get(figure));
        }
        return sum;
    }

    private static Integer plus(Integer a, Integer b) {
        long sum = a == null || b == null ? -1 : a.longValue() + b;
        return sum < 0 || sum > Integer.MAX_VALUE ? null : Integer.valueOf((int) sum);
    }

    private static Integer figure(JsonNode node) {
        return TemplateModel.count(text(node));
    }

    private static String text(JsonNode node) {
        return node == null || !node.isValueNode() ? null : node.asText(null);
    }
}
