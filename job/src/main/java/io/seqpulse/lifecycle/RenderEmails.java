package io.seqpulse.lifecycle;

import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.email.EmailContent;
import io.seqpulse.connector.email.JournalEntry;
import io.seqpulse.connector.email.Withdrawal;
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
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** From what was decided to what is journalled: renders what is sent, or would have been. */
final class RenderEmails extends ProcessFunction<Decision, EmailCommand> {

    private final List<Rule> rules;
    private final EmailSettings settings;

    private transient Map<String, Rule> rulesByCode;
    private transient EmailRenderer renderer;

    /**
     * Tries every template out, so that a malformed one is refused when the job is started and not
     * met by tasks that would fail over it again and again.
     *
     * @throws io.seqpulse.lifecycle.email.InvalidTemplatesException if one cannot be used
     */
    RenderEmails(List<Rule> rules, EmailSettings settings) {
        this.rules = List.copyOf(rules);
        this.settings = settings;
        var unused = new EmailRenderer(settings, this.rules);
    }

    @Override
    public void open(OpenContext context) {
        rulesByCode = rules.stream().collect(Collectors.toMap(Rule::code, Function.identity()));
        renderer = new EmailRenderer(settings, rules);
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
        boolean written = rule != null && (reason == null || reason.equals(Reasons.SHADOW));
        return new JournalEntry(
                reason == null ? candidate.key() : Reasons.journalKey(candidate.key(), reason),
                candidate.rule(),
                rule == null ? null : rule.category().label(),
                candidate.userId(),
                candidate.projectId(),
                candidate.address(),
                candidate.occasion(),
                reason,
                requiredPlan(rule),
                Instant.ofEpochMilli(candidate.expiresAt()),
                candidate.causedAt() == 0 ? null : Instant.ofEpochMilli(candidate.causedAt()),
                Instant.ofEpochMilli(candidate.decidedAt()),
                written ? content(rule, decision, now) : null);
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
        return renderer.render(rule, variant, values, now);
    }
}
