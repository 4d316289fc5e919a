package io.seqpulse.lifecycle.catalogue;

import io.seqpulse.lifecycle.catalogue.Goal.Since;
import io.seqpulse.lifecycle.catalogue.Kpi.Cohort;
import io.seqpulse.lifecycle.catalogue.Kpi.Kind;
import io.seqpulse.lifecycle.catalogue.Kpi.Success;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Reads one KPI, or the goal of a rule, and refuses what could not be counted. */
final class KpiReader {

    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);

    private KpiReader() {}

    /** The KPI; only to be used if nothing was reported. */
    static Kpi read(YamlSection section) {
        String name = section.value("kpi", RuleReader::snakeCase, "must be a name in snake_case");
        List<String> aliases =
                section.has("aliases")
                        ? section.list(
                                "aliases", RuleReader::snakeCase, "must be a name in snake_case")
                        : List.of();
        Map<String, String> title = RuleReader.texts(section.section("title"));
        Map<String, String> description = RuleReader.texts(section.section("description"));
        Kind kind = section.oneOf("kind", Kind.values(), TriggerReader::label);
        Cohort cohort = section.oneOf("cohort", Cohort.values(), TriggerReader::label);
        Success success = section.oneOf("success", Success.values(), TriggerReader::label);
        checkCounted(section, kind, cohort, success);
        Duration within = within(section, cohort, success);
        List<String> codes = codes(section, cohort);
        BigDecimal redBelow = null;
        BigDecimal greenFrom = null;
        if (section.has("thresholds")) {
            YamlSection thresholds = section.section("thresholds");
            if (thresholds != null) {
                redBelow = percentage(thresholds, "red-below");
                greenFrom = percentage(thresholds, "green-from");
                if (redBelow != null && greenFrom != null && redBelow.compareTo(greenFrom) > 0) {
                    thresholds.problem("green-from", "is less than red-below");
                }
                thresholds.refuseUnknownKeys();
            }
        }
        section.refuseUnknownKeys();
        return new Kpi(
                name == null ? "" : name,
                aliases == null ? List.of() : aliases,
                known(title),
                known(description),
                kind,
                cohort,
                success,
                within,
                codes == null ? List.of() : codes,
                redBelow,
                greenFrom);
    }

    /**
     * The goal of a rule; null where anything in it was reported.
     *
     * @param subject what the rule is about; null where that was reported
     */
    static Goal goal(YamlSection section, Subject subject) {
        String name =
                section.has("name")
                        ? section.value(
                                "name", RuleReader::snakeCase, "must be a name in snake_case")
                        : null;
        Success success = section.oneOf("success", Success.values(), TriggerReader::label);
        if (success != null && subject != null && !Success.goalsOf(subject).contains(success)) {
            section.problem(
                    "success",
                    "%s cannot follow an email about a %s; it may be %s"
                            .formatted(
                                    TriggerReader.label(success),
                                    subject.label(),
                                    labels(Success.goalsOf(subject))));
        }
        Duration within = section.duration("within");
        Since since =
                section.has("since")
                        ? section.oneOf("since", Since.values(), TriggerReader::label)
                        : Since.SENT;
        if (since == Since.SIGNUP && subject == Subject.PROJECT) {
            section.problem("since", "a project does not sign up; leave it out or say sent");
        }
        if (since == Since.SIGNUP && success == Success.CLICKED) {
            section.problem("since", "a click is counted from when the email was sent");
        }
        section.refuseUnknownKeys();
        return success == null || within == null || since == null
                ? null
                : new Goal(name, success, within, since);
    }

    private static void checkCounted(
            YamlSection section, Kind kind, Cohort cohort, Success success) {
        if (cohort != null && success != null && !cohort.successes().contains(success)) {
            section.problem(
                    "success",
                    "of %s this version counts %s"
                            .formatted(TriggerReader.label(cohort), labels(cohort.successes())));
        }
        if (kind == Kind.DISTINCT_PROJECTS
                && cohort != null
                && success != null
                && (cohort != Cohort.EMAIL_SENT || success != Success.PRO)) {
            section.problem("kind", "distinct_projects is of cohort email_sent and success pro");
        }
        if (kind == Kind.COHORT && cohort == Cohort.EMAIL_SENT && success == Success.PRO) {
            section.problem("success", "of each email sent, count its own goal: say goal");
        }
    }

    private static Duration within(YamlSection section, Cohort cohort, Success success) {
        if (cohort == Cohort.EMAIL_SENT) {
            if (section.has("within")) {
                section.problem(
                        "within",
                        success == Success.GOAL
                                ? "stands in the goal of each rule"
                                : "is not for cohort email_sent: what holds now counts");
            }
            return null;
        }
        return section.duration("within");
    }

    private static List<String> codes(YamlSection section, Cohort cohort) {
        if (cohort != Cohort.EMAIL_SENT) {
            if (section.has("codes") && cohort != null) {
                section.problem("codes", "is for cohort email_sent only");
            }
            return List.of();
        }
        return section.list("codes", RuleReader::code, "must be a code such as E-ACT-01");
    }

    private static BigDecimal percentage(YamlSection section, String key) {
        return section.value(
                key,
                text -> {
                    BigDecimal number = new BigDecimal(text);
                    return number.signum() < 0 || number.compareTo(HUNDRED) > 0 ? null : number;
                },
                "must be a percentage, 0 to 100");
    }

    private static String labels(List<Success> successes) {
        return successes.stream().map(TriggerReader::label).collect(Collectors.joining(", "));
    }

    private static Map<String, String> known(Map<String, String> texts) {
        texts.values().removeIf(text -> text == null);
        return texts;
    }
}
