package io.seqpulse.quickstart.e2e;

/** How what is placed stands to what a rule waits for: the columns of {@link EmailTable}. */
enum Case {
    BEFORE("one before"),
    AT("at"),
    AFTER("one after"),
    RESOLVED("resolved"),
    OPTED_OUT("opted out"),
    CAPPED("capped, then deferred"),
    EXPIRED("expired"),
    RECIPIENTS("to whom");

    private final String label;

    Case(String label) {
        this.label = label;
    }

    /** As it stands in a test's name. */
    String label() {
        return label;
    }
}
