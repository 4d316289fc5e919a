package io.seqpulse.lifecycle.email;

import java.util.List;

/** Templates that cannot be used as they are; the message names each file, its line and why. */
public final class InvalidTemplatesException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    InvalidTemplatesException(List<String> problems) {
        super(
                problems.size()
                        + (problems.size() == 1 ? " problem" : " problems")
                        + " in the email templates:\n  "
                        + String.join("\n  ", problems));
    }
}
