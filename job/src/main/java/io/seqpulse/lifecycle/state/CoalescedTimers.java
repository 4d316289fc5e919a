package io.seqpulse.lifecycle.state;

import io.seqpulse.lifecycle.fact.Deadlines;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.KeyContext;

/**
 * The one timer of each key, on the log's clock, written behind like {@link CachedState}: facts
 * about one subject come close together and each moves its timer, of which state then sees the last
 * place only. One that comes due before it was written never goes to state at all.
 *
 * <p>A timer that was moved since the last {@link #flush()} is here; where it stood before, state
 * still has it. So state may fire one that stands elsewhere by now: whoever it belongs to knows
 * where its timer stands, and takes no notice.
 *
 * <p>Belongs to one operator instance and its thread.
 */
final class CoalescedTimers {

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

    /** Where a timer stands in state and where it belongs; {@link Deadlines#NONE}: nowhere. */
    private static final class Moved {
        private final long from;
        private final long since;
        private long to = Deadlines.NONE;

        /**
         * @param since up to when time had passed when it was moved away
         */
        Moved(long from, long since) {
            this.from = from;
            this.since = since;
        }

        /** Whether state has it yet, or has let it fire. */
        boolean isStored(long clock) {
            return from != Deadlines.NONE && (from > clock || clock == since);
        }
    }

    private record Due(long at, String key) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            return Long.compare(at, other.at);
        }
    }

    CoalescedTimers(KeyContext keys, InternalTimerService<VoidNamespace> timers) {
        this.keys = keys;
        this.timers = timers;
    }

    /** The log's clock, epoch milliseconds. */
    long clock() {
        return timers.currentWatermark();
    }

    /** The wall clock, epoch milliseconds. */
    long wallClock() {
        return timers.currentProcessingTime();
    }

    /**
     * Moves the timer of a key.
     *
     * @param before where it stood, {@link Deadlines#NONE} if there was none
     * @param next where it stands from now on, {@link Deadlines#NONE} if there is to be none
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
            if (next != Deadlines.NONE) {
                due.add(new Due(next, key));
            }
        }
    }

    /** When the next of those that are here is due. */
    long next() {
        return moved.values().stream().mapToLong(timer -> timer.to).min().orElse(Deadlines.NONE);
    }

    /** Lets those fire that are here and due, also those that are moved to be due meanwhile. */
    void fire(long clock, Target target) throws Exception {
        while (!due.isEmpty() && due.peek().at() <= clock) {
            Due next = due.poll();
            Moved timer = moved.get(next.key());
            if (timer != null && timer.to == next.at()) {
                timer.to = Deadlines.NONE;
                target.fire(next.key(), next.at());
            }
        }
    }

    /**
     * Writes where all timers stand, if many have moved. Those that are due may be among them,
     * which state lets fire then. Changes the current key.
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

    /** Writes where all timers stand. Changes the current key. */
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
        if (timer.to != Deadlines.NONE) {
            timers.registerEventTimeTimer(VoidNamespace.INSTANCE, timer.to);
        }
    }
}
