package io.seqpulse.cli;

/**
 * A process of the database that holds a lock for which others wait.
 *
 * @param query what it runs, or null where that is not known
 */
public record LockHolder(int pid, String query) {

    /** What PostgreSQL shows of a query that the role may not see. */
    private static final String HIDDEN = "<insufficient privilege>";

    private static final int SHOWN = 80;

    /** In words, on one line: a query is other people's text, and long. */
    @Override
    public String toString() {
        String process = "database process " + pid;
        if (query == null || query.isBlank() || query.equals(HIDDEN)) {
            return process;
        }
        String line = query.strip().replaceAll("[\\s\\p{Cc}\\p{Cf}]+", " ");
        return "%s (%s)"
                .formatted(
                        process, line.length() > SHOWN ? line.substring(0, SHOWN - 1) + "…" : line);
    }
}
