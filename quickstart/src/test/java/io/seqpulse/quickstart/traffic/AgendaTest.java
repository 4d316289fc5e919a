package io.seqpulse.quickstart.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AgendaTest {

    private static final long SECOND = 1_000_000_000;

    private final List<String> done = new ArrayList<>();

    @Test
    void doesWhatIsDueInOrder() throws SQLException {
        Agenda agenda = new Agenda(100);
        agenda.after(2_000, does("later"));
        agenda.after(1_000, does("soon"));
        agenda.after(60_000, does("another day"));
        long now = System.nanoTime();
        assertThat(agenda.next(now)).isNull();
        play(agenda, now + 5 * SECOND);
        assertThat(done).containsExactly("soon", "later");
        play(agenda, now + 5 * SECOND);
        assertThat(done).as("once").hasSize(2);
    }

    @Test
    void repeatsLessOftenWhereLessIsToBeWritten() throws SQLException {
        assertThat(repeats(100)).isEqualTo(10);
        assertThat(repeats(200)).isEqualTo(20);
        assertThat(repeats(10)).isEqualTo(1);
    }

    @Test
    void putsOnItWhatAnActionPlans() throws SQLException {
        Agenda agenda = new Agenda(100);
        agenda.after(
                0,
                () -> {
                    agenda.after(1_000, does("what follows"));
                    return 1;
                });
        play(agenda, System.nanoTime());
        play(agenda, System.nanoTime() + 2 * SECOND);
        assertThat(done).containsExactly("what follows");
    }

    /** In ten seconds of something that is done every second at the reference rate. */
    private int repeats(double rate) throws SQLException {
        done.clear();
        Agenda agenda = new Agenda(rate);
        agenda.repeat(500, 1_000, does("again"));
        play(agenda, System.nanoTime() + 10 * SECOND);
        return done.size();
    }

    private Agenda.Action does(String what) {
        return () -> {
            done.add(what);
            return 1;
        };
    }

    private static void play(Agenda agenda, long until) throws SQLException {
        for (Agenda.Action due = agenda.next(until); due != null; due = agenda.next(until)) {
            due.run();
        }
    }
}
