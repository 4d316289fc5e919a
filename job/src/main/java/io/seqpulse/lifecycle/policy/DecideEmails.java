package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.RecentState;
import io.seqpulse.lifecycle.state.SweptFunction;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.util.Collector;

/**
 * Keyed by recipient: where all emails of one person meet. Moves the recipient in and out of state
 * and keeps one timer a key, on the log's clock; {@link EmailPolicy} decides.
 */
public final class DecideEmails extends SweptFunction<Message, Decision> {

    private final List<Rule> rules;
    private final Duration cooldown;

    private transient EmailPolicy policy;
    private transient RecentState<Recipient> recipients;

    public DecideEmails(List<Rule> rules, Duration cooldown) {
        this.rules = List.copyOf(rules);
        this.cooldown = cooldown;
    }

    @Override
    public void open(OpenContext context) {
        policy = new EmailPolicy(rules, cooldown);
        recipients = new RecentState<>(getRuntimeContext().getState(swept()));
    }

    @Override
    public RecentState<Recipient> recentState() {
        return recipients;
    }

    @Override
    public void processElement(Message message, ReadOnlyContext context, Collector<Decision> out)
            throws Exception {
        String key = context.getCurrentKey();
        Recipient recipient = recipients.value(key);
        if (recipient == null) {
            recipient = new Recipient();
        }
        if (message.fact() == null) {
            long wall = context.timerService().currentProcessingTime();
            policy.take(recipient, message, wall, out::collect);
        } else if (policy.take(recipient, message.fact())) {
            clear(key, recipient);
            return;
        }
        save(key, recipient);
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Decision> out)
            throws Exception {
        Recipient recipient = recipients.value(context.getCurrentKey());
        if (recipient == null || recipient.timerAt != timestamp) {
            return;
        }
        recipient.timerAt = 0;
        long wall = context.timerService().currentProcessingTime();
        policy.passTime(recipient, timestamp, wall, out::collect);
        save(context.getCurrentKey(), recipient);
    }

    @Override
    protected ValueStateDescriptor<Recipient> swept() {
        return new ValueStateDescriptor<>("recipient", new CodecType<>(new RecipientCodec()));
    }

    @Override
    protected void sweep(
            String currentKey, Resnapshot resnapshot, Collector<Decision> out, SideOutputs side)
            throws Exception {
        Recipient recipient = recipients.value(currentKey);
        if (recipient == null) {
            return;
        }
        if (policy.sweep(recipient, resnapshot)) {
            clear(currentKey, recipient);
        } else {
            save(currentKey, recipient);
        }
    }

    private void save(String key, Recipient recipient) throws Exception {
        if (policy.isForgettable(recipient, clock())) {
            clear(key, recipient);
            return;
        }
        long next = policy.nextTime(recipient).orElse(0);
        recipient.timerAt = moveTimer(key, recipient.timerAt, next);
        recipients.update(key, recipient);
    }

    private void clear(String key, Recipient recipient) {
        moveTimer(key, recipient.timerAt, 0);
        recipients.clear(key);
    }
}
