package io.seqpulse.cli;

/**
 * What a command was told, by an option or by the environment, cannot be meant: the message says
 * what, and what is possible. The command ends with 2 and names its help.
 */
public final class UsageException extends CommandException {

    private static final long serialVersionUID = 1L;

    public UsageException(String message) {
        super(message);
    }

    public UsageException(String message, Throwable cause) {
        super(message, cause);
    }
}
