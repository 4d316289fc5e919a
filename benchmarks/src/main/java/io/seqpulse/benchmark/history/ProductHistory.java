package io.seqpulse.benchmark.history;

import io.seqpulse.benchmark.history.Change.Operation;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * What a product in use commits: one user for ten row changes, projects of two users in three,
 * their deployments from start to verdict, all interleaved as they would be. The same seed and end
 * tell the same history.
 *
 * <p>Most of it is history by business time, as when a product's past is read for the first time:
 * no mail may come of it. One user in ten signs up as the log is written, and one deployment in ten
 * of old projects runs then, so that every stage down to the sink has work.
 */
public final class ProductHistory implements Iterator<Transaction> {

    /** On average between one commit and the next. */
    private static final Duration BETWEEN_COMMITS = Duration.ofNanos(2_500_000);

    private static final double CHANGES_PER_COMMIT = 1.6;
    private static final int CHANGES_PER_USER = 10;
    private static final double PROJECTS_PER_USER = 0.65;
    private static final long PAST = micros(Duration.ofDays(60));
    private static final long HOUR = micros(Duration.ofHours(1));

    /** How long nobody may have had a project before the first mail about it (E-ACT-01). */
    private static final long UNTIL_REMINDED = 2 * HOUR;

    /** Deployments under way at a time. */
    private static final int UNDER_WAY = 200;

    private static final List<String> FIRST_NAMES =
            List.of("Nadia", "Élodie", "Björn", "Marcus", "Ying", "Tomás", "Zoë", "Priya", "Kenji");
    private static final List<String> LAST_NAMES =
            List.of("Martin", "Nguyen", "Kowalski", "O'Brien", "García", "Rossi", "Lefèvre");
    private static final List<String> PROJECT_NAMES =
            List.of("API Gateway", "Checkout API", "Billing", "Search", "Mobile BFF", "Ledger");
    private static final List<String> BRANCHES =
            List.of("main", "main", "main", "release/2026.11", "hotfix/login");

    private final SplittableRandom random;
    private final int total;
    private final int usersInAll;
    private final int projectsInAll;
    private final long beginMicros;
    private final List<User> users = new ArrayList<>();
    private final List<Project> projects = new ArrayList<>();
    private final Deque<Deployment> underWay = new ArrayDeque<>();
    private long commitMicros;
    private int told;

    private record User(
            UUID id,
            String name,
            String firstName,
            String email,
            String locale,
            long createdAt,
            boolean live) {}

    private static final class Project {
        private final UUID id;
        private final long createdAt;
        private final boolean live;
        private int deployments;
        private boolean judged;

        Project(UUID id, long createdAt, boolean live) {
            this.id = id;
            this.createdAt = createdAt;
            this.live = live;
        }
    }

    private record Deployment(
            UUID id,
            int number,
            Project project,
            String env,
            String branch,
            long startedAt,
            Long finishedAt,
            boolean live) {

        Deployment finished(long at) {
            return new Deployment(id, number, project, env, branch, startedAt, at, live);
        }
    }

    /**
     * A history of that many row changes.
     *
     * @param end about when the last one is committed
     */
    public ProductHistory(long seed, int changes, Instant end) {
        this.random = new SplittableRandom(seed);
        this.total = changes;
        this.usersInAll = Math.max(1, changes / CHANGES_PER_USER);
        this.projectsInAll = Math.max(1, (int) (usersInAll * PROJECTS_PER_USER));
        double commits = changes / CHANGES_PER_COMMIT;
        long length = (long) (commits * micros(BETWEEN_COMMITS));
        this.beginMicros = micros(end) - length;
        this.commitMicros = beginMicros;
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1_000;
    }

    private static long micros(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    }

    /** Before the first commit: rules that run since then mail nobody for what was before. */
    public Instant begin() {
        return Instant.EPOCH.plus(beginMicros, ChronoUnit.MICROS);
    }

    @Override
    public boolean hasNext() {
        return told < total;
    }

