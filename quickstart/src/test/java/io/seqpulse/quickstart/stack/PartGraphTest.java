package io.seqpulse.quickstart.stack;

import static io.seqpulse.quickstart.stack.Part.service;
import static io.seqpulse.quickstart.stack.Part.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.BeforeTry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class PartGraphTest {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final Set<String> up = ConcurrentHashMap.newKeySet();
    private final List<String> closed = new CopyOnWriteArrayList<>();
    private final List<String> tooEarly = new CopyOnWriteArrayList<>();

    @BeforeTry
    void forget() {
        up.clear();
        closed.clear();
        tooEarly.clear();
    }

    private AutoCloseable started(String name) {
        up.add(name);
        return () -> closed.add(name);
    }

    private Part recorded(String name, String... after) {
        return recorded(name, () -> started(name), after);
    }

    private Part recorded(String name, Callable<AutoCloseable> start, String... after) {
        return service(
                        name,
                        () -> {
                            if (!up.containsAll(Set.of(after))) {
                                tooEarly.add(name);
                            }
                            return start.call();
                        })
                .after(after);
    }

    private static PartGraph graph(Part... parts) {
        return new PartGraph(List.of(parts), PATIENCE);
    }

    private static void close(PartGraph graph) {
        BoundedCloser closer = new BoundedCloser();
        graph.close(closer);
        closer.throwFailures();
    }

    /** For each part, bit by bit, which of the parts before it the part waits for. */
    @Provide
    Arbitrary<List<Integer>> waits() {
        return Arbitraries.integers().between(0, 0xfff).list().ofMinSize(1).ofMaxSize(12);
    }

    private static String name(int part) {
        return "part " + part;
    }

    private static String[] after(int part, List<Integer> waits) {
        return IntStream.range(0, part)
                .filter(before -> (waits.get(part) >> before & 1) == 1)
                .mapToObj(PartGraphTest::name)
                .toArray(String[]::new);
    }

    private static List<Part> parts(List<Integer> waits, IntFunction<Part> part) {
        return IntStream.range(0, waits.size()).mapToObj(part).toList();
    }

    @Property(tries = 200)
    void everyPartStartsAfterThoseThatItWaitsForAndIsClosedBeforeThem(
            @ForAll("waits") List<Integer> waits, @ForAll Random random) throws Exception {
        List<Part> declared =
                new ArrayList<>(parts(waits, i -> recorded(name(i), after(i, waits))));
        Collections.shuffle(declared, random);
        PartGraph graph = new PartGraph(declared, PATIENCE);

        graph.start();
        assertThat(graph.isGivenUp()).isFalse();
        assertThat(tooEarly).isEmpty();
        assertThat(up).hasSize(declared.size());
        assertThat(closed).isEmpty();

        close(graph);
        assertThat(closed).containsExactlyInAnyOrderElementsOf(up);
        for (Part part : declared) {
            assertThat(closed.subList(closed.indexOf(part.name()), closed.size()))
                    .as("closed with and after %s", part.name())
                    .containsAll(part.after());
        }
    }

    @Property(tries = 200)
    void whenOnePartFailsExactlyThoseThatAreUpAreClosedInReverse(
            @ForAll("waits") List<Integer> waits, @ForAll Random random) throws Exception {
        int failing = random.nextInt(waits.size());
        List<Part> declared =
                parts(
                        waits,
                        i ->
                                recorded(
                                        name(i),
                                        i == failing
                                                ? PartGraphTest::refuse
                                                : () -> started(name(i)),
                                        after(i, waits)));
        PartGraph graph = new PartGraph(declared, PATIENCE);

        assertThatThrownBy(graph::start)
                .isInstanceOf(StackException.class)
                .hasMessage("part %s did not start: the disk is full", failing);
        assertThat(graph.isGivenUp()).isTrue();

        close(graph);
        assertThat(tooEarly).as("nothing starts that waits for it").isEmpty();
        List<String> expected =
                new ArrayList<>(declared.stream().map(Part::name).filter(up::contains).toList());
        Collections.reverse(expected);
        assertThat(closed).isEqualTo(expected);
    }

    private static AutoCloseable refuse() throws IOException {
        throw new IOException("the disk is full");
    }

    @Test
    @Timeout(60)
    void partsThatDoNotWaitForEachOtherStartTogether() throws Exception {
        CyclicBarrier together = new CyclicBarrier(2);
        CountDownLatch thirdIsUp = new CountDownLatch(1);
        Callable<AutoCloseable> meet =
                () -> {
                    together.await();
                    return started("PostgreSQL");
                };
        PartGraph graph =
                graph(
                        recorded("PostgreSQL", meet),
                        recorded(
                                "Kafka",
                                () -> {
                                    together.await();
                                    return started("Kafka");
                                }),
                        recorded(
                                "Flink",
                                () -> {
                                    thirdIsUp.await();
                                    return started("Flink");
                                }),
                        recorded(
                                "Kafka Connect",
                                () -> {
                                    thirdIsUp.countDown();
                                    return started("Kafka Connect");
                                },
                                "Kafka"));
        graph.start();
        assertThat(up).hasSize(4);
        close(graph);
        assertThat(closed).containsExactly("Kafka Connect", "Flink", "Kafka", "PostgreSQL");
    }

    @Test
    @Timeout(60)
    void aFailureIsToldWhileOthersStillStartWhichAreClosedOnceTheyAreUp() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        PartGraph graph =
                graph(
                        recorded(
                                "Flink",
                                () -> {
                                    told.await();
                                    return started("Flink");
                                }),
                        recorded("PostgreSQL", PartGraphTest::refuse),
                        recorded("the job", "Flink"));
        assertThatThrownBy(graph::start).hasMessageStartingWith("PostgreSQL did not start");
        told.countDown();
        close(graph);
        assertThat(closed).containsExactly("Flink");
    }

    @Test
    void aFailureThatSaysWhatToDoIsToldAsItIs() {
        StackException failure = new StackException("port 54320 is taken");
        PartGraph graph =
                graph(
                        task(
                                "PostgreSQL",
                                () -> {
                                    throw failure;
                                }));
        assertThatThrownBy(graph::start).isSameAs(failure);
    }

    @Test
    void anErrorIsOfAPartToo() {
        PartGraph graph =
                graph(
                        task(
                                "Kafka",
                                () -> {
                                    throw new NoClassDefFoundError("kafka/Kafka");
                                }));
        assertThatThrownBy(graph::start)
                .isInstanceOf(StackException.class)
                .hasMessage("Kafka did not start: kafka/Kafka");
    }

    @Test
    @Timeout(60)
    void anInterruptWhileStartingIsAnsweredAtOnceAndWhatIsStartingIsClosed() throws Exception {
        Thread main = Thread.currentThread();
        CountDownLatch answered = new CountDownLatch(1);
        PartGraph graph =
                graph(
                        recorded("SMTP"),
                        recorded(
                                "PostgreSQL",
                                () -> {
                                    main.interrupt();
                                    answered.await();
                                    return started("PostgreSQL");
                                },
                                "SMTP"),
                        recorded("the job", "PostgreSQL"));
        assertThatThrownBy(graph::start).isInstanceOf(InterruptedException.class);
        assertThat(graph.isGivenUp()).isTrue();

        answered.countDown();
        close(graph);
        assertThat(closed).containsExactly("PostgreSQL", "SMTP");
    }

    @Test
    @Timeout(60)
    void anInterruptWhileClosingLeavesNothingBehind() throws Exception {
        Thread main = Thread.currentThread();
        PartGraph graph =
                graph(
                        recorded("Kafka", PartGraphTest::refuse),
                        recorded(
                                "PostgreSQL",
                                () -> {
                                    awaitWaitingWithABound(main);
                                    main.interrupt();
                                    awaitWaitingWithABound(main);
                                    return started("PostgreSQL");
                                }));
        assertThatThrownBy(graph::start).isInstanceOf(StackException.class);

        BoundedCloser closer = new BoundedCloser();
        assertThat(graph.close(closer)).as("all are closed").isTrue();
        assertThat(Thread.interrupted()).as("kept for the caller").isTrue();
        closer.throwFailures();
        assertThat(closed).containsExactly("PostgreSQL");
    }

    /** As it does while it closes, and not while it starts. */
    private static void awaitWaitingWithABound(Thread thread) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while ((thread.isInterrupted() || thread.getState() != Thread.State.TIMED_WAITING)
                && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    @Test
    @Timeout(60)
    void aPartThatIsNotUpInTimeIsClosedWhenItIs() throws Exception {
        Thread main = Thread.currentThread();
        CountDownLatch late = new CountDownLatch(1);
        CountDownLatch closedLate = new CountDownLatch(1);
        PartGraph graph =
                new PartGraph(
                        List.of(
                                recorded("SMTP"),
                                recorded(
                                        "PostgreSQL",
                                        () -> {
                                            main.interrupt();
                                            late.await();
                                            return closedLate::countDown;
                                        },
                                        "SMTP")),
                        Duration.ZERO);
        assertThatThrownBy(graph::start).isInstanceOf(InterruptedException.class);

        close(graph);
        assertThat(closed).as("the others do not wait for it").containsExactly("SMTP");
        assertThat(closedLate.getCount()).isEqualTo(1);
        late.countDown();
        assertThat(closedLate.await(1, TimeUnit.MINUTES)).isTrue();
    }

    @Test
    @Timeout(60)
    void aTaskIsNotWaitedForWhenTheStartIsGivenUp() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        PartGraph graph =
                graph(
                        recorded("PostgreSQL"),
                        task("the demo history", never::await).after("PostgreSQL"),
                        recorded("Flink", PartGraphTest::refuse, "PostgreSQL"));
        assertThatThrownBy(graph::start).hasMessageStartingWith("Flink did not start");
        close(graph);
        assertThat(closed).containsExactly("PostgreSQL");
        never.countDown();
    }

    @Test
    @Timeout(60)
    void aCloseThatHangsHoldsUpNoOther() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        PartGraph graph =
                graph(
                        recorded("Kafka"),
                        service("Flink", () -> never::await)
                                .after("Kafka")
                                .closedWithin(Duration.ofMillis(1)));
        graph.start();
        assertThatThrownBy(() -> close(graph)).hasMessageContaining("Flink did not stop within");
        assertThat(closed).containsExactly("Kafka");
    }

    @Test
    void aPartThatIsNotWantedIsNeitherStartedNorWaitedFor() throws Exception {
        PartGraph graph =
                graph(
                        recorded("Flink").onlyIf(false),
                        service("API", () -> started("API")).after("Flink"));
        graph.start();
        assertThat(up).containsExactly("API");
        close(graph);
        assertThat(closed).containsExactly("API");
    }

    @Test
    void partsThatWaitForEachOtherAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () ->
                                graph(
                                        recorded("SMTP"),
                                        recorded("Kafka", "Kafka Connect"),
                                        recorded("Kafka Connect", "SMTP", "Kafka")))
                .withMessage("these parts wait for each other: Kafka, Kafka Connect");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph(recorded("Kafka", "Kafka")))
                .withMessageContaining("wait for each other");
    }

    @Test
    void aPartThatWaitsForNoneIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph(recorded("the job", "Flink")))
                .withMessage("the job waits for Flink, which is no part");
    }

    @Test
    void twoPartsOfOneNameAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> graph(recorded("Kafka"), recorded("Kafka")))
                .withMessage("two parts are called Kafka");
    }
}
