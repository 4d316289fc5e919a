package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.stack.EmbeddedStack;
import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.postgresql.PGConnection;

/**
 * Ninety days of a product's life before the job first runs: nobody may be mailed for any of it.
 * Everybody in it has an address at {@value #DOMAIN}. It ends four hours ago, and nothing in it
 * lies as far back as something is waited for, so nothing of it comes due in the next hours; nor is
 * it a morning on which reports are sent where they live. Free projects stand anywhere in this
 * month's quota, also over its thresholds.
 */
public final class DemoHistory implements EmbeddedStack.History {

    /** Domain of everybody's address here; no mail may go to it. */
    public static final String DOMAIN = "history.example";

    private static final int OFTEN = 10;
    private static final Duration LENGTH = Duration.ofDays(90);
    private static final Duration ENDED = Duration.ofHours(4);
    private static final int USERS = 2_000;

    /** So many days after something the product may still have to write about it. */
    private static final List<Integer> WAITS = List.of(1, 2, 3, 5, 7, 10, 14, 30, 37);

    /** Nothing of the history comes due for so long, nor while the stack starts. */
    private static final Duration LULL = Duration.ofHours(6);

    private static final Duration STARTING = Duration.ofMinutes(10);

    /** Deployments this month of the first free projects, one each. */
    private static final List<Integer> QUOTA_STATES = List.of(1, 39, 40, 41, 44, 45, 49, 50, 50);

    private final Random random;
    private final People people;
    private final Instant now;
    private final Instant begin;
    private final Instant end;
    private final Instant monthBegin;
    private final Map<String, StringBuilder> tables = new TreeMap<>();
    private final Map<String, Integer> rows = new TreeMap<>();
    private final String zone;
    private int freeProjects;

    /** A history that ends four hours before a time; the same seed tells the same one. */
    public DemoHistory(long seed, Instant now) {
        this.random = new Random(seed);
        this.people = new People(random, DOMAIN, "user");
        this.now = now.truncatedTo(ChronoUnit.MILLIS);
        this.begin = this.now.minus(LENGTH);
        this.end = this.now.minus(ENDED);
        this.monthBegin =
                YearMonth.from(now.atZone(ZoneOffset.UTC))
                        .atDay(1)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant();
        this.zone = Mornings.far(this.now);
    }

    @Override
    public void insert(Connection product) throws SQLException {
        DemoDatabase.require(product);
        for (int i = 0; i < USERS; i++) {
            user();
        }
        boolean autoCommit = product.getAutoCommit();
        product.setAutoCommit(false);
        for (Table table : Table.values()) {
            copy(product, table);
        }
        product.commit();
        product.setAutoCommit(autoCommit);
    }

    /** How many rows there are of each table. */
    public Map<String, Integer> rows() {
        return Map.copyOf(rows);
    }

    private void user() {
        People.Person user = people.person().in(zone);
        Instant created = between(begin, end);
        boolean twoFactor = people.oneIn(8);
        Instant twoFactorSince = twoFactor ? between(created, end) : null;
        add(
                Table.USERS,
                user.id(),
                user.name(),
                user.firstName(),
                user.email(),
                "bcrypt$" + user.id(),
                !people.oneIn(50),
                twoFactor,
                twoFactorSince,
                user.locale(),
                user.timezone(),
                created,
                created);
        if (people.oneIn(10)) {
            add(Table.EMAIL_PREFERENCES, user.id(), false, people.oneIn(2), created);
        }
        if (people.oneIn(2)) {
            mail(user, null, "E-TRX-01", "welcome_signup:" + user.id(), created.plusSeconds(1));
        }
        int projects = people.oneIn(3) ? 0 : people.oneIn(6) ? 2 : 1;
        Instant late = created.plus(Duration.ofHours(2));
        if (projects == 0 && late.isBefore(end)) {
            mail(user, null, "E-ACT-01", "no_project_after_signup:" + user.id(), late);
        }
        int deployments = 0;
        for (int i = 0; i < projects; i++) {
            deployments += project(user, created);
        }
        visits(user, created);
        scores(user, created, deployments);
    }

