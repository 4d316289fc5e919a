package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.CommandException;

/** The stack cannot start or go on: the message says what, where, and what to do. */
public final class StackException extends CommandException {

    private static final long serialVersionUID = 1L;

    public StackException(String message) {
        super(message);
    }

    public StackException(String message, Throwable cause) {
        super(message, cause);
    }
}
