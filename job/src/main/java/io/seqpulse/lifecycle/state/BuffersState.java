package io.seqpulse.lifecycle.state;

/** A function that keeps its values in {@link RecentState}; an operator below runs it. */
public interface BuffersState {

    /** The state, once the function is open. */
    RecentState<?> recentState();
}
