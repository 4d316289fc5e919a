package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;

/** What happens to the safety of accounts: E-SEC-01 and E-SEC-02. */
final class Accounts implements Story {

    private final ProductRows rows;
    private final People people;
    private final Agenda agenda;
    private int turns;

    Accounts(Stage stage) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.agenda = stage.agenda();
    }

    @Override
    public void plan() {
        agenda.repeat(2_000, 12_000, this::switchTwoFactors);
        agenda.repeat(3_500, 5_000, this::logIn);
    }

    /** E-SEC-01: on, and for one in two off again. */
    private int switchTwoFactors() throws SQLException {
        Person person = people.person();
        agenda.after(2_000, () -> rows.twoFactors(person, true));
        if (people.oneIn(2)) {
            agenda.after(8_000, () -> rows.twoFactors(person, false));
        }
        return rows.user(person, true, Stage.daysAgo(20))
                + rows.login(person, people.home(person), Stage.daysAgo(1));
    }

    /**
     * E-SEC-02 for a login from elsewhere by somebody who has logged in before. In turn: another
     * country and device; the same device in another country; from home; and for the first time.
     */
    private int logIn() throws SQLException {
        Person person = people.person();
        People.Place home = people.home(person);
        People.Place away = people.away();
        int turn = turns++ % 4;
        int written = rows.user(person, true, Stage.daysAgo(40));
        for (int days = turn == 3 ? 0 : 20; days > 0; days -= 7) {
            written += rows.login(person, home, Instant.now().minus(Duration.ofDays(days)));
        }
        People.Place place =
                switch (turn) {
                    case 0, 3 -> away;
                    case 1 -> new People.Place(away.country(), away.city(), home.device());
                    default -> home;
                };
        agenda.after(1_000, () -> rows.login(person, place, null));
        return written;
    }
}
