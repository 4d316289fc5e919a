package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * E-TRX-02 to people who have no account: invitations of now, of two days and of five days ago.
 * Half of them end in time, in turn by each of the ends that there are.
 */
final class Invitations implements Story {

    private static final Duration VALID = Duration.ofDays(7);

    private static final List<Duration> STEPS =
            List.of(Duration.ZERO, Duration.ofDays(2), Duration.ofDays(5));

    private static final List<String> ENDS = List.of("accepted", "declined", "revoked");

    private final ProductRows rows;
    private final People people;
    private final Agenda agenda;
    private int turns;

    Invitations(Stage stage) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.agenda = stage.agenda();
    }

    @Override
    public void plan() {
        agenda.repeat(1_500, 5_000, this::invite);
    }

    private int invite() throws SQLException {
        Person inviter = people.person();
        UUID project = people.id();
        UUID invitation = people.id();
        Duration step = STEPS.get(turns % STEPS.size());
        int turn = turns++ / STEPS.size();
        Instant created = step.isZero() ? Instant.now() : Stage.almost(step);
        int written = rows.user(inviter, true, Stage.daysAgo(10));
        written +=
                rows.project(project, inviter, people.oneIn(2) ? "pro" : "free", Stage.daysAgo(9));
        boolean expired = turn % 8 == 7 && !step.isZero();
        Instant expires = expired ? Stage.daysAgo(1) : created.plus(VALID);
        written += rows.invitation(invitation, project, inviter, created, expires);
        if (turn % 2 == 1) {
            // The first mail has gone by then; later ones of older invitations have not.
            long then = step.isZero() ? 20_000 : 1_000;
            int end = turn / 2 % (ENDS.size() + 1);
            agenda.after(
                    then,
                    () ->
                            end < ENDS.size()
                                    ? rows.endInvitation(invitation, ENDS.get(end))
                                    : rows.deleteInvitation(invitation));
        }
        return written;
    }
}
