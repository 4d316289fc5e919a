package io.seqpulse.lifecycle.fact;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Which of a row's changes wins, in whatever order and however often they are told. */
class TrackedRowTest {

    private static final int HISTORIES = 20_000;
    private static final long SEED = 20261130;
    private static final long HOUR = 3_600_000;

    /** The clock of the database may go back, so commit times say nothing of the order. */
    @Test
    void theLastInTheLogWinsWhateverOrderTheyComeIn() {
        Random random = new Random(SEED);
        for (int history = 0; history < HISTORIES; history++) {
            List<RowChange> log = log(random);
            RowChange last = log.get(log.size() - 1);
            List<RowChange> told = new ArrayList<>(log);
            for (int repeats = random.nextInt(4); repeats > 0; repeats--) {
                RowChange again = log.get(random.nextInt(log.size()));
                told.add(toldAt(again, new LogPosition(again.position().told(), 100 + repeats)));
            }
            Collections.shuffle(told, random);
            TrackedRow row = new TrackedRow();
            told.forEach(fact -> apply(row, fact));
            String what = "history %s: %s told as %s".formatted(history, log, told);
            assertThat(row.present).as(what).isEqualTo(!last.deleted());
            if (row.present) {
                assertThat(row.position.told()).as(what).isEqualTo(last.position().told());
                assertThat(row.committedAt).as(what).isEqualTo(last.committedAt());
            }
        }
    }

    /** At the same place is the same change: what was told of it last is where it was seen last. */
    @Test
    void aRepeatIsAppliedAndMovesTheOffset() {
        TrackedRow row = new TrackedRow();
        RowChange change = change(false, 5, 1);
        apply(row, change);
        RowChange again = toldAt(change, new LogPosition(5, 9));
        assertThat(row.accepts(again)).isTrue();
        apply(row, again);
        assertThat(row.position).isEqualTo(new LogPosition(5, 9));
        assertThat(row.isSaidBy(again)).isTrue();
    }

    /** A snapshot's deletions stand at its last row, which may be this one. */
    @Test
    void aDeletionWinsAtItsOwnPlace() {
        TrackedRow row = new TrackedRow();
        apply(row, change(false, 5, 1));
        assertThat(row.outlived(LogPosition.at(5))).isFalse();
        row.delete(new Tombstone(1, LogPosition.at(5)));
        assertThat(row.accepts(change(false, 5, 1))).isFalse();
        assertThat(row.accepts(change(false, 6, 0))).isTrue();
    }

    @Test
    void aTombstoneIsForgottenAfterAnHourOfTheLogsClock() {
        TrackedRow row = new TrackedRow();
        row.delete(new Tombstone(1, LogPosition.at(5)));
        assertThat(row.nextDeadline()).isEqualTo(1 + HOUR);
        row.advanceTo(HOUR);
        assertThat(row.isEmpty()).isFalse();
        row.advanceTo(1 + HOUR);
        assertThat(row.isEmpty()).isTrue();
        assertThat(row.nextDeadline()).isEqualTo(Deadlines.NONE);
    }

    private static void apply(TrackedRow row, RowChange fact) {
        if (fact.deleted()) {
            if (!row.outlived(fact.position())) {
                row.delete(Tombstone.of(fact));
            }
        } else if (row.accepts(fact)) {
            row.put(fact);
        }
    }

    /** In its order; commit times at random. */
    private static List<RowChange> log(Random random) {
        List<RowChange> log = new ArrayList<>();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            boolean deleted = random.nextInt(3) == 0;
            log.add(change(deleted, random.nextInt(90), random.nextInt(1_000)));
        }
        log.sort(Comparator.comparingLong(fact -> fact.position().told()));
        for (int i = log.size() - 1; i > 0; i--) {
            if (log.get(i).position().told() == log.get(i - 1).position().told()) {
                log.remove(i);
            }
        }
        return log;
    }

    private static RowChange change(boolean deleted, long told, long committedAt) {
        Source source = new Source(committedAt, LogPosition.at(told), Origin.CHANGED);
        return new RowChange(deleted, "u", "u", 0, source, Row.unknown(CapturedTable.USERS));
    }

    private static RowChange toldAt(RowChange change, LogPosition position) {
        Source source = new Source(change.committedAt(), position, change.origin());
        return new RowChange(
                change.deleted(),
                change.key(),
                change.id(),
                change.atMicros(),
                source,
                change.row());
    }
}
