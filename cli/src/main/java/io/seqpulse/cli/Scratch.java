package io.seqpulse.cli;

import java.io.IOException;
import java.nio.file.Path;

/** The folder for temporary files that the script makes for one command, and that goes with it. */
public final class Scratch {

    /** Set by the script when it made one. */
    private static final String MADE = "lifecycle.scratch";

    private static final int ATTEMPTS = 5;

    private Scratch() {}

    /** Where temporary files go: into the folder of this command, or the machine's. */
    public static Path folder() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    /** Where files go that somebody is to find after the command has ended. */
    static Path outside() {
        return Boolean.getBoolean(MADE) ? folder().toAbsolutePath().getParent() : folder();
    }

    /** Removes the folder, or says on stderr why it stays. */
    public static void remove() {
        if (!Boolean.getBoolean(MADE)) {
            return;
        }
        IOException failure = null;
        // Whatever was ended at once may have written a last file meanwhile.
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                StateFolder.remove(folder());
                return;
            } catch (IOException e) {
                failure = e;
            }
        }
        System.err.println(folder() + " could not be removed: " + failure.getMessage());
    }
}
