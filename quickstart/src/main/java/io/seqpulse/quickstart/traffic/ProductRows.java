package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import io.seqpulse.quickstart.traffic.People.Place;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Writes rows of the product's tables. Each method says how many rows it wrote; times that are null
 * are the database's present. Commits nothing.
 */
final class ProductRows {

    private final Connection connection;
    private final People people;
    private int numbers = 10_000;

    ProductRows(Connection connection, People people) {
        this.connection = connection;
        this.people = people;
    }

    int user(Person person, boolean active, Instant created) throws SQLException {
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

    int twoFactors(Person person, boolean on) throws SQLException {
        return write(
                """
                update public.users
                set twofa_enabled = ?, updated_at = now(),
                    twofa_enabled_at = case when ? then now() else twofa_enabled_at end
                where id = ?
                """,
                on,
                on,
                person.id());
    }

    int optOut(Person person) throws SQLException {
        return write(
                "insert into public.email_preferences (user_id, marketing_opt_in) values (?, false)",
                person.id());
    }

    int project(UUID id, Person owner, String plan, Instant created) throws SQLException {
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

    int member(UUID project, UUID user, String email, String role, boolean onCall)
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

    int deployment(UUID id, UUID project, String state, Instant started) throws SQLException {
        boolean finished = state.equals("finished") || state.equals("analyzed");
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

    /** A deployment that went well, with its verdict, at a time that has passed. */
    int goodDeployment(UUID project, Instant started) throws SQLException {
        UUID deployment = people.id();
        return deployment(deployment, project, "analyzed", started)
                + verdict(deployment, "ok", started.plusSeconds(1));
    }

    int state(UUID deployment, String state) throws SQLException {
        return write("update public.deployments set state = ? where id = ?", state, deployment);
    }

    int finish(UUID deployment) throws SQLException {
        return write(
                """
                update public.deployments
                set state = 'finished', pipeline_result = 'success', finished_at = now(),
                    duration_ms = extract(epoch from now() - started_at) * 1000
                where id = ?
                """,
                deployment);
    }

    int sample(UUID deployment, String phase, double latency, double errors) throws SQLException {
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

    int verdict(UUID deployment, String verdict, Instant created) throws SQLException {
        return write(
                """
                insert into public.deployment_verdicts (id, deployment_id, verdict, confidence,
                    summary, details, created_at)
                values (?, ?, ?, ?, ?, ?, coalesce(?, now()))
                """,
                people.id(),
                deployment,
                verdict,
                0.6 + people.below(40) / 100.0,
                verdict.equals("ok") ? "No regression found" : "p95 latency and errors rose",
                texts("p95 latency", "error rate"),
                timestamp(created));
    }

    int hint(UUID deployment) throws SQLException {
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

    int refusal(UUID project, int used) throws SQLException {
        return write(
                "insert into public.quota_refusals (id, project_id, used) values (?, ?, ?)",
                people.id(),
                project,
                used);
    }

    int featureGate(Person person, UUID project, String feature) throws SQLException {
        return write(
                """
                insert into public.feature_gate_events (id, user_id, project_id, feature)
                values (?, ?, ?, ?)
                """,
                people.id(),
                person.id(),
                project,
                feature);
    }

    int invitation(UUID id, UUID project, Person inviter, Instant created, Instant expires)
            throws SQLException {
        return write(
                """
                insert into public.project_invitations (id, project_id, inviter_id, email,
                    token_hash, created_at, expires_at)
                values (?, ?, ?, ?, ?, ?, ?)
                """,
                id,
                project,
                inviter.id(),
                people.invitee(),
                "token$" + id,
                timestamp(created),
                timestamp(expires));
    }

    /**
     * @param status {@code accepted}, {@code declined} or {@code revoked}
     */
    int endInvitation(UUID id, String status) throws SQLException {
        return write(
                """
                update public.project_invitations
                set status = ?,
                    accepted_at = case when ? = 'accepted' then now() end,
                    declined_at = case when ? = 'declined' then now() end,
                    revoked_at = case when ? = 'revoked' then now() end
                where id = ?
                """,
                status,
                status,
                status,
                status,
                id);
    }

    int deleteInvitation(UUID id) throws SQLException {
        return write("delete from public.project_invitations where id = ?", id);
    }

    int login(Person person, Place place, Instant at) throws SQLException {
        return write(
                """
                insert into public.login_events (id, user_id, at, country, city, device, ip_hash)
                values (?, ?, coalesce(?, now()), ?, ?, ?, ?)
                """,
                people.id(),
                person.id(),
                timestamp(at),
                place.country(),
                place.city(),
                place.device(),
                "ip$" + place.city());
    }

    int subscription(UUID id, UUID project) throws SQLException {
        return write(
                """
                insert into public.subscriptions (id, project_id, plan, current_period_end)
                values (?, ?, 'pro', now() at time zone 'UTC' + interval '20 days')
                """,
                id,
                project);
    }

    /**
     * @param kind {@code failed}, {@code succeeded} or {@code cancelled}
     */
    int payment(UUID subscription, UUID project, String invoice, String kind, Instant at)
            throws SQLException {
        return write(
                """
                insert into public.payment_events (id, subscription_id, project_id, invoice_id,
                    kind, amount_cents, currency, invoice_url, at)
                values (?, ?, ?, ?, ?, 2900, 'EUR', ?, coalesce(?, now()))
                """,
                people.id(),
                subscription,
                project,
                invoice,
                kind,
                "https://app.seqpulse.example/invoices/" + invoice,
                timestamp(at));
    }

    int score(Person person, int score, Instant at) throws SQLException {
        return write(
                """
                insert into public.nps_responses (id, user_id, score, at)
                values (?, ?, ?, coalesce(?, now()))
                """,
                people.id(),
                person.id(),
                score,
                timestamp(at));
    }

    /**
     * @param kind {@code session} or {@code stay}
     */
    int usage(Person person, String kind) throws SQLException {
        return write(
                "insert into public.usage_events (id, user_id, kind) values (?, ?, ?)",
                people.id(),
                person.id(),
                kind);
    }

    int write(String sql, Object... values) throws SQLException {
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
}
