package io.seqpulse.benchmark.history;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;

/** The product's tables in a database, filled by a history as the product would fill them. */
public final class ProductTables {

    /**
     * Statements sent at once; how many a round trip carries changes nothing of what is in them.
     */
    private static final int CHARACTERS_AT_ONCE = 256 * 1024;

    private ProductTables() {}

    /**
     * Commits every transaction of a history, each by itself. Faster than a product could: the
     * server is not asked to wait for its disk.
     *
     * @param product a connection with autocommit on
     */
    public static void insert(Connection product, Iterator<Transaction> history)
            throws SQLException {
        StringBuilder sql = new StringBuilder(CHARACTERS_AT_ONCE + 8_192);
        try (Statement statement = product.createStatement()) {
            statement.execute("set synchronous_commit = off");
            while (history.hasNext()) {
                sql.append("begin;");
                for (Change change : history.next().changes()) {
                    append(sql, change);
                }
                sql.append("commit;");
                if (sql.length() > CHARACTERS_AT_ONCE || !history.hasNext()) {
                    statement.execute(sql.toString());
                    sql.setLength(0);
                }
            }
        }
    }

    /** Empties all of them. */
    public static void clear(Connection product) throws SQLException {
        try (Statement statement = product.createStatement()) {
            statement.execute("truncate public.users cascade");
        }
    }

    private static void append(StringBuilder sql, Change change) {
        switch (change.operation()) {
            case INSERT -> {
                sql.append("insert into public.").append(change.table().label()).append(" (");
                sql.append(
                        change.table().columns().stream()
                                .map(Column::name)
                                .collect(Collectors.joining(",")));
                sql.append(") values (");
                for (int i = 0; i < change.values().size(); i++) {
                    sql.append(i == 0 ? "" : ",");
                    literal(sql, change.table().columns().get(i), change.values().get(i));
                }
                sql.append(");");
            }
            case UPDATE -> {
                sql.append("update public.").append(change.table().label()).append(" set ");
                for (int i = 1; i < change.values().size(); i++) {
                    sql.append(i == 1 ? "" : ",")
                            .append(change.table().columns().get(i).name())
                            .append('=');
                    literal(sql, change.table().columns().get(i), change.values().get(i));
                }
                sql.append(" where ").append(change.table().columns().get(0).name()).append('=');
                literal(sql, change.table().columns().get(0), change.key());
                sql.append(';');
            }
        }
    }

    private static void literal(StringBuilder sql, Column column, Object value) {
        if (value == null) {
            sql.append("null");
            return;
        }
        switch (column.type()) {
            case BOOLEAN, INTEGER, NUMERIC -> sql.append(value);
            case UUID -> sql.append('\'').append(value).append('\'');
            case TEXT -> quote(sql, value.toString());
            case TIMESTAMPTZ ->
                    sql.append('\'').append(DebeziumJson.iso((Long) value)).append('\'');
            case TIMESTAMP ->
                    sql.append('\'')
                            .append(DebeziumJson.iso((Long) value).replace("Z", ""))
                            .append('\'');
            case TEXT_ARRAY -> {
                sql.append("array[");
                List<?> texts = (List<?>) value;
                for (int i = 0; i < texts.size(); i++) {
                    sql.append(i == 0 ? "" : ",");
                    quote(sql, texts.get(i).toString());
                }
                sql.append("]::text[]");
            }
        }
    }

    /** The server's {@code standard_conforming_strings} is on: only the quote is special. */
    private static void quote(StringBuilder sql, String text) {
        sql.append('\'').append(text.replace("'", "''")).append('\'');
    }
}
