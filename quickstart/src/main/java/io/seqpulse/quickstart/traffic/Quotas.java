package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;

/**
 * Free projects reach the ends of their plan: E-CONV-01, E-CONV-02 and E-CONV-03 by deployments of
 * this month, E-CONV-04 by a feature of another plan; and some of those who were told upgrade.
 */
final class Quotas implements Story {

    private static final int QUOTA = 50;
    private static final int EIGHTY_PERCENT = 40;
    private static final int NINETY_PERCENT = 45;

    private static final List<String> FEATURES =
            List.of("alerts_slack", "sdh_full", "env_staging", "Alerts & <Slack>");

    private final ProductRows rows;
    private final People people;
    private final Agenda agenda;
    private int turns;

    Quotas(Stage stage) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.agenda = stage.agenda();
    }

    @Override
    public void plan() {
        agenda.repeat(5_000, 15_000, this::reachEightyPercent);
        agenda.repeat(6_000, 25_000, this::reachNinetyPercent);
        agenda.repeat(7_000, 20_000, this::reachQuota);
        agenda.repeat(8_000, 10_000, this::askForAFeature);
        agenda.repeat(20_000, 15_000, this::upgrade);
    }

    /**
     * E-CONV-01: a free project of ten days with 39 deployments this month starts its fortieth. One
     * owner in five has opted out; one in three has a second project that gets there half a minute
     * later and must wait, because a marketing mail went out just before.
     */
    private int reachEightyPercent() throws SQLException {
        Person owner = people.person();
        int written = rows.user(owner, true, Stage.daysAgo(10));
        int turn = turns++;
        if (turn % 5 == 4) {
            written += rows.optOut(owner);
        }
        written += near(owner, EIGHTY_PERCENT - 1, 1_000, 0);
        if (turn % 3 == 1) {
            written += near(owner, EIGHTY_PERCENT - 1, 30_000, 0);
        }
        return written;
    }

    /** E-CONV-02. */
    private int reachNinetyPercent() throws SQLException {
        Person owner = people.person();
        return rows.user(owner, true, Stage.daysAgo(10))
                + near(owner, NINETY_PERCENT - 1, 1_000, 0);
    }

    /** E-CONV-03: the last deployment of the quota, then one that is refused. */
    private int reachQuota() throws SQLException {
        Person owner = people.person();
        return rows.user(owner, true, Stage.daysAgo(10)) + near(owner, QUOTA - 1, 1_000, 1_000);
    }

    /** A free project with some deployments this month, and one more after a while. */
    private int near(Person owner, int used, long next, long refusal) throws SQLException {
        Instant now = Instant.now();
        Instant month =
                YearMonth.from(now.atZone(ZoneOffset.UTC))
                        .atDay(1)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant();
        Instant created = Stage.daysAgo(9);
        Instant from = created.isBefore(month) ? month : created;
        Instant to = now.minus(Duration.ofHours(1));
        to = to.isAfter(from) ? to : now;
        UUID project = people.id();
        int written = rows.project(project, owner, "free", created);
        for (int i = 0; i < used; i++) {
            Duration offset = Duration.between(from, to).multipliedBy(i).dividedBy(used);
            written += rows.deployment(people.id(), project, "finished", from.plus(offset));
        }
        agenda.after(
                next,
                () -> {
                    if (refusal > 0) {
                        agenda.after(refusal, () -> rows.refusal(project, QUOTA));
                    }
                    return rows.deployment(people.id(), project, "running", Instant.now());
                });
        return written;
    }

    /** E-CONV-04 for whoever asked; on a paid project, or on none, it is nothing to write about. */
    private int askForAFeature() throws SQLException {
        Person person = people.person();
        UUID project = people.id();
        boolean free = !people.oneIn(4);
        int written = rows.user(person, true, Stage.daysAgo(10));
        written += rows.project(project, person, free ? "free" : "pro", Stage.daysAgo(9));
        agenda.after(
                1_000,
                () ->
                        rows.featureGate(
                                person, people.oneIn(8) ? null : project, people.pick(FEATURES)));
        return written;
    }

    /** A project whose owner was told of its quota goes Pro. */
    private int upgrade() throws SQLException {
        return rows.write(
                """
                update public.projects p set plan = 'pro', updated_at = now()
                where p.id = (
                    select d.project_id
                    from public.email_deliveries d
                    join public.projects free on free.id = d.project_id and free.plan = 'free'
                    where d.managed_by = 'lifecycle' and d.status = 'sent'
                        and d.email_type in ('E-CONV-01', 'E-CONV-02', 'E-CONV-03', 'E-CONV-04')
                        and d.created_at between now() - interval '5 minutes'
                            and now() - interval '10 seconds'
                    order by random()
                    limit 1)
                """);
    }
}
