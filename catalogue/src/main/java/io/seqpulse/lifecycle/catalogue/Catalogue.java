package io.seqpulse.lifecycle.catalogue;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Every email the job can send and every KPI it counts, read once from {@code lifecycle.yaml} and
 * validated.
 *
 * @param linkHosts hosts other than the product's own to which links may lead, in lower case
 */
public record Catalogue(List<Rule> rules, List<Kpi> kpis, Set<String> linkHosts)
        implements Serializable {

    public Catalogue {
        rules = List.copyOf(rules);
        kpis = List.copyOf(kpis);
        linkHosts = Set.copyOf(linkHosts);
    }

    /** One whose links lead to the product alone. */
    public Catalogue(List<Rule> rules, List<Kpi> kpis) {
        this(rules, kpis, Set.of());
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
