package io.seqpulse.cli.dashboards;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.seqpulse.cli.CommandException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The sections of {@code docs/alerts.md} as a dashboard, a panel each, so that Grafana itself shows
 * what to do when a rule fires. Each rule's {@code runbook_url} names its panel and its section.
 */
final class Runbooks {

    private static final String UID = "seqpulse-runbooks";
    private static final Pattern LINK = Pattern.compile("\\[([^]]+)]\\(([^)#]*)(#[^)]*)?\\)");
    private static final Pattern RULE_LINK =
            Pattern.compile("(\\$__env\\{GRAFANA_RUNBOOKS})[^#\"\\s]*#([^\"\\s]+)");

    /** Characters of a line, and pixels of a line and of a grid row, as Grafana draws them. */
    private static final int LINE_WIDTH = 150;

    private static final int LINE_PIXELS = 26;
    private static final int ROW_PIXELS = 38;

    private final List<Section> sections;

    private Runbooks(List<Section> sections) {
        this.sections = sections;
    }

    private record Section(String title, String text) {

        /** As GitHub names the heading. */
        String anchor() {
            return title.toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                    .replace(' ', '-');
        }
    }

    /** Reads the sections of a page, which begin with {@code ## }. */
    static Runbooks read(String page) {
        List<Section> sections = new ArrayList<>();
        String[] parts = page.split("(?m)^## ");
        for (int i = 1; i < parts.length; i++) {
            int end = parts[i].indexOf('\n');
            sections.add(
                    new Section(
                            parts[i].substring(0, end).strip(), plain(parts[i].substring(end))));
        }
        return new Runbooks(sections);
    }

    /** Links lead to files of the repository, of which Grafana has none. */
    private static String plain(String text) {
        return LINK.matcher(text.strip())
                .replaceAll(
                        link ->
                                Matcher.quoteReplacement(
                                        link.group(2).isEmpty()
                                                ? link.group(1)
                                                : "%s (docs/%s)"
                                                        .formatted(link.group(1), link.group(2))));
    }

    /** The dashboard, as JSON. */
    String dashboard() {
        ObjectNode dashboard = JsonNodeFactory.instance.objectNode();
        dashboard.putObject("annotations").putArray("list");
        dashboard.put(
                "description",
                "What to do when an alert fires. Written from docs/alerts.md by ./lifecycle"
                        + " dashboards.");
        dashboard.put("editable", false);
        dashboard.put("fiscalYearStartMonth", 0);
        dashboard.put("graphTooltip", 0);
        dashboard.putArray("links");
        ArrayNode panels = dashboard.putArray("panels");
        int y = 0;
        for (int i = 0; i < sections.size(); i++) {
            Section section = sections.get(i);
            int height = height(section.text());
            ObjectNode panel = panels.addObject();
            panel.put("id", i + 1);
            panel.put("type", "text");
            panel.put("title", section.title());
            panel.put("description", "From docs/alerts.md, section \"" + section.title() + "\".");
            panel.putObject("gridPos").put("h", height).put("w", 24).put("x", 0).put("y", y);
            panel.putObject("options").put("mode", "markdown").put("content", section.text());
            y += height;
        }
        dashboard.put("preload", false);
        dashboard.put("schemaVersion", 42);
        dashboard.putArray("tags").add("seqpulse").add("runbook");
        dashboard.putObject("templating").putArray("list");
        dashboard.putObject("time").put("from", "now-24h").put("to", "now");
        dashboard.putObject("timepicker");
        dashboard.put("timezone", "utc");
        dashboard.put("title", "Runbooks");
        dashboard.put("uid", UID);
        dashboard.put("version", 1);
        dashboard.put("weekStart", "monday");
        return DashboardFile.written(dashboard);
    }

    /** In grid rows, the panel's title included. */
    private static int height(String text) {
        int lines =
                text.lines()
                        .mapToInt(line -> Math.max(1, (line.length() - 1) / LINE_WIDTH + 1))
                        .sum();
        return 2 + (lines * LINE_PIXELS + ROW_PIXELS - 1) / ROW_PIXELS;
    }

    /**
     * The alert rules with links that name their section's panel, too.
     *
     * @param name of the rules' file, for messages
     * @throws CommandException if a rule links to a section that the page does not have
     */
    String linkedFrom(String name, String rules) {
        Map<String, Integer> panels = new TreeMap<>();
        for (int i = 0; i < sections.size(); i++) {
            panels.put(sections.get(i).anchor(), i + 1);
        }
        return RULE_LINK
                .matcher(rules)
                .replaceAll(
                        link -> {
                            Integer panel = panels.get(link.group(2));
                            if (panel == null) {
                                throw new CommandException(
                                        "%s links to #%s, and docs/alerts.md has no such section"
                                                .formatted(name, link.group(2)));
                            }
                            return Matcher.quoteReplacement(
                                    "%s?viewPanel=panel-%s#%s"
                                            .formatted(link.group(1), panel, link.group(2)));
                        });
    }
}
