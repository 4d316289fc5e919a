package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.fact.SubjectState;
import io.seqpulse.lifecycle.state.CachedState;
import io.seqpulse.lifecycle.state.ReconciledFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.util.Collector;

/**
 * Hosts one kind of keyed subject: loads its state, applies what the log tells of it, keeps its one
 * timer on the log's clock, reconciles it with snapshots, makes dead letters of the records that
 * waited too long for its row, and drops state in which nothing is left. A subclass says what an
 * input, the clock and a snapshot mean.
 *
 * @param <I> what it is told
 * @param <S> its state
 * @param <O> what it tells by the main output
 */
public abstract class SubjectFunction<I, S extends SubjectState, O>
        extends ReconciledFunction<I, O> {

    private final String topic;

    private transient DeadLetters deadLetters;
    private transient CachedState<S> states;

    /** A function whose subjects have no records waiting for them. */
    protected SubjectFunction() {
        this(null);
    }

    /**
     * @param topic the change log, named in the dead letters of records that waited too long
     */
    protected SubjectFunction(String topic) {
        this.topic = topic;
    }

    /** State of a subject of which nothing is known. */
    protected abstract S create();

    @Override
    protected abstract ValueStateDescriptor<S> stateDescriptor();

    /** The subject is told something. */
    protected abstract void apply(String key, S state, I input, Effects<O> effects)
            throws Exception;

    /** The clock has reached a deadline of the subject. */
    protected void advanceTo(String key, S state, long now, Effects<O> effects) throws Exception {}

    /**
     * A complete snapshot of some tables was read: what it does not contain was deleted.
     *
     * @return whether the state has changed
     */
    protected abstract boolean reconcile(
            String key, S state, SnapshotBoundary boundary, Effects<O> effects) throws Exception;

    /** Corrects what the subject has added to the KPIs, and what it waits for. */
    protected void recount(String key, S state, long now, Effects<O> effects) throws Exception {}

    /** Whether nothing is to be remembered of the subject. */
    protected boolean isEmpty(S state) {
        return state.isEmpty();
    }

    /** When the clock next changes something of the subject. */
    protected long nextDeadline(S state) {
        return state.nextDeadline();
    }

    /** The state is about to be stored, or dropped; a last chance to tell what has changed. */
    protected void settle(S state, boolean dropped, Effects<O> effects) {}

    @Override
    public void open(OpenContext context) throws Exception {
        states = new CachedState<>(getRuntimeContext().getState(stateDescriptor()));
        if (topic != null) {
            deadLetters = new DeadLetters(topic, getRuntimeContext().getMetricGroup());
        }
    }

    @Override
    public final CachedState<S> cachedState() {
        return states;
    }

    @Override
    public final void processElement(I input, ReadOnlyContext context, Collector<O> out)
            throws Exception {
        String key = context.getCurrentKey();
        S state = states.value(key);
        if (state == null) {
            state = create();
        }
        Effects<O> effects = new Effects<>(out, context::output);
        apply(key, state, input, effects);
        save(key, state, effects);
    }

    @Override
    public final void onTimer(long timestamp, OnTimerContext context, Collector<O> out)
            throws Exception {
        String key = context.getCurrentKey();
        S state = states.value(key);
        if (state == null || state.timerAt != timestamp) {
            return; // the timer has been moved since
        }
        state.timerAt = Deadlines.NONE;
        Effects<O> effects = new Effects<>(out, context::output);
        if (deadLetters != null && state.row.orphans != null) {
            deadLetters.giveUp(
                    state.row.orphans,
                    timestamp,
                    wallClock(),
                    letter -> effects.emit(DeadLetters.OUTPUT, letter));
        }
        state.row.advanceTo(timestamp);
        advanceTo(key, state, timestamp, effects);
        save(key, state, effects);
    }

    @Override
    protected final void reconcile(
            String key, SnapshotBoundary boundary, Collector<O> out, SideOutputs side)
            throws Exception {
        S state = states.value(key);
        Effects<O> effects = new Effects<>(out, side);
        if (state != null && reconcile(key, state, boundary, effects)) {
            save(key, state, effects);
        }
    }

    @Override
    protected final void recount(String key, long now, Collector<O> out, SideOutputs side)
            throws Exception {
        S state = states.value(key);
        if (state != null) {
            Effects<O> effects = new Effects<>(out, side);
            recount(key, state, now, effects);
            save(key, state, effects);
        }
    }

    private void save(String key, S state, Effects<O> effects) throws Exception {
        boolean dropped = isEmpty(state);
        settle(state, dropped, effects);
        state.timerAt =
                moveTimer(key, state.timerAt, dropped ? Deadlines.NONE : nextDeadline(state));
        if (dropped) {
            states.clear(key);
        } else {
            states.update(key, state);
        }
    }
}
