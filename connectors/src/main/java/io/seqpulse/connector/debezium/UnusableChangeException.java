package io.seqpulse.connector.debezium;

/**
 * A change that was read but does not say what it must, such as a user without an address. It
 * belongs among the dead letters with {@link #getMessage()} as its reason; the message names table
 * and column and never the row's contents.
 */
public class UnusableChangeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String table;

    public UnusableChangeException(String table, String reason) {
        super(reason);
        this.table = table;
    }

    /** Name of the changed table, without its schema. */
    public String table() {
        return table;
    }
}
