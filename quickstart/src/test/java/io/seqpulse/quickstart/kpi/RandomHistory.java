package io.seqpulse.quickstart.kpi;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/**
 * A day and a half of somebody's product, made up: people, their projects, deployments, verdicts
 * and emails, and what was changed and deleted afterwards. Written in any order that the foreign
 * keys allow, some of it at the very edge of a horizon.
 */
final class RandomHistory {

    /** How long the time is in which its cohorts begin. */
    static final Duration SPAN = Duration.ofHours(36);

    private static final Duration DAY = Duration.ofHours(24);
    private static final Duration THREE_DAYS = Duration.ofHours(72);
    private static final int USERS = 40;
    private static final int MAILS = 45;

    /** One statement, to be run at its turn. */
    private record Step(double turn, String sql) {}

    private final Random random;
    private final Instant begin;
    private final List<Step> steps = new ArrayList<>();
    private final List<UUID> users = new ArrayList<>();

    private record Project(UUID id, UUID owner, double turn) {}

    private final List<Project> projects = new ArrayList<>();

    /**
     * @param begin when the first of its cohorts may begin
     */
    RandomHistory(long seed, Instant begin) {
        this.random = new Random(seed);
        this.begin = begin.truncatedTo(ChronoUnit.MINUTES);
        for (int i = 0; i < USERS; i++) {
            user();
        }
        for (int i = 0; i < MAILS; i++) {
            quotaMail();
            alert();
        }
        transfersAndPlans();
        steps.sort(Comparator.comparingDouble(Step::turn));
    }

    Instant begin() {
        return begin;
    }

    /** Runs it in small transactions; returns how many statements there were. */
    int play(Connection product) throws SQLException {
        product.setAutoCommit(false);
        try (Statement statement = product.createStatement()) {
            int left = 0;
            for (Step step : steps) {
                if (left-- == 0) {
                    statement.executeBatch();
                    product.commit();
                    left = random.nextInt(20);
                }
                statement.addBatch(step.sql());
            }
            statement.executeBatch();
            product.commit();
        } finally {
            product.setAutoCommit(true);
        }
        return steps.size();
    }

