package io.seqpulse.connector.jdbc;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartUpDatabaseTest {

    private final ProductDatabase database = ProductDatabase.shared();
    private final StartUpDatabase startUp = new StartUpDatabase(database.job());

    @ParameterizedTest
    @ValueSource(strings = {"users", "projects", "email_preferences", "email_deliveries"})
    void refusesToStartWhereAPolicyHidesRows(String table) {
        database.execute("alter table public." + table + " enable row level security");
        try {
            assertThatThrownBy(() -> startUp.requireSight(List.of(table)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("public." + table)
                    .hasMessageContaining("alter role lifecycle_job bypassrls");
            database.execute("alter role lifecycle_job bypassrls");
            startUp.requireSight(List.of(table));
        } finally {
            database.execute("alter role lifecycle_job nobypassrls");
            database.execute("alter table public." + table + " disable row level security");
        }
    }

    /** A snapshot that shows fewer rows than there are would be taken for their deletion. */
    @Test
    void aSnapshotOfHiddenRowsFails() throws SQLException {
        database.execute("alter table public.users enable row level security");
        try (Connection connection = database.connect(database.role("lifecycle_connect"));
                Statement snapshot = connection.createStatement()) {
            assertThatThrownBy(() -> snapshot.executeQuery("select id from public.users"))
                    .hasMessageContaining("row-level security");
        } finally {
            database.execute("alter table public.users disable row level security");
        }
    }

    @Test
    void seesTheTablesAsTheyAre() {
        startUp.requireSight(List.of("users", "projects", "email_preferences", "email_deliveries"));
    }
}
