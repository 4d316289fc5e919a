package io.seqpulse.connector.email;

import java.sql.SQLException;
import java.util.Set;

/** What is to be done about an error of the database. */
enum DatabaseTrouble {
    /** Somebody else was in the way: the same again, at once. */
    PASSING,

    /** It is away, full, read-only, or does not let us: wait until it is as it was. */
    WAIT,

    /** It does not take what we gave it: the others go on without. */
    REFUSED;

    private static final Set<String> IN_THE_WAY = Set.of("40001", "40P01");
    private static final String NOT_ALLOWED = "42501";

    /**
     * Classes of states that say nothing of the rows: connection, transaction state, login,
     * catalog, resources, prerequisites, operators, system, configuration, internal.
     */
    private static final Set<String> NOT_ABOUT_ROWS =
            Set.of("08", "25", "28", "3D", "53", "55", "57", "58", "F0", "XX");

    /** Judges by SQLSTATE; without one it never came to the database. */
    static DatabaseTrouble of(SQLException failed) {
        String state = failed.getSQLState();
        if (state == null || state.length() != 5 || state.equals(NOT_ALLOWED)) {
            return WAIT;
        }
        if (IN_THE_WAY.contains(state)) {
            return PASSING;
        }
        return NOT_ABOUT_ROWS.contains(state.substring(0, 2)) ? WAIT : REFUSED;
    }
}
