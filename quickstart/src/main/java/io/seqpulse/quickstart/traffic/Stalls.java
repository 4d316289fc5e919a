package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/** Projects that never get going: E-ACT-02 and E-ACT-03, each a minute from now. */
final class Stalls implements Story {

    private static final Duration FIRST_DAY = Duration.ofHours(24);
    private static final Duration TWO_DAYS = Duration.ofHours(48);

    private final ProductRows rows;
    private final People people;
    private final Agenda agenda;

    Stalls(Stage stage) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.agenda = stage.agenda();
    }

    @Override
    public void plan() {
        agenda.repeat(2_000, 12_000, this::neverDeployed);
        agenda.repeat(2_500, 12_000, this::neverFinished);
    }

    /**
     * E-ACT-02: a project of yesterday without a deployment. One in four deploys in time; the owner
     * of one in five has been there too long for it.
     */
    private int neverDeployed() throws SQLException {
        Person owner = people.person();
        UUID project = people.id();
        int written = rows.user(owner, true, Stage.daysAgo(people.oneIn(5) ? 20 : 3));
        written += rows.project(project, owner, "free", Stage.almost(FIRST_DAY));
        if (people.oneIn(4)) {
            agenda.after(
                    1_000, () -> rows.deployment(people.id(), project, "running", Instant.now()));
        }
        return written;
    }

    /** E-ACT-03: the first deployment has run for two days. One in four ends in time. */
    private int neverFinished() throws SQLException {
        Person owner = people.person();
        UUID project = people.id();
        UUID deployment = people.id();
        Instant started = Stage.almost(TWO_DAYS);
        int written = rows.user(owner, true, Stage.daysAgo(4));
        written += rows.project(project, owner, "free", started.minus(Duration.ofHours(12)));
        written += rows.deployment(deployment, project, "running", started);
        if (people.oneIn(4)) {
            agenda.after(1_000, () -> rows.finish(deployment));
        }
        return written;
    }
}
