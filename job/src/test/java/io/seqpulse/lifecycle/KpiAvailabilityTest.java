package io.seqpulse.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class KpiAvailabilityTest {

    private static final Catalogue CATALOGUE = CatalogueLoader.load(null);

    private final Map<String, Set<String>> captured =
            new HashMap<>(
                    Map.of(
                            "users", Set.of("id", "created_at", "locale"),
                            "projects", Set.of("id", "owner_id", "plan", "created_at"),
                            "deployments", Set.of("id", "project_id", "state", "started_at"),
                            "deployment_verdicts", Set.of("id", "deployment_id", "created_at"),
                            "email_deliveries",
                                    Set.of("id", "project_id", "email_type", "status", "sent_at"),
                            "email_events", Set.of("id", "email_delivery_id", "event_type")));
    private List<Rule> rules = CATALOGUE.rules();

    @Test
    void everyKpiOfTheCatalogueIsThereWhenEveryTableIs() {
        assertThat(captured.keySet()).isEqualTo(KpiAvailability.tables());
        assertThat(reasons()).isEmpty();
    }

    @Test
    void saysWhichTableIsMissing() {
        captured.remove("email_events");
        assertThat(reasons())
                .containsOnly(Map.entry("critical_alert_open_rate", "email_events_table_missing"));

        captured.remove("deployment_verdicts");
        assertThat(reasons())
                .containsEntry("project_to_first_verdict_72h", "deployment_verdicts_table_missing");
    }

    @Test
    void saysWhichTableLacksAColumnThatItNeeds() {
        captured.put("projects", Set.of("id", "owner_id", "created_at"));
        assertThat(reasons())
                .containsEntry("signup_to_project_24h", "projects_table_incomplete")
                .containsEntry("free_to_pro_from_quota_emails", "projects_table_incomplete")
                .as("the goals of its emails are a plan")
                .containsEntry("quota_email_to_upgrade", "projects_table_incomplete")
                .doesNotContainKey("critical_alert_open_rate");

        captured.put("users", Set.of("id"));
        assertThat(reasons())
                .as("one reason, and the same one at every start")
                .containsEntry("signup_to_project_24h", "projects_table_incomplete");
    }

    @Test
    void needsEachOfTheseColumns() {
        captured.put("users", Set.of("id", "created_at"));
        for (Map.Entry<String, Set<String>> table : Map.copyOf(captured).entrySet()) {
            for (String column : table.getValue()) {
                Set<String> others = new HashSet<>(table.getValue());
                others.remove(column);
                captured.put(table.getKey(), others);
                assertThat(reasons())
                        .as("without %s.%s", table.getKey(), column)
                        .containsValue(table.getKey() + "_table_incomplete");
            }
            captured.put(table.getKey(), table.getValue());
        }
    }

    @Test
    void saysWhichRuleIsOffWhenNoneOfItsEmailsIsSent() {
        disable("E-ACT-05", "E-CONV-01");
        assertThat(reasons())
                .as("E-CONV-03 is sent, and counts")
                .containsOnly(Map.entry("critical_alert_open_rate", "rule_disabled:E-ACT-05"));

        disable("E-CONV-02", "E-CONV-03");
        assertThat(reasons())
                .containsEntry("free_to_pro_from_quota_emails", "rule_disabled:E-CONV-01")
                .containsEntry("quota_email_to_upgrade", "rule_disabled:E-CONV-01");
    }

    private void disable(String... codes) {
        rules =
                rules.stream()
                        .map(
                                rule ->
                                        Set.of(codes).contains(rule.code())
                                                ? rule.withMode(Mode.DISABLED)
                                                : rule)
                        .toList();
    }

    private Map<String, String> reasons() {
        KpiAvailability availability = new KpiAvailability(captured, rules);
        return CATALOGUE.kpis().stream()
                .filter(kpi -> availability.unavailable(kpi) != null)
                .collect(Collectors.toMap(Kpi::name, availability::unavailable));
    }
}
