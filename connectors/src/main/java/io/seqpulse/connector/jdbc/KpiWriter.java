package io.seqpulse.connector.jdbc;

import java.io.IOException;

/**
 * Writes one part of the figures. Nothing here waits: a database that is away, slow, locked or
 * refuses is waited for by a thread of the writer's own, without a limit. What is not yet {@link
 * #written} may have been written or not; writing it again does no harm.
 *
 * <p>Used by one thread.
 */
public interface KpiWriter extends AutoCloseable {

    /** The next piece of what was found in the tables; null: none yet, or no more. */
    KpiFound found();

    /** Whether it takes another batch now. */
    boolean takesMore();

    /** Writes a batch behind those before it. */
    void write(KpiBatch batch);

    /** How many batches have been written, of those given. */
    long written();

    /** The task has come as far as this checkpoint: it lives, whoever is said to come after it. */
    void completed(long checkpoint);

    /**
     * Throws what ended the writer although nobody closed it.
     *
     * @throws IOException if a bug did
     */
    void check() throws IOException;

    /** Ends it within seconds, whatever the database does; what is left may stay unwritten. */
    @Override
    void close();
}
