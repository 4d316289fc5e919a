package io.seqpulse.quickstart.stack;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.StateObject;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;

/**
 * A completed checkpoint or savepoint on disk.
 *
 * @param folder holds its metadata, whose file is written last
 * @param completed when it was
 */
public record Snapshot(Path folder, Instant completed) {

    private static final String METADATA = "_metadata";

    /** Of its metadata, below the folder of all jobs. */
    private static final int DEPTH = 3;

    /** All of some folders, the newest first; those inside folders of jobs as well. */
    public static List<Snapshot> in(Path... folders) {
        List<Snapshot> found = new ArrayList<>();
        for (Path folder : folders) {
            try {
                Files.walkFileTree(folder, Set.of(), DEPTH, new Finder(found));
            } catch (IOException e) {
                throw new StackException(
                        "%s cannot be searched for checkpoints: %s"
                                .formatted(folder, e.getMessage()),
                        e);
            }
        }
        found.sort(Comparator.comparing(Snapshot::completed).reversed());
        return found;
    }

    /** Collects them; what Flink removes meanwhile is none. */
    private static final class Finder extends SimpleFileVisitor<Path> {

        private final List<Snapshot> found;

        private Finder(List<Snapshot> found) {
            this.found = found;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.endsWith(METADATA)) {
                found.add(
                        new Snapshot(file.getParent(), attributes.lastModifiedTime().toInstant()));
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw e;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
            if (e == null || e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw e;
        }
    }

    /**
     * What keeps it from being restored: metadata that cannot be read, or a file that is not there
     * or shorter than it was; empty if there is nothing of the kind.
     */
    Optional<String> damage() {
        try {
            for (FileStateHandle file : files()) {
                Path path = Path.of(file.getFilePath().toUri());
                if (!Files.exists(path)) {
                    return Optional.of("%s is missing".formatted(path));
                }
                if (Files.size(path) < file.getStateSize()) {
                    return Optional.of(
                            "%s has %s of %s bytes"
                                    .formatted(path, Files.size(path), file.getStateSize()));
                }
            }
            return hasEnded()
                    ? Optional.of(
                            "%s was taken when the job's log had ended: what resumes from it ends at once"
                                    .formatted(folder))
                    : Optional.empty();
        } catch (IOException | RuntimeException e) {
            // Flink's reader throws whatever the bytes of a cut file make it stumble over.
            return Optional.of("%s cannot be read: %s".formatted(folder.resolve(METADATA), e));
        }
    }

    /** Makes it outlast a power cut: all of its files are on the disk when this returns. */
    void sync() throws IOException {
        for (FileStateHandle file : files()) {
            sync(Path.of(file.getFilePath().toUri()));
        }
        sync(folder.resolve(METADATA));
    }

    private static void sync(Path file) throws IOException {
        try (FileChannel open = FileChannel.open(file, StandardOpenOption.READ)) {
            open.force(true);
        }
    }

    /** Every file of its state, its metadata aside. */
    Set<FileStateHandle> files() throws IOException {
        Set<FileStateHandle> files = new HashSet<>();
        for (OperatorState operator : metadata().getOperatorStates()) {
            for (OperatorSubtaskState subtask : operator.getStates()) {
                subtask.getDiscardables().forEach(state -> collect(state, files));
            }
        }
        return files;
    }

    /** Whether a part of the job had finished, which the whole of it never does. */
    private boolean hasEnded() throws IOException {
        return metadata().getOperatorStates().stream()
                .anyMatch(
                        operator ->
                                operator.isFullyFinished()
                                        || operator.getStates().stream()
                                                .anyMatch(OperatorSubtaskState::isFinished));
    }

    private CheckpointMetadata metadata() throws IOException {
        try (DataInputStream in =
                new DataInputStream(Files.newInputStream(folder.resolve(METADATA)))) {
            return Checkpoints.loadCheckpointMetadata(
                    in, Snapshot.class.getClassLoader(), FlinkPaths.text(folder));
        }
    }

    private static void collect(StateObject state, Set<FileStateHandle> files) {
        if (state instanceof FileStateHandle file) {
            files.add(file);
        } else if (state instanceof IncrementalRemoteKeyedStateHandle keyed) {
            collect(keyed.getMetaDataStateHandle(), files);
            Stream.concat(keyed.getSharedState().stream(), keyed.getPrivateState().stream())
                    .map(HandleAndLocalPath::getHandle)
                    .forEach(handle -> collect(handle, files));
        } else if (state instanceof KeyGroupsStateHandle keyed) {
            collect(keyed.getDelegateStateHandle(), files);
        } else if (state instanceof OperatorStateHandle operator) {
            StreamStateHandle delegate = operator.getDelegateStateHandle();
            collect(delegate, files);
        }
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}
