package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Whether people recommend the product. E-ADV-01: somebody's first project is 30 days old in five
 * seconds, and has been used. E-ADV-02: somebody gave a 9 or a 10 yesterday, and others less.
 */
final class Scores implements Story {

    private static final Duration FIRST_MONTH = Duration.ofDays(30);
    private static final int DEPLOYMENTS = 22;
    private static final List<Integer> GIVEN = List.of(9, 10, 8, 10, 6, 9, 0);

    private final ProductRows rows;
    private final People people;
    private final Agenda agenda;
    private int turns;

    Scores(Stage stage) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.agenda = stage.agenda();
    }

    @Override
    public void plan() {
        agenda.repeat(3_000, 30_000, this::useForAMonth);
        agenda.repeat(4_000, 8_000, this::score);
        agenda.repeat(30_000, 20_000, this::answer);
    }

    private int useForAMonth() throws SQLException {
        Person person = people.person();
        UUID project = people.id();
        int written = rows.user(person, true, Stage.daysAgo(31));
        written += rows.project(project, person, "pro", Stage.almost(FIRST_MONTH));
        for (int i = 0; i < DEPLOYMENTS; i++) {
            Instant started = Instant.now().minus(Duration.ofHours(24L + 20L * i));
            written += rows.goodDeployment(project, started);
        }
        return written + rows.login(person, people.home(person), Stage.daysAgo(1));
    }

    private int score() throws SQLException {
        Person person = people.person();
        Instant at = Stage.almost(Duration.ofDays(1));
        int score = GIVEN.get(turns++ % GIVEN.size());
        return rows.user(person, true, Stage.daysAgo(60))
                + rows.project(people.id(), person, "free", Stage.daysAgo(59))
                + rows.login(person, people.home(person), at)
                + rows.score(person, score, at);
    }

    /** Somebody who was asked gives a score. */
    private int answer() throws SQLException {
        return rows.write(
                """
                insert into public.nps_responses (user_id, score)
                select d.user_id, ?
                from public.email_deliveries d
                where d.managed_by = 'lifecycle' and d.status = 'sent'
                    and d.email_type = 'E-ADV-01'
                    and d.created_at > now() - interval '5 minutes'
                    and not exists (
                        select from public.nps_responses r where r.user_id = d.user_id)
                order by random()
                limit 1
                """,
                people.pick(GIVEN));
    }
}
