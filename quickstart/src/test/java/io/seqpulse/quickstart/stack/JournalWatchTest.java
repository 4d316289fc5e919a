package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JournalWatchTest {

    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");

    private final List<String> alarms = new ArrayList<>();
    private final List<String> notices = new ArrayList<>();
    private Optional<String> lock = Optional.empty();
    private final JournalWatch watch =
            new JournalWatch(Optional::empty, () -> lock, alarms::add, notices::add);

    private void look(int atSecond, int waits) {
        watch.look(Duration.ofSeconds(waits), START.plusSeconds(atSecond));
    }

    @Test
    void tellsOnceThatTheJournalCannotBeWrittenAndOnceThatItCanAgain() {
        lock = Optional.of("locked by database process 4711 (lock table email_deliveries)");
        for (int second = 0; second < 10; second++) {
            look(second, second);
        }
        assertThat(alarms).as("a passing lock").isEmpty();
        for (int second = 10; second < 200; second++) {
            look(second, second);
        }
        assertThat(alarms).hasSize(1);
        assertThat(alarms.get(0))
                .startsWith("the journal cannot be written since ")
                .contains(MailWatch.CLOCK.format(START) + ": locked by database process 4711")
                .contains("row level security");

        look(200, 0);
        look(201, 0);
        assertThat(notices).containsExactly("the journal can be written again, after 3 min 20 s");
    }

    @Test
    void saysNothingOfALockThatNobodyKnows() {
        look(10, 10);
        assertThat(alarms.get(0)).doesNotContain("locked by");
    }

    @Test
    void aJournalThatComesAndGoesIsToldOfOnceAMinute() {
        for (int second = 0; second < 300; second++) {
            look(second, second % 15);
        }
        assertThat(alarms).hasSize(5);
        assertThat(notices).hasSize(5);
    }
}
