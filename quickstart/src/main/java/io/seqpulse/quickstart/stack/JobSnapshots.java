package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints and savepoints in a state folder: which one the job resumes from, and which are
 * not needed any more.
 */
final class JobSnapshots {

    private static final Logger LOG = LoggerFactory.getLogger(JobSnapshots.class);

    /** So many checkpoints of its own, and those of earlier runs are not needed. */
    private static final int ENOUGH = 2;

    private final StateFolder state;
    private final Path checkpoints;
    private final Path savepoints;
    private final Consumer<String> alarms;
    private final Set<Path> unrestored = new HashSet<>();
    private List<Path> earlier = List.of();

    /**
     * The snapshots of a folder.
     *
     * @param alarms told when state had to be passed over
     */
    JobSnapshots(StateFolder state, Consumer<String> alarms) {
        this.state = state;
        this.checkpoints = state.folder("checkpoints");
        this.savepoints = state.folder("savepoints");
        this.alarms = alarms;
    }

    /** Where savepoints are written. */
    Path savepoints() {
        return savepoints;
    }

    /** Takes what is there for that of earlier runs. */
    void beginRun() {
        earlier = Stream.concat(folders(checkpoints), folders(savepoints)).toList();
    }

    private static Stream<Path> folders(Path parent) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent)) {
            entries.forEach(found::add);
        } catch (IOException e) {
            throw new StackException(parent + " cannot be read: " + e.getMessage(), e);
        }
        return found.stream();
    }

    /**
     * The one to resume from, or empty where there is none.
     *
     * @throws StackException if there are some, and none of them can be read
     */
    Optional<Snapshot> newestReadable() {
        List<Snapshot> all = Snapshot.in(savepoints, checkpoints);
        List<String> passedOver = new ArrayList<>();
        for (Snapshot snapshot : all) {
            Optional<String> damage =
                    unrestored.contains(snapshot.folder())
                            ? Optional.of("Flink could not restore it, see the log")
                            : snapshot.damage();
            if (damage.isEmpty()) {
                if (!passedOver.isEmpty()) {
                    alarms.accept(
                            "the newest state cannot be used (%s); the job goes on from an older one, %s of %s, and does again what it did since: mails that were sent are not sent again"
                                    .formatted(
                                            String.join("; ", passedOver),
                                            snapshot,
                                            snapshot.completed()));
                }
                return Optional.of(snapshot);
            }
            passedOver.add("%s: %s".formatted(snapshot, damage.get()));
        }
        if (!passedOver.isEmpty()) {
            throw new StackException(
                    "none of the job's %s snapshots in %s can be used, and it does not begin with nothing unless told to.%nTried, the newest first:%n  - %s%nPut back what is missing. Or let it read the whole change log again, with nothing remembered: what was sent stays in the journal and is not sent again, other history mails nobody, and what waits for its time begins to wait anew. For that, move these away and start again:%n  %s%n  %s"
                            .formatted(
                                    passedOver.size(),
                                    state.root(),
                                    String.join(System.lineSeparator() + "  - ", passedOver),
                                    checkpoints,
                                    savepoints));
        }
        return Optional.empty();
    }

    /** Resumes no more from a snapshot that Flink could not restore. */
    void passOver(Path snapshot) {
        unrestored.add(snapshot);
    }

    /** The checkpoints of one run, the newest first. */
    List<Snapshot> of(JobID job) {
        return Snapshot.in(checkpoints.resolve(job.toString()));
    }

    /** Removes what earlier runs left, once a run has checkpoints of its own. */
    void removeEarlier(JobID job) throws IOException {
        if (earlier.isEmpty()) {
            return;
        }
        List<Snapshot> own = of(job);
        if (own.size() < ENOUGH || own.get(0).damage().isPresent()) {
            return;
        }
        own.get(0).sync();
        LOG.info("Removing the snapshots of earlier runs: {}", earlier);
        for (Path folder : earlier) {
            StateFolder.remove(folder);
        }
        earlier = List.of();
    }
}
