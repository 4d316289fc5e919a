package io.seqpulse.api.mail;

import io.seqpulse.api.Database;
import io.seqpulse.api.kpi.KpiTables;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Reads the journal as everybody may see it: outcomes, never contents or addresses. */
public final class Deliveries {

    private static final String FROM_JOURNAL =
            """
            select delivery_id, code, outcome, reason, category, project_id,
                'lifecycle' as managed_by, created_at, sent_at, next_attempt_at,
                coalesce(attempts, 0) as attempts, expires_at, caused_at, decided_at, variant
            from kpi.deliveries
            """;

    private static final String ONE = FROM_JOURNAL + "where delivery_id = ?";

    private final Database database;

    /** Reads them as a role that may. */
    public Deliveries(Database database) {
        this.database = database;
    }

    /** The last ones, newest first. */
    public List<Delivery> latest(int count) {
        return find(DeliveryFilter.latest(count));
    }

    /** Those that a filter lets pass. */
    List<Delivery> find(DeliveryFilter filter) {
        Conditions conditions = new Conditions(filter);
        return database.query(
                FROM_JOURNAL + conditions.sql(),
                Deliveries::delivery,
                conditions.values().toArray());
    }

    /** One of them. */
    public Optional<Delivery> find(UUID id) {
        return database.query(ONE, Deliveries::delivery, id).stream().findFirst();
    }

    static Delivery delivery(ResultSet row) throws SQLException {
        return new Delivery(
                row.getObject("delivery_id", UUID.class),
                row.getString("code"),
                row.getString("outcome"),
                row.getString("reason"),
                row.getString("category"),
                row.getObject("project_id", UUID.class),
                row.getString("managed_by"),
                KpiTables.instant(row, "created_at"),
                KpiTables.instant(row, "sent_at"),
                KpiTables.instant(row, "next_attempt_at"),
                row.getInt("attempts"),
                KpiTables.instant(row, "expires_at"),
                KpiTables.instant(row, "caused_at"),
                KpiTables.instant(row, "decided_at"),
                row.getString("variant"));
    }

    /**
     * The end of a query by a filter, with its order and limit. Only what is asked for stands in
     * it, so that an index of just that serves.
     */
    static final class Conditions {

        private final StringBuilder sql = new StringBuilder("where true");
        private final List<Object> values = new ArrayList<>();

        Conditions(DeliveryFilter filter) {
            if (filter.code() != null) {
                and("code = ?", filter.code());
            }
            if (filter.outcome() != null) {
                and("outcome = ?", filter.outcome());
            }
            if (filter.project() != null) {
                and("project_id = ?", filter.project());
            }
            if (filter.from() != null) {
                and("created_at >= ?", utc(filter.from()));
            }
            if (filter.to() != null) {
                and("created_at < ?", utc(filter.to()));
            }
            if (filter.before() != null) {
                and(
                        "(created_at, delivery_id) < (?, ?)",
                        utc(filter.before().createdAt()),
                        filter.before().id());
            }
            sql.append(" order by created_at desc, delivery_id desc limit ?");
            values.add(filter.limit());
        }

        private void and(String condition, Object... with) {
            sql.append(" and ").append(condition);
            values.addAll(List.of(with));
        }

        private static OffsetDateTime utc(Instant time) {
            return time.atOffset(ZoneOffset.UTC);
        }

        String sql() {
            return sql.toString();
        }

        List<Object> values() {
            return values;
        }
    }
}
