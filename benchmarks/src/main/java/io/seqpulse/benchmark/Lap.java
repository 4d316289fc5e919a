package io.seqpulse.benchmark;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * One timed run of a job in this JVM: its first operator starts it, when every task runs, and its
 * sinks end it, when the log's clock has passed its end at all of them. Operators, which Flink
 * copies, find it by its number.
 */
final class Lap implements AutoCloseable {

    private static final Map<Integer, Lap> LAPS = new ConcurrentHashMap<>();

    private final int number;
    private final int finishers;
    private final CountDownLatch mayStart = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private final Set<Integer> through = ConcurrentHashMap.newKeySet();
    private final Map<String, LongAdder> arrived = new ConcurrentHashMap<>();
    private volatile long startedAt;
    private volatile long finishedAt;
    private volatile long processorAtStart;
    private volatile long processorAtFinish;

    private Lap(int number, int finishers) {
        this.number = number;
        this.finishers = finishers;
    }

    /**
     * A lap that ends when that many sink writers have.
     *
     * @param number used by no other lap that is open
     */
    static Lap open(int number, int finishers) {
        Lap lap = new Lap(number, finishers);
        if (LAPS.putIfAbsent(number, lap) != null) {
            throw new IllegalStateException("lap " + number + " is run already");
        }
        return lap;
    }

    /** The open one of that number. */
    static Lap of(int number) {
        Lap lap = LAPS.get(number);
        if (lap == null) {
            throw new IllegalStateException("lap " + number + " is over");
        }
        return lap;
    }

    int number() {
        return number;
    }

    /** Lets the first record pass. */
    void start() {
        mayStart.countDown();
    }

    /** Called with the first record; returns when it may pass. */
    void awaitStart() throws InterruptedException {
        mayStart.await();
    }

    /** Called with the first record that counts. */
    void begin() {
        processorAtStart = processor();
        startedAt = System.nanoTime();
    }

    /**
     * Something came to a sink.
     *
     * @param what its kind, under which it is counted
     */
    void arrive(String what) {
        arrived.computeIfAbsent(what, any -> new LongAdder()).increment();
    }

    /** A sink's writer is through. */
    void finish(int writer) {
        if (through.add(writer) && through.size() == finishers) {
            finishedAt = System.nanoTime();
            processorAtFinish = processor();
            finished.countDown();
        }
    }

    /** Waits for the end; false when it has not come in time. */
    boolean awaitFinish(Duration atMost) throws InterruptedException {
        return finished.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** From the first record that counts to the end. */
    long nanos() {
        return finishedAt - startedAt;
    }

    /**
     * Processor time of this JVM from the first record that counts to the end, in nanoseconds: what
     * the machine does besides does not count.
     */
    long processorNanos() {
        return processorAtFinish - processorAtStart;
    }

    private static long processor() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean os
                ? os.getProcessCpuTime()
                : 0;
    }

    /** How many of each kind came to the sinks. */
    SortedMap<String, Long> arrived() {
        SortedMap<String, Long> counts = new TreeMap<>();
        arrived.forEach((what, count) -> counts.put(what, count.sum()));
        return counts;
    }

    @Override
    public void close() {
        LAPS.remove(number);
    }
}
