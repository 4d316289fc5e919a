package io.seqpulse.quickstart.stack;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Remembers every alarm and passes it on. Thread-safe. */
final class Alarms implements Consumer<String> {

    private final List<String> raised = new CopyOnWriteArrayList<>();
    private final Consumer<String> listener;

    Alarms(Consumer<String> listener) {
        this.listener = listener;
    }

    @Override
    public void accept(String alarm) {
        raised.add(alarm);
        listener.accept(alarm);
    }

    /** Those so far, oldest first. */
    List<String> raised() {
        return List.copyOf(raised);
    }
}
