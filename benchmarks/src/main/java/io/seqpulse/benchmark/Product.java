package io.seqpulse.benchmark;

import io.seqpulse.benchmark.history.ProductHistory;
import io.seqpulse.benchmark.history.ProductTables;
import io.seqpulse.benchmark.history.Table;
import io.seqpulse.connector.jdbc.JdbcSettings;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The product's database of the embedded stack, with the rows of a history in it. */
final class Product {

    private final EmbeddedStack stack;
    private final Supplier<ProductHistory> history;
    private boolean filled;

    /**
     * @param history tells it anew each time
     */
    Product(EmbeddedStack stack, Supplier<ProductHistory> history) {
        this.stack = stack;
        this.history = history;
    }

    /** Empties the tables, then commits the whole history. */
    void commitHistory() throws SQLException {
        try (Connection product = stack.connect()) {
            ProductTables.clear(product);
            ProductTables.insert(product, history.get());
        }
        filled = true;
    }

    /** Makes sure that every row of the history is there. */
    void fill() throws SQLException {
        if (!filled) {
            commitHistory();
        }
    }

    /** Makes sure that every row of the history is there, and no mail of ours in the journal. */
    void prepareForMail() throws SQLException {
        fill();
        try (Connection product = stack.connect();
                Statement statement = product.createStatement()) {
            statement.execute("delete from public.email_deliveries where managed_by is not null");
            statement.execute("truncate lifecycle.marketing_cap, lifecycle.suppressed_addresses");
            statement.execute("vacuum analyze public.email_deliveries");
        }
    }

    /** How many rows the captured tables hold. */
    long rows() throws SQLException {
        long rows = 0;
        for (Table table : Table.values()) {
            rows += count("select count(*) from public." + table.label());
        }
        return rows;
    }

    /** How many mails were journalled to be sent, whatever became of them. */
    long journalled() throws SQLException {
        return count("select count(*) from public.email_deliveries where managed_by is not null");
    }

    /** How many of them are marked as sent. */
    long sent() throws SQLException {
        return count(
                "select count(*) from public.email_deliveries"
                        + " where managed_by is not null and status = 'sent'");
    }

    private long count(String sql) throws SQLException {
        try (Connection product = stack.connect();
                Statement statement = product.createStatement();
                ResultSet count = statement.executeQuery(sql)) {
            count.next();
            return count.getLong(1);
        }
    }

    /** Ids of users, at most that many. */
    List<String> users(int atMost) throws SQLException {
        List<String> users = new ArrayList<>();
        try (Connection product = stack.connect();
                Statement statement = product.createStatement();
                ResultSet found =
                        statement.executeQuery(
                                "select id::text from public.users order by id limit " + atMost)) {
            while (found.next()) {
                users.add(found.getString(1));
            }
        }
        return users;
    }

    /** How the sink connects, as the owner of the tables. */
    JdbcSettings settings() throws IOException {
        String[] fields = Files.readString(stack.passwordFile()).strip().split(":");
        return new JdbcSettings(stack.jdbcUrl(), fields[3], fields[4]);
    }
}
