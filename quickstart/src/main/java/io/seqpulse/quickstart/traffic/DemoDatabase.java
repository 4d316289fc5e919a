package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.StackException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Keeps invented people out of anybody's database. */
final class DemoDatabase {

    private DemoDatabase() {}

    /**
     * Returns if the connection is to an embedded server, which its name tells: a copy of its data
     * on another server does not have it.
     *
     * @throws StackException if it is to any other
     */
    static void require(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet name = statement.executeQuery("show cluster_name")) {
            name.next();
            if (!EmbeddedStack.DEMO_CLUSTER.equals(name.getString(1))) {
                throw new StackException(
                        "demo traffic and history go into the embedded database only");
            }
        }
    }
}
