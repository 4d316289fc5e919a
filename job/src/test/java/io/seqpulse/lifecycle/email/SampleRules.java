package io.seqpulse.lifecycle.email;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Trigger;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Subject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The six rules as far as rendering looks at them. */
final class SampleRules {

    static final EmailSettings SETTINGS =
            new EmailSettings(
                    "https://app.seqpulse.example",
                    "/dashboard",
                    "/pricing",
                    "/onboarding",
                    "https://mail.seqpulse.example/",
                    "0123456789abcdef0123456789abcdef",
                    "fr",
                    null);

    private static final String VERDICT_PATH =
            "{dashboard_path}/projects/{project_id}/deployments/{deployment_id}";
    private static final String PRICING_PATH = "{pricing_path}?project={project_id}";

    static final Rule WELCOME =
            rule(
                    "E-TRX-01",
                    EmailCategory.TRANSACTIONAL,
                    "{onboarding_path}",
                    "Créer un projet",
                    "Create a project");
    static final Rule NO_PROJECT =
            rule(
                    "E-ACT-01",
                    EmailCategory.MARKETING,
                    "{onboarding_path}",
                    "Créer un projet",
                    "Create a project");
    static final Rule FIRST_VERDICT =
            rule(
                    "E-ACT-04",
                    EmailCategory.SERVICE,
                    VERDICT_PATH,
                    "Voir le verdict complet",
                    "See the full verdict");
    static final Rule CRITICAL_VERDICT =
            rule(
                    "E-ACT-05",
                    EmailCategory.ALERT,
                    VERDICT_PATH,
                    "Ouvrir le runbook de remédiation",
                    "Open the remediation runbook");
    static final Rule QUOTA_80 =
            rule(
                    "E-CONV-01",
                    EmailCategory.MARKETING,
                    PRICING_PATH,
                    "Passer au plan Pro",
                    "Upgrade to Pro");
    static final Rule QUOTA_REACHED =
            rule(
                    "E-CONV-03",
                    EmailCategory.SERVICE,
                    PRICING_PATH,
                    "Reprendre les déploiements",
                    "Resume deployments");

    static final List<Rule> ALL =
            List.of(WELCOME, NO_PROJECT, FIRST_VERDICT, CRITICAL_VERDICT, QUOTA_80, QUOTA_REACHED);

    private SampleRules() {}

    static Rule rule(
            String template, EmailCategory category, String path, String french, String english) {
        return new Rule(
                template,
                "sample",
                category,
                Rule.Mode.LIVE,
                Subject.USER,
                new Trigger.Happened(
                        FactKind.USER_CREATED, Trigger.Occurrence.FIRST, Map.of(), Duration.ZERO),
                null,
                Duration.ofHours(24),
                List.of(Rule.Audience.USER),
                Set.of(),
                Integer.MAX_VALUE,
                "sample:{user_id}",
                List.of(),
                template,
                path,
                Map.of("fr", french, "en", english),
                "sample");
    }
}
