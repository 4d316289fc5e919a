package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.Experiment;
import io.seqpulse.lifecycle.catalogue.Goal;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Kpi.Cohort;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Subject;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** What the catalogue wants counted, as those who count look it up. */
public final class KpiIndex implements Serializable {

    private static final long serialVersionUID = 1L;

    private final HashMap<Cohort, List<Kpi>> byCohort = new HashMap<>();
    private final HashMap<String, Goal> goals = new HashMap<>();
    private final HashMap<String, Subject> subjects = new HashMap<>();
    private final HashSet<String> exposed = new HashSet<>();

    private KpiIndex() {}

    /** Those of a catalogue, with the goals of all its rules, whether they run or not. */
    public static KpiIndex of(Catalogue catalogue) {
        KpiIndex measures = new KpiIndex();
        for (Cohort cohort : Cohort.values()) {
            measures.byCohort.put(cohort, new ArrayList<>());
        }
        for (Kpi kpi : catalogue.kpis()) {
            measures.byCohort.get(kpi.cohort()).add(kpi);
            if (kpi.kind() == Kpi.Kind.DISTINCT_PROJECTS) {
                measures.exposed.addAll(kpi.codes());
            }
        }
        for (Rule rule : catalogue.rules()) {
            measures.subjects.put(rule.code(), rule.subject());
            if (rule.goal() != null) {
                measures.goals.put(rule.code(), rule.goal());
                if (rule.goal().success() == Success.PRO) {
                    measures.exposed.add(rule.code());
                }
            }
        }
        return measures;
    }

    /** What is counted, as text: equal where the same facts end in the same figures. */
    public String definition() {
        StringBuilder text = new StringBuilder();
        for (Cohort cohort : Cohort.values()) {
            for (Kpi kpi : of(cohort)) {
                text.append(kpi.name()).append(' ').append(kpi.kind()).append(' ');
                text.append(cohort).append(' ').append(kpi.success()).append(' ');
                text.append(kpi.within()).append(' ').append(kpi.codes()).append('\n');
            }
        }
        new TreeMap<>(goals).forEach((code, goal) -> text.append(code).append(goal).append('\n'));
        return text.toString();
    }

    /** The KPIs of those who begin so. */
    public List<Kpi> of(Cohort cohort) {
        return byCohort.get(cohort);
    }

    /** The goal of the emails with that code; null where they have none. */
    public Goal goal(String code) {
        return goals.get(code);
    }

    /** What the emails with that code are about; null where no rule has it. */
    public Subject subject(String code) {
        return subjects.get(code);
    }

    /** Codes of the emails whose projects stand in {@link Relation#EXPOSURE}. */
    public Set<String> exposed() {
        return exposed;
    }

    /**
     * The series of an email's goal, which is a measure of its own for those who did not get it: no
     * sum over what was sent may hold them.
     *
     * @param variant of its experiment, or null
     */
    public static String goalOf(String code, String variant) {
        return Experiment.HELD_OUT.equals(variant)
                ? "email/" + code + "/holdout_goal"
                : funnel(code, "goal", variant);
    }

    /**
     * The series of a measure of an email's funnel.
     *
     * @param variant of its experiment, or null
     */
    public static String funnel(String code, String measure, String variant) {
        return "email/" + code + "/" + measure + (variant == null ? "" : "/" + variant);
    }

    /**
     * Counts an email's goal: for the email's funnel, and for every KPI of that goal. Of who is
     * held out only the first, beside those who are not.
     */
    void tallyGoal(Accumulator tally, SentEmail email, boolean reached) {
        tally.cohort(goalOf(email.code(), email.variant()), email.sentMicros(), reached);
        if (email.isHeldOut()) {
            return;
        }
        for (Kpi kpi : of(Cohort.EMAIL_SENT)) {
            if (kpi.success() == Success.GOAL && kpi.codes().contains(email.code())) {
                tally.cohort(kpi.name(), email.sentMicros(), reached);
            }
        }
    }
}
