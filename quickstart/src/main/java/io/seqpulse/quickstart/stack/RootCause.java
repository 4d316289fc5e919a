package io.seqpulse.quickstart.stack;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.flink.client.program.ProgramInvocationException;
import org.apache.flink.runtime.client.JobSubmissionException;

/** What is behind an exception that only passes another one on. */
final class RootCause {

    private RootCause() {}

    /** The message of the first cause that is not a wrapper's. */
    static String message(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null
                && (cause instanceof ProgramInvocationException
                        || cause instanceof ExecutionException
                        || cause instanceof CompletionException
                        || cause instanceof JobSubmissionException
                        || cause.getMessage() == null)) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
