package io.seqpulse.benchmark;

import io.seqpulse.cli.CommandException;

/** A measurement that could not be made; its message says why. */
final class BenchmarkException extends CommandException {

    private static final long serialVersionUID = 1L;

    BenchmarkException(String message) {
        super(message);
    }

    BenchmarkException(String message, Throwable cause) {
        super(message, cause);
    }
}
