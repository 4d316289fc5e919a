package io.seqpulse.lifecycle.fact;

import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SourceTest {

    @ParameterizedTest
    @CsvSource({"1500, 1, 500", "0, 0, 0", "-1, -1, 999", "999, 0, 999", "-1000, -1, 0"})
    void keepsTheMicrosecondsOfACommitBesideItsMilliseconds(long micros, long millis, int beyond) {
        Source source = Source.committedAt(micros, LogPosition.at(1), Origin.INSERTED);
        assertThat(source.committedAt()).isEqualTo(millis);
        assertThat(source.committedMicros()).isEqualTo(beyond);
    }

    @Test
    void rowsOfOneTransactionShareTheMicrosecondWhereverTheyStand() {
        Source one = new Source(MORNING, 5, LogPosition.at(1), Origin.INSERTED);
        assertThat(one.isOfSameCommit(one)).isTrue();
        assertThat(one.isOfSameCommit(new Source(MORNING, 5, LogPosition.at(2), Origin.CHANGED)))
                .isTrue();
        assertThat(one.isOfSameCommit(new Source(MORNING, 6, LogPosition.at(2), Origin.INSERTED)))
                .isFalse();
        assertThat(
                        one.isOfSameCommit(
                                new Source(MORNING + 1, 5, LogPosition.at(2), Origin.INSERTED)))
                .isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"SNAPSHOT", "INCREMENTAL"})
    void ofWhatASnapshotReadNobodyKnows(Origin read) {
        Source one = new Source(MORNING, LogPosition.at(1), read);
        Source other = new Source(MORNING, LogPosition.at(1), Origin.INSERTED);
        assertThat(one.isOfSameCommit(one)).isFalse();
        assertThat(one.isOfSameCommit(other)).isFalse();
        assertThat(other.isOfSameCommit(one)).isFalse();
    }
}
