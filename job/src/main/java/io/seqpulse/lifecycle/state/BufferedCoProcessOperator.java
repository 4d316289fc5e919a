package io.seqpulse.lifecycle.state;

import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.streaming.api.operators.co.KeyedCoProcessOperator;

/** Runs a function of two inputs whose updates of state may wait for the next snapshot. */
public final class BufferedCoProcessOperator<I1, I2, O>
        extends KeyedCoProcessOperator<String, I1, I2, O> {

    private static final long serialVersionUID = 1L;

    public <F extends KeyedCoProcessFunction<String, I1, I2, O> & BuffersState>
            BufferedCoProcessOperator(F function) {
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
