package io.seqpulse.lifecycle.email;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.catalogue.Trigger;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The rules of the catalogue, and an installation to render them for. */
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
                    ZoneId.of("Europe/Paris"),
                    null);

    /** Hosts a link may lead to beside the product's. */
    static final Set<String> LINK_HOSTS = Set.of("pay.example.com");

    static final List<Rule> ALL = CatalogueLoader.load(null).rules();

    static final Rule WELCOME = rule("E-TRX-01");
    static final Rule NO_PROJECT = rule("E-ACT-01");
    static final Rule FIRST_VERDICT = rule("E-ACT-04");
    static final Rule CRITICAL_VERDICT = rule("E-ACT-05");
    static final Rule QUOTA_80 = rule("E-CONV-01");
    static final Rule QUOTA_REACHED = rule("E-CONV-03");

    private SampleRules() {}

    static Rule rule(String code) {
        return ALL.stream().filter(rule -> rule.code().equals(code)).findFirst().orElseThrow();
    }

    /** A rule that the catalogue does not have, as far as rendering looks at it. */
    static Rule rule(
            String template, EmailCategory category, String path, String french, String english) {
        return new Rule(
                template,
                "sample",
                category,
                Rule.Mode.LIVE,
                Subject.USER,
                new Trigger.Happened(
                        EventType.USER_CREATED, Trigger.Occurrence.FIRST, Map.of(), Duration.ZERO),
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
                "sample",
                null);
    }
}
