package io.seqpulse.lifecycle.fact;

/**
 * How the log came to tell of a row, which decides what may be concluded from not having heard of
 * it before.
 */
public enum Origin {
    /** Streamed when the row was inserted: whatever happens to it from then on is in the log. */
    INSERTED(0),
    /** Streamed when the row was changed or deleted: what was before may have gone unheard. */
    CHANGED(1),
    /** A whole snapshot shows it, and with it everything there is of it. */
    SNAPSHOT(2),
    /** An incremental snapshot shows the row, and other rows at other times. */
    INCREMENTAL(3);

    private static final Origin[] BY_ID = values();

    static {
        for (int id = 0; id < BY_ID.length; id++) {
            if (BY_ID[id].id != id) {
                throw new IllegalStateException("ids are in order: " + BY_ID[id]);
            }
        }
    }

    private final int id;

    Origin(int id) {
        this.id = id;
    }

    /** The number by which state and messages know it; never reused. */
    int id() {
        return id;
    }

    /** The origin of a number. */
    static Origin byId(int id) {
        return BY_ID[id];
    }

    /** Whether the row was read rather than told as it was committed. */
    public boolean isSnapshot() {
        return this == SNAPSHOT || this == INCREMENTAL;
    }

    /** Whether what happened to the row before is known from here on. */
    public boolean tellsAll() {
        return this == INSERTED || this == SNAPSHOT;
    }
}
