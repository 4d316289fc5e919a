package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * People sign up, make projects, deploy for the first time and come back: E-TRX-01, E-ACT-01 and
 * E-ACT-04, and E-ACT-05 on the projects that have had their first verdict.
 */
final class Newcomers implements Story {

    private final ProductRows rows;
    private final People people;
    private final Agenda agenda;
    private final List<Person> signedUp = new ArrayList<>();
    private final List<UUID> projects = new ArrayList<>();
    private int criticals;

    Newcomers(Stage stage) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.agenda = stage.agenda();
    }

    @Override
    public void plan() {
        agenda.repeat(500, 2_000, this::signUp);
        agenda.repeat(1_000, 6_000, this::signUpTwoHoursAgo);
        agenda.repeat(3_000, 4_000, this::newProject);
        agenda.repeat(4_000, 5_000, this::comeBack);
        agenda.repeat(9_000, 3_000, this::criticalVerdict);
    }

    /** E-TRX-01; one in eight accounts starts inactive and gets none. */
    private int signUp() throws SQLException {
        Person person = people.person();
        boolean active = !people.oneIn(8);
        if (active) {
            signedUp.add(person);
        }
        return rows.user(person, active, null);
    }

    /**
     * E-ACT-01 a minute from now; one in four makes a project in time, one in six has opted out.
     */
    private int signUpTwoHoursAgo() throws SQLException {
        Person person = people.person();
        int written = rows.user(person, true, Stage.almost(Duration.ofHours(2)));
        if (people.oneIn(6)) {
            written += rows.optOut(person);
        }
        if (people.oneIn(4)) {
            agenda.after(1_000, () -> rows.project(people.id(), person, "free", null));
        }
        return written;
    }

    /** From where they always are, which is nothing to write to them about. */
    private int comeBack() throws SQLException {
        if (signedUp.isEmpty()) {
            return 0;
        }
        Person person = people.pick(signedUp);
        return rows.login(person, people.home(person), null) + rows.usage(person, "session");
    }

    /** E-ACT-04 for the owner and an admin, two seconds from now. */
    private int newProject() throws SQLException {
        if (signedUp.size() < 2) {
            agenda.after(1_000, this::newProject);
            return 0;
        }
        Person owner = people.pick(signedUp);
        Person admin = people.pick(signedUp);
        UUID project = people.id();
        int written = rows.project(project, owner, people.oneIn(2) ? "pro" : "free", null);
        if (!admin.equals(owner)) {
            written += rows.member(project, admin.id(), null, "admin", people.oneIn(2));
        }
        if (people.oneIn(2)) {
            written += rows.member(project, null, people.address(), "member", true);
        }
        UUID deployment = people.id();
        written += rows.deployment(deployment, project, "running", Instant.now());
        agenda.after(1_000, () -> rows.finish(deployment));
        agenda.after(
                2_000,
                () -> {
                    projects.add(project);
                    return rows.state(deployment, "analyzed")
                            + rows.verdict(deployment, "ok", null);
                });
        return written;
    }

    /**
     * E-ACT-05: figures first, then the verdict and its hints in one transaction; of each third one
     * the hints come half a second later, in their own.
     */
    private int criticalVerdict() throws SQLException {
        if (projects.isEmpty()) {
            agenda.after(1_000, this::criticalVerdict);
            return 0;
        }
        UUID project = people.pick(projects);
        UUID deployment = people.id();
        int written = rows.deployment(deployment, project, "finished", Instant.now());
        written += rows.sample(deployment, "pre", 200, 0.008);
        written += rows.sample(deployment, "post", 220 + people.below(200), 0.021);
        int turn = criticals++;
        String verdict = turn % 2 == 1 ? "rollback_recommended" : "warning";
        boolean hintsLater = turn % 3 == 2;
        agenda.after(
                300,
                () -> {
                    int judged = rows.state(deployment, "analyzed");
                    judged += rows.verdict(deployment, verdict, null);
                    if (hintsLater) {
                        agenda.after(500, () -> hints(deployment));
                        return judged;
                    }
                    return judged + hints(deployment);
                });
        return written;
    }

    private int hints(UUID deployment) throws SQLException {
        int written = 0;
        for (int i = 0; i < 1 + people.below(3); i++) {
            written += rows.hint(deployment);
        }
        return written;
    }
}
