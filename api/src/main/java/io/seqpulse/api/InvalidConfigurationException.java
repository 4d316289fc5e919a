package io.seqpulse.api;

import java.util.List;

/** The service cannot start with these settings; the message names each and what to do. */
public final class InvalidConfigurationException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public InvalidConfigurationException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
    }
}