    /** Logins, mostly from home, and what else people do. */
    private void visits(People.Person user, Instant created) {
        for (int left = people.below(5); left > 0; left--) {
            People.Place place = people.oneIn(20) ? people.away() : people.home(user);
            add(
                    Table.LOGIN_EVENTS,
                    people.id(),
                    user.id(),
                    between(created, end),
                    place.country(),
                    place.city(),
                    place.device(),
                    "ip$" + place.city());
        }
        if (people.oneIn(3)) {
            String kind = people.oneIn(9) ? "stay" : "session";
            add(Table.USAGE_EVENTS, people.id(), user.id(), kind, null, between(created, end));
        }
    }

    /**
     * Whoever uses the product much has been asked for a score this half-year, by the product's own
     * mail; busy projects would give reason for another.
     */
    private void scores(People.Person user, Instant created, int deployments) {
        if (deployments < OFTEN) {
            return;
        }
        Instant asked = between(created, end);
        LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        String half = today.getYear() + (today.getMonthValue() <= 6 ? "H1" : "H2");
        mail(user, null, "E-ADV-01", "nps:" + user.id() + ":" + half, asked);
        if (people.oneIn(2)) {
            add(
                    Table.NPS_RESPONSES,
                    people.id(),
                    user.id(),
                    people.oneIn(3) ? people.below(9) : 9 + people.below(2),
                    between(asked, end));
        }
    }

    /** Returns how many deployments it has, or will have: a paid one goes on. */
    private int project(People.Person owner, Instant ownerCreated) {
        Instant created =
                quiet(ownerCreated.plusSeconds(600L + random.nextInt(86_400)), ownerCreated);
        if (created.isAfter(end)) {
            return 0;
        }
        UUID id = people.id();
        String plan = people.oneIn(4) ? "pro" : people.oneIn(20) ? "enterprise" : "free";
        add(
                Table.PROJECTS,
                id,
                people.projectName(),
                owner.id(),
                plan,
                "key$" + id,
                created,
                created);
        UUID subscription = people.id();
        add(
                Table.SUBSCRIPTIONS,
                subscription,
                id,
                plan,
                true,
                plan.equals("free") ? null : now.plus(Duration.ofDays(20)));
        if (plan.equals("free")) {
            if (people.oneIn(4)) {
                add(
                        Table.FEATURE_GATE_EVENTS,
                        people.id(),
                        owner.id(),
                        id,
                        people.pick(List.of("alerts_slack", "sdh_full")),
                        between(created, end));
            }
        } else {
            bills(subscription, id, created);
        }
        if (people.oneIn(5)) {
            invitation(id, owner, created);
        }
        if (people.oneIn(4)) {
            add(Table.PROJECT_MEMBERS, people.id(), id, null, people.address(), "member", true);
        }
        int perMonth = plan.equals("free") ? random.nextInt(6) : random.nextInt(16);
        int earlier = (int) (perMonth * Duration.between(created, end).toDays() / 30);
        int thisMonth = perMonth / 2;
        if (plan.equals("free") && created.isBefore(monthBegin)) {
            thisMonth =
                    freeProjects < QUOTA_STATES.size() ? QUOTA_STATES.get(freeProjects) : thisMonth;
            freeProjects++;
        }
        if (!plan.equals("enterprise") && people.oneIn(4)) {
            Instant near = between(created, end);
            String month = YearMonth.from(near.atZone(ZoneOffset.UTC)).toString();
            if (people.oneIn(3)) {
                mail(owner, id, "E-CONV-03", "free_quota_reached:" + id + ":" + month, near);
            } else {
                mail(owner, id, "E-CONV-01", "free_quota_80:" + id + ":" + month, near);
            }
        }
        int number = 0;
        if (created.isBefore(monthBegin)) {
            for (int i = 0; i < earlier; i++) {
                deployment(owner, id, ++number, between(created, monthBegin));
            }
        }
        Instant from = created.isAfter(monthBegin) ? created : monthBegin;
        if (from.isBefore(end)) {
            for (int i = 0; i < thisMonth; i++) {
                deployment(owner, id, ++number, between(from, end));
            }
            if (plan.equals("free") && thisMonth >= 50) {
                add(Table.QUOTA_REFUSALS, people.id(), id, end, 50);
            }
        }
        return plan.equals("free") ? number : Math.max(number, OFTEN);
    }

    /** One invoice a month; some fail first, and some of those are given up. */
    private void bills(UUID subscription, UUID project, Instant created) {
        for (Instant due = created; due.isBefore(end); due = due.plus(Duration.ofDays(30))) {
            String invoice = "in_" + people.id();
            Instant at = quiet(due, created);
            boolean failed = people.oneIn(8);
            if (failed) {
                payment(subscription, project, invoice, "failed", at);
            }
            Instant later = failed ? between(at, end) : at;
            if (!failed || !people.oneIn(4)) {
                String kind = failed && people.oneIn(5) ? "cancelled" : "succeeded";
                payment(subscription, project, invoice, kind, later);
            }
        }
    }

