package io.seqpulse.quickstart.stack;

/** Names in the embedded stack that every other installation shares. */
public final class StackNames {

    /** The change log. */
    public static final String CHANGES = KafkaBroker.CHANGES;

    /** Where records go that cannot be read. */
    public static final String DEAD_LETTERS = KafkaBroker.DEAD_LETTERS;

    /** The connector at Kafka Connect. */
    public static final String CONNECTOR = ConnectWorker.CONNECTOR;

    /** The product's database. */
    public static final String DATABASE = PostgresServer.DATABASE;

    /** The owner of its tables. */
    public static final String SUPERUSER = PostgresServer.SUPERUSER;

    private StackNames() {}
}