    /** Windows at minutes, of which most are long enough to tell something. */
    List<Instant[]> windows(int count) {
        List<Instant[]> windows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Instant from = begin.plus(Duration.ofMinutes(random.nextInt(900)));
            Instant to = from.plus(Duration.ofMinutes(360 + random.nextInt(1_500)));
            windows.add(new Instant[] {from, to});
        }
        return windows;
    }

    private void user() {
        UUID id = uuid();
        Instant createdAt = somewhen();
        double turn = random.nextDouble();
        users.add(id);
        add(
                turn,
                "insert into users (id, name, email, created_at) values ('%s', 'Somebody', '%s@example.com', '%s')",
                id,
                id,
                createdAt);
        if (random.nextInt(12) == 0) {
            add(after(turn), "update users set name = 'Another' where id = '%s'", id);
        }
        if (random.nextInt(10) == 0) {
            add(after(turn), "delete from users where id = '%s'", id);
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            project(id, turn, near(createdAt, DAY, Duration.ofHours(60)));
        }
    }

    private void project(UUID owner, double ownersTurn, Instant createdAt) {
        UUID id = uuid();
        double turn = after(ownersTurn);
        projects.add(new Project(id, owner, turn));
        add(
                turn,
                "insert into projects (id, name, owner_id, plan, created_at)"
                        + " select '%s', 'A project', id, '%s', '%s' from users where id = '%s'",
                id,
                plan(),
                createdAt,
                owner);
        if (random.nextInt(9) == 0) {
            add(after(turn), "delete from projects where id = '%s'", id);
        }
        boolean busy = random.nextInt(10) == 0;
        for (int i = random.nextInt(busy ? 20 : 4); i > 0; i--) {
            deployment(id, turn, createdAt);
        }
    }

    private void deployment(UUID project, double projectsTurn, Instant projectCreatedAt) {
        UUID id = uuid();
        double turn = after(projectsTurn);
        Instant startedAt = near(projectCreatedAt, THREE_DAYS, Duration.ofHours(100));
        add(
                turn,
                "insert into deployments"
                        + " (id, deployment_number, project_id, env, state, started_at)"
                        + " select '%s', 1, id, '%s', 'running', '%s' from projects"
                        + " where id = '%s'",
                id,
                random.nextInt(4) == 0 ? "staging" : "production",
                startedAt,
                project);
        if (random.nextInt(3) > 0) {
            add(
                    after(turn),
                    "update deployments set state = 'finished', finished_at = '%s' where id = '%s'",
                    near(startedAt, Duration.ofHours(48), Duration.ofHours(60)),
                    id);
        }
        if (random.nextInt(15) == 0) {
            add(after(turn), "delete from deployments where id = '%s'", id);
        }
        if (random.nextInt(3) > 0) {
            UUID verdict = uuid();
            double verdictTurn = after(turn);
            add(
                    verdictTurn,
                    "insert into deployment_verdicts (id, deployment_id, verdict, created_at)"
                            + " select '%s', id, '%s', '%s' from deployments where id = '%s'",
                    verdict,
                    List.of("ok", "warning", "rollback_recommended").get(random.nextInt(3)),
                    near(projectCreatedAt, THREE_DAYS, Duration.ofHours(100)),
                    id);
            if (random.nextInt(8) == 0) {
                add(after(verdictTurn), "delete from deployment_verdicts where id = '%s'", verdict);
            }
            if (random.nextInt(8) == 0) {
                add(
                        after(verdictTurn),
                        List.of(
                                        "update deployments set env = 'staging' where id = '%2$s'",
                                        "update deployment_verdicts set verdict = 'ok'"
                                                + " where id = '%1$s'",
                                        "update deployment_verdicts set created_at = created_at"
                                                + " + interval '90 minutes' where id = '%1$s'")
                                .get(random.nextInt(3)),
                        verdict,
                        id);
            }
        }
    }

    private void quotaMail() {
        String code = List.of("E-CONV-01", "E-CONV-02", "E-CONV-03").get(random.nextInt(3));
        mail(code, somebodysProject());
    }

    private void alert() {
        UUID id = mail("E-ACT-05", somebodysProject());
        for (int i = random.nextInt(4); i > 0; i--) {
            UUID event = uuid();
            double turn = after(steps.get(steps.size() - 1).turn());
            add(
                    turn,
                    "insert into email_events (id, email_delivery_id, event_type, occurred_at, machine)"
                            + " select '%s', id, '%s', '%s', %s from email_deliveries where id = '%s'",
                    event,
                    List.of("opened", "clicked", "delivered").get(random.nextInt(3)),
                    somewhen(),
                    random.nextBoolean(),
                    id);
            if (random.nextInt(8) == 0) {
                add(after(turn), "delete from email_events where id = '%s'", event);
            }
        }
    }

    private UUID mail(String code, Project about) {
        UUID id = uuid();
        double turn = after(about.turn());
        boolean sent = random.nextInt(6) > 0;
        String sentAt = "'" + somewhen() + "'";
        double last = turn;
        add(
                turn,
                "insert into email_deliveries (id, user_id, project_id, email_type, dedupe_key, status, sent_at)"
                        + " select '%s', u.id, %s, '%s', '%s', '%s', %s from users u where u.id = '%s'",
                id,
                random.nextInt(15) == 0
                        ? "null"
                        : "(select id from projects where id = '%s')".formatted(about.id()),
                code,
                id,
                sent ? "sent" : "queued",
                sent ? sentAt : "null",
                about.owner());
        if (!sent && random.nextBoolean()) {
            last = after(turn);
            add(
                    last,
                    "update email_deliveries set status = 'sent', sent_at = %s where id = '%s'",
                    sentAt,
                    id);
        }
        if (random.nextInt(14) == 0) {
            add(after(last), "delete from email_deliveries where id = '%s'", id);
        }
        return id;
    }

    /** One after another, as a project may change several times. */
    private void transfersAndPlans() {
        for (Project project : projects) {
            double turn = project.turn();
            while (random.nextInt(3) == 0) {
                turn = after(turn);
                if (random.nextBoolean()) {
                    add(
                            turn,
                            "update projects set plan = '%s' where id = '%s'",
                            plan(),
                            project.id());
                } else {
                    add(
                            turn,
                            "update projects set owner_id = '%s' where id = '%s'"
                                    + " and exists (select from users where id = '%1$s')",
                            users.get(random.nextInt(users.size())),
                            project.id());
                }
            }
        }
    }

    private Project somebodysProject() {
        return projects.get(random.nextInt(projects.size()));
    }

    private String plan() {
        return List.of("free", "free", "free", "pro", "pro", "enterprise").get(random.nextInt(6));
    }

    private Instant somewhen() {
        return begin.plus(random.nextLong(SPAN.toNanos() / 1_000), ChronoUnit.MICROS);
    }

    /** Anywhere in a range, and often enough at the horizon itself, or beside it. */
    private Instant near(Instant from, Duration horizon, Duration range) {
        return switch (random.nextInt(10)) {
            case 0 -> from.plus(horizon);
            case 1 -> from.plus(horizon).plus(1, ChronoUnit.MICROS);
            case 2 -> from.plus(horizon).minus(1, ChronoUnit.MICROS);
            case 3 ->
                    from.plus(horizon).plusMillis(random.nextInt(1_000)).plus(1, ChronoUnit.MICROS);
            case 4 -> from.minusSeconds(random.nextInt(7_200));
            default -> from.plus(random.nextLong(range.toNanos() / 1_000), ChronoUnit.MICROS);
        };
    }

    /** A turn that is later. */
    private double after(double turn) {
        return turn + (1 - turn) * (0.01 + 0.9 * random.nextDouble());
    }

    private UUID uuid() {
        return new UUID(random.nextLong(), random.nextLong());
    }

    private void add(double turn, String sql, Object... values) {
        steps.add(new Step(turn, sql.formatted(values)));
    }
}
