package io.seqpulse.quickstart.restarts;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a product writes in a few minutes, the same each time it is played: ids, and with them every
 * dedupe key and Message-ID, follow from the seed, and which mails are due follows from business
 * times counted from the moment a step is written. It holds every rule that production needs first,
 * mails that are put off, withdrawn, superseded, opted out of and never due, and people who go.
 */
final class ProductHistory {

    /** How long the rules have been live when the product begins: longer than this month. */
    static final Duration LIVE = Duration.ofDays(70);

    /** Longer than the rules have been live: whatever such an account did first is history. */
    private static final Duration LONG_AGO = Duration.ofDays(200);

    /** Until E-ACT-01 is asked: two hours, and a minute so that late rows still count. */
    private static final Duration ASKED_AFTER = Duration.ofHours(2).plusSeconds(60);

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);

    private final int seed;

    ProductHistory(int seed) {
        this.seed = seed;
    }

    /** Runs statements in one transaction. */
    static void commit(Connection product, String... statements) throws SQLException {
        product.setAutoCommit(false);
        try (Statement statement = product.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
            product.commit();
        } catch (SQLException e) {
            product.rollback();
            throw e;
        } finally {
            product.setAutoCommit(true);
        }
    }

    /** What is there before the rules run: customers of long ago, whom nothing is due. */
    void before(Connection product, List<String> rules) throws SQLException {
        Instant now = Instant.now();
        Instant then = now.minus(LONG_AGO);
        commit(
                product,
                """
                insert into lifecycle.rule_live_since (code, live_since)
                select unnest('{%s}'::text[]), '%s'
                """
                        .formatted(String.join(",", rules), now.minus(LIVE)),
                users("first", 8, then) + projects("first", 8, then),
                users("alarm", 8, then) + projects("alarm", 8, then),
                verdicts("known", "alarm", 8, "ok", then),
                users("quota", 6, then) + projects("quota", 6, then),
                users("refused", 6, then) + projects("refused", 6, then),
                users("superseded", 3, then) + projects("superseded", 3, then),
                users("upgraded", 3, then) + projects("upgraded", 3, then),
                users("team", 1, then) + projects("team", 1, then),
                users("customer", 6, then)
                        + projects("customer", 6, then)
                        + subscriptions("customer", 6)
                        + logins("known", "customer", 6, "FR", now.minus(DAY)),
                users("guest", 1, then),
                """
                insert into project_members (id, project_id, user_id, role)
                values ('%s', '%s', '%s', 'admin')
                """
                        .formatted(
                                uuid("member guest", 1),
                                uuid("project team", 1),
                                uuid("guest", 1)));
    }

    /** People sign up; for some the two hours without a project are over already. */
    List<String> signUps(Instant now) {
        Instant overdue = now.minus(ASKED_AFTER).minusSeconds(1);
        return List.of(
                users("fresh", 8, now) + users("idle", 6, overdue),
                users("opted", 2, overdue)
                        + optOut("opted", 2)
                        + users("capped", 4, overdue)
                        + productMail("capped", 4, "E-CONV-04", now.minus(HOUR))
                        + users("inactive", 2, overdue)
                        + "update users set is_active = false where id in (%s);"
                                .formatted(ids("inactive", 2)),
                verdicts("first", "first", 8, "ok", now));
    }

    /**
     * Deployments fail, quotas are reached, and more people sign up.
     *
     * @param deadline when E-ACT-01 is asked of those people; until {@link #followUps} it is not
     */
    List<String> deployments(Instant now, Instant deadline) {
        Instant signUp = deadline.minus(ASKED_AFTER);
        return List.of(
                verdicts("alarm", "alarm", 8, "rollback_recommended", now),
                deployments("quota", 6, 40, now) + refusals("refused", 6, now),
                productMail("superseded", 3, "E-CONV-01", now.minus(HOUR))
                        + deployments("superseded", 3, 40, now)
                        + productMail("upgraded", 3, "E-CONV-04", now.minus(HOUR))
                        + deployments("upgraded", 3, 40, now),
                users("soon", 4, signUp)
                        + users("gone", 2, signUp)
                        + users("builder", 2, signUp)
                        + users("lenient", 2, signUp)
                        + optOut("lenient", 2)
                        + invitations("customer", 6, now)
                        + payments("failed", "customer", 6, now)
                        + logins("strange", "customer", 3, "BR", now)
                        + scores("customer", 2, now.minus(DAY).minusSeconds(1))
                        + featureGates("customer", 4, now)
                        + sessions("customer", 6, now));
    }

    /** What was due is resolved, people go, and others come. */
    List<String> followUps(Instant now) {
        return List.of(
                "delete from users where id in (%s);".formatted(ids("gone", 2))
                        + "delete from project_members where id = '%s';"
                                .formatted(uuid("member guest", 1))
                        + projects("builder", 2, now)
                        + projects("fresh", 8, now)
                        // Nobody is opted out any more, and the table is empty.
                        + "delete from email_preferences;",
                projects("capped", 2, now)
                        + refusals("superseded", 3, now)
                        + "update project_invitations set accepted_at = '%s' where id in (%s);"
                                .formatted(now, ids("invitation customer", 2))
                        + "delete from project_invitations where id = '%s';"
                                .formatted(uuid("invitation customer", 3))
                        + payments("succeeded", "customer", 2, now)
                        + "update projects set plan = 'pro' where id in (%s);"
                                .formatted(ids("project upgraded", 3)),
                users("late", 6, now) + verdicts("late", "alarm", 6, "warning", now));
    }

    /**
     * The last that happens.
     *
     * @param opens when the cap lets go the one mail that it holds back
     */
    List<String> last(Instant now, Instant opens) {
        return List.of(
                users("last", 6, now) + verdicts("last", "first", 8, "warning", now),
                // The first verdict of a project that somebody was an admin of.
                verdicts("team", "team", 1, "ok", now),
                users("deferred", 1, now.minus(ASKED_AFTER).minusSeconds(1))
                        + productMail("deferred", 1, "E-CONV-01", opens.minus(DAY)));
    }

    /** The keys of what becomes due with the deadline of {@link #deployments}. */
    List<String> dueAtDeadline() {
        return Stream.concat(
                        IntStream.rangeClosed(1, 4).mapToObj(n -> noProject("soon", n)),
                        IntStream.rangeClosed(1, 2).mapToObj(n -> noProject("lenient", n)))
                .toList();
    }

    /** The key of the mail that the cap holds back. */
    String deferred() {
        return noProject("deferred", 1);
    }

    private String noProject(String kind, int n) {
        return "no_project_after_signup:" + uuid(kind, n);
    }

    /**
     * Gives everybody one more mail, as admins of a project that gets its first verdict: whoever
     * has it has had whatever was due before.
     */
    String probe(String name, Instant now) {
        return """
               insert into projects (id, name, owner_id, created_at)
               values ('%1$s', 'Boutique', '%2$s', '%3$s');
               insert into project_members (project_id, user_id, role)
               select '%1$s', id, 'admin' from users where id <> '%2$s';
               """
                        .formatted(
                                uuid("project " + name, 1), uuid("first", 1), now.minus(LONG_AGO))
                + verdicts(name, name, 1, "ok", now);
    }

    /** What every key of a probe begins with. */
    String probeKey(String name) {
        return "first_verdict_available:" + uuid("project " + name, 1);
    }

    private String users(String kind, int count, Instant createdAt) {
        return """
               insert into users (id, name, email, created_at)
               select %s, 'Camille', '%s-' || n || '@example.org', '%s'
               from generate_series(1, %s) n;
               """
                .formatted(id(kind), kind, createdAt, count);
    }

    /** One project for each of the first users of a kind, on the free plan. */
    private String projects(String kind, int count, Instant createdAt) {
        return """
               insert into projects (id, name, owner_id, created_at)
               select %s, 'Boutique', %s, '%s'
               from generate_series(1, %s) n;
               """
                .formatted(id("project " + kind), id(kind), createdAt, count);
    }

    /** One deployment with a verdict for each of the first projects of a kind. */
    private String verdicts(String name, String kind, int count, String verdict, Instant at) {
        return """
               insert into deployments
                   (id, project_id, deployment_number, state, pipeline_result, started_at, finished_at)
               select %1$s, %2$s, 7, 'analyzed', 'success', '%3$s', '%3$s'
               from generate_series(1, %4$s) n;
               insert into deployment_verdicts (id, deployment_id, verdict, summary, created_at)
               select %5$s, %1$s, '%6$s', 'p95 à 410 ms', '%3$s'
               from generate_series(1, %4$s) n;
               """
                .formatted(
                        id("deployment " + name),
                        id("project " + kind),
                        at,
                        count,
                        id("verdict " + name),
                        verdict);
    }

    /** That many deployments of this month for each of the first projects of a kind. */
    private String deployments(String kind, int count, int each, Instant last) {
        Instant month =
                YearMonth.from(last.atOffset(ZoneOffset.UTC))
                        .atDay(1)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant();
        long step = Math.min(60_000, Duration.between(month, last).toMillis() / each);
        return """
               insert into deployments (id, project_id, deployment_number, state, started_at)
               select md5('%s deployment %s ' || n || ' ' || d)::uuid, %s, d, 'finished',
                   '%s'::timestamptz - (%s - d) * interval '%s milliseconds'
               from generate_series(1, %s) n, generate_series(1, %5$s) d;
               """
                .formatted(seed, kind, id("project " + kind), last, each, step, count);
    }

    private String refusals(String kind, int count, Instant at) {
        return """
               insert into quota_refusals (id, project_id, attempted_at, used)
               select %s, %s, '%s', 50
               from generate_series(1, %s) n;
               """
                .formatted(id("refusal " + kind), id("project " + kind), at, count);
    }

    /**
     * A marketing mail that the product itself sent to each of the first users of a kind. What is
     * capped by one of our rules' codes waits in the job's state, by any other's in the journal.
     */
    private String productMail(String kind, int count, String code, Instant sentAt) {
        return """
               insert into email_deliveries
                   (id, user_id, email_type, dedupe_key, status, sent_at, created_at)
               select %1$s, %2$s, '%5$s', 'product:' || %1$s, 'sent', '%3$s', '%3$s'
               from generate_series(1, %4$s) n;
               """
                .formatted(id("mail " + kind), id(kind), sentAt, count, code);
    }

    private String subscriptions(String kind, int count) {
        return """
               insert into subscriptions (id, project_id, plan)
               select %s, %s, 'pro'
               from generate_series(1, %s) n;
               """
                .formatted(id("subscription " + kind), id("project " + kind), count);
    }

    private String invitations(String kind, int count, Instant at) {
        return """
               insert into project_invitations
                   (id, project_id, inviter_id, email, token_hash, created_at, expires_at)
               select %1$s, %2$s, %3$s, '%4$s-' || n || '@guest.example', 'x', '%5$s', '%6$s'
               from generate_series(1, %7$s) n;
               """
                .formatted(
                        id("invitation " + kind),
                        id("project " + kind),
                        id(kind),
                        kind,
                        at,
                        at.plus(Duration.ofDays(7)),
                        count);
    }

    /** Of one invoice for each of the first projects of a kind. */
    private String payments(String what, String kind, int count, Instant at) {
        return """
               insert into payment_events (id, subscription_id, project_id, invoice_id, kind,
                   amount_cents, currency, at)
               select %s, %s, %s, (%s)::text, '%s', 1900, 'EUR', '%s'
               from generate_series(1, %s) n;
               """
                .formatted(
                        id(what + " " + kind),
                        id("subscription " + kind),
                        id("project " + kind),
                        id("invoice " + kind),
                        what,
                        at,
                        count);
    }

    private String logins(String name, String kind, int count, String country, Instant at) {
        return """
               insert into login_events (id, user_id, at, country, device)
               select %s, %s, '%s', '%s', 'Firefox on Linux'
               from generate_series(1, %s) n;
               """
                .formatted(id("login " + name), id(kind), at, country, count);
    }

    private String scores(String kind, int count, Instant at) {
        return """
               insert into nps_responses (id, user_id, score, at)
               select %s, %s, 8 + n, '%s'
               from generate_series(1, %s) n;
               """
                .formatted(id("score " + kind), id(kind), at, count);
    }

    private String featureGates(String kind, int count, Instant at) {
        return """
               insert into feature_gate_events (id, user_id, project_id, feature, at)
               select %s, %s, %s, 'alerts_slack', '%s'
               from generate_series(1, %s) n;
               """
                .formatted(id("gate " + kind), id(kind), id("project " + kind), at, count);
    }

    private String sessions(String kind, int count, Instant at) {
        return """
               insert into usage_events (id, user_id, kind, at)
               select %s, %s, 'session', '%s'
               from generate_series(1, %s) n;
               """
                .formatted(id("session " + kind), id(kind), at, count);
    }

    private String optOut(String kind, int count) {
        return """
               insert into email_preferences (user_id, marketing_opt_in)
               select %s, false
               from generate_series(1, %s) n;
               """
                .formatted(id(kind), count);
    }

    private String ids(String kind, int count) {
        return "select %s from generate_series(1, %s) n".formatted(id(kind), count);
    }

    /** The id of the nth of a kind, in SQL. */
    private String id(String kind) {
        return "md5('%s %s ' || n)::uuid".formatted(seed, kind);
    }

    /** The id of the nth of a kind. */
    private String uuid(String kind, int n) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("MD5")
                            .digest(
                                    "%s %s %s"
                                            .formatted(seed, kind, n)
                                            .getBytes(StandardCharsets.UTF_8));
            return HexFormat.of()
                    .formatHex(digest)
                    .replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has MD5", e);
        }
    }
}
