package io.seqpulse.cli.deadletters;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LetterWatchTest {

    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");

    private final List<StoredLetter> fresh = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();
    private final LetterWatch watch =
            new LetterWatch(
                    () -> {
                        List<StoredLetter> next = List.copyOf(fresh);
                        fresh.clear();
                        return next;
                    },
                    () -> {},
                    "./lifecycle deadletters list --state DIR",
                    lines::add);

    private void letter(String table) {
        fresh.add(
                new StoredLetter(
                        "changes",
                        1,
                        START,
                        table,
                        "created_at is no time",
                        null,
                        1,
                        true,
                        new ArrayList<>()));
    }

    private void look(int atSecond) {
        watch.look(START.plusSeconds(atSecond));
    }

    @Test
    void tellsOfTheFirstAtOnceAndOfMoreOnceAMinute() {
        look(0);
        assertThat(lines).isEmpty();

        letter("users");
        look(1);
        assertThat(lines)
                .containsExactly(
                        "1 dead letter of this run, the newest of table users: created_at is no"
                                + " time. They stop nothing: ./lifecycle deadletters list --state"
                                + " DIR");
        for (int second = 2; second <= 61; second++) {
            letter("projects");
            look(second);
        }
        assertThat(lines).hasSize(2);
        assertThat(lines.get(1))
                .startsWith("61 dead letters of this run, the newest of table proj");

        look(300);
        assertThat(lines).as("no news").hasSize(2);
    }

    @Test
    void aTableThatIsNotKnownIsSaidSo() {
        letter(null);
        look(0);
        assertThat(lines.get(0)).contains("the newest of no known table");
    }
}
