package io.seqpulse.lifecycle.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.ClockMessage;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a snapshot was whole, and when it cannot be said. */
class SnapshotProgressTest {

    private static final long MILLI = 1_000;

    private SnapshotProgress progress;
    private long offset;

    /** The log was read before: ten milliseconds of it. */
    @BeforeEach
    void start() {
        progress = new SnapshotProgress();
        offset = 100;
        progress.streams(10 * MILLI);
    }

    @Test
    void tellsWhatANewSnapshotHasShown() {
        shows("users", Snapshot.FIRST, 20);
        shows("users", Snapshot.MIDDLE, 20);
        assertThat(shows("projects", Snapshot.LAST, 20))
                .contains(new SnapshotBoundary(100, 102, 20, Set.of("users", "projects")));

        shows("users", Snapshot.FIRST, 30);
        assertThat(shows("users", Snapshot.LAST, 30))
                .as("and the one right after it")
                .contains(new SnapshotBoundary(103, 104, 30, Set.of("users")));
    }

    @Test
    void tellsNothingOfTheFirstOfAll() {
        progress = new SnapshotProgress();
        shows("users", Snapshot.FIRST, 20);
        assertThat(shows("users", Snapshot.LAST, 20)).isEmpty();
    }

    @Test
    void tellsOfTheSecondAttemptAtTheFirstOfAll() {
        progress = new SnapshotProgress();
        shows("users", Snapshot.FIRST, 20);
        shows("users", Snapshot.MIDDLE, 20);
        shows("users", Snapshot.FIRST, 25);
        assertThat(shows("users", Snapshot.LAST, 25))
                .contains(new SnapshotBoundary(102, 103, 25, Set.of("users")));
    }

    @Test
    void beginsAgainWhenTheConnectorDiedInIt() {
        shows("users", Snapshot.FIRST, 20);
        shows("projects", Snapshot.MIDDLE, 20);
        shows("users", Snapshot.MIDDLE, 25); // of one row, Debezium marks no first
        assertThat(shows("users", Snapshot.LAST, 25))
                .contains(new SnapshotBoundary(102, 103, 25, Set.of("users")));
    }

    @Test
    void tellsNothingWhenStreamingGoesOnBeforeItsEnd() {
        shows("users", Snapshot.FIRST, 20);
        progress.streams(21 * MILLI);
        assertThat(progress.running).isFalse();
        assertThat(shows("users", Snapshot.LAST, 20)).as("too late").isEmpty();
    }

    @Test
    void isNotEndedByWhatWasCommittedBeforeIt() {
        shows("users", Snapshot.FIRST, 20);
        progress.streams(20 * MILLI);
        progress.streams(9 * MILLI);
        assertThat(shows("users", Snapshot.LAST, 20)).isPresent();
    }

    @Test
    void whatFollowsItsRowsIsLaterThanThey() {
        assertThat(progress.committed(9 * MILLI)).as("before any").isEqualTo(9 * MILLI);
        shows("users", Snapshot.FIRST, 20);
        shows("users", Snapshot.LAST, 20);

        assertThat(progress.committed(15 * MILLI)).as("while it began").isEqualTo(20 * MILLI);
        assertThat(progress.committed(10 * MILLI)).as("repeated").isEqualTo(10 * MILLI);
        assertThat(progress.committed(21 * MILLI)).isEqualTo(21 * MILLI);

        progress.streams(30 * MILLI);
        shows("users", Snapshot.INCREMENTAL, 40);
        assertThat(progress.committed(35 * MILLI)).as("a piece of one").isEqualTo(40 * MILLI);
        assertThat(progress.committed(29 * MILLI)).as("repeated").isEqualTo(29 * MILLI);
    }

    @Test
    void isNotBegunByRowsOfAnEarlierOne() {
        assertThat(shows("users", Snapshot.LAST, 10)).isEmpty();
        shows("users", Snapshot.FIRST, 20);
        assertThat(shows("users", Snapshot.LAST, 20)).isPresent();
        assertThat(shows("users", Snapshot.LAST, 20)).as("the last row, repeated").isEmpty();
        assertThat(progress.running).isFalse();
    }

