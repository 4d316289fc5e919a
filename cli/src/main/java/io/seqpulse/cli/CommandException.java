package io.seqpulse.cli;

/**
 * A command cannot do what it was asked for: the message says what, where, and what to do. It is
 * all that somebody is shown, and the command ends with 1.
 */
public class CommandException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public CommandException(String message) {
        super(message);
    }

    public CommandException(String message, Throwable cause) {
        super(message, cause);
    }
}
