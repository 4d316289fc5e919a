package io.seqpulse.quickstart.e2e;

import io.seqpulse.quickstart.stack.ReceivedMail;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * What one cell places, with users and projects of its own, and what must come of it. Everything is
 * written on the connection of the transaction under way.
 */
final class Scenario {

    /** Long before any rule ran: whatever such an account or project did first is history. */
    private static final Duration LONG_AGO = Duration.ofDays(200);

    /** A look at a mail that arrived. */
    @FunctionalInterface
    interface Check {
        void accept(ReceivedMail mail) throws Exception;
    }

    /**
     * A row that must be in the journal.
     *
     * @param user whose row it is
     * @param mailbox the address that must have got it; null: nobody
     */
    record Expected(String key, String status, String reason, UUID user, String mailbox) {}

    private final String name;
    private final Instant now;
    private final Map<UUID, String> users = new LinkedHashMap<>();
    private final Set<String> addresses = new LinkedHashSet<>();
    private final List<Expected> expected = new ArrayList<>();
    private final List<Expected> possible = new ArrayList<>();
    private final Map<String, Instant> earliest = new LinkedHashMap<>();
    private final Map<String, List<Check>> checks = new LinkedHashMap<>();
    private final List<List<Cell.Placement>> steps = new ArrayList<>();
    private Connection connection;
    private Instant settledAt;
    private Instant followUpsUntil = Instant.MAX;
    private Instant followedUpAt = Instant.MIN;

    /**
     * @param name unique, part of every address
     * @param now what all business times are counted from
     */
    Scenario(String name, Instant now) {
        this.name = name;
        this.now = now;
        this.settledAt = now;
    }

    // Times

    /** The moment all business times of a table are counted from. */
    Instant now() {
        return now;
    }

    /** A time in the past. */
    Instant ago(Duration before) {
        return now.minus(before);
    }

    /** The current UTC month. */
    YearMonth month() {
        return YearMonth.from(now.atOffset(ZoneOffset.UTC));
    }

