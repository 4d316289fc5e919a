package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Debezium's connector: registers it, and waits until changes of the database come. */
final class ChangeCapture {

    private static final Logger LOG = LoggerFactory.getLogger(ChangeCapture.class);
    private static final Duration LOOK = Duration.ofMillis(200);

    private final ConnectWorker connect;
    private final KafkaBroker kafka;
    private final Database database;
    private final Duration patience;
    private volatile boolean lost;

    /**
     * @param patience so long Kafka Connect may take to answer, and then the first change to come
     */
    ChangeCapture(ConnectWorker connect, KafkaBroker kafka, Database database, Duration patience) {
        this.connect = connect;
        this.kafka = kafka;
        this.database = database;
        this.patience = patience;
    }

    /**
     * Returns when the first clock message is on the log; or when none will come until somebody
     * does something: see {@link #isLost()}.
     *
     * @param registration of the connector
     * @param givenUp whether nobody waits for it any more
     * @throws StackException if the connector fails, or no message comes in time
     */
    void begin(Path registration, BooleanSupplier givenUp)
            throws IOException, InterruptedException, SQLException {
        try (ChangeTopic topic = ChangeTopic.fromNow(kafka.client())) {
            connect.register(registration, database.connectorSettings(), patience, givenUp);
            long end = System.nanoTime() + patience.toNanos();
            while (!givenUp.getAsBoolean() && topic.next(ChangeTopic::isClock, LOOK).isEmpty()) {
                ConnectWorker.Status status = status();
                if (ConnectSupervisor.needsSomebody(status.trace())
                        || SlotWatch.isLost(database::connect)) {
                    // The alarm names the command, and it takes the rest to be up to type it.
                    lost = true;
                    break;
                }
                if (status.hasFailed()) {
                    throw new StackException(
                            "change capture failed: "
                                    + ConnectSupervisor.rootCause(status.trace()));
                }
                if (System.nanoTime() > end) {
                    throw new StackException(
                            "no clock message came within %ss; the connector is %s"
                                    .formatted(patience.toSeconds(), status.state()));
                }
            }
        }
        if (!givenUp.getAsBoolean()) { // the slot is there then
            database.captured();
        }
    }

    /** Whether the position to go on from is gone, so that no change came. */
    boolean isLost() {
        return lost;
    }

    /** A worker that is busy starting may take its time to answer. */
    private ConnectWorker.Status status() throws InterruptedException {
        try {
            return connect.status();
        } catch (IOException busy) {
            LOG.info("Kafka Connect does not answer yet: {}", busy.getMessage());
            return new ConnectWorker.Status("not known", "");
        }
    }
}
