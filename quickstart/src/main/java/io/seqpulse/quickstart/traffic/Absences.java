package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * People who have not been there for 14, 30 and 37 days in five seconds: E-RET-03, E-RET-04 and its
 * reminder. One in four comes back in time, and some say that they stay.
 */
final class Absences implements Story {

    private static final List<Integer> DAYS = List.of(14, 30, 37);

    private final ProductRows rows;
    private final People people;
    private final Agenda agenda;
    private int turns;

    Absences(Stage stage) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.agenda = stage.agenda();
    }

    @Override
    public void plan() {
        agenda.repeat(2_500, 6_000, this::beAway);
    }

    private int beAway() throws SQLException {
        Person person = people.person();
        UUID project = people.id();
        int days = DAYS.get(turns++ % DAYS.size());
        int written = rows.user(person, true, Stage.daysAgo(60));
        written += rows.project(project, person, "free", Stage.daysAgo(50));
        written += rows.goodDeployment(project, Stage.daysAgo(45));
        written += rows.login(person, people.home(person), Stage.almost(Duration.ofDays(days)));
        if (people.oneIn(4)) {
            agenda.after(1_000, () -> rows.login(person, people.home(person), null));
        } else if (days >= 30 && people.oneIn(2)) {
            agenda.after(120_000, () -> rows.usage(person, "stay"));
        }
        return written;
    }
}