    /** The first moment of a UTC month. */
    static Instant startOf(YearMonth month) {
        return month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    // What the product writes

    /** An active user who signed up at a time; further columns as name, value, name, value. */
    UUID user(Instant createdAt, Object... columns) throws SQLException {
        String address = "%s-%s@example.org".formatted(name, users.size() + 1);
        UUID id =
                insert(
                        "users",
                        with(
                                columns,
                                "name",
                                "Camille",
                                "email",
                                address,
                                "created_at",
                                createdAt));
        users.put(id, address);
        addresses.add(address);
        return id;
    }

    /** A user for whom sign-up mails are history. */
    UUID veteran(Object... columns) throws SQLException {
        return user(ago(LONG_AGO), columns);
    }

    /** A project from long ago, on the free plan unless the columns say otherwise. */
    UUID project(UUID owner, Object... columns) throws SQLException {
        return projectFrom(ago(LONG_AGO), owner, columns);
    }

    /** A project created at a time. */
    UUID projectFrom(Instant createdAt, UUID owner, Object... columns) throws SQLException {
        return insert(
                "projects",
                with(columns, "name", "Boutique", "owner_id", owner, "created_at", createdAt));
    }

    /** A deployment that started at a time and is analysed. */
    UUID deployment(UUID project, Instant startedAt) throws SQLException {
        return insert(
                "deployments",
                "project_id",
                project,
                "deployment_number",
                7,
                "branch",
                "main",
                "state",
                "analyzed",
                "pipeline_result",
                "success",
                "started_at",
                startedAt,
                "finished_at",
                startedAt);
    }

    /** That many deployments of this month, the last of them now. */
    void deploymentsThisMonth(UUID project, int count) throws SQLException {
        deploymentsUntil(now, project, count);
    }

    /** That many deployments within a month, the last of them at a time of that month. */
    void deploymentsUntil(Instant last, UUID project, int count) throws SQLException {
        Instant first = startOf(YearMonth.from(last.atOffset(ZoneOffset.UTC)));
        long step = Math.max(0, Math.min(60_000, Duration.between(first, last).toMillis() / count));
        execute(
                """
                insert into deployments (project_id, deployment_number, state, started_at)
                select ?, n, 'finished', ?::timestamptz - (? - n) * make_interval(secs => ?)
                from generate_series(1, ?) n
                """,
                project,
                last,
                count,
                step / 1000.0,
                count);
    }

    /** A verdict of a new deployment, both at a time; returns the deployment. */
    UUID verdict(UUID project, String verdict, Instant at) throws SQLException {
        UUID deployment = deployment(project, at);
        insert(
                "deployment_verdicts",
                "deployment_id",
                deployment,
                "verdict",
                verdict,
                "summary",
                "p95 à 410 ms",
                "created_at",
                at);
        return deployment;
    }

    /** A hint with one suggested action. */
    void hint(UUID deployment, String action) throws SQLException {
        insert(
                "sdh_hints",
                "deployment_id",
                deployment,
                "metric",
                "latency_p95",
                "severity",
                "critical",
                "title",
                "Latence",
                "suggested_actions",
                new String[] {action});
    }

    /** A deployment attempt refused for quota. */
    void refusal(UUID project, Instant at) throws SQLException {
        insert("quota_refusals", "project_id", project, "attempted_at", at, "used", 50);
    }

    /** Somebody who belongs to a project; columns as name, value, name, value. */
    void member(UUID project, Object... columns) throws SQLException {
        insert("project_members", with(columns, "project_id", project));
    }

    /** A user who wants no marketing and no product news. */
    void optOut(UUID user) throws SQLException {
        execute(
                """
                insert into email_preferences
                    (user_id, marketing_opt_in, product_updates_opt_in)
                values (?, false, false)
                on conflict (user_id) do update
                set marketing_opt_in = false, product_updates_opt_in = false
                """,
                user);
    }

    /** A marketing mail that the product itself sent to a user at a time. */
    void marketingMail(UUID user, Instant sentAt) throws SQLException {
        productMail(user, "E-CONV-01", "product:" + UUID.randomUUID(), sentAt);
    }

    /** A mail that the product itself sent. */
    void productMail(UUID user, String code, String key, Instant sentAt) throws SQLException {
        insert(
                "email_deliveries",
                "user_id",
                user,
                "email_type",
                code,
                "dedupe_key",
                key,
                "status",
                "sent",
                "sent_at",
                sentAt,
                "created_at",
                sentAt);
    }

    /** Runs a statement with parameters. */
    void execute(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, values);
            statement.execute();
        }
    }

    private UUID insert(String table, Object... columns) throws SQLException {
        List<String> names = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < columns.length; i += 2) {
            names.add((String) columns[i]);
            values.add(columns[i + 1]);
        }
        String sql =
                "insert into public.%s (%s) values (%s) returning id"
                        .formatted(
                                table,
                                String.join(", ", names),
                                String.join(", ", Collections.nCopies(names.size(), "?")));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, values.toArray());
            try (ResultSet inserted = statement.executeQuery()) {
                inserted.next();
                return inserted.getObject(1, UUID.class);
            }
        }
    }

    private void bind(PreparedStatement statement, Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            Object value = values[i];
            if (value instanceof Instant instant) {
                statement.setObject(i + 1, instant.atOffset(ZoneOffset.UTC));
            } else if (value instanceof String[] texts) {
                Array array = connection.createArrayOf("text", texts);
                statement.setArray(i + 1, array);
            } else {
                statement.setObject(i + 1, value);
            }
        }
    }

    /** Columns given, and those of the defaults that were not. */
    private static Object[] with(Object[] columns, Object... defaults) {
        Map<Object, Object> all = new LinkedHashMap<>();
        for (Object[] some : List.of(defaults, columns)) {
            for (int i = 0; i < some.length; i += 2) {
                all.put(some[i], some[i + 1]);
            }
        }
        return all.entrySet().stream()
                .flatMap(entry -> List.of(entry.getKey(), entry.getValue()).stream())
                .toArray();
    }

    /** A user's address. */
    String address(UUID user) {
        return users.get(user);
    }

    // When

    /** To be written in the transaction that follows at once. */
    void rightAfter(Cell.Placement placement) {
        step(0).add(placement);
    }

    /** To be written when everything before is decided and, where it may go, sent. */
    void onceDecided(Cell.Placement placement) {
        step(Math.max(1, steps.size())).add(placement);
    }

    /** What is written once all is decided says something only if it is committed before this. */
    void followsUpBefore(Instant time) {
        followUpsUntil = time;
    }

    private List<Cell.Placement> step(int number) {
        while (steps.size() <= number) {
            steps.add(new ArrayList<>());
        }
        return steps.get(number);
    }

    /** Nothing else may come before this time has passed. */
    void settlesAt(Instant time) {
        settledAt = settledAt.isAfter(time) ? settledAt : time;
    }

    // What must come of it

    /** A mail that the user gets. */
    void sent(String key, UUID user) {
        expected.add(new Expected(key, "sent", null, user, users.get(user)));
    }

    /** A mail that an address gets which is no user's, journalled for a user. */
    void sentTo(String address, String key, UUID user) {
        addresses.add(address);
        expected.add(new Expected(key, "sent", null, user, address));
    }

    /** A mail that nobody gets, and why. */
    void suppressed(String key, UUID user, String reason) {
        expected.add(new Expected(key, "suppressed", reason, user, null));
    }

    /** A mail that nobody gets, and that may be journalled with its reason or never be noticed. */
    void suppressedIfNoticed(String key, UUID user, String reason) {
        possible.add(new Expected(key, "suppressed", reason, user, null));
    }

    /** The mail under a key may not be accepted before this. */
    void notBefore(String key, Instant time) {
        earliest.put(key, time);
        settlesAt(time);
    }

    /** Looks at the mail that was sent under a key. */
    void check(String key, Check check) {
        checks.computeIfAbsent(key, k -> new ArrayList<>()).add(check);
    }

    // Dedupe keys, as CATALOGUE gives them

    static String welcome(UUID user) {
        return "welcome_signup:" + user;
    }

    static String noProject(UUID user) {
        return "no_project_after_signup:" + user;
    }

    static String firstVerdict(UUID project) {
        return "first_verdict_available:" + project;
    }

    static String critical(UUID deployment) {
        return "critical_verdict_alert:" + deployment;
    }

    static String quota80(UUID project, YearMonth month) {
        return "free_quota_80:" + project + ":" + month;
    }

    static String quotaReached(UUID project, YearMonth month) {
        return "free_quota_reached:" + project + ":" + month;
    }

    /** The suffix for a recipient who is no user: no address stands in a key. */
    static String hashOf(String address) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(
                                    ("mailto:" + address.toLowerCase(Locale.ROOT))
                                            .getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    // For the bench

    void on(Connection transaction) {
        connection = transaction;
    }

    /** What is to be written in a later transaction: 0 follows at once, n when n-1 is decided. */
    List<Cell.Placement> laterPlacements(int number) {
        return number < steps.size() ? steps.get(number) : List.of();
    }

    /** Something of a later transaction was committed at the latest now. */
    void followedUp(Instant at) {
        followedUpAt = at;
    }

    /** Everything was committed while it still could say what the scenario is about. */
    boolean followedUpInTime() {
        return followedUpAt.isBefore(followUpsUntil);
    }

    int laterSteps() {
        return steps.size();
    }

    Set<UUID> users() {
        return users.keySet();
    }

    Set<String> addresses() {
        return addresses;
    }

    List<Expected> expected() {
        return expected;
    }

    List<Expected> possible() {
        return possible;
    }

    Map<String, Instant> earliest() {
        return earliest;
    }

    Map<String, List<Check>> checks() {
        return checks;
    }

    Instant settledAt() {
        return settledAt;
    }
}
