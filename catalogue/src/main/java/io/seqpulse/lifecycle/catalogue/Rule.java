package io.seqpulse.lifecycle.catalogue;

import io.seqpulse.connector.email.EmailCategory;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One email of the catalogue: when it is due, for whom, and under which key it is sent once.
 *
 * @param code such as {@code E-ACT-01}
 * @param name a short name in snake case, for people
 * @param subject whose state its detector reads
 * @param trigger what makes it due
 * @param fallback used instead while the trigger's table is missing; null: the rule is inert then
 * @param expires how long after it was due it may still be sent; null: until the end of the UTC
 *     month in which it was due, or the week where its trigger is of weeks
 * @param audience who gets it; the first is the main recipient, whose key has no suffix
 * @param plans plans of the project for which it applies; empty: any
 * @param priority order under the marketing cap, 1 first; {@link Integer#MAX_VALUE} where not given
 * @param dedupeKey template of the key, with placeholders in braces
 * @param supersedes codes whose waiting emails about the same subject it makes pointless
 * @param template name of the template files
 * @param ctaPath path of the one call to action under the product's URL, with placeholders in
 *     braces
 * @param ctaLabel language → text of the one call to action
 * @param kpi name of the KPI that measures it
 * @param goal what it is for; null where nothing is counted
 * @param notBefore not to be sent before it is that time where the recipient lives, on the day
 *     (UTC) on which it is due; null: at any
 * @param experiment how it is tried out on people
 * @param accountYoungerThan only for recipients whose account was younger when it was due; null:
 *     for all
 */
public record Rule(
        String code,
        String name,
        EmailCategory category,
        Mode mode,
        Subject subject,
        Trigger trigger,
        Trigger fallback,
        Duration expires,
        List<Audience> audience,
        Set<String> plans,
        int priority,
        String dedupeKey,
        List<String> supersedes,
        String template,
        String ctaPath,
        Map<String, String> ctaLabel,
        String kpi,
        Goal goal,
        LocalTime notBefore,
        Experiment experiment,
        Duration accountYoungerThan)
        implements Serializable {

    /** One that is sent at any local time, and to everybody the same. */
    public Rule(
            String code,
            String name,
            EmailCategory category,
            Mode mode,
            Subject subject,
            Trigger trigger,
            Trigger fallback,
            Duration expires,
            List<Audience> audience,
            Set<String> plans,
            int priority,
            String dedupeKey,
            List<String> supersedes,
            String template,
            String ctaPath,
            Map<String, String> ctaLabel,
            String kpi,
            Goal goal) {
        this(
                code,
                name,
                category,
                mode,
                subject,
                trigger,
                fallback,
                expires,
                audience,
                plans,
                priority,
                dedupeKey,
                supersedes,
                template,
                ctaPath,
                ctaLabel,
                kpi,
                goal,
                null,
                Experiment.NONE,
                null);
    }

    /**
     * Until what local time one waits that is due at a time, epoch milliseconds; null: until none.
     */
    public LocalDateTime localDue(long dueAt) {
        return notBefore == null
                ? null
                : LocalDate.ofInstant(Instant.ofEpochMilli(dueAt), ZoneOffset.UTC)
                        .atTime(notBefore);
    }

    /** The same rule in another mode. */
    public Rule withMode(Mode other) {
        return new Rule(
                code,
                name,
                category,
                other,
                subject,
                trigger,
                fallback,
                expires,
                audience,
                plans,
                priority,
                dedupeKey,
                supersedes,
                template,
                ctaPath,
                ctaLabel,
                kpi,
                goal,
                notBefore,
                experiment,
                accountYoungerThan);
    }

    /** The same rule with another trigger. */
    Rule withTrigger(Trigger other, Trigger otherFallback) {
        return new Rule(
                code,
                name,
                category,
                mode,
                subject,
                other,
                otherFallback,
                expires,
                audience,
                plans,
                priority,
                dedupeKey,
                supersedes,
                template,
                ctaPath,
                ctaLabel,
                kpi,
                goal,
                notBefore,
                experiment,
                accountYoungerThan);
    }

    /** Whether a rule sends, only journals what it would have sent, or is off. */
    public enum Mode {
        LIVE,
        SHADOW,
        DISABLED
    }

    /** Who gets an email. */
    public enum Audience {
        /** The user the rule is about. */
        USER,
        /** The project's owner. */
        OWNER,
        /** The project's members with role {@code admin}. */
        ADMINS,
        /** The project's members on call, users or bare addresses. */
        ON_CALL,
        /** The user whom the event names, who did it. */
        ACTOR,
        /** The address that the event says was invited. */
        INVITEE
    }
}
