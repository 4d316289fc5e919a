package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.state.BuffersState;
import io.seqpulse.lifecycle.state.RecentState;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Keyed by recipient: where all emails of one person meet. Moves the recipient in and out of state
 * and keeps one timer a key, on the log's clock; {@link EmailPolicy} decides.
 */
public final class DecideEmails extends KeyedCoProcessFunction<String, Fact, Message, Decision>
        implements BuffersState {

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
        recipients =
                new RecentState<>(
                        getRuntimeContext()
                                .getState(
                                        new ValueStateDescriptor<>(
                                                "recipient", Types.POJO(Recipient.class))));
    }

    @Override
    public RecentState<Recipient> recentState() {
        return recipients;
    }

    @Override
    public void processElement1(Fact fact, Context context, Collector<Decision> out)
            throws Exception {
        Recipient recipient = recipient(context);
        if (policy.take(recipient, fact)) {
            clear(recipient, context);
            return;
        }
        save(recipient, context);
    }

    @Override
    public void processElement2(Message message, Context context, Collector<Decision> out)
            throws Exception {
        Recipient recipient = recipient(context);
        long wall = context.timerService().currentProcessingTime();
        policy.take(recipient, message, wall, out::collect);
        save(recipient, context);
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
        save(recipient, context);
    }

    private Recipient recipient(Context context) throws Exception {
        Recipient recipient = recipients.value(context.getCurrentKey());
        return recipient == null ? new Recipient() : recipient;
    }

    private void save(Recipient recipient, Context context) throws Exception {
        if (policy.isForgettable(recipient, context.timerService().currentWatermark())) {
            clear(recipient, context);
            return;
        }
        OptionalLong next = policy.nextTime(recipient);
        if (next.orElse(0) != recipient.timerAt) {
            if (recipient.timerAt != 0) {
                context.timerService().deleteEventTimeTimer(recipient.timerAt);
            }
            next.ifPresent(context.timerService()::registerEventTimeTimer);
            recipient.timerAt = next.orElse(0);
        }
        recipients.update(context.getCurrentKey(), recipient);
    }

    private void clear(Recipient recipient, Context context) {
        if (recipient.timerAt != 0) {
            context.timerService().deleteEventTimeTimer(recipient.timerAt);
        }
        recipients.clear(context.getCurrentKey());
    }
}
