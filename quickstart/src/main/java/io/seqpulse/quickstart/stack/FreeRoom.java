package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether the disk of a state folder has room: before a start, and then again and again. */
public final class FreeRoom {

    /**
     * In MiB. A new folder holds 405 MiB after half a minute with history and traffic; 199 of them
     * are left when it stops, and the next run needs the rest again.
     */
    static final long NEW_FOLDER = 500;

    /** In MiB, whatever the folder holds. */
    static final long KEPT_FOLDER = 200;

    /** In MiB: below it there is an alarm, while programs can still write. */
    static final long LOW = 64;

    private static final Logger LOG = LoggerFactory.getLogger(FreeRoom.class);
    private static final Duration LOOK = Duration.ofSeconds(2);
    private static final long MIB = 1024 * 1024;

    private final Path folder;
    private final LongSupplier freeMib;
    private final Consumer<String> alarms;
    private final Consumer<String> notices;
    private boolean raised;

    FreeRoom(Path folder, Consumer<String> alarms, Consumer<String> notices) {
        this(folder, () -> free(folder), alarms, notices);
    }

    FreeRoom(Path folder, LongSupplier freeMib, Consumer<String> alarms, Consumer<String> notices) {
        this.folder = folder;
        this.freeMib = freeMib;
        this.alarms = alarms;
        this.notices = notices;
    }

    /**
     * Refuses a folder whose disk has no room for a run.
     *
     * @param folder may be yet to be made
     * @throws StackException if it is too full; folder, free and needed room are in the message
     */
    public static void require(Path folder) {
        Path root = folder.toAbsolutePath().normalize();
        require(root, free(root), held(root));
    }

    static void require(Path folder, long freeMib, long heldMib) {
        long needed = Math.max(KEPT_FOLDER, NEW_FOLDER - heldMib);
        if (freeMib < needed) {
            throw new StackException(
                    "%s has %s MiB free, and a run needs about %s MiB: make room, or choose a folder on another disk"
                            .formatted(folder, freeMib, needed));
        }
    }

    /** Looks from now on, again and again. */
    void watchOn(ScheduledExecutorService scheduler) {
        var unused =
                scheduler.scheduleWithFixedDelay(
                        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Raises an alarm once there is little room, and says once when there is more. */
    void look() {
        long free = freeMib.getAsLong();
        if (!raised && free < LOW) {
            raised = true;
            String alarm =
                    "%s has %s MiB free: make room before the database, the change log and checkpoints can write no more"
                            .formatted(folder, free);
            alarms.accept(alarm);
            LOG.error("{}", alarm);
        } else if (raised && free >= 2 * LOW) {
            raised = false;
            notices.accept("%s has room again: %s MiB free".formatted(folder, free));
        }
    }

    private static long free(Path folder) {
        Path existing = folder;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        try {
            FileStore store = Files.getFileStore(existing);
            return store.getUsableSpace() / MIB;
        } catch (IOException e) {
            throw new StackException(
                    "how much room %s has cannot be found out: %s"
                            .formatted(existing, e.getMessage()),
                    e);
        }
    }

    private static long held(Path folder) {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).mapToLong(FreeRoom::size).sum() / MIB;
        } catch (IOException | UncheckedIOException unreadable) {
            // Whoever uses it says so better.
            return 0;
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (NoSuchFileException goneMeanwhile) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
