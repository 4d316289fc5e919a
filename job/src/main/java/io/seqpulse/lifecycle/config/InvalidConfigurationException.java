package io.seqpulse.lifecycle.config;

import java.util.List;

/** The job cannot start as it is configured; the message names every key and what to do. */
public class InvalidConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final List<String> problems;

    public InvalidConfigurationException(List<String> problems) {
        super(
                "the job cannot start as it is configured (docs/configuration.md has every key):%n  %s"
                        .formatted(String.join(System.lineSeparator() + "  ", problems)));
        this.problems = List.copyOf(problems);
    }

    /** What is wrong, each as {@code key: what to do}. */
    public List<String> problems() {
        return problems;
    }
}
