package io.seqpulse.lifecycle.state;

import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.KeyContext;

/**
 * The one timer of each key, on the log's clock, written behind like {@link RecentState}: facts
 * about one subject come close together and each moves its timer, of which state then sees the last
 * place only. One that comes due before it was written never goes to state at all.
 *
 * <p>A timer that was moved since the last {@link #flush()} is here; where it stood before, state
 * still has it. So state may fire one that stands elsewhere by now: whoever it belongs to knows
 * where its timer stands, and takes no notice.
 *
 * <p>Belongs to one operator instance and its thread.
 */
final class RecentTimers {

    private static final int MOST = 65_536;

    /** Takes a timer that is due. */
    interface Target {
        void fire(String key, long at) throws Exception;
    }

    private final KeyContext keys;
    private final InternalTimerService<VoidNamespace> timers;
    private final Map<String, Moved> moved = new HashMap<>();
    private final PriorityQueue<Due> due = new PriorityQueue<>();
    private long flushes;

    /** Where a timer stands in state and where it belongs; 0: nowhere. */
    private static final class Moved {
        private final long from;
        private final long since;
        private long to;

        /**
         * @param since up to when time had passed when it was moved away
         */
        Moved(long from, long since) {
            this.from = from;
            this.since = since;
        }

        /** Whether state has it yet, or has let it fire. */
        boolean isStored(long clock) {
            return from != 0 && (from > clock || clock == since);
        }
    }

    private record Due(long at, String key) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            return Long.compare(at, other.at);
        }
    }

    RecentTimers(KeyContext keys, InternalTimerService<VoidNamespace> timers) {
        this.keys = keys;
        this.timers = timers;
    }

    /** Up to when time has passed for them. */
    long clock() {
        return timers.currentWatermark();
    }

    /**
     * Moves the timer of a key.
     *
     * @param before where it stood, 0 if there was none
     * @param next where it stands from now on, 0 if there is to be none
     */
    void move(String key, long before, long next) {
        Moved timer = moved.get(key);
        if (timer == null) {
            if (before == next) {
                return;
            }
            timer = new Moved(before, clock());
            moved.put(key, timer);
        }
        if (timer.to != next) {
            timer.to = next;
            if (next != 0) {
                due.add(new Due(next, key));
            }
        }
    }

    /** When the next of those that are here is due; {@link Long#MAX_VALUE}: there is none. */
    long next() {
        return moved.values().stream()
                .mapToLong(timer -> timer.to)
                .filter(at -> at != 0)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Lets those fire that are here and due, also those that are moved to be due meanwhile. */
    void fire(long clock, Target target) throws Exception {
        while (!due.isEmpty() && due.peek().at() <= clock) {
            Due next = due.poll();
            Moved timer = moved.get(next.key());
            if (timer != null && timer.to == next.at()) {
                timer.to = 0;
                target.fire(next.key(), next.at());
            }
        }
    }

    /**
     * Writes where all timers stand, if many have moved. Those that are due may be among them,
     * which state lets fire then. Leaves another key current than before.
     */
    void flushIfMany() {
        if (Math.max(moved.size(), due.size()) > MOST) {
            flush();
        }
    }

    /** How often they were written. */
    long flushes() {
        return flushes;
    }

    /** Writes where all timers stand. Leaves another key current than before. */
    void flush() {
        flushes++;
        moved.forEach(this::write);
        moved.clear();
        due.clear();
    }

    private void write(String key, Moved timer) {
        boolean stored = timer.isStored(clock());
        if (stored && timer.from == timer.to) {
            return;
        }
        keys.setCurrentKey(key);
        if (stored) {
            timers.deleteEventTimeTimer(VoidNamespace.INSTANCE, timer.from);
        }
        if (timer.to != 0) {
            timers.registerEventTimeTimer(VoidNamespace.INSTANCE, timer.to);
        }
    }
}
