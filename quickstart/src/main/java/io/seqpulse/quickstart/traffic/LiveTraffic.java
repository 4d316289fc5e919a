package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A product in use: writes to its tables at a steady rate, in small transactions. Most of it is
 * deployments on the history's paid projects going through their states; among it, with business
 * times placed so that each of the six emails comes due within the first minute or two: sign-ups,
 * accounts that never make a project, first verdicts, critical verdicts, quotas running out, and
 * the people who get none of that (opted out, inactive, in time, already capped). Some of the mail
 * is opened, and some of those who were told of their quota upgrade. Everybody new has an address
 * at {@value #DOMAIN}; no project of the history gives reason for a mail.
 */
public final class LiveTraffic implements AutoCloseable {

    /** Domain of everybody who is new. */
    public static final String DOMAIN = "live.example";

    private static final Duration TICK = Duration.ofMillis(20);
    private static final int LARGEST_TRANSACTION = 50;
    private static final int FREE_QUOTA = 50;
    private static final int REFERENCE_RATE = 100;

    private final Connection connection;
    private final double rate;
    private final Random random;
    private final People people;
    private final Consumer<SQLException> failures;
    private final AtomicLong changes = new AtomicLong();
    private final PriorityQueue<Step> agenda =
            new PriorityQueue<>(Comparator.comparingLong(Step::at));
    private final List<UUID> busyProjects = new ArrayList<>();
    private final List<Rollout> rollouts = new ArrayList<>();
    private final List<Person> signedUp = new ArrayList<>();
    private final List<LiveProject> liveProjects = new ArrayList<>();
    private final Thread thread = new Thread(this::run, "traffic");
    private volatile boolean stopping;
    private int numbers = 10_000;
    private int criticals;
    private int quotas;

    private LiveTraffic(
            Connection connection,
            double rate,
            long seed,
            long run,
            Consumer<SQLException> failures) {
        this.connection = connection;
        this.rate = rate;
        // Apart from the history's numbers, and from those of earlier runs.
        this.random = new Random(~seed + run);
        this.people = new People(random, DOMAIN, "r%s.user".formatted(run));
        this.failures = failures;
    }

    /**
     * Starts writing.
     *
     * @param connection used by the traffic alone and closed with it
     * @param rate row changes per second
     * @param failures told when the database refuses a write; the traffic has ended then
     * @throws io.seqpulse.quickstart.StackException if it is not the embedded database
     */
    public static LiveTraffic start(
            Connection connection, double rate, long seed, Consumer<SQLException> failures)
            throws SQLException {
        DemoDatabase.require(connection);
        LiveTraffic traffic =
                new LiveTraffic(connection, rate, seed, newcomers(connection), failures);
        traffic.findBusyProjects();
        connection.setAutoCommit(false);
        traffic.plan();
        traffic.thread.start();
        return traffic;
    }

    /** Row changes committed so far. */
    public long changes() {
        return changes.get();
    }

    /**
     * How many came in earlier runs of this database: names this run's, so that none comes twice.
     */
    private static long newcomers(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(
                        "select count(*) from public.users where email like '%@' || ?")) {
            statement.setString(1, DOMAIN);
            try (ResultSet found = statement.executeQuery()) {
                found.next();
                return found.getLong(1);
            }
        }
    }

    /** Paid projects that have a verdict already: deployments there give no reason for a mail. */
    private void findBusyProjects() throws SQLException {
        String query =
                """
                select p.id
                from public.projects p
                join public.users u on u.id = p.owner_id
                where p.plan <> 'free' and u.email like '%@' || ?
                    and exists (
                        select from public.deployment_verdicts v
                        join public.deployments d on d.id = v.deployment_id
                        where d.project_id = p.id)
                order by p.id
                limit 200
                """;
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, DemoHistory.DOMAIN);
            try (ResultSet found = statement.executeQuery()) {
                while (found.next()) {
                    busyProjects.add(found.getObject(1, UUID.class));
                }
            }
        }
    }

    private void plan() {
        repeat(500, 2_000, this::signUp);
        repeat(1_000, 6_000, this::signUpTwoHoursAgo);
        repeat(3_000, 4_000, this::newProject);
        repeat(5_000, 15_000, this::reachEightyPercent);
        repeat(7_000, 20_000, this::reachQuota);
        repeat(9_000, 3_000, this::criticalVerdict);
        repeat(10_000, 1_000, this::read);
        repeat(20_000, 15_000, this::upgrade);
    }

    private void repeat(long first, long periodAtReferenceRate, Action action) {
        long period = Math.max(20, (long) (periodAtReferenceRate * REFERENCE_RATE / rate));
        long begin = System.nanoTime();
        agenda.add(new Step(begin + first * 1_000_000, period * 1_000_000, action));
    }

    private void after(long milliseconds, Action action) {
        agenda.add(new Step(System.nanoTime() + milliseconds * 1_000_000, 0, action));
    }

    private void run() {
        double budget = 0;
        long last = System.nanoTime();
        try (connection) {
            while (!stopping) {
                long now = System.nanoTime();
                budget = Math.min(budget + (now - last) * rate / 1e9, rate);
                last = now;
                while (!agenda.isEmpty() && agenda.peek().at() <= now) {
                    Step step = agenda.poll();
                    budget -= committed(step.action());
                    if (step.period() > 0) {
                        agenda.add(
                                new Step(step.at() + step.period(), step.period(), step.action()));
                    }
                }
                if (budget >= 1) {
                    int size = (int) Math.min(budget, LARGEST_TRANSACTION);
                    budget -= committed(() -> advanceRollouts(size));
                }
                TimeUnit.NANOSECONDS.sleep(
                        budget >= 1 ? 0 : Math.max(0, TICK.toNanos() - (System.nanoTime() - now)));
            }
        } catch (SQLException e) {
            failures.accept(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs an action as one transaction. */
    private int committed(Action action) throws SQLException {
        int rows = action.run();
        if (rows > 0) {
            connection.commit();
            changes.addAndGet(rows);
        }
        return rows;
    }

    // ---- what most of the traffic is

    private int advanceRollouts(int size) throws SQLException {
        if (busyProjects.isEmpty()) {
            return 0;
        }
        int rows = 0;
        while (rows < size) {
            if (rollouts.size() < 40 || people.oneIn(5)) {
                Rollout rollout = new Rollout(people.id());
                rows +=
                        deployment(
                                rollout.deployment,
                                people.pick(busyProjects),
                                "pending",
                                Instant.now());
                rollouts.add(rollout);
                continue;
            }
            int chosen = random.nextInt(rollouts.size());
            Rollout rollout = rollouts.get(chosen);
            rows += rollout.advance();
            if (rollout.over) {
                rollouts.remove(chosen);
            }
        }
        return rows;
    }

    /** A deployment on a busy project: pending, running, finished, analyzed with a verdict. */
    private final class Rollout {

        private final UUID deployment;
        private int stage;
        private boolean over;

        Rollout(UUID deployment) {
            this.deployment = deployment;
        }

        int advance() throws SQLException {
            stage++;
            return switch (stage) {
                case 1 -> state(deployment, "running");
                case 2 -> finish(deployment);
                default -> {
                    over = true;
                    yield state(deployment, "analyzed") + verdict(deployment, "ok");
                }
            };
        }
    }

    // ---- what gives reason for a mail

    /** E-TRX-01; one in eight accounts starts inactive and gets none. */
    private int signUp() throws SQLException {
        Person person = people.person();
        boolean active = !people.oneIn(8);
        if (active) {
            signedUp.add(person);
        }
        return user(person, active, null);
    }

    /**
     * E-ACT-01 a minute from now: signed up two hours ago less five seconds. One in four makes a
     * project in time, one in six has opted out.
     */
    private int signUpTwoHoursAgo() throws SQLException {
        Person person = people.person();
        int rows = user(person, true, Instant.now().minus(Duration.ofHours(2)).plusSeconds(5));
        if (people.oneIn(6)) {
            rows += optOut(person);
        }
        if (people.oneIn(4)) {
            after(1_000, () -> project(people.id(), person, "free", null));
        }
        return rows;
    }

    /** E-ACT-04 for the owner and an admin, two seconds from now. */
    private int newProject() throws SQLException {
        if (signedUp.size() < 2) {
            after(1_000, this::newProject);
            return 0;
        }
        Person owner = people.pick(signedUp);
        Person admin = people.pick(signedUp);
        String plan = people.oneIn(2) ? "pro" : "free";
        UUID project = people.id();
        int rows = project(project, owner, plan, null);
        if (!admin.equals(owner)) {
            rows += member(project, admin.id(), null, "admin", people.oneIn(2));
        }
        if (people.oneIn(2)) {
            rows += member(project, null, people.address(), "member", true);
        }
        UUID deployment = people.id();
        rows += deployment(deployment, project, "running", Instant.now());
        after(1_000, () -> finish(deployment));
        after(
                2_000,
                () -> {
                    liveProjects.add(new LiveProject(project, plan));
                    return state(deployment, "analyzed") + verdict(deployment, "ok");
                });
        return rows;
    }

    /**
     * E-ACT-05: figures first, then the verdict and its hints in one transaction; of each third one
     * the hints come half a second later, in their own.
     */
    private int criticalVerdict() throws SQLException {
        if (liveProjects.isEmpty()) {
            after(1_000, this::criticalVerdict);
            return 0;
        }
        UUID project = people.pick(liveProjects).id();
        UUID deployment = people.id();
        int rows = deployment(deployment, project, "finished", Instant.now());
        rows += sample(deployment, "pre", 200, 0.008);
        rows += sample(deployment, "post", 220 + people.below(200), 0.021);
        int turn = criticals++;
        String verdict = turn % 2 == 1 ? "rollback_recommended" : "warning";
        boolean hintsLater = turn % 3 == 2;
        after(
                300,
                () -> {
                    int written = state(deployment, "analyzed") + verdict(deployment, verdict);
                    if (hintsLater) {
                        after(500, () -> hints(deployment));
                        return written;
                    }
                    return written + hints(deployment);
                });
        return rows;
    }

    private int hints(UUID deployment) throws SQLException {
        int written = 0;
        for (int i = 0; i < 1 + people.below(3); i++) {
            written += hint(deployment);
        }
        return written;
    }

    /**
     * E-CONV-01: a free project of ten days with 39 deployments this month starts its fortieth. One
     * owner in five has opted out; one in three has a second project that gets there half a minute
     * later and must wait, because a marketing mail went out just before.
     */
    private int reachEightyPercent() throws SQLException {
        Person owner = people.person();
        int rows = user(owner, true, Instant.now().minus(Duration.ofDays(10)));
        int turn = quotas++;
        if (turn % 5 == 4) {
            rows += optOut(owner);
        }
        rows += nearQuota(owner, 39, 1_000, 0);
        if (turn % 3 == 1) {
            rows += nearQuota(owner, 39, 30_000, 0);
        }
        return rows;
    }

    /** E-CONV-03: the last deployment of the quota, then one that is refused. */
    private int reachQuota() throws SQLException {
        Person owner = people.person();
        return user(owner, true, Instant.now().minus(Duration.ofDays(10)))
                + nearQuota(owner, FREE_QUOTA - 1, 1_000, 1_000);
    }

    /** A free project with some deployments this month, and one more after a while. */
    private int nearQuota(Person owner, int used, long next, long refusal) throws SQLException {
        Instant now = Instant.now();
        Instant month =
                YearMonth.from(now.atZone(ZoneOffset.UTC))
                        .atDay(1)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant();
        Instant created = now.minus(Duration.ofDays(9));
        Instant from = created.isBefore(month) ? month : created;
        Instant to = now.minus(Duration.ofHours(1));
        to = to.isAfter(from) ? to : now;
        UUID project = people.id();
        int rows = project(project, owner, "free", created);
        for (int i = 0; i < used; i++) {
            Duration offset = Duration.between(from, to).multipliedBy(i).dividedBy(used);
            rows += deployment(people.id(), project, "finished", from.plus(offset));
        }
        after(
                next,
                () -> {
                    if (refusal > 0) {
                        after(refusal, () -> refusal(project));
                    }
                    return deployment(people.id(), project, "running", Instant.now());
                });
        return rows;
    }

    // ---- what people do with their mail

    /** Somebody opens one of the last mails; some then follow its link. */
    private int read() throws SQLException {
        return write(
                """
                insert into public.email_events (email_delivery_id, event_type, machine)
                select d.id, case when opened then 'clicked' else 'opened' end, ? and not opened
                from (
                    select d.id, exists (
                        select from public.email_events e where e.email_delivery_id = d.id) as opened
                    from public.email_deliveries d
                    where d.managed_by = 'lifecycle' and d.status = 'sent'
                        and d.created_at > now() - interval '2 minutes'
                    order by random()
                    limit 1) d
                """,
                people.oneIn(6));
    }

    /** A project whose owner was told of its quota goes Pro. */
    private int upgrade() throws SQLException {
        return write(
                """
                update public.projects p set plan = 'pro', updated_at = now()
                where p.id = (
                    select d.project_id
                    from public.email_deliveries d
                    join public.projects free on free.id = d.project_id and free.plan = 'free'
                    where d.managed_by = 'lifecycle' and d.status = 'sent'
                        and d.email_type in ('E-CONV-01', 'E-CONV-03')
                        and d.created_at between now() - interval '5 minutes'
                            and now() - interval '10 seconds'
                    order by random()
                    limit 1)
                """);
    }

    // ---- rows

    private int user(Person person, boolean active, Instant created) throws SQLException {
        return write(
                """
                insert into public.users (id, name, first_name, email, password_hash, is_active,
                    locale, timezone, created_at, updated_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, now()), now())
                """,
                person.id(),
                person.name(),
                person.firstName(),
                person.email(),
                "bcrypt$" + person.id(),
                active,
                person.locale(),
                person.timezone(),
                timestamp(created));
    }

    private int optOut(Person person) throws SQLException {
        return write(
                "insert into public.email_preferences (user_id, marketing_opt_in) values (?, false)",
                person.id());
    }

    private int project(UUID id, Person owner, String plan, Instant created) throws SQLException {
        return write(
                """
                insert into public.projects (id, name, owner_id, plan, api_key_hash, created_at,
                    updated_at)
                values (?, ?, ?, ?, ?, coalesce(?, now()), now())
                """,
                id,
                people.projectName(),
                owner.id(),
                plan,
                "key$" + id,
                timestamp(created));
    }

    private int member(UUID project, UUID user, String email, String role, boolean onCall)
            throws SQLException {
        return write(
                """
                insert into public.project_members (id, project_id, user_id, email, role, on_call)
                values (?, ?, ?, ?, ?, ?)
                """,
                people.id(),
                project,
                user,
                email,
                role,
                onCall);
    }

    private int deployment(UUID id, UUID project, String state, Instant started)
            throws SQLException {
        boolean finished = state.equals("finished");
        return write(
                """
                insert into public.deployments (id, deployment_number, project_id, env, branch,
                    state, pipeline_result, started_at, finished_at, duration_ms)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                id,
                ++numbers,
                project,
                people.environment(),
                people.branch(),
                state,
                finished ? "success" : null,
                timestamp(started),
                finished ? timestamp(started) : null,
                finished ? 1_000L : null);
    }

    private int state(UUID deployment, String state) throws SQLException {
        return write("update public.deployments set state = ? where id = ?", state, deployment);
    }

    private int finish(UUID deployment) throws SQLException {
        return write(
                """
                update public.deployments
                set state = 'finished', pipeline_result = 'success', finished_at = now(),
                    duration_ms = extract(epoch from now() - started_at) * 1000
                where id = ?
                """,
                deployment);
    }

    private int sample(UUID deployment, String phase, double latency, double errors)
            throws SQLException {
        return write(
                """
                insert into public.metric_samples (id, deployment_id, phase, latency_p95, error_rate)
                values (?, ?, ?, ?, ?)
                """,
                people.id(),
                deployment,
                phase,
                latency,
                errors);
    }

    private int verdict(UUID deployment, String verdict) throws SQLException {
        return write(
                """
                insert into public.deployment_verdicts (id, deployment_id, verdict, confidence,
                    summary, details)
                values (?, ?, ?, ?, ?, ?)
                """,
                people.id(),
                deployment,
                verdict,
                0.6 + people.below(40) / 100.0,
                verdict.equals("ok") ? "No regression found" : "p95 latency and errors rose",
                texts("p95 latency", "error rate"));
    }

    private int hint(UUID deployment) throws SQLException {
        return write(
                """
                insert into public.sdh_hints (id, deployment_id, metric, severity, observed_value,
                    threshold, secured_threshold, exceed_ratio, confidence, title, diagnosis,
                    suggested_actions)
                values (?, ?, 'latency_p95', 'critical', 312, 250, 200, 1.25, 0.9,
                    'Latency above threshold', 'p95 rose after the deployment', ?)
                """,
                people.id(),
                deployment,
                texts(
                        people.pick(
                                List.of(
                                        "Roll back to the previous release",
                                        "Check the connection pool of <checkout>",
                                        "Compare the slow query log",
                                        "Raise the cache's time to live"))));
    }

    private int refusal(UUID project) throws SQLException {
        return write(
                "insert into public.quota_refusals (id, project_id, used) values (?, ?, ?)",
                people.id(),
                project,
                FREE_QUOTA);
    }

    private int write(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            return statement.executeUpdate();
        }
    }

    private Array texts(String... texts) throws SQLException {
        return connection.createArrayOf("text", texts);
    }

    private static Timestamp timestamp(Instant instant) {
        return instant == null ? null : Timestamp.from(instant);
    }

    /** Ends the traffic after the transaction at hand. */
    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private record LiveProject(UUID id, String plan) {}

    /**
     * Something to do.
     *
     * @param at when, in nanoseconds of the system's timer
     * @param period when again; 0: never
     */
    private record Step(long at, long period, Action action) {}

    private interface Action {
        /** Writes, and says how many rows. */
        int run() throws SQLException;
    }
}
