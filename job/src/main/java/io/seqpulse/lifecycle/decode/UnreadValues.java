package io.seqpulse.lifecycle.decode;

import io.seqpulse.connector.debezium.UnusableChangeException;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Values that cannot be read in rows that can do without: each is counted ({@code unreadValues}),
 * and the first of each column is said, with its position.
 */
final class UnreadValues {

    private static final Logger LOG = LoggerFactory.getLogger(UnreadValues.class);

    private final String topic;
    private final Counter counter;
    private final Set<String> said = new HashSet<>();

    /**
     * @param topic the change log
     * @param metrics the operator's group
     */
    UnreadValues(String topic, MetricGroup metrics) {
        this.topic = topic;
        this.counter = metrics.counter("unreadValues");
    }

    /**
     * One more.
     *
     * @param reason names table and column, and there are few of these
     */
    void count(long position, UnusableChangeException reason) {
        counter.inc();
        if (said.add(reason.getMessage())) {
            LOG.warn(
                    "{} at position {} of {}: taken for unknown, the rest of the row stands;"
                            + " further ones are only counted, as unreadValues",
                    reason.getMessage(),
                    position,
                    topic);
        }
    }
}
