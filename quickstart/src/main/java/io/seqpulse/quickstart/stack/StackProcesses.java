package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What stacks of this JVM started outside of it. */
public final class StackProcesses {

    private static final Logger LOG = LoggerFactory.getLogger(StackProcesses.class);

    private StackProcesses() {}

    /**
     * Ends them, without any order, because the JVM itself is about to end.
     *
     * @param folder a state folder, or one with temporary ones in it
     */
    public static void kill(Path folder) {
        // What is being started first, so that it starts nothing more.
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
        List<Path> roots = new ArrayList<>(List.of(folder));
        try (DirectoryStream<Path> temporary = Files.newDirectoryStream(folder, "seqpulse-*")) {
            temporary.forEach(roots::add);
        } catch (IOException gone) {
            LOG.debug("{} cannot be read", folder, gone);
        }
        roots.forEach(PostgresServer::kill);
    }
}
