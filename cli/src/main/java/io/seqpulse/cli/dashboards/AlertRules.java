package io.seqpulse.cli.dashboards;

import io.seqpulse.cli.CommandException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Alert rules as Grafana is given them, with the catalogue's thresholds in those that have a label
 * {@code kpi}: they fire where the KPI would be red. Only the numbers change, so comments and
 * layout stay.
 */
final class AlertRules {

    private AlertRules() {}

    /**
     * The same rules with the catalogue's thresholds.
     *
     * @param name of the file, for messages
     * @param watched gets the names of the KPIs that have a rule
     * @throws CommandException if it is no list of rules, or a rule's KPI has no thresholds
     */
    static String with(
            Map<String, KpiThresholds> kpis, String name, String text, Set<String> watched) {
        Optional<Node> root;
        try {
            root = new Compose(LoadSettings.builder().setLabel(name).build()).composeString(text);
        } catch (YamlEngineException e) {
            throw new CommandException(name + " is no YAML: " + e.getMessage(), e);
        }
        NavigableMap<Integer, Change> changes = new TreeMap<>();
        for (Node group : items(root.flatMap(node -> child(node, "groups")))) {
            for (Node rule : items(child(group, "rules"))) {
                Optional<String> label =
                        child(rule, "labels").flatMap(labels -> text(labels, "kpi"));
                if (label.isPresent()) {
                    KpiThresholds kpi = kpis.get(label.get());
                    if (kpi == null) {
                        throw new CommandException(
                                "%s: there is a rule for kpi %s, which has no thresholds in lifecycle.yaml"
                                        .formatted(name, label.get()));
                    }
                    watched.add(kpi.name());
                    Change change = threshold(name, rule, kpi);
                    changes.put(change.from(), change);
                }
            }
        }
        StringBuilder changed = new StringBuilder(text);
        changes.descendingMap()
                .values()
                .forEach(change -> changed.replace(change.from(), change.to(), change.text()));
        return changed.toString();
    }

    /** A piece of the text, by its first character and the one after its last. */
    private record Change(int from, int to, String text) {}

    private static Change threshold(String name, Node rule, KpiThresholds kpi) {
        String condition = text(rule, "condition").orElse("");
        List<Node> parameters = new ArrayList<>();
        for (Node query : items(child(rule, "data"))) {
            if (text(query, "refId").orElse("").equals(condition)) {
                child(query, "model")
                        .flatMap(model -> child(model, "conditions"))
                        .flatMap(conditions -> items(Optional.of(conditions)).stream().findFirst())
                        .flatMap(first -> child(first, "evaluator"))
                        .filter(evaluator -> text(evaluator, "type").orElse("").equals("lt"))
                        .flatMap(evaluator -> child(evaluator, "params"))
                        .ifPresent(params -> parameters.addAll(items(Optional.of(params))));
            }
        }
        if (parameters.size() != 1) {
            throw new CommandException(
                    "%s: the rule for kpi %s does not end in one comparison of type lt"
                            .formatted(name, kpi.name()));
        }
        Node parameter = parameters.get(0);
        return new Change(
                parameter.getStartMark().map(Mark::getIndex).orElseThrow(),
                parameter.getEndMark().map(Mark::getIndex).orElseThrow(),
                kpi.redBelow().toPlainString());
    }

    private static Optional<Node> child(Node node, String key) {
        if (node instanceof MappingNode mapping) {
            for (NodeTuple entry : mapping.getValue()) {
                if (entry.getKeyNode() instanceof ScalarNode name && name.getValue().equals(key)) {
                    return Optional.of(entry.getValueNode());
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> text(Node node, String key) {
        return child(node, key)
                .filter(ScalarNode.class::isInstance)
                .map(value -> ((ScalarNode) value).getValue());
    }

    private static List<Node> items(Optional<Node> node) {
        return node.filter(SequenceNode.class::isInstance)
                .map(list -> ((SequenceNode) list).getValue())
                .orElse(List.of());
    }
}
