package io.seqpulse.quickstart.traffic;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A product in use: writes to its tables at a steady rate, in small transactions. Most of it is
 * deployments on the history's paid projects going through their states ({@link Rollouts}); among
 * it, {@link Story stories} with business times placed so that each email comes due within the
 * first minute or two, and of the people who get none of that (opted out, inactive, in time,
 * already capped). The reports of Mondays and of the first of a month are due then only ({@link
 * Reports}). Some of the mail is opened and followed. Everybody new has an address at {@value
 * #DOMAIN}; no project of the history gives reason for a mail.
 */
public final class LiveTraffic implements AutoCloseable {

    /** Domain of everybody who is new. */
    public static final String DOMAIN = "live.example";

    private static final Duration TICK = Duration.ofMillis(20);
    private static final int LARGEST_TRANSACTION = 50;

    private final Connection connection;
    private final double rate;
    private final Consumer<SQLException> failures;
    private final AtomicLong changes = new AtomicLong();
    private final Agenda agenda;
    private final Rollouts rollouts;
    private final Thread thread = new Thread(this::run, "traffic");
    private volatile boolean stopping;

    private LiveTraffic(
            Connection connection,
            double rate,
            Stage stage,
            List<UUID> busyProjects,
            Consumer<SQLException> failures) {
        this.connection = connection;
        this.rate = rate;
        this.failures = failures;
        this.agenda = stage.agenda();
        this.rollouts = new Rollouts(stage, busyProjects);
        stories(stage).forEach(Story::plan);
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
        long run = newcomers(connection);
        // Apart from the history's numbers, and from those of earlier runs.
        People people = new People(new Random(~seed + run), DOMAIN, "r%s.user".formatted(run));
        Stage stage = new Stage(new ProductRows(connection, people), people, new Agenda(rate));
        List<UUID> busyProjects = busyProjects(connection);
        connection.setAutoCommit(false);
        LiveTraffic traffic = new LiveTraffic(connection, rate, stage, busyProjects, failures);
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
    private static List<UUID> busyProjects(Connection connection) throws SQLException {
        List<UUID> projects = new ArrayList<>();
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
                    projects.add(found.getObject(1, UUID.class));
                }
            }
        }
        return projects;
    }

    private static List<Story> stories(Stage stage) {
        return List.of(
                new Newcomers(stage),
                new Quotas(stage),
                new Stalls(stage),
                new Invitations(stage),
                new Accounts(stage),
                new Absences(stage),
                new Bills(stage),
                new Scores(stage),
                new Reports(stage),
                new Readers(stage));
    }

    private void run() {
        double budget = 0;
        long last = System.nanoTime();
        try (connection) {
            while (!stopping) {
                long now = System.nanoTime();
                budget = Math.min(budget + (now - last) * rate / 1e9, rate);
                last = now;
                for (Agenda.Action due = agenda.next(now); due != null; due = agenda.next(now)) {
                    budget -= committed(due);
                }
                if (budget >= 1) {
                    int size = (int) Math.min(budget, LARGEST_TRANSACTION);
                    budget -= committed(() -> rollouts.advance(size));
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
    private int committed(Agenda.Action action) throws SQLException {
        int rows = action.run();
        connection.commit(); // also what found nothing to write: the next one's present is another
        changes.addAndGet(rows);
        return rows;
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
}
