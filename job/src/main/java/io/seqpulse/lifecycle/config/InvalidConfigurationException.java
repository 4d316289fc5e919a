package io.seqpulse.lifecycle.config;

import java.util.List;

/** What is configured cannot work; the message names every key and what to do. */
public class InvalidConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final List<String> problems;

    /**
     * A configuration with problems.
     *
     * @param consequence such as {@code the job cannot start}
     */
    InvalidConfigurationException(String consequence, List<String> problems) {
        super(
                "%s as it is configured (docs/configuration.md has every key):%n  %s"
                        .formatted(
                                consequence, String.join(System.lineSeparator() + "  ", problems)));
        this.problems = List.copyOf(problems);
    }

    /** What is wrong, each as {@code key: what to do}. */
    public List<String> problems() {
        return problems;
    }
}