    @Override
    public Transaction next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the history is told");
        }
        commitMicros += 1 + random.nextLong(2 * micros(BETWEEN_COMMITS));
        List<Change> changes = changes();
        if (changes.size() > total - told) {
            changes = changes.subList(0, total - told);
        }
        told += changes.size();
        return new Transaction(commitMicros, changes);
    }

    private List<Change> changes() {
        double progress = 1.1 * told / total;
        if (users.size() < Math.min(usersInAll, 1 + usersInAll * progress)) {
            return signUp();
        }
        if (projects.size() < Math.min(projectsInAll, 1 + projectsInAll * progress)) {
            return createProject();
        }
        if (oneIn(40)) {
            return List.of(editUser());
        }
        boolean advance = !underWay.isEmpty() && (underWay.size() >= UNDER_WAY || !oneIn(3));
        if (!advance) {
            return List.of(start());
        }
        Deployment next = underWay.remove();
        return next.finishedAt() == null ? List.of(finish(next)) : judge(next);
    }

    private List<Change> signUp() {
        int number = users.size() + 1;
        boolean live = oneIn(10);
        long createdAt =
                live
                        ? commitMicros - random.nextLong(1_000)
                        : oneIn(20)
                                ? commitMicros - UNTIL_REMINDED + micros(Duration.ofSeconds(5))
                                : beginMicros - HOUR - random.nextLong(PAST);
        String firstName = pick(FIRST_NAMES);
        User user =
                new User(
                        id(),
                        firstName + " " + pick(LAST_NAMES),
                        oneIn(4) ? null : firstName,
                        "user%s@benchmark.example".formatted(number),
                        oneIn(10) ? null : pick(List.of("fr", "fr", "en")),
                        createdAt,
                        live);
        users.add(user);
        List<Change> changes = new ArrayList<>();
        changes.add(account(Operation.INSERT, user, createdAt));
        if (oneIn(5)) {
            changes.add(insert(Table.EMAIL_PREFERENCES, user.id(), !oneIn(3), oneIn(2), createdAt));
        }
        if (!live && createdAt < beginMicros - UNTIL_REMINDED && oneIn(3)) {
            long sentAt = createdAt + 2_000_000;
            changes.add(
                    insert(
                            Table.EMAIL_DELIVERIES,
                            id(),
                            user.id(),
                            null,
                            "E-TRX-01",
                            "welcome_signup:" + user.id(),
                            "sent",
                            sentAt,
                            sentAt,
                            null));
        }
        return changes;
    }

    private Change editUser() {
        return account(Operation.UPDATE, pick(users), commitMicros);
    }

    private static Change account(Operation operation, User user, long updatedAt) {
        return new Change(
                Table.USERS,
                operation,
                Arrays.asList(
                        user.id(),
                        user.name(),
                        user.firstName(),
                        user.email(),
                        true,
                        false,
                        null,
                        user.locale(),
                        "Europe/Paris",
                        user.createdAt(),
                        updatedAt));
    }

    private List<Change> createProject() {
        User owner = pick(users);
        boolean live = owner.live() || owner.createdAt() > beginMicros - HOUR || oneIn(20);
        long createdAt =
                live
                        ? commitMicros - random.nextLong(1_000)
                        : between(owner.createdAt(), beginMicros - HOUR);
        UUID id = id();
        String plan = oneIn(4) ? "pro" : oneIn(20) ? "enterprise" : "free";
        projects.add(new Project(id, createdAt, live));
        List<Change> changes = new ArrayList<>();
        changes.add(
                insert(
                        Table.PROJECTS,
                        id,
                        pick(PROJECT_NAMES),
                        owner.id(),
                        plan,
                        createdAt,
                        createdAt));
        Long periodEnd = plan.equals("free") ? null : commitMicros + micros(Duration.ofDays(20));
        changes.add(insert(Table.SUBSCRIPTIONS, id(), id, plan, true, periodEnd));
        if (oneIn(4)) {
            String address = "oncall%s@benchmark.example".formatted(projects.size());
            changes.add(insert(Table.PROJECT_MEMBERS, id(), id, null, address, "member", true));
        }
        return changes;
    }

    /**
     * Every tenth deployment is one of the busiest half percent of the projects. What an old
     * project did first is in its past.
     */
    private Change start() {
        int among = oneIn(10) ? Math.max(1, projects.size() / 200) : projects.size();
        Project project = projects.get(random.nextInt(among));
        boolean live = project.live || (project.judged && oneIn(10));
        long startedAt =
                live
                        ? commitMicros - random.nextLong(1_000)
                        : between(project.createdAt, beginMicros - HOUR);
        project.deployments++;
        Deployment deployment =
                new Deployment(
                        id(),
                        project.deployments,
                        project,
                        oneIn(3) ? "staging" : "prod",
                        pick(BRANCHES),
                        startedAt,
                        null,
                        live);
        underWay.add(deployment);
        return deployment(Operation.INSERT, deployment, "running");
    }

    private Change finish(Deployment running) {
        long finishedAt =
                running.live()
                        ? commitMicros - random.nextLong(1_000)
                        : running.startedAt() + random.nextLong(HOUR / 6);
        Deployment finished = running.finished(finishedAt);
        underWay.add(finished);
        return deployment(Operation.UPDATE, finished, "finished");
    }

    private List<Change> judge(Deployment deployment) {
        long judgedAt =
                deployment.live()
                        ? commitMicros - random.nextLong(1_000)
                        : deployment.finishedAt() + micros(Duration.ofMinutes(2));
        deployment.project().judged = true;
        String verdict = !oneIn(8) ? "ok" : oneIn(3) ? "rollback_recommended" : "warning";
        List<Change> changes = new ArrayList<>();
        if (oneIn(5)) {
            changes.add(sample(deployment, "pre", deployment.startedAt()));
            changes.add(sample(deployment, "post", judgedAt));
        }
        changes.add(
                insert(
                        Table.DEPLOYMENT_VERDICTS,
                        id(),
                        deployment.id(),
                        verdict,
                        decimal(500 + random.nextInt(500), 3),
                        verdict.equals("ok")
                                ? "No significant change after the deployment"
                                : "p95 latency rose markedly after the deployment",
                        List.of("latency_p95 compared over 15 min", "error_rate compared"),
                        judgedAt));
        if (!verdict.equals("ok")) {
            changes.add(hint(deployment, judgedAt));
        }
        changes.add(deployment(Operation.UPDATE, deployment, "analyzed"));
        return changes;
    }

    private Change sample(Deployment deployment, String phase, long collectedAt) {
        return insert(
                Table.METRIC_SAMPLES,
                id(),
                deployment.id(),
                phase,
                decimal(180_000 + random.nextInt(160_000), 3),
                decimal(random.nextInt(30_000), 6),
                collectedAt);
    }

    private Change hint(Deployment deployment, long createdAt) {
        return insert(
                Table.SDH_HINTS,
                id(),
                deployment.id(),
                "latency_p95",
                oneIn(2) ? "critical" : "warning",
                decimal(3_200_000, 4),
                decimal(2_500_000, 4),
                null,
                decimal(12_800, 4),
                decimal(900, 3),
                "Latency above threshold",
                "p95 rose by a third within ten minutes of the deployment",
                List.of("Roll back to the previous version", "Check the connection pool"),
                createdAt);
    }

    private static Change deployment(Operation operation, Deployment row, String state) {
        Long finishedAt = row.finishedAt();
        return new Change(
                Table.DEPLOYMENTS,
                operation,
                Arrays.asList(
                        row.id(),
                        row.number(),
                        row.project().id,
                        row.env(),
                        row.branch(),
                        state,
                        finishedAt == null ? null : "success",
                        row.startedAt(),
                        finishedAt,
                        finishedAt == null ? null : (finishedAt - row.startedAt()) / 1_000));
    }

    private static Change insert(Table table, Object... values) {
        return new Change(table, Operation.INSERT, Arrays.asList(values));
    }

    private static BigDecimal decimal(long unscaled, int scale) {
        return BigDecimal.valueOf(unscaled, scale);
    }

    private long between(long from, long to) {
        return from + random.nextLong(Math.max(1, to - from));
    }

    /** A random UUID (version 4). */
    private UUID id() {
        long most = (random.nextLong() & ~0xF000L) | 0x4000L;
        long least = (random.nextLong() & ~0xC000_0000_0000_0000L) | 0x8000_0000_0000_0000L;
        return new UUID(most, least);
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    private <T> T pick(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
