package io.seqpulse.quickstart.e2e;

import java.sql.SQLException;

/**
 * One row of a table of end-to-end tests: what is placed in the product's database, and with it
 * what must be in the journal and in the mailboxes, and nothing else.
 *
 * @param rule the email's code
 * @param when how what is placed stands to what the rule waits for
 * @param what it is, in words
 */
record Cell(String rule, Case when, String what, Placement placement) {

    /** Writes as the product would, and says what must come of it. */
    @FunctionalInterface
    interface Placement {
        void place(Scenario scenario) throws SQLException;
    }

    /** A cell that makes no sense, and why. */
    record Empty(String rule, Case when, String why) {}

    /** The test's name. */
    String title() {
        return rule + " · " + when.label() + " · " + what;
    }
}
