package io.seqpulse.quickstart.traffic;

import java.sql.SQLException;
import java.util.Comparator;
import java.util.PriorityQueue;

/** What the traffic is to do next, and when. Not thread-safe. */
final class Agenda {

    /** Periods are given for this many row changes per second, and stretch with fewer. */
    private static final int REFERENCE_RATE = 100;

    private static final long SHORTEST_PERIOD = 20;
    private static final long NANOS = 1_000_000;

    /** Something to do. */
    interface Action {
        /** Writes, and says how many rows. */
        int run() throws SQLException;
    }

    /**
     * @param at when, in nanoseconds of the system's timer
     * @param period when again; 0: never
     */
    private record Step(long at, long period, Action action) {}

    private final double rate;
    private final PriorityQueue<Step> steps =
            new PriorityQueue<>(Comparator.comparingLong(Step::at));

    /**
     * @param rate row changes per second
     */
    Agenda(double rate) {
        this.rate = rate;
    }

    /** Does something after a while, and then again and again; times are in milliseconds. */
    void repeat(long first, long periodAtReferenceRate, Action action) {
        long period =
                Math.max(SHORTEST_PERIOD, (long) (periodAtReferenceRate * REFERENCE_RATE / rate));
        steps.add(new Step(System.nanoTime() + first * NANOS, period * NANOS, action));
    }

    /** Does something once, after so many milliseconds. */
    void after(long milliseconds, Action action) {
        steps.add(new Step(System.nanoTime() + milliseconds * NANOS, 0, action));
    }

    /**
     * What is due next, which is off the agenda then; null: nothing yet.
     *
     * @param now in nanoseconds of the system's timer
     */
    Action next(long now) {
        if (steps.isEmpty() || steps.peek().at() > now) {
            return null;
        }
        Step step = steps.poll();
        if (step.period() > 0) {
            steps.add(new Step(step.at() + step.period(), step.period(), step.action()));
        }
        return step.action();
    }
}
