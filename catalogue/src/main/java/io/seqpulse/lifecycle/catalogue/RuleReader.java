package io.seqpulse.lifecycle.catalogue;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.connector.email.EmailCode;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.catalogue.Trigger.Occurrence;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads one rule, and refuses one that could not work. */
final class RuleReader {

    /** The languages every rule speaks. */
    static final List<String> LANGUAGES = List.of("fr", "en");

    /** Ends the name of the template that tells several alerts in one mail. */
    private static final String DIGEST = ".digest";

    private static final String END_OF_MONTH = "end-of-month";
    private static final String END_OF_WEEK = "end-of-week";

    /** As long a week is counted for certain when it is over. */
    private static final Duration WEEK = Duration.ofDays(7);

    private static final Pattern SHARE = Pattern.compile("\\d{1,3}(\\.\\d{1,2})? ?%");
    private static final int LARGEST_HOLDOUT = 50_00;
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{1,62}");
    private static final Pattern TEMPLATE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]*");
    private static final Pattern BRACES = Pattern.compile("[{}]");
    static final List<String> PLANS = List.of("free", "pro", "enterprise");

    /** Recipients whom an event names, and by which values. */
    private static final Map<Audience, Set<String>> NAMED_BY_EVENT =
            Map.of(
                    Audience.ACTOR, Set.of("user_id"),
                    Audience.INVITEE, Set.of("inviter_id", "invitee_email"));

    private static final Set<String> PATHS =
            Set.of("dashboard_path", "pricing_path", "onboarding_path");

    private final YamlSection section;
    private final Set<String> linkHosts;
    private final Predicate<String> templateFileExists;

    RuleReader(YamlSection section, Set<String> linkHosts, Predicate<String> templateFileExists) {
        this.section = section;
        this.linkHosts = linkHosts;
        this.templateFileExists = templateFileExists;
    }

    /** The rule; only to be used if nothing was reported. */
    Rule read() {
        String code = section.value("code", RuleReader::code, "must be a code such as E-ACT-01");
        String name = matching("name", NAME, "must be a name in snake_case");
        EmailCategory category =
                section.oneOf("category", EmailCategory.values(), EmailCategory::label);
        Mode mode = section.oneOf("mode", Mode.values(), TriggerReader::label);
        Subject subject =
                section.oneOf(
                        "subject", new Subject[] {Subject.USER, Subject.PROJECT}, Subject::label);
        Trigger trigger = trigger("trigger", subject);
        Trigger fallback = section.has("fallback") ? trigger("fallback", subject) : null;
        Duration expires = expires(trigger, fallback);
        List<Audience> audience =
                section.listOf("audience", Audience.values(), TriggerReader::label);
        checkAudience(audience, subject, trigger, fallback);
        Set<String> plans = plans(subject);
        int priority = priority(category);
        String key = section.text("key");
        checkKey(key, subject, trigger, fallback);
        List<String> supersedes =
                section.has("supersedes")
                        ? section.list("supersedes", text -> text, "must be a code")
                        : List.of();
        String template = matching("template", TEMPLATE, "must be the name of template files");
        checkTemplate(template, category);
        YamlSection cta = section.section("cta");
        String path = cta == null ? null : cta.text("path");
        Map<String, String> labels = cta == null ? Map.of() : texts(cta.section("label"));
        if (cta != null) {
            checkPath(cta, path, subject, trigger, fallback);
            cta.refuseUnknownKeys();
        }
        String kpi = matching("kpi", NAME, "must be the name of a KPI in snake_case");
        YamlSection aim = section.has("goal") ? section.section("goal") : null;
        Goal goal = aim == null ? null : KpiReader.goal(aim, subject);
        LocalTime notBefore = notBefore(category);
        Duration accountYoungerThan = section.optionalDuration("account-younger-than", null);
        Experiment experiment = new Experiment(holdout(category, goal), subjects(template));
        section.refuseUnknownKeys();
        return new Rule(
                code,
                name,
                category,
                mode,
                subject,
                trigger,
                fallback,
                expires,
                audience == null ? List.of() : List.copyOf(audience),
                plans,
                priority,
                key,
                supersedes == null ? List.of() : List.copyOf(supersedes),
                template,
                path,
                labels,
                kpi,
                goal,
                notBefore,
                experiment,
                accountYoungerThan);
    }

    /** The text if it is a name; null otherwise. */
    static String snakeCase(String text) {
        return NAME.matcher(text).matches() ? text : null;
    }

    /** The text if it is a rule's code; null otherwise. */
    static String code(String text) {
        return EmailCode.matches(text) ? text : null;
    }

    private String matching(String key, Pattern pattern, String expected) {
        return section.value(key, text -> pattern.matcher(text).matches() ? text : null, expected);
    }

    private Trigger trigger(String key, Subject subject) {
        YamlSection parameters = section.section(key);
        Trigger trigger = parameters == null ? null : TriggerReader.read(parameters);
        if (trigger == null) {
            return null;
        }
        for (EventType fact : trigger.named()) {
            if (subject != null && !trigger.reaches(fact, subject)) {
                section.problem(
                        key,
                        "%s is not about a %s; give the rule a subject it is about: %s"
                                .formatted(
                                        fact.label(),
                                        subject.label(),
                                        fact.subjects().stream()
                                                .map(Subject::label)
                                                .sorted()
                                                .collect(Collectors.joining(", "))));
            }
        }
        return trigger;
    }

    private Duration expires(Trigger trigger, Trigger fallback) {
        Duration expires =
                section.time(
                        "expires",
                        text ->
                                text.equals(END_OF_MONTH) || text.equals(END_OF_WEEK)
                                        ? Duration.ZERO
                                        : TimeText.parse(text),
                        ", or " + END_OF_MONTH + ", or " + END_OF_WEEK);
        if (expires == null || trigger == null) {
            return expires;
        }
        boolean endsWithPeriod = expires.isZero();
        boolean endsWithWeek = endsWithPeriod && section.text("expires").equals(END_OF_WEEK);
        boolean weekly = isWeekly(trigger);
        boolean counted = isCountedByWeek(trigger) || isCountedByWeek(fallback);
        if (endsWithWeek && (!weekly || (fallback != null && !isWeekly(fallback)))) {
            section.problem("expires", END_OF_WEEK + " is for a trigger that counts by week");
        } else if (endsWithPeriod && !endsWithWeek && counted) {
            section.problem(
                    "expires",
                    "must be at most 7d, or " + END_OF_WEEK + ", of a trigger that counts by week");
        } else if (counted && expires.compareTo(WEEK) > 0) {
            section.problem(
                    "expires", "must be at most 7d: weeks before the last one are not counted");
        }
        return endsWithPeriod ? null : expires;
    }

    private static boolean isCountedByWeek(Trigger trigger) {
        boolean counted = trigger instanceof Trigger.Reached || trigger instanceof Trigger.Dropped;
        return counted && isWeekly(trigger);
    }

    private static boolean isWeekly(Trigger trigger) {
        return trigger.period().filter(Period.WEEK::equals).isPresent();
    }

    private void checkAudience(
            List<Audience> audience, Subject subject, Trigger trigger, Trigger fallback) {
        if (audience == null || subject == null) {
            return;
        }
        if (subject == Subject.USER && !audience.equals(List.of(Audience.USER))) {
            section.problem("audience", "a rule about a user goes to [user]");
        }
        if (subject == Subject.PROJECT && NAMED_BY_EVENT.containsKey(audience.get(0))) {
            checkNamedByEvent(audience, trigger, fallback);
        } else if (subject == Subject.PROJECT && audience.get(0) != Audience.OWNER) {
            section.problem(
                    "audience",
                    "a rule about a project goes to [owner], who may be followed by admins and on_call, to [actor] or to [invitee]");
        } else if (audience.stream().anyMatch(NAMED_BY_EVENT::containsKey)) {
            section.problem("audience", "actor and invitee stand alone");
        }
        if (subject == Subject.PROJECT && audience.contains(Audience.USER)) {
            section.problem("audience", "a project has an owner, admins and on_call, but no user");
        }
    }

    private void checkNamedByEvent(List<Audience> audience, Trigger trigger, Trigger fallback) {
        if (audience.size() > 1) {
            section.problem("audience", "actor and invitee stand alone");
        }
        Set<String> needed = NAMED_BY_EVENT.get(audience.get(0));
        for (Trigger one : Arrays.asList(trigger, fallback)) {
            if (one != null && !one.values().containsAll(needed)) {
                section.problem(
                        "audience",
                        "%s needs an event that says %s"
                                .formatted(
                                        TriggerReader.label(audience.get(0)),
                                        String.join(" and ", new TreeSet<>(needed))));
            }
        }
    }

    private Set<String> plans(Subject subject) {
        if (!section.has("plans")) {
            return Set.of();
        }
        List<String> plans =
                section.list(
                        "plans",
                        text -> PLANS.contains(text) ? text : null,
                        "is none of " + String.join(", ", PLANS));
        if (subject == Subject.USER) {
            section.problem("plans", "a plan belongs to a project, and this rule is about a user");
        }
        return plans == null ? Set.of() : Set.copyOf(plans);
    }

    private int priority(EmailCategory category) {
        if (category != null && category.capped()) {
            Integer priority = section.positive("priority");
            return priority == null ? Integer.MAX_VALUE : priority;
        }
        if (section.has("priority") && category != null) {
            section.problem(
                    "priority",
                    "%s mail is never capped and has no priority".formatted(category.label()));
        }
        return Integer.MAX_VALUE;
    }

    private LocalTime notBefore(EmailCategory category) {
        if (!section.has("not-before")) {
            return null;
        }
        if (category == EmailCategory.SECURITY || category == EmailCategory.ALERT) {
            section.problem(
                    "not-before", "%s mail goes at once; leave it out".formatted(category.label()));
        }
        return section.value("not-before", TimeText::ofDay, TimeText.OF_DAY_EXPECTED);
    }

    /** In hundredths of a percent. */
    private int holdout(EmailCategory category, Goal goal) {
        if (!section.has("holdout")) {
            return 0;
        }
        if (category != null && !category.capped()) {
            section.problem(
                    "holdout",
                    "%s mail is kept from nobody; only marketing and report may be"
                            .formatted(category.label()));
        } else if (!section.has("goal")) {
            section.problem("holdout", "needs a goal, by which the two groups are compared");
        } else if (goal != null && goal.success() == Kpi.Success.CLICKED) {
            section.problem(
                    "holdout",
                    "has nothing to compare: nobody can click in a mail they did not get; give the rule another goal");
        }
        Integer share =
                section.value(
                        "holdout",
                        RuleReader::share,
                        "must be a share above 0% and at most 50%, such as 5% or 2.5%");
        return share == null ? 0 : share;
    }

    private List<String> subjects(String template) {
        if (!section.has("subjects")) {
            return List.of();
        }
        List<String> subjects =
                section.list(
                        "subjects",
                        text -> isSubject(text) ? text : null,
                        "must be a short name in small letters, such as a or b, and not holdout or digest");
        if (subjects == null) {
            return List.of();
        }
        if (subjects.size() == 1) {
            section.problem("subjects", "is one alone; name two or more, such as [a, b]");
        }
        List<String> missing = new ArrayList<>();
        for (String subject : subjects.subList(1, subjects.size())) {
            for (String language : LANGUAGES) {
                String file = "emails/%s.%s.%s.subject.txt".formatted(template, subject, language);
                if (template != null && !templateFileExists.test(file)) {
                    missing.add(file);
                }
            }
        }
        if (!missing.isEmpty()) {
            section.problem(
                    "subjects",
                    "there is no %s; the first subject, %s, is the template's own"
                            .formatted(String.join(", ", missing), subjects.get(0)));
        }
        return subjects;
    }

    private static boolean isSubject(String text) {
        return Experiment.isVariant(text)
                && !text.equals(Experiment.HELD_OUT)
                && !text.equals(DIGEST.substring(1));
    }

    private static Integer share(String text) {
        if (!SHARE.matcher(text).matches()) {
            return null;
        }
        int share =
                new BigDecimal(text.substring(0, text.length() - 1).strip())
                        .movePointRight(2)
                        .intValueExact();
        return share > 0 && share <= LARGEST_HOLDOUT ? share : null;
    }

    private void checkKey(String key, Subject subject, Trigger trigger, Trigger fallback) {
        if (key == null) {
            return;
        }
        if (CatalogueLoader.prefix(key).length() < 2
                || !CatalogueLoader.prefix(key).endsWith(":")) {
            section.problem(
                    "key", "must begin with a name and a colon, such as 'welcome:{user_id}'");
        }
        checkPlaceholders(section, "key", key, Set.of(), subject, trigger, fallback);
        Set<String> names = Placeholders.names(key);
        if (subject != null && names.stream().noneMatch(name -> isId(name, subject, trigger))) {
            section.problem(
                    "key",
                    "must contain {%s} or the id of an event, or two of them would share it"
                            .formatted(subject.idAttribute()));
        }
        Optional<String> period =
                trigger == null ? Optional.empty() : trigger.period().map(Period::label);
        if (period.isPresent() && !names.contains(period.get())) {
            section.problem(
                    "key",
                    "must contain {%s}, or only the first one would ever be sent"
                            .formatted(period.get()));
        }
        if (trigger instanceof Trigger.Sequence sequence
                && sequence.steps().size() > 1
                && !names.contains("step")) {
            section.problem("key", "must contain {step}, or only the first would ever be sent");
        }
        if (trigger instanceof Trigger.Milestone && !names.contains(Trigger.Milestone.HALF)) {
            section.problem("key", "must contain {half}, or only the first would ever be sent");
        }
        if (trigger instanceof Trigger.Silent && !names.contains("last_activity_date")) {
            section.problem(
                    "key",
                    "must contain {last_activity_date}, or only the first silence would ever be told of");
        }
        if (trigger instanceof Trigger.Happened happened
                && happened.occurrence() == Occurrence.EACH
                && subject != null
                && names.equals(Set.of(subject.idAttribute()))) {
            section.problem(
                    "key",
                    "must tell one event from another, or only the first would ever be sent");
        }
    }

    private static boolean isId(String name, Subject subject, Trigger trigger) {
        return name.equals(subject.idAttribute())
                || (name.endsWith("_id")
                        && trigger != null
                        && TriggerReader.placeholders(trigger, subject).contains(name));
    }

    private static void checkPlaceholders(
            YamlSection where,
            String key,
            String template,
            Set<String> more,
            Subject subject,
            Trigger trigger,
            Trigger fallback) {
        if (BRACES.matcher(without(template, "")).find()) {
            where.problem(key, "has a brace that belongs to no placeholder such as {project_id}");
        }
        if (subject == null || trigger == null) {
            return;
        }
        Set<String> known = new LinkedHashSet<>(more);
        known.addAll(TriggerReader.placeholders(trigger, subject));
        Set<String> certain = new LinkedHashSet<>(more);
        certain.addAll(TriggerReader.certain(trigger, subject));
        for (String name : Placeholders.names(template)) {
            if (!known.contains(name)) {
                where.problem(key, "{%s} is not known here; known are %s".formatted(name, known));
            } else if (!certain.contains(name)) {
                where.problem(
                        key,
                        "{%s} may be missing, as a row may leave it null; always there are %s"
                                .formatted(name, certain));
            } else if (fallback != null
                    && !more.contains(name)
                    && !TriggerReader.certain(fallback, subject).contains(name)) {
                where.problem(key, "{%s} is not known to the fallback".formatted(name));
            }
        }
    }

    /** Alerts have a digest beside it, for the sixth one of an hour. */
    private void checkTemplate(String template, EmailCategory category) {
        if (template == null) {
            return;
        }
        List<String> missing = missingFiles(template);
        if (category == EmailCategory.ALERT) {
            missing.addAll(missingFiles(template + DIGEST));
        }
        if (!missing.isEmpty()) {
            section.problem("template", "has no " + String.join(", ", missing));
        }
    }

    private List<String> missingFiles(String template) {
        List<String> missing = new ArrayList<>();
        for (String language : LANGUAGES) {
            for (String part : List.of("subject.txt", "txt", "html")) {
                String file = "emails/" + template + "." + language + "." + part;
                if (!templateFileExists.test(file)) {
                    missing.add(file);
                }
            }
        }
        return missing;
    }

    /** Language → text, in every language; null where one was reported. */
    static Map<String, String> texts(YamlSection section) {
        Map<String, String> texts = new TreeMap<>();
        if (section != null) {
            for (String language : LANGUAGES) {
                texts.put(language, section.text(language));
            }
            section.refuseUnknownKeys();
        }
        return texts;
    }

    private void checkPath(
            YamlSection cta, String path, Subject subject, Trigger trigger, Trigger fallback) {
        if (path == null) {
            return;
        }
        checkPlaceholders(cta, "path", path, PATHS, subject, trigger, fallback);
        if (path.contains("://")
                || path.startsWith("//")
                || path.matches("[A-Za-z][A-Za-z0-9+.-]*:.*")) {
            checkHost(cta, path);
        } else if (!path.startsWith("/")
                && PATHS.stream().noneMatch(p -> path.startsWith("{" + p + "}"))) {
            cta.problem(
                    "path",
                    "must begin with / or with {dashboard_path}, {pricing_path} or {onboarding_path}");
        }
    }

    private void checkHost(YamlSection cta, String path) {
        String host;
        try {
            URI uri = URI.create(without(path, "x"));
            boolean plain = uri.getUserInfo() == null && !without(path, "").contains("@");
            host = "https".equals(uri.getScheme()) && plain ? uri.getHost() : null;
        } catch (IllegalArgumentException e) {
            host = null;
        }
        if (host == null || !path.startsWith("https://" + host)) {
            cta.problem("path", "must be a path, or begin with https:// and the name of a host");
        } else if (!linkHosts.contains(host)) {
            cta.problem("path", "leads to " + host + ", which is not among link-hosts");
        }
    }

    private static String without(String template, String replacement) {
        String bare = template;
        for (String name : Placeholders.names(template)) {
            bare = bare.replace("{" + name + "}", replacement);
        }
        return bare;
    }
}
