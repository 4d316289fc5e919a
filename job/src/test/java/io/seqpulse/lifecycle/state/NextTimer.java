package io.seqpulse.lifecycle.state;

import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.Triggerable;

/** When an operator has something to do, be it that it has not been written yet. */
public final class NextTimer {

    private NextTimer() {}

    /**
     * When the next timer fires; {@link Long#MAX_VALUE}: there is none. One that has moved since
     * may be told where it stood.
     */
    public static long of(ReconcileOperator<?, ?> operator) throws Exception {
        long[] next = {operator.timers().next()};
        operator.getInternalTimerService(
                        "user-timers", VoidNamespaceSerializer.INSTANCE, target(operator))
                .forEachEventTimeTimer((namespace, time) -> next[0] = Math.min(next[0], time));
        return next[0];
    }

    private static Triggerable<String, VoidNamespace> target(ReconcileOperator<?, ?> operator) {
        return operator;
    }
}
