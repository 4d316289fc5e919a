package io.seqpulse.quickstart.restarts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * Plays a {@link ProductHistory} on a stack, each step once all that the one before it made due is
 * decided and sent, and lets something happen to the stack meanwhile.
 */
final class Play {

    /** The steps of the history, in their order. */
    enum Step {
        SIGN_UPS,
        DEPLOYMENTS,
        FOLLOW_UPS,
        LAST,
        END
    }

    /** Something that happens to the stack. */
    interface Interruption {

        /** Nothing does. */
        Interruption NONE = (step, committed) -> {};

        /** Called before the first transaction of a step, with 0, and after each. */
        void at(Step step, int committed) throws Exception;
    }

    /** Opens connections as the product does. */
    interface Database {
        Connection connect() throws SQLException, IOException;
    }

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** What a time that is still to come is away at least, and how many settlings it is more. */
    private static final Duration NOT_YET = Duration.ofSeconds(8);

    private static final int SETTLINGS = 2;

    private final ProductHistory history;
    private final Database database;
    private final Path mails;
    private final Set<String> ambiguous = new TreeSet<>();
    private Duration heldLonger = Duration.ZERO;

    /**
     * @param mails the folder of what the mail server received
     */
    Play(ProductHistory history, Database database, Path mails) {
        this.history = history;
        this.database = database;
        this.mails = mails;
    }

    /** The cap holds the last mail back for so much longer. */
    Play holdingBack(Duration longer) {
        heldLonger = longer;
        return this;
    }

    /** Plays it all, and returns what it came to. */
    Outcome run(Interruption interruption) throws Exception {
        write(Step.SIGN_UPS, history.signUps(Instant.now()), interruption);
        Instant settling = Instant.now();
        settle("one");
        Duration later =
                NOT_YET.plus(Duration.between(settling, Instant.now()).multipliedBy(SETTLINGS));
        Instant deadline = Instant.now().plus(later);
        write(Step.DEPLOYMENTS, history.deployments(Instant.now(), deadline), interruption);
        settle("two");
        assumeThat(Instant.now())
                .as("fast enough to resolve what is due later before it is")
                .isBefore(deadline.minusSeconds(3));
        write(Step.FOLLOW_UPS, history.followUps(Instant.now()), interruption);
        settle("three");
        Instant opens = Instant.now().plus(later).plus(heldLonger);
        write(Step.LAST, history.last(Instant.now(), opens), interruption);
        settle("four");
        awaitSent(history.dueAtDeadline());
        interruption.at(Step.END, 0);
        awaitSent(List.of(history.deferred()));
        settle("end");
        passCapsOfWhatTheSenderWillRefuse();
        try (Connection product = database.connect()) {
            return Outcome.of(product, mails);
        }
    }

    /**
     * A killed process may have journalled a mail, put off by the cap, of which its successor never
     * hears: reading the log again, it learns of the project's new plan before it learns of the
     * occasion. The row waits for its turn, and the sender, who looks at the plan again, ends it as
     * resolved. Its turn comes here.
     */
    private void passCapsOfWhatTheSenderWillRefuse() throws SQLException, IOException {
        String refused =
                """
                d.managed_by = 'lifecycle' and d.status = 'queued' and d.reason = 'capped'
                    and p.id = d.project_id and p.plan <> d.required_plan
                """;
        try (Connection product = database.connect();
                Statement statement = product.createStatement()) {
            statement.execute(
                    "update email_deliveries d set next_attempt_at = now() from projects p where "
                            + refused);
        }
        await(
                () ->
                        counts(
                                        "select count(*) from email_deliveries d, projects p where "
                                                + refused)[0]
                                == 0);
    }

    private void write(Step step, List<String> transactions, Interruption interruption)
            throws Exception {
        interruption.at(step, 0);
        for (int i = 0; i < transactions.size(); i++) {
            try (Connection product = database.connect()) {
                ProductHistory.commit(product, transactions.get(i));
            }
            interruption.at(step, i + 1);
        }
    }

