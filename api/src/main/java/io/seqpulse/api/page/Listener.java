package io.seqpulse.api.page;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.sse.SseClient;
import io.seqpulse.api.access.Caller;
import io.seqpulse.api.access.Session;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * One open page. It is told each topic once as a whole, and from then on, as {@code topic.changes},
 * what differs from what it was told last ({@link Difference}). What changes while it is being
 * written to is kept, the newest of each topic, so that a slow one keeps nobody waiting and is
 * never sent what is no longer so.
 */
final class Listener {

    private final SseClient client;
    private final Executor writers;
    private final Caller caller;
    private final Optional<Session> session;
    private final int days;
    private final Map<String, ObjectNode> told = new HashMap<>();
    private final Map<String, ObjectNode> pending = new LinkedHashMap<>();
    private boolean writing;

    Listener(
            SseClient client,
            Executor writers,
            Caller caller,
            Optional<Session> session,
            int days) {
        this.client = client;
        this.writers = writers;
        this.caller = caller;
        this.session = session;
        this.days = days;
    }

    /** How many days it shows. */
    int days() {
        return days;
    }

    /** Whose it is. */
    Caller caller() {
        return caller;
    }

    /** In which session it was opened; empty: with a token. */
    Optional<Session> session() {
        return session;
    }

    /** Tells it how something is now, unless it knows. */
    synchronized void tell(String topic, ObjectNode content) {
        pending.put(topic, content);
        if (!writing) {
            writing = true;
            writers.execute(this::write);
        }
    }

    private void write() {
        while (true) {
            Map<String, ObjectNode> now;
            synchronized (this) {
                if (pending.isEmpty() || client.terminated()) {
                    writing = false;
                    return;
                }
                now = new LinkedHashMap<>(pending);
                pending.clear();
            }
            now.forEach(this::send);
        }
    }

    /** By one thread at a time. */
    private void send(String topic, ObjectNode content) {
        ObjectNode before = told.put(topic, content);
        if (before == null) {
            client.sendEvent(topic, content.toString());
        } else if (!before.equals(content)) {
            client.sendEvent(topic + ".changes", Difference.between(before, content).toString());
        }
    }

    void close() {
        client.close();
    }
}
