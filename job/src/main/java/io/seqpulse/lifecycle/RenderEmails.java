package io.seqpulse.lifecycle;

import io.pebbletemplates.pebble.error.PebbleException;
import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.connector.email.JournalEntry;
import io.seqpulse.connector.email.Withdrawal;
import io.seqpulse.lifecycle.catalogue.Experiment;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.email.EmailRenderer;
import io.seqpulse.lifecycle.email.EmailSettings;
import io.seqpulse.lifecycle.policy.Decision;
import io.seqpulse.lifecycle.policy.Reasons;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From what was decided to what is journalled: renders what is sent, or would have been. One that
 * cannot be written is journalled as failed, with what was wrong, and stops nothing.
 */
final class RenderEmails extends ProcessFunction<Decision, EmailCommand> {

    private static final Logger LOG = LoggerFactory.getLogger(RenderEmails.class);
    private static final int LONGEST_ERROR = 300;

    private final List<Rule> rules;
    private final EmailSettings settings;
    private final Set<String> linkHosts;

    private transient Map<String, Rule> rulesByCode;
    private transient EmailRenderer renderer;
    private transient Counter unwritten;

    /**
     * Tries every template out, so that a malformed one is refused when the job is started and not
     * met by tasks that would fail over it again and again.
     *
     * @throws io.seqpulse.lifecycle.email.InvalidTemplatesException if one cannot be used
     */
    RenderEmails(List<Rule> rules, EmailSettings settings, Set<String> linkHosts) {
        this.rules = List.copyOf(rules);
        this.settings = settings;
        this.linkHosts = Set.copyOf(linkHosts);
        var unused = new EmailRenderer(settings, this.rules, this.linkHosts);
    }

    @Override
    public void open(OpenContext context) {
        rulesByCode = rules.stream().collect(Collectors.toMap(Rule::code, Function.identity()));
        renderer = new EmailRenderer(settings, rules, linkHosts);
        unwritten = getRuntimeContext().getMetricGroup().counter("unwritten");
    }

    @Override
    public void processElement(Decision decision, Context context, Collector<EmailCommand> out) {
        if (decision.withdrawal() != null) {
            Retraction retraction = decision.withdrawal();
            out.collect(
                    EmailCommand.withdraw(
                            new Withdrawal(
                                    retraction.key(), retraction.userId(), retraction.reason())));
            return;
        }
        Instant now = Instant.ofEpochMilli(context.timerService().currentProcessingTime());
        out.collect(EmailCommand.journal(entry(decision, now)));
    }

    private JournalEntry entry(Decision decision, Instant now) {
        Candidate candidate = decision.candidate();
        String reason = decision.suppressedFor();
        Rule rule = rulesByCode.get(candidate.rule());
        EmailContent content = null;
        String error = null;
        String variant = Reasons.HOLDOUT.equals(reason) ? Experiment.HELD_OUT : null;
        if (reason == null && rule == null) {
            reason = Reasons.DISABLED; // a rule the policy knew, which is not one of ours
        } else if (reason == null || reason.equals(Reasons.SHADOW)) {
            try {
                content = content(rule, decision, now);
                variant = subject(rule, decision);
            } catch (RuntimeException | StackOverflowError unwritable) {
                unwritten.inc();
                reason = Reasons.INVALID_CONTENT;
                error = brief(unwritable);
                LOG.warn("{} could not be written: {}", candidate.rule(), error);
            }
        }
        return new JournalEntry(
                reason == null ? candidate.key() : Reasons.journalKey(candidate.key(), reason),
                candidate.rule(),
                rule == null ? null : rule.category().label(),
                candidate.userId(),
                candidate.projectId(),
                candidate.address(),
                candidate.instance(),
                reason,
                requiredPlan(rule),
                Instant.ofEpochMilli(candidate.expiresAt()),
                candidate.causedAt() == 0 ? null : Instant.ofEpochMilli(candidate.causedAt()),
                Instant.ofEpochMilli(candidate.decidedAt()),
                content,
                error,
                candidate.alsoTo(),
                variant);
    }

    /** What was wrong, without what the mail would have said. */
    private static String brief(Throwable unwritable) {
        String what =
                unwritable instanceof PebbleException template
                        ? EmailRenderer.problem(template)
                        : unwritable.getClass().getSimpleName() + ": " + unwritable.getMessage();
        return what.substring(0, Math.min(LONGEST_ERROR, what.length()));
    }

    private static String requiredPlan(Rule rule) {
        return rule != null && rule.plans().size() == 1 ? rule.plans().iterator().next() : null;
    }

    private EmailContent content(Rule rule, Decision decision, Instant now) {
        Candidate candidate = decision.candidate();
        Map<String, String> values = new HashMap<>(decision.recipient());
        values.putAll(candidate.values());
        values.put("language", decision.recipient().get("locale"));
        values.put("dedupe_key", candidate.key());
        if (candidate.address() == null) {
            values.put("user_id", candidate.recipient());
        } else {
            values.put("email", candidate.address());
        }
        values.values().removeIf(value -> value == null);
        String variant =
                decision.variant() == null ? null : rule.template() + "." + decision.variant();
        return renderer.render(rule, variant, subject(rule, decision), values, now);
    }

    /** Which of the rule's subjects the recipient gets; a variant of the template has its own. */
    private static String subject(Rule rule, Decision decision) {
        return decision.variant() == null
                ? rule.experiment().subject(rule.code(), decision.candidate().recipient())
                : null;
    }
}
