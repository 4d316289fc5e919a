package io.seqpulse.api.mail;

import io.seqpulse.api.Database;
import io.seqpulse.api.kpi.KpiTables;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Reads the journal as everybody may see it: outcomes, never contents or addresses. */
public final class Deliveries {

    private static final String COLUMNS =
            """
            select delivery_id, code, outcome, reason, category, project_id, created_at, sent_at,
                next_attempt_at, coalesce(attempts, 0) as attempts, expires_at, caused_at, decided_at
            from kpi.deliveries
            """;

    private static final String LATEST = COLUMNS + "order by created_at desc limit ?";

    private static final String LATEST_OF =
            COLUMNS
                    + """
                    where (?::text is null or code = ?) and (?::text is null or outcome = ?)
                    order by created_at desc
                    limit ?
                    """;

    private static final String ONE = COLUMNS + "where delivery_id = ?";

    private final Database database;

    /** Reads them as a role that may. */
    public Deliveries(Database database) {
        this.database = database;
    }

    /** The last ones, newest first. */
    public List<Delivery> latest(int count) {
        return database.query(LATEST, Deliveries::delivery, count);
    }

    /**
     * The last ones of an email, or with an outcome, newest first.
     *
     * @param code null: any
     * @param outcome null: any
     */
    public List<Delivery> latest(String code, String outcome, int count) {
        return database.query(LATEST_OF, Deliveries::delivery, code, code, outcome, outcome, count);
    }

    /** One of them. */
    public Optional<Delivery> find(UUID id) {
        return database.query(ONE, Deliveries::delivery, id).stream().findFirst();
    }

    private static Delivery delivery(ResultSet row) throws SQLException {
        return new Delivery(
                row.getObject("delivery_id", UUID.class),
                row.getString("code"),
                row.getString("outcome"),
                row.getString("reason"),
                row.getString("category"),
                row.getObject("project_id", UUID.class),
                KpiTables.instant(row, "created_at"),
                KpiTables.instant(row, "sent_at"),
                KpiTables.instant(row, "next_attempt_at"),
                row.getInt("attempts"),
                KpiTables.instant(row, "expires_at"),
                KpiTables.instant(row, "caused_at"),
                KpiTables.instant(row, "decided_at"));
    }
}
