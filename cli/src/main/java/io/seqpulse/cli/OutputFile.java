package io.seqpulse.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** A file that an option names to be written at the end, looked at before anything starts. */
public final class OutputFile {

    private OutputFile() {}

    /**
     * Refuses a file that cannot be written.
     *
     * @param option that names it, such as {@code --report}
     * @param file or null where the option is not given
     * @throws UsageException if it is a folder, or it or its folder cannot be written
     */
    public static void require(String option, Path file) {
        if (file == null) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file) || folder == null) {
            throw new UsageException("%s: %s is a folder; name a file".formatted(option, file));
        }
        if (!Files.isDirectory(folder)) {
            throw new UsageException("%s: there is no folder %s".formatted(option, folder));
        }
        if (!Files.isWritable(Files.exists(file) ? file : folder)) {
            throw new UsageException("%s: %s cannot be written".formatted(option, file));
        }
    }
}
