package io.seqpulse.lifecycle.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.ClockMessage;
import io.seqpulse.connector.kafka.CdcClock;
import io.seqpulse.lifecycle.fact.LogPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogOrderTest {

    private static final long T = 1_794_000_000_000L;
    private static final long HOUR = 3_600_000;
    private static final long MILLI = 1_000;

    /** Ahead of everything: it bounds nothing. */
    private static final long WALL = T + 1_000 * HOUR;

    private final LogOrder order = new LogOrder();

    @Test
    void keepsThePlaceOfWhatIsToldAgain() {
        told(0, 100, T, 0);
        told(120, 130, T + 10, 1);
        told(150, 160, T + 20, 2);

        assertThat(told(120, 130, T + 10, 3)).isEqualTo(new LogPosition(1, 3));
        assertThat(told(150, 160, T + 20, 4).told()).isGreaterThanOrEqualTo(2);
        assertThat(told(170, 180, T + 30, 5)).isEqualTo(LogPosition.at(5));
    }

    @Test
    void ordersByTheLogWhateverTheDatabasesClockSaid() {
        LogOrder.Place ahead = order.streamed(change(100, 110, T + HOUR, T, 0), WALL);
        LogOrder.Place right = order.streamed(change(120, 130, T + 100, T + 100, 1), WALL);

        assertThat(right.position().isAfter(ahead.position())).isTrue();
        assertThat(ahead.committedMicros())
                .as("no further ahead than the clock of the log")
                .isEqualTo((T + 5_000) * MILLI);
        assertThat(right.committedMicros())
                .as("never behind the clock of the log")
                .isEqualTo((T + 5_000) * MILLI - 500);
    }

    /** Nobody waits until real time catches up, or the clock of the log, which is bounded so. */
    @Test
    void believesNoClocksThatAreFarAheadOfThisMachines() {
        order.streamed(change(100, 110, T + 9 * HOUR, T + 9 * HOUR, 0), T);
        LogOrder.Place right = order.streamed(change(120, 130, T + 100, T + 100, 1), T + 100);
        assertThat(right.committedMicros())
                .isEqualTo((CdcClock.latestMillis(T + 9 * HOUR, T)) * MILLI - 500)
                .isLessThan((T + HOUR) * MILLI);
    }

    @Test
    void givesWhatIsToldAgainNoLaterTimeThanEverythingElse() {
        order.streamed(change(100, 110, T + HOUR, T, 0), WALL);
        order.streamed(change(120, 130, T + 100, T + 100, 1), WALL);
        LogOrder.Place again = order.streamed(change(100, 110, T + HOUR, T + HOUR, 2), WALL);
        assertThat(again.position().told()).isZero();
        assertThat(again.committedMicros()).isEqualTo((T + 5_000) * MILLI);
    }

    @Test
    void letsRowsOfOneStatementFollowEachOther() {
        told(100, 110, T, 0);
        assertThat(told(100, 110, T, 1)).isEqualTo(LogPosition.at(1));
        assertThat(told(100, 110, T, 2)).isEqualTo(LogPosition.at(2));
    }

    @Test
    void takesTheFirstTransactionAfterASnapshotForNew() {
        told(100, 110, T, 0);
        assertThat(told(0, 210, T + 10, 5)).isEqualTo(LogPosition.at(5));
        assertThat(told(0, 220, T + 10, 6)).isEqualTo(LogPosition.at(6));
        assertThat(told(230, 240, T + 20, 7)).isEqualTo(LogPosition.at(7));
        assertThat(told(0, 210, T + 10, 8).told()).as("told again").isBetween(5L, 6L);
    }

    @Test
    void letsRowsOfOneStatementFollowEachOtherInTheFirstTransactionToo() {
        told(100, 110, T, 0);
        told(0, 210, T + 10, 5);
        told(0, 220, T + 10, 6);
        assertThat(told(0, 220, T + 10, 7)).isEqualTo(LogPosition.at(7));
        assertThat(told(0, 220, T + 10, 8)).isEqualTo(LogPosition.at(8));
    }

    @Test
    void beginsAnewWhereTheDatabaseWasRestoredFromABackup() {
        told(1_000, 1_010, T, 0);
        assertThat(told(500, 510, T + 10, 1)).isEqualTo(LogPosition.at(1));
        assertThat(told(520, 530, T + 20, 2)).isEqualTo(LogPosition.at(2));
    }

    @Test
    void beginsAnewWhereTheClockTellsOfAnotherHistory() {
        clock(1, 1_000, T + HOUR, 0);
        clock(2, 500, T, 1); // and its clock is right
        assertThat(told(520, 530, T + 20, 2)).isEqualTo(LogPosition.at(2));
    }

    @Test
    void takesTheFormerHistoryThatIsToldAgainForARepetition() {
        told(100, 110, T, 1);
        told(120, 130, T + 10, 2);
        clock(1, 140, T + 20, 3);
        clock(2, 160, T + 30, 4);
        clock(1, 140, T + 20, 5);
        assertThat(told(100, 110, T, 6).told()).isLessThan(4);
        assertThat(told(120, 130, T + 10, 7).told()).isLessThan(4);
        assertThat(told(170, 180, T + 40, 8)).isEqualTo(LogPosition.at(8));
    }

    @Test
    void keepsThePlaceOfADeadLetterOfAnotherDatabase() {
        clock(1, 9_000_000, T, 100);
        ChangeEvent letter = change(9_000_200, 9_000_300, T + 10, T + 10, 203);
        clock(2, 500, T + HOUR, 200);
        told(520, 530, T + HOUR, 201);
        told(540, 550, T + HOUR, 202);
        assertThat(order.replayed(letter, 101, WALL).position())
                .isEqualTo(new LogPosition(101, 203));
    }

    @Test
    void keepsThePlaceOfADeadLetter() {
        told(100, 110, T, 3);
        told(120, 130, T + 10, 4);
        told(140, 150, T + 20, 5);
        ChangeEvent letter = change(120, 130, T + 10, T + 10, 9);
        assertThat(order.replayed(letter, 4, WALL).position()).isEqualTo(new LogPosition(4, 9));
        assertThat(order.replayed(letter, 8, WALL).position())
                .as("which was itself told again")
                .isEqualTo(new LogPosition(4, 9));
        assertThat(order.replayed(letter, 0, WALL).position())
                .as("whose header says nothing")
                .isEqualTo(new LogPosition(4, 9));
    }

    @Test
    void readsASnapshotAfterAllThatWasStreamedThoughTheClockWasAhead() {
        order.streamed(change(100, 110, T + HOUR, T + HOUR, 0), WALL);
        ChangeEvent row = row(900, T + 10);
        assertThat(order.readMicros(row)).isGreaterThan((T + HOUR) * MILLI);
        assertThat(order.readMicros(row(50, T + 10)))
                .as("a copy of an earlier one")
                .isEqualTo((T + 10) * MILLI);
    }

    /** Whatever is told again, and however long ago: nothing of it is later than what followed. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void neverPutsARepetitionAfterWhatFollowedIt(long seed) {
        Random random = new Random(seed);
        List<ChangeEvent> streamed = new ArrayList<>();
        List<Long> places = new ArrayList<>();
        long lsn = 100;
        long previous = 0;
        long offset = 0;
        for (int transaction = 0; transaction < 6_000; transaction++) {
            long at = T + transaction * 10L + (random.nextInt(50) == 0 ? HOUR : 0);
            int rows = 1 + random.nextInt(3);
            for (int i = 0; i < rows; i++) {
                lsn += 1 + random.nextInt(40);
                ChangeEvent change = change(previous, lsn, at, at + 3, offset++);
                streamed.add(change);
                places.add(order.streamed(change, WALL).position().told());
                assertThat(places.get(places.size() - 1)).isEqualTo(change.offset());
            }
            lsn += 10;
            previous = lsn;
            if (random.nextInt(300) == 0) {
                int from = Math.max(0, streamed.size() - 1 - random.nextInt(4_000));
                long before = Long.MIN_VALUE;
                for (int i = from; i < streamed.size() - 1; i++) {
                    ChangeEvent change = streamed.get(i);
                    LogPosition again =
                            order.streamed(
                                            change(
                                                    change.previousCommitLsn(),
                                                    change.lsn(),
                                                    change.commitMicros() / MILLI,
                                                    T + 2 * HOUR,
                                                    offset++),
                                            WALL)
                                    .position();
                    assertThat(again.told()).isLessThanOrEqualTo(places.get(i));
                    assertThat(again.told()).isGreaterThanOrEqualTo(before);
                    before = again.told();
                }
            }
        }
    }

    private LogPosition told(long previous, long lsn, long at, long offset) {
        return order.streamed(change(previous, lsn, at, at, offset), WALL).position();
    }

    private void clock(int timeline, long lsn, long at, long offset) {
        String note = "{\"system_identifier\":\"7\",\"timeline\":%s}".formatted(timeline);
        order.streamed(new ClockMessage(at * MILLI, at, lsn, lsn - 10, note), offset, WALL);
    }

    private static ChangeEvent change(
            long previous, long lsn, long at, long handledAt, long offset) {
        return new ChangeEvent(
                "users",
                Operation.UPDATE,
                Map.of("id", "u"),
                Map.of(),
                Map.of("id", "u"),
                at * MILLI,
                handledAt,
                offset,
                Snapshot.NONE,
                lsn,
                previous);
    }

    private static ChangeEvent row(long lsn, long at) {
        return new ChangeEvent(
                "users",
                Operation.READ,
                Map.of("id", "u"),
                Map.of(),
                Map.of("id", "u"),
                at * MILLI,
                at,
                1,
                Snapshot.MIDDLE,
                lsn,
                0);
    }
}
