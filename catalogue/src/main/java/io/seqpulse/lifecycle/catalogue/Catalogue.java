package io.seqpulse.lifecycle.catalogue;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * Every email the job can send and every KPI it counts, read once from {@code lifecycle.yaml} and
 * validated.
 */
public record Catalogue(List<Rule> rules, List<Kpi> kpis) implements Serializable {

    public Catalogue {
        rules = List.copyOf(rules);
        kpis = List.copyOf(kpis);
    }

    /** The rules whose detectors read the state of such a subject. */
    public List<Rule> rulesOf(Subject subject) {
        return rules.stream().filter(rule -> rule.subject() == subject).toList();
    }

    /** The rule with that code. */
    public Optional<Rule> rule(String code) {
        return rules.stream().filter(rule -> rule.code().equals(code)).findFirst();
    }

    /** The KPI of that name or alias. */
    public Optional<Kpi> kpi(String nameOrAlias) {
        return kpis.stream().filter(kpi -> kpi.isCalled(nameOrAlias)).findFirst();
    }
}
