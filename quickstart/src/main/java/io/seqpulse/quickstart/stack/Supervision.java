package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.database.ReplicationSlot;
import io.seqpulse.cli.deadletters.LetterWatch;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;

/**
 * Watches over the parts of a stack from when they are up: restarts what can be restarted, and
 * raises an alarm for what needs somebody (DESIGN D12).
 */
final class Supervision {

    /** One for each watch: none waits for another that waits for a database. */
    private static final int WATCHES = 9;

    private final Consumer<String> alarms;
    private final Consumer<String> notices;
    private final ScheduledExecutorService watches =
            new Watches(WATCHES, new DaemonThreads("watch"));
    private LetterWatch letters;

    Supervision(Consumer<String> alarms, Consumer<String> notices) {
        this.alarms = alarms;
        this.notices = notices;
    }

    /** Watches the disk. */
    void superviseFolder(Path folder) {
        new FreeRoom(folder, alarms, notices).watchOn(watches);
    }

    /** Watches Flink, and the job from when it is submitted. */
    void superviseFlink(FlinkCluster flink, Journal.Connector database) {
        new ClusterWatch(flink, alarms).watchOn(watches);
        new MailWatch(flink::halt, alarms, notices).watchOn(watches);
        new JournalWatch(flink::journalWaits, () -> JournalLock.inWords(database), alarms, notices)
                .watchOn(watches);
        new JobFailureWatch(flink::newestFailure, alarms).watchOn(watches);
    }

    /** Watches the connector, and what it reads in the database. */
    void superviseCapture(ConnectWorker connect, Journal.Connector database) {
        new ConnectSupervisor(connect, alarms).superviseOn(watches);
        new PublicationWatch(database, connect.resnapshotCommand(), alarms).watchOn(watches);
        String removal = "psql ... -c \"%s\"; ".formatted(ReplicationSlot.DROP);
        new SlotWatch(database, connect.resnapshotCommand(removal), alarms).watchOn(watches);
    }

    /**
     * Watches the dead letters.
     *
     * @param client what a client of Kafka needs
     * @param since earlier letters are no news
     * @param command what lists them
     */
    void superviseDeadLetters(Map<String, String> client, Instant since, String command) {
        letters = LetterWatch.of(client, KafkaBroker.DEAD_LETTERS, since, command, notices);
        letters.watchOn(watches);
    }

    /** Watches nothing any more: what stops from now on stops because it is to. */
    void close(BoundedCloser closer) {
        watches.shutdownNow();
        if (letters != null) {
            closer.close("the watch of dead letters", letters);
        }
    }
}
