package io.seqpulse.quickstart.kpi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The KPIs by the product's own SQL (requirements, 000 §5.1–5.4 and §6, word for word in {@code
 * sql/checks/kpi/}) on the product's own tables. What the catalogue decides otherwise is changed
 * here and nowhere else: windows are {@code [from, to)}, and an email that was not sent, or about
 * no project, exposes none.
 */
enum SeedSql {
    SIGNUP("signup_to_project_24h", "activated", "cohort"),
    VERDICT("project_to_first_verdict_72h", "hit", "cohort"),
    CONVERSION("free_to_pro_from_quota_emails", "converted", "exposed"),
    OPENS("critical_alert_open_rate", "opened", "sent");

    private static final String SENT_TYPE_CLOSED = "BETWEEN $__timeFrom() AND $__timeTo()";

    private static final Pattern MACRO = Pattern.compile("\\$__time(From|To)\\(\\)");

    private final String kpi;
    private final String query;

    SeedSql(String kpi, String numerator, String denominator) {
        this.kpi = kpi;
        this.query =
                open(
                        read(kpi)
                                .replace(
                                        "END AS value;",
                                        "END AS value, (SELECT COUNT(*) FROM %s) AS numerator, (SELECT COUNT(*) FROM %s) AS denominator"
                                                .formatted(numerator, denominator))
                                .replace(
                                        "AND ed.sent_at BETWEEN",
                                        "AND ed.status = 'sent' AND (ed.project_id IS NOT NULL OR ed.email_type = 'E-ACT-05') AND ed.sent_at BETWEEN"));
    }

    String kpi() {
        return kpi;
    }

    /** The figure of a window. */
    Figure of(Connection product, Instant from, Instant to) throws SQLException {
        // planned once, asked thousands of times
        try (PreparedStatement statement =
                product.prepareStatement(MACRO.matcher(query).replaceAll("?::timestamptz"))) {
            int place = 0;
            for (Matcher macro = MACRO.matcher(query); macro.find(); ) {
                Instant end = macro.group().equals("$__timeFrom()") ? from : to;
                statement.setString(++place, end.toString());
            }
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Figure(
                        row.getLong("numerator"),
                        row.getLong("denominator"),
                        row.getBigDecimal("value"));
            }
        }
    }

    /** The trend of sign-ups, a value for each UTC day that the window touches. */
    static Map<Instant, String> daily(Connection product, Instant from, Instant to)
            throws SQLException {
        Map<Instant, String> values = new LinkedHashMap<>();
        try (Statement statement = product.createStatement();
                ResultSet rows =
                        statement.executeQuery(
                                within(read("signup_to_project_24h_daily"), from, to))) {
            while (rows.next()) {
                values.put(
                        rows.getTimestamp("time").toInstant(),
                        rows.getBigDecimal("value").stripTrailingZeros().toPlainString());
            }
        }
        return values;
    }

    /** The upper end is not in the window. */
    private static String open(String query) {
        int closed = query.indexOf(SENT_TYPE_CLOSED);
        int line = query.lastIndexOf(' ', closed - 2) + 1;
        String column = query.substring(line, closed).strip();
        return query.replace(
                column + " " + SENT_TYPE_CLOSED,
                "%1$s >= $__timeFrom() AND %1$s < $__timeTo()".formatted(column));
    }

    private static String within(String query, Instant from, Instant to) {
        return query.replace("$__timeFrom()", "'" + from + "'")
                .replace("$__timeTo()", "'" + to + "'");
    }

    private static String read(String kpi) {
        try {
            return Files.readString(
                    Path.of(
                            System.getProperty("lifecycle.home", ""),
                            "sql/checks/kpi",
                            kpi + ".sql"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