    private void payment(UUID subscription, UUID project, String invoice, String kind, Instant at) {
        add(
                Table.PAYMENT_EVENTS,
                people.id(),
                subscription,
                project,
                invoice,
                kind,
                2_900,
                "EUR",
                "https://app.seqpulse.example/invoices/" + invoice,
                at);
    }

    private void invitation(UUID project, People.Person inviter, Instant from) {
        UUID id = people.id();
        Instant created = between(from, end);
        Instant expires = created.plus(Duration.ofDays(7));
        Instant ended = between(created, expires.isBefore(end) ? expires : end);
        String status =
                people.pick(List.of("accepted", "accepted", "declined", "revoked", "pending"));
        add(
                Table.PROJECT_INVITATIONS,
                id,
                project,
                inviter.id(),
                people.invitee(),
                "token$" + id,
                status,
                created,
                status.equals("accepted") ? ended : null,
                status.equals("declined") ? ended : null,
                status.equals("revoked") ? ended : null,
                expires);
    }

    /** An email of the product's own, and what became of it in people's hands. */
    private void mail(People.Person to, UUID project, String code, String key, Instant queued) {
        UUID id = people.id();
        Instant sent = queued.plusSeconds(1);
        add(Table.EMAIL_DELIVERIES, id, to.id(), project, code, key, "sent", sent, queued);
        if (people.oneIn(5)) {
            add(Table.EMAIL_EVENTS, people.id(), id, "opened", sent.plusSeconds(2), true);
        }
        if (!people.oneIn(3)) {
            Instant opened = sent.plusSeconds(60L + random.nextInt(20_000));
            add(Table.EMAIL_EVENTS, people.id(), id, "opened", opened, false);
            if (people.oneIn(3)) {
                add(Table.EMAIL_EVENTS, people.id(), id, "clicked", opened.plusSeconds(9), false);
            }
        }
    }

    private void deployment(People.Person owner, UUID project, int number, Instant started) {
        UUID id = people.id();
        boolean stuck = people.oneIn(30);
        String state = stuck ? people.pick(List.of("pending", "running", "finished")) : "analyzed";
        boolean finished = state.equals("finished") || state.equals("analyzed");
        long duration = 20_000L + random.nextInt(600_000);
        add(
                Table.DEPLOYMENTS,
                id,
                number,
                project,
                people.environment(),
                people.branch(),
                state,
                finished ? people.pick(List.of("success", "success", "success", "failed")) : null,
                started,
                finished ? started.plusMillis(duration) : null,
                finished ? duration : null);
        if (!state.equals("analyzed") || people.oneIn(10)) {
            return;
        }
        Instant judged = started.plusMillis(duration).plusSeconds(120);
        if (people.oneIn(5)) {
            add(
                    Table.METRIC_SAMPLES,
                    people.id(),
                    id,
                    "pre",
                    180 + random.nextInt(80),
                    0.01,
                    started);
            add(
                    Table.METRIC_SAMPLES,
                    people.id(),
                    id,
                    "post",
                    180 + random.nextInt(160),
                    0.02,
                    judged);
        }
        String verdict =
                people.oneIn(8)
                        ? people.pick(List.of("warning", "warning", "rollback_recommended"))
                        : "ok";
        add(
                Table.DEPLOYMENT_VERDICTS,
                people.id(),
                id,
                verdict,
                0.5 + random.nextInt(50) / 100.0,
                "Verdict " + verdict,
                "{}",
                judged);
        if (people.oneIn(4)) {
            add(
                    Table.USAGE_EVENTS,
                    people.id(),
                    owner.id(),
                    "verdict_viewed",
                    id,
                    between(judged, end));
        }
        if (!verdict.equals("ok")) {
            mail(owner, project, "E-ACT-05", "critical_verdict_alert:" + id, judged);
            add(
                    Table.SDH_HINTS,
                    people.id(),
                    id,
                    "latency_p95",
                    "critical",
                    320,
                    250,
                    1.28,
                    0.9,
                    "Latency above threshold",
                    "p95 rose after the deployment",
                    "{\"Roll back\",\"Check the connection pool\"}",
                    judged);
        }
    }

