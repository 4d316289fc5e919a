package io.seqpulse.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The one folder a stack writes to, readable by its owner only: the database, the change log,
 * checkpoints, mails, logs. Closing it removes it, unless it was asked to be kept.
 */
public final class StateFolder implements AutoCloseable {

    private static final Set<PosixFilePermission> OWNERS_FILE =
            PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWNERS_FOLDER =
            PosixFilePermissions.fromString("rwx------");

    private final Path root;
    private final boolean kept;
    private final FileChannel lockChannel;
    private final FileLock lock;

    private StateFolder(Path root, boolean kept) throws IOException {
        this.root = root;
        this.kept = kept;
        this.lockChannel =
                FileChannel.open(
                        root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock held;
        try {
            held = lockChannel.tryLock();
        } catch (OverlappingFileLockException e) {
            held = null;
        }
        if (held == null) {
            lockChannel.close();
            throw inUse(root);
        }
        this.lock = held;
    }

    private static CommandException inUse(Path root) {
        return new CommandException(
                "%s is in use by another stack; stop that one, or choose another folder"
                        .formatted(root));
    }

    /**
     * Refuses a folder that a stack is up with.
     *
     * @throws CommandException if one is
     */
    public static void requireFree(Path folder) {
        if (isInUse(folder)) {
            throw inUse(folder.toAbsolutePath().normalize());
        }
    }

    /**
     * Whether a stack is up with a folder. What stands in one that nobody uses may be long past: at
     * its addresses somebody else may listen by now, and is to be sent no password.
     */
    public static boolean isInUse(Path folder) {
        Path file = folder.resolve("lock");
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock free = channel.tryLock()) {
            return free == null;
        } catch (OverlappingFileLockException ownStack) {
            return true;
        } catch (IOException unreadable) {
            return false;
        }
    }

    /** A folder of its own under the temporary files, removed when the stack is closed. */
    public static StateFolder temporary() {
        try {
            return new StateFolder(Files.createTempDirectory("seqpulse-"), false);
        } catch (IOException e) {
            throw new UncheckedIOException("no temporary folder can be made", e);
        }
    }

    /**
     * A folder that is kept and continued from.
     *
     * @throws CommandException if it is something else's, another stack uses it, or it cannot be
     *     written
     */
    public static StateFolder kept(Path folder) {
        Path root = prepare(folder);
        try {
            StateFolder state = new StateFolder(root, true);
            // What an interrupted start left half unpacked.
            remove(root.resolve("tmp"));
            return state;
        } catch (IOException e) {
            throw unusable(root, e);
        }
    }

    /**
     * Makes sure that a folder is there, ours or empty, and its owner's only; nothing is written
     * into it yet.
     *
     * @return its absolute path
     */
    public static Path prepare(Path folder) {
        Path root = folder.toAbsolutePath().normalize();
        if (root.toString().contains("\\")) {
            throw new CommandException(
                    root
                            + " cannot be used to keep state: Flink takes a backslash in a name for a"
                            + " slash; choose a folder without one");
        }
        try {
            Files.createDirectories(root);
            if (!Files.exists(root.resolve("lock"))) {
                if (!isEmpty(root)) {
                    throw new CommandException(
                            "%s is not empty and was not made by ./lifecycle; choose an empty or new folder"
                                    .formatted(root));
                }
                Files.createFile(root.resolve("lock"));
            }
            Files.setPosixFilePermissions(root, OWNERS_FOLDER);
            return root;
        } catch (IOException e) {
            throw unusable(root, e);
        }
    }

    private static CommandException unusable(Path root, IOException e) {
        return new CommandException(
                "%s cannot be used to keep state: %s".formatted(root, e.getMessage()), e);
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (var entries = Files.list(folder)) {
            return entries.findAny().isEmpty();
        }
    }

    public Path root() {
        return root;
    }

    public boolean kept() {
        return kept;
    }

    /** A folder inside, made where absent. */
    public Path folder(String name) {
        try {
            return Files.createDirectories(
                    root.resolve(name), PosixFilePermissions.asFileAttribute(OWNERS_FOLDER));
        } catch (IOException e) {
            throw new CommandException(
                    "%s cannot be made: %s".formatted(root.resolve(name), e.getMessage()), e);
        }
    }

    /** Removes the checkpoints and savepoints of the job, so that it begins with nothing. */
    public void forgetJob() throws IOException {
        for (String saved : new String[] {"checkpoints", "savepoints"}) {
            remove(root.resolve(saved));
            folder(saved);
        }
    }

    /** Writes a file that only its owner may read. */
    public static void writePrivately(Path file, String content) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNERS_FILE));
        Files.writeString(file, content);
    }

    /** Takes a file or folder that another program made or opened away from all but its owner. */
    public static void makePrivate(Path path) throws IOException {
        Files.setPosixFilePermissions(path, Files.isDirectory(path) ? OWNERS_FOLDER : OWNERS_FILE);
    }

    /** Removes a folder with all it holds; what vanishes meanwhile is fine. */
    public static void remove(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(
                folder,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.deleteIfExists(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException e)
                            throws IOException {
                        if (e instanceof NoSuchFileException) {
                            return FileVisitResult.CONTINUE;
                        }
                        throw e;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path visited, IOException e)
                            throws IOException {
                        if (e != null) {
                            throw e;
                        }
                        Files.deleteIfExists(visited);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    @Override
    public void close() throws IOException {
        lock.release();
        lockChannel.close();
        if (!kept) {
            remove(root);
        }
    }
}
