package io.seqpulse.benchmark.history;

import static io.seqpulse.benchmark.history.Column.Type.BOOLEAN;
import static io.seqpulse.benchmark.history.Column.Type.INTEGER;
import static io.seqpulse.benchmark.history.Column.Type.NUMERIC;
import static io.seqpulse.benchmark.history.Column.Type.TEXT;
import static io.seqpulse.benchmark.history.Column.Type.TEXT_ARRAY;
import static io.seqpulse.benchmark.history.Column.Type.TIMESTAMP;
import static io.seqpulse.benchmark.history.Column.Type.TIMESTAMPTZ;
import static io.seqpulse.benchmark.history.Column.Type.UUID;

import java.util.List;
import java.util.Locale;

/** The product's tables a history is about: their captured columns in the database's order. */
public enum Table {
    USERS(
            column("id", UUID),
            column("name", TEXT),
            column("first_name", TEXT),
            column("email", TEXT),
            column("is_active", BOOLEAN),
            column("twofa_enabled", BOOLEAN),
            column("twofa_enabled_at", TIMESTAMPTZ),
            column("locale", TEXT),
            column("timezone", TEXT),
            column("created_at", TIMESTAMPTZ),
            column("updated_at", TIMESTAMPTZ)),
    EMAIL_PREFERENCES(
            column("user_id", UUID),
            column("marketing_opt_in", BOOLEAN),
            column("product_updates_opt_in", BOOLEAN),
            column("updated_at", TIMESTAMPTZ)),
    PROJECTS(
            column("id", UUID),
            column("name", TEXT),
            column("owner_id", UUID),
            column("plan", TEXT),
            column("created_at", TIMESTAMPTZ),
            column("updated_at", TIMESTAMPTZ)),
    SUBSCRIPTIONS(
            column("id", UUID),
            column("project_id", UUID),
            column("plan", TEXT),
            column("is_active", BOOLEAN),
            column("current_period_end", TIMESTAMP)),
    PROJECT_MEMBERS(
            column("id", UUID),
            column("project_id", UUID),
            column("user_id", UUID),
            column("email", TEXT),
            column("role", TEXT),
            column("on_call", BOOLEAN)),
    DEPLOYMENTS(
            column("id", UUID),
            column("deployment_number", INTEGER),
            column("project_id", UUID),
            column("env", TEXT),
            column("branch", TEXT),
            column("state", TEXT),
            column("pipeline_result", TEXT),
            column("started_at", TIMESTAMPTZ),
            column("finished_at", TIMESTAMPTZ),
            column("duration_ms", INTEGER)),
    METRIC_SAMPLES(
            column("id", UUID),
            column("deployment_id", UUID),
            column("phase", TEXT),
            column("latency_p95", NUMERIC),
            column("error_rate", NUMERIC),
            column("collected_at", TIMESTAMPTZ)),
    DEPLOYMENT_VERDICTS(
            column("id", UUID),
            column("deployment_id", UUID),
            column("verdict", TEXT),
            column("confidence", NUMERIC),
            column("summary", TEXT),
            column("details", TEXT_ARRAY),
            column("created_at", TIMESTAMPTZ)),
    SDH_HINTS(
            column("id", UUID),
            column("deployment_id", UUID),
            column("metric", TEXT),
            column("severity", TEXT),
            column("observed_value", NUMERIC),
            column("threshold", NUMERIC),
            column("secured_threshold", NUMERIC),
            column("exceed_ratio", NUMERIC),
            column("confidence", NUMERIC),
            column("title", TEXT),
            column("diagnosis", TEXT),
            column("suggested_actions", TEXT_ARRAY),
            column("created_at", TIMESTAMPTZ)),
    EMAIL_DELIVERIES(
            column("id", UUID),
            column("user_id", UUID),
            column("project_id", UUID),
            column("email_type", TEXT),
            column("dedupe_key", TEXT),
            column("status", TEXT),
            column("sent_at", TIMESTAMPTZ),
            column("created_at", TIMESTAMPTZ),
            column("reason", TEXT));

    private final List<Column> columns;

    Table(Column... columns) {
        this.columns = List.of(columns);
    }

    private static Column column(String name, Column.Type type) {
        return new Column(name, type);
    }

    /** Its name in the schema {@code public}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The first one is the primary key. */
    List<Column> columns() {
        return columns;
    }
}