    private Instant between(Instant from, Instant to) {
        long span = Math.max(1, Duration.between(from, to).toMillis());
        return quiet(from.plusMillis((long) (random.nextDouble() * span)), from);
    }

    /** The time, or one some hours off where something that began then would come due soon. */
    private Instant quiet(Instant time, Instant earliest) {
        for (int days : WAITS) {
            Instant dueNow = now.minus(Duration.ofDays(days));
            if (!time.isBefore(dueNow.minus(STARTING)) && time.isBefore(dueNow.plus(LULL))) {
                Duration off = LULL.plus(STARTING);
                Instant before = time.minus(off);
                return before.isBefore(earliest) ? time.plus(off) : before;
            }
        }
        return time;
    }

    private void add(Table table, Object... values) {
        StringBuilder text = tables.computeIfAbsent(table.name(), unknown -> new StringBuilder());
        for (int i = 0; i < values.length; i++) {
            text.append(i == 0 ? "" : "\t").append(values[i] == null ? "\\N" : escaped(values[i]));
        }
        text.append('\n');
        rows.merge(table.name().toLowerCase(Locale.ROOT), 1, Integer::sum);
    }

    /** COPY's text format. */
    private static String escaped(Object value) {
        return value.toString()
                .replace("\\", "\\\\")
                .replace("\t", "\\t")
                .replace("\n", "\\n")
                .replace("\r", "\\r");
    }

    private void copy(Connection product, Table table) throws SQLException {
        StringBuilder text = tables.get(table.name());
        if (text == null) {
            return;
        }
        try {
            product.unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn(
                            "copy public." + table.columns + " from stdin",
                            new StringReader(text.toString()));
        } catch (IOException e) {
            throw new SQLException("history could not be written to " + table.columns, e);
        }
        tables.remove(table.name());
    }

    /** Parents first. */
    private enum Table {
        USERS(
                "users (id, name, first_name, email, password_hash, is_active, twofa_enabled,"
                        + " twofa_enabled_at, locale, timezone, created_at, updated_at)"),
        EMAIL_PREFERENCES(
                "email_preferences (user_id, marketing_opt_in, product_updates_opt_in, updated_at)"),
        PROJECTS("projects (id, name, owner_id, plan, api_key_hash, created_at, updated_at)"),
        SUBSCRIPTIONS("subscriptions (id, project_id, plan, is_active, current_period_end)"),
        PROJECT_MEMBERS("project_members (id, project_id, user_id, email, role, on_call)"),
        DEPLOYMENTS(
                "deployments (id, deployment_number, project_id, env, branch, state,"
                        + " pipeline_result, started_at, finished_at, duration_ms)"),
        METRIC_SAMPLES(
                "metric_samples (id, deployment_id, phase, latency_p95, error_rate, collected_at)"),
        DEPLOYMENT_VERDICTS(
                "deployment_verdicts (id, deployment_id, verdict, confidence, summary, details,"
                        + " created_at)"),
        SDH_HINTS(
                "sdh_hints (id, deployment_id, metric, severity, observed_value, threshold,"
                        + " exceed_ratio, confidence, title, diagnosis, suggested_actions,"
                        + " created_at)"),
        QUOTA_REFUSALS("quota_refusals (id, project_id, attempted_at, used)"),
        EMAIL_DELIVERIES(
                "email_deliveries (id, user_id, project_id, email_type, dedupe_key, status,"
                        + " sent_at, created_at)"),
        EMAIL_EVENTS("email_events (id, email_delivery_id, event_type, occurred_at, machine)"),
        PROJECT_INVITATIONS(
                "project_invitations (id, project_id, inviter_id, email, token_hash, status,"
                        + " created_at, accepted_at, declined_at, revoked_at, expires_at)"),
        LOGIN_EVENTS("login_events (id, user_id, at, country, city, device, ip_hash)"),
        FEATURE_GATE_EVENTS("feature_gate_events (id, user_id, project_id, feature, at)"),
        PAYMENT_EVENTS(
                "payment_events (id, subscription_id, project_id, invoice_id, kind, amount_cents,"
                        + " currency, invoice_url, at)"),
        NPS_RESPONSES("nps_responses (id, user_id, score, at)"),
        USAGE_EVENTS("usage_events (id, user_id, kind, deployment_id, at)");

        private final String columns;

        Table(String columns) {
            this.columns = columns;
        }
    }
}
