package io.seqpulse.lifecycle.catalogue;

import java.util.List;

/**
 * The catalogue cannot be used; the message lists everything wrong with it, by file, line and key.
 */
public class InvalidCatalogueException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final List<String> problems;

    public InvalidCatalogueException(String file, List<String> problems) {
        super(
                "%s has %s error%s:%n  %s"
                        .formatted(
                                file,
                                problems.size(),
                                problems.size() == 1 ? "" : "s",
                                String.join(System.lineSeparator() + "  ", problems)));
        this.problems = List.copyOf(problems);
    }

    /** What is wrong, each as {@code file:line: key: what to do}. */
    public List<String> problems() {
        return problems;
    }
}
