package io.seqpulse.quickstart.stack;

import java.nio.file.Path;

/**
 * Folders of this machine as Flink names them. Flink takes a text for a path as it stands: the
 * escapes of a URI, such as {@code %20}, would be names of folders. A backslash it takes for a
 * slash.
 */
final class FlinkPaths {

    private FlinkPaths() {}

    /** A folder, for Flink. */
    static String text(Path folder) {
        return new org.apache.flink.core.fs.Path("file://" + folder.toAbsolutePath()).toString();
    }

    /** A folder that Flink has named. */
    static Path folder(String text) {
        return Path.of(new org.apache.flink.core.fs.Path(text).toUri());
    }
}
