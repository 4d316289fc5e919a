package io.seqpulse.connector.email;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;

/**
 * Tells the other senders that this one lives: a number, which stands in its leases, and a lock on
 * that number which the database lets go of when the session ends, however it ends. What was leased
 * under a number that nobody locks was leased by a sender that is gone.
 *
 * <p>It needs no clock, and takes nothing from a sender that lives. Where a session is thought gone
 * that is not, the fence keeps a mail from going twice. Not thread-safe, but for closing.
 */
final class SenderLock implements AutoCloseable {

    /** Of all advisory locks in the database, those of senders. */
    static final int CLASS = 0x5e9b01;

    private static final int SECONDS_TO_ANSWER = 5;

    /** A host that is gone without a word is noticed in half a minute, instead of in two hours. */
    private static final String NOTICE_SOON =
            "set tcp_keepalives_idle = 15; set tcp_keepalives_interval = 5;"
                    + " set tcp_keepalives_count = 3";

    private final DataSource database;
    private volatile int number = another();
    private volatile Connection session;
    private boolean held;

    /** A number that is locked as soon as {@link #hold} has been called. */
    SenderLock(DataSource database) {
        this.database = database;
    }

    private static int another() {
        return ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
    }

    /** The number, which no other living sender of this database has. */
    int number() {
        return number;
    }

    /**
     * Sees to it that the lock is held, also after the database went away and came back.
     *
     * @return whether it had been lost
     */
    boolean hold() throws SQLException {
        Connection before = session;
        if (before == null) {
            Connection first = open(database);
            session = first;
            held = lock(first, number);
            while (!held) {
                number = another();
                held = lock(first, number);
            }
            return false;
        }
        boolean lost = !held;
        if (!before.isValid(SECONDS_TO_ANSWER)) {
            before.close();
            held = false;
            lost = true;
            session = open(database);
        }
        if (!held) {
            // Our lost session may still be there and hold it, until the server notices.
            held = lock(session, number);
        }
        return lost;
    }

    private static Connection open(DataSource database) throws SQLException {
        Connection session = database.getConnection();
        boolean ready = false;
        try (Statement settings = session.createStatement()) {
            settings.execute(NOTICE_SOON);
            ready = true;
            return session;
        } finally {
            if (!ready) {
                session.close();
            }
        }
    }

    private static boolean lock(Connection session, int number) throws SQLException {
        try (PreparedStatement lock =
                session.prepareStatement("select pg_try_advisory_lock(?, ?)")) {
            lock.setInt(1, CLASS);
            lock.setInt(2, number);
            try (ResultSet locked = lock.executeQuery()) {
                locked.next();
                return locked.getBoolean(1);
            }
        }
    }

    /** Lets go of the number, so that what is still leased under it is anybody's. */
    @Override
    public void close() throws SQLException {
        if (session == null) {
            return;
        }
        try (Connection ending = session;
                Statement unlock = ending.createStatement()) {
            unlock.execute("select pg_advisory_unlock_all()");
        }
    }
}
