package io.seqpulse.connector.jdbc;

/**
 * Who writes which part of which generation. Among those who claim a generation, the one of the
 * latest start, of these the one restored from the latest checkpoint, of these the one of the
 * latest attempt has it.
 *
 * @param generation the start with empty state whose rows they are
 * @param start the start of the job
 * @param checkpoint the checkpoint the task was restored from; -1: none
 * @param attempt which attempt of the task it is
 * @param since the {@link #stamp} since which rows may differ from what the task knows; -1: the
 *     task knows of nothing, and there are no rows
 * @param part which part of the job it is, from 0
 * @param parts how many there are
 */
public record KpiClaim(
        long generation,
        long start,
        long checkpoint,
        int attempt,
        long since,
        int part,
        int parts) {

    /** No checkpoint. */
    public static final long NONE = -1;

    /**
     * What rows are stamped with: it grows with every claim of their generation, and within one
     * with every checkpoint.
     *
     * @param claim the number of a claim; 0: before any
     */
    public static long stamp(long claim, long checkpoint) {
        return (claim << Integer.SIZE) + checkpoint;
    }

    KpiClaim after(long completed) {
        return new KpiClaim(generation, start, completed, attempt, since, part, parts);
    }

    boolean isRestored() {
        return since != NONE;
    }
}