    @Test
    void isNoneWhenIncremental() {
        shows("users", Snapshot.INCREMENTAL, 20);
        assertThat(progress.running).isFalse();
    }

    @Test
    void leavesOutATableOfWhichARowCouldNotBeRead() {
        progress.misses("users");
        shows("projects", Snapshot.FIRST, 20);
        shows("users", Snapshot.MIDDLE, 20);
        assertThat(shows("projects", Snapshot.LAST, 20))
                .map(SnapshotBoundary::tables)
                .contains(Set.of("projects"));
    }

    @Test
    void forgetsWhatCouldNotBeReadBeforeSomethingElseWasStreamed() {
        progress.misses("users");
        progress.misses(null);
        progress.streams(11 * MILLI);
        shows("users", Snapshot.FIRST, 20);
        assertThat(shows("users", Snapshot.LAST, 20)).isPresent();
    }

    @Test
    void tellsNothingWhenSomethingInItIsNotEvenJson() {
        shows("users", Snapshot.FIRST, 20);
        progress.misses(null);
        assertThat(shows("users", Snapshot.LAST, 20)).isEmpty();
    }

    @Test
    void tellsNothingWhenTheRowsOfTwoAreMixed() {
        shows("users", Snapshot.FIRST, 20);
        shows("users", Snapshot.MIDDLE, 21);
        shows("users", Snapshot.MIDDLE, 20);
        assertThat(shows("users", Snapshot.LAST, 21)).isEmpty();
    }

    @Test
    void tellsOfATableThatBecameEmptyOnceTheDatabaseSaysSo() {
        assertThat(told(15, "projects")).as("before any snapshot").isEmpty();
        shows("users", Snapshot.FIRST, 20);
        assertThat(told(20, "projects")).as("before its end").isEmpty();
        shows("users", Snapshot.LAST, 20);

        assertThat(told(30)).as("not empty: the snapshot left it out").isEmpty();
        assertThat(told(31, "users", "projects", "elsewhere"))
                .as("what it showed, it showed")
                .contains(new SnapshotBoundary(101, 105, 20, Set.of("projects")));
        assertThat(told(32, "projects")).as("once").isEmpty();
        assertThat(told(40, "deployments"))
                .as("another, later")
                .contains(new SnapshotBoundary(101, 107, 20, Set.of("deployments")));
    }

    @Test
    void tellsOfNoEmptyTableAfterTheFirstSnapshotOfAll() {
        progress = new SnapshotProgress();
        shows("users", Snapshot.FIRST, 20);
        shows("users", Snapshot.LAST, 20);
        assertThat(told(30, "projects")).isEmpty();
    }

    @Test
    void aClockWithoutWordOfTablesTellsOfNone() {
        shows("users", Snapshot.FIRST, 20);
        shows("users", Snapshot.LAST, 20);
        for (String content : new String[] {"", "tick", "{}", "[]", "{\"empty\": 7}"}) {
            assertThat(progress.told(new ClockMessage(30 * MILLI, 30, 0, 0, content), offset++))
                    .isEmpty();
        }
    }

    private Optional<SnapshotBoundary> told(long millis, String... empty) {
        String content =
                Stream.of(empty).collect(Collectors.joining("\", \"", "{\"empty\": [\"", "\"]}"));
        progress.streams(millis * MILLI);
        return progress.told(new ClockMessage(millis * MILLI, millis, 0, 0, content), offset++);
    }

    private Optional<SnapshotBoundary> shows(String table, Snapshot part, long millis) {
        ChangeEvent row =
                new ChangeEvent(
                        table,
                        Operation.READ,
                        Map.of(),
                        Map.of(),
                        Map.of("id", "x"),
                        millis * MILLI,
                        millis,
                        offset++,
                        part,
                        0,
                        0);
        progress.shows(row);
        return progress.completes(row, Set.of("users", "projects", "deployments"));
    }
}
