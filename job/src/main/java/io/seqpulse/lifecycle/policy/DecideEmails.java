package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.Effects;
import io.seqpulse.lifecycle.host.SubjectFunction;
import io.seqpulse.lifecycle.state.CodecType;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueStateDescriptor;

/**
 * Keyed by recipient: where all emails of one person meet. {@link EmailPolicy} decides. What is
 * held back is told as KPIs are.
 */
public final class DecideEmails extends SubjectFunction<Message, Recipient, Decision> {

    private final List<Rule> rules;
    private final Duration cooldown;
    private final ZoneId zone;
    private final QuietHours quietHours;

    private transient EmailPolicy policy;

    /**
     * @param cooldown least time between two marketing emails to one person
     * @param zone where people live of whom that is not known
     * @param quietHours when nobody gets marketing mail
     */
    public DecideEmails(List<Rule> rules, Duration cooldown, ZoneId zone, QuietHours quietHours) {
        this.rules = List.copyOf(rules);
        this.cooldown = cooldown;
        this.zone = zone;
        this.quietHours = quietHours;
    }

    @Override
    public void open(OpenContext context) throws Exception {
        super.open(context);
        policy = new EmailPolicy(rules, cooldown, zone, quietHours);
    }

    @Override
    protected Recipient create() {
        return new Recipient();
    }

    @Override
    protected ValueStateDescriptor<Recipient> stateDescriptor() {
        return new ValueStateDescriptor<>("recipient", new CodecType<>(new RecipientCodec()));
    }

    @Override
    protected void apply(
            String key, Recipient recipient, Message message, Effects<Decision> effects) {
        if (message.row() == null) {
            policy.take(recipient, message, wallClock(), effects::emit);
        } else if (policy.take(recipient, message.row())) {
            recipient.forget();
        }
    }

    @Override
    protected void advanceTo(String key, Recipient recipient, long now, Effects<Decision> effects) {
        policy.advanceTo(recipient, now, wallClock(), effects::emit);
    }

    @Override
    protected boolean reconcile(
            String key, Recipient recipient, SnapshotBoundary boundary, Effects<Decision> effects) {
        if (policy.reconcile(recipient, boundary)) {
            recipient.forget();
        }
        return true;
    }

    @Override
    protected boolean isEmpty(Recipient recipient) {
        return policy.isForgettable(recipient, clock());
    }

    @Override
    protected long nextDeadline(Recipient recipient) {
        return policy.nextDeadline(recipient);
    }

    @Override
    protected String counts() {
        return "held emails";
    }

    @Override
    protected void settle(Recipient recipient, boolean dropped, Effects<Decision> effects) {
        recipient.held.become(dropped ? Map.of() : policy.held(recipient), effects.kpis());
    }
}
