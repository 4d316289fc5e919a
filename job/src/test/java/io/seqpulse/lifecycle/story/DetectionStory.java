package io.seqpulse.lifecycle.story;

import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.DetectionFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;

/** One operator that hosts detectors, driven by facts and by the clock of the log. */
public final class DetectionStory implements AutoCloseable {

    private final Supplier<DetectionFunction> function;
    private final List<Message> before = new ArrayList<>();
    private KeyedTwoInputStreamOperatorTestHarness<String, Fact, SnapshotBoundary, Message> harness;
    private long wall;

    public DetectionStory(Supplier<DetectionFunction> function) throws Exception {
        this.function = function;
        start(null);
    }

    public DetectionStory hears(Fact... facts) throws Exception {
        return hears(List.of(facts));
    }

    public DetectionStory hears(List<? extends Fact> facts) throws Exception {
        for (Fact fact : facts) {
            harness.processElement1(new StreamRecord<>(fact, fact.committedAt()));
        }
        return this;
    }

    /** The log has been read up to then; the wall clock is never behind it. */
    public DetectionStory clock(long millis) throws Exception {
        wall(Math.max(wall, millis));
        Reconciliations.clock(harness, millis);
        return this;
    }

    /** The decoder tells of a new snapshot. */
    public DetectionStory hears(SnapshotBoundary boundary) throws Exception {
        Reconciliations.tell(harness, boundary);
        return this;
    }

    public DetectionStory wall(long millis) throws Exception {
        wall = millis;
        harness.setProcessingTime(millis);
        return this;
    }

    /** Stops with a snapshot of the state and starts again from it. */
    public DetectionStory restarts() throws Exception {
        OperatorSubtaskState state = harness.snapshot(1, wall);
        before.addAll(harness.extractOutputValues());
        harness.close();
        start(state);
        return this;
    }

    public List<Candidate> candidates() {
        return messages().stream().map(Message::candidate).filter(Objects::nonNull).toList();
    }

    public List<Retraction> retractions() {
        return messages().stream().map(Message::retraction).filter(Objects::nonNull).toList();
    }

    /** The keys of all candidates, in order. */
    public List<String> keys() {
        return candidates().stream().map(Candidate::key).toList();
    }

    public List<Message> messages() {
        List<Message> messages = new ArrayList<>(before);
        messages.addAll(harness.extractOutputValues());
        return messages;
    }

    /** What went to a side output since the last start. */
    public <T> List<T> side(OutputTag<T> tag) {
        var records = harness.getSideOutput(tag);
        return records == null ? List.of() : records.stream().map(StreamRecord::getValue).toList();
    }

    public int timers() throws Exception {
        return Reconciliations.timers(harness);
    }

    public int stateEntries() throws Exception {
        return Reconciliations.stateEntries(harness);
    }

    @Override
    public void close() throws Exception {
        harness.close();
    }

    private void start(OperatorSubtaskState state) throws Exception {
        harness = Reconciliations.harness(function.get(), Fact::key);
        harness.setProcessingTime(wall);
        harness.setup();
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }
}