    /**
     * Returns once everything committed so far is decided for everybody, and what may be sent is.
     */
    private void settle(String probe) throws Exception {
        try (Connection product = database.connect()) {
            ProductHistory.commit(product, history.probe(probe, Instant.now()));
        }
        patiently()
                .untilAsserted(
                        () ->
                                assertThat(
                                                counts(
                                                        """
                                                        select
                                                            (select count(*) from users u where not exists (
                                                                select from email_deliveries d
                                                                where d.user_id = u.id and d.dedupe_key like ? || '%')),
                                                            (select count(*) from email_deliveries
                                                            where status = 'queued' and managed_by = 'lifecycle'
                                                                and reason is distinct from 'capped')
                                                        """,
                                                        history.probeKey(probe)))
                                        .as("people without their probe, mails under way")
                                        .containsExactly(0L, 0L));
    }

    private void awaitSent(List<String> keys) {
        for (String key : keys) {
            patiently()
                    .until(
                            () ->
                                    counts(
                                                    """
                                                    select count(*) from email_deliveries
                                                    where dedupe_key = ? and status = 'sent'
                                                    """,
                                                    key)[0]
                                            > 0);
        }
    }

    /** How many mails wait to be sent. */
    long queued() throws SQLException, IOException {
        return counts(
                "select count(*) from email_deliveries where status = 'queued' and managed_by = 'lifecycle'")[
                0];
    }

    /** How many mails were accepted so far. */
    int received() throws IOException {
        return Outcome.receivedIn(mails).size();
    }

    /** Waits until that many more mails were accepted than before. */
    void awaitReceived(int count) {
        patiently().until(() -> received() >= count);
    }

    /** Waits for something that must come. */
    static void await(Callable<Boolean> condition) {
        patiently().until(condition);
    }

    private static ConditionFactory patiently() {
        return Awaitility.await()
                .dontCatchUncaughtExceptions()
                .atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(50));
    }

    /**
     * Lets the time pass that leases of senders which are gone, and pauses after failures, take.
     *
     * @param gone when the senders ended
     */
    void passLeases(Instant gone) throws SQLException, IOException {
        String left =
                "lease_token is not null and lease_until <= '%s'::timestamptz + interval '12 minutes'"
                        .formatted(gone);
        String failed = "lease_token is null and attempts > 0 and reason is distinct from 'capped'";
        try (Connection product = database.connect();
                Statement statement = product.createStatement()) {
            try (ResultSet rows =
                    statement.executeQuery(
                            """
                            select dedupe_key from email_deliveries
                            where managed_by = 'lifecycle' and (reason = 'unconfirmed'
                                or (phase = 'final' and ((%s) or (%s))))
                            """
                                    .formatted(left, failed))) {
                while (rows.next()) {
                    ambiguous.add(rows.getString(1));
                }
            }
            statement.execute(
                    """
                    update email_deliveries set lease_until = now()
                    where managed_by = 'lifecycle' and status = 'queued' and %s;
                    update email_deliveries set next_attempt_at = now()
                    where managed_by = 'lifecycle' and status = 'queued' and %s
                    """
                            .formatted(left, failed));
        }
    }

    /** Keys of the mails that were cut off between the final dot and our note of the answer. */
    Set<String> ambiguous() {
        return ambiguous;
    }

    private long[] counts(String query, String... values) throws SQLException, IOException {
        try (Connection product = database.connect();
                PreparedStatement statement = product.prepareStatement(query)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            try (ResultSet found = statement.executeQuery()) {
                found.next();
                long[] counts = new long[found.getMetaData().getColumnCount()];
                for (int i = 0; i < counts.length; i++) {
                    counts[i] = found.getLong(i + 1);
                }
                return counts;
            }
        }
    }
}
