package io.seqpulse.lifecycle.host;

import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.fact.Orphan;
import io.seqpulse.lifecycle.fact.Orphans;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.util.OutputTag;

/**
 * What one operator gives up: the counter {@code deadLetters}, there from the beginning so that the
 * first is noticed, and one of the same name for each table that had any, in the group {@code
 * table}.
 */
public final class DeadLetters {

    /** The side output they leave by. */
    public static final OutputTag<DeadLetter> OUTPUT = new OutputTag<>("dead-letters") {};

    private final String topic;
    private final MetricGroup metrics;
    private final Counter all;
    private final Map<String, Counter> counters = new HashMap<>();

    /**
     * @param topic the change log, named in dead letters
     * @param metrics the operator's group
     */
    public DeadLetters(String topic, MetricGroup metrics) {
        this.topic = topic;
        this.metrics = metrics;
        this.all = metrics.counter("deadLetters");
    }

    /** A record given up; counted under the table, which must be one of few. */
    public void count(String table, long records) {
        all.inc(records);
        counters.computeIfAbsent(
                        table, name -> metrics.addGroup("table", name).counter("deadLetters"))
                .inc(records);
    }

    /**
     * Gives up what has waited long enough for its row.
     *
     * @param now time on the log's clock
     * @param wall the wall clock, for the letters
     */
    public void giveUp(Orphans orphans, long now, long wall, Consumer<DeadLetter> out) {
        Orphans.GivenUp due = orphans.giveUp(now);
        for (Orphan orphan : due.named()) {
            count(orphan.table(), 1);
            out.accept(DeadLetter.orphan(topic, orphan.position(), orphan.table(), wall));
        }
        due.unnamed().forEach(this::count);
    }
}
