package io.seqpulse.api.mail;

import io.seqpulse.api.Database;
import io.seqpulse.api.kpi.KpiTables;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** Reads which emails are under way and not in the journal yet, as the job tells. */
public final class WaitingEmails {

    private static final String COLUMNS = "select code, stage, reason, project_id, since, until ";

    private static final String OF_ANYBODY = COLUMNS + "from kpi.waiting ";

    private static final String OF_USERS =
            COLUMNS + "from kpi.waiting_of_users where user_id = any (?) ";

    private static final String COUNTED =
            "select reason, count(*) as count from kpi.waiting group by reason";

    private final Database database;

    /** Reads them as a role that may. */
    public WaitingEmails(Database database) {
        this.database = database;
    }

    /** How many wait, by what for. */
    public Map<String, Long> counted() {
        Map<String, Long> counted = new TreeMap<>();
        database.query(COUNTED, row -> counted.put(row.getString("reason"), row.getLong("count")));
        return counted;
    }

    /**
     * Those that a filter lets pass, which is asked for code and project alone; next ones first.
     */
    List<WaitingEmail> find(DeliveryFilter filter) {
        return find(OF_ANYBODY + "where true ", new ArrayList<>(), filter);
    }

    /** Those of some users, or about their projects, that a filter lets pass. */
    List<WaitingEmail> ofUsers(List<UUID> users, DeliveryFilter filter) {
        List<Object> values = new ArrayList<>();
        values.add(users.stream().map(UUID::toString).toArray(String[]::new));
        return find(OF_USERS, values, filter);
    }

    private List<WaitingEmail> find(String from, List<Object> values, DeliveryFilter filter) {
        StringBuilder sql = new StringBuilder(from);
        if (filter.code() != null) {
            sql.append("and code = ? ");
            values.add(filter.code());
        }
        if (filter.project() != null) {
            sql.append("and project_id = ? ");
            values.add(filter.project().toString());
        }
        sql.append("order by until, code, since limit ?");
        values.add(filter.limit());
        return database.query(sql.toString(), WaitingEmails::email, values.toArray());
    }

    private static WaitingEmail email(ResultSet row) throws SQLException {
        String project = row.getString("project_id");
        return new WaitingEmail(
                row.getString("code"),
                row.getString("stage"),
                row.getString("reason"),
                project == null ? null : UUID.fromString(project),
                KpiTables.instant(row, "since"),
                KpiTables.instant(row, "until"));
    }
}
