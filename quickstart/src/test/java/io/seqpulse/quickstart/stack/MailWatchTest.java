package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.quickstart.stack.MailWatch.Halt;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MailWatchTest {

    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");

    private final List<String> alarms = new ArrayList<>();
    private final List<String> notices = new ArrayList<>();
    private final MailWatch watch =
            new MailWatch(() -> Optional.empty(), alarms::add, notices::add);

    private void look(int atSecond, int haltedFor, String because) {
        watch.look(new Halt(Duration.ofSeconds(haltedFor), because), START.plusSeconds(atSecond));
    }

    @Test
    void tellsOnceThatNoMailLeavesAndOnceThatItDoesAgain() {
        look(0, 0, "");
        for (int second = 1; second < 200; second++) {
            look(second, second, "no connection: Connection refused");
        }
        assertThat(alarms).hasSize(1);
        assertThat(alarms.get(0))
                .startsWith("no mail leaves since ")
                .contains("Connection refused");

        look(200, 0, "");
        look(201, 0, "");
        assertThat(notices).containsExactly("mail leaves again, after 3 min 20 s");
    }

    @Test
    void aServerThatComesAndGoesIsToldOfOnceAMinute() {
        for (int second = 0; second < 300; second++) {
            look(second, second % 2, second % 4 == 1 ? "refused" : "timed out");
        }
        assertThat(alarms).hasSize(5);
        assertThat(notices).hasSize(5);
    }

    @Test
    void anotherReasonIsNewsOfTheSameTrouble() {
        look(10, 10, "no connection: Connection refused");
        look(30, 30, "no connection: 535 wrong password");
        assertThat(alarms).hasSize(1);
        look(75, 75, "no connection: 535 wrong password");
        look(100, 100, "no connection: 535 wrong password");
        assertThat(alarms).hasSize(2);
        assertThat(alarms.get(1)).contains("535").contains(alarms.get(0).substring(0, 32));
        look(120, 0, "");
        assertThat(notices).containsExactly("mail leaves again, after 2 min 0 s");
    }
}
