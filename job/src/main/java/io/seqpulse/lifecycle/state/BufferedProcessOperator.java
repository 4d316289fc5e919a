package io.seqpulse.lifecycle.state;

import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;

/** Runs a function whose updates of state may wait for the next snapshot. */
public final class BufferedProcessOperator<I, O> extends KeyedProcessOperator<String, I, O> {

    private static final long serialVersionUID = 1L;

    public <F extends KeyedProcessFunction<String, I, O> & BuffersState> BufferedProcessOperator(
            F function) {
        super(function);
    }

    @Override
    public void open() throws Exception {
        super.open();
        ((BuffersState) userFunction).recentState().buffer(this);
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        ((BuffersState) userFunction).recentState().flush();
        super.snapshotState(context);
    }
}
