package io.seqpulse.api.page;

import io.javalin.http.sse.SseClient;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * One open page. What changes while it is being written to is kept, the newest of each topic, so
 * that a slow one keeps nobody waiting and is never sent what is no longer so.
 */
final class Listener {

    private final SseClient client;
    private final Executor writers;
    private final int days;
    private final Map<String, String> told = new HashMap<>();
    private final Map<String, String> pending = new LinkedHashMap<>();
    private boolean writing;

    Listener(SseClient client, Executor writers, int days) {
        this.client = client;
        this.writers = writers;
        this.days = days;
    }

    /** How many days it shows. */
    int days() {
        return days;
    }

    /** Tells it something, unless it was told the same before. */
    synchronized void tell(String topic, String json) {
        if (json.equals(told.put(topic, json))) {
            return;
        }
        pending.put(topic, json);
        if (!writing) {
            writing = true;
            writers.execute(this::write);
        }
    }

    private void write() {
        while (true) {
            Map<String, String> now;
            synchronized (this) {
                if (pending.isEmpty() || client.terminated()) {
                    writing = false;
                    return;
                }
                now = new LinkedHashMap<>(pending);
                pending.clear();
            }
            now.forEach(client::sendEvent);
        }
    }

    void close() {
        client.close();
    }
}
