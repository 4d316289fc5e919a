package io.seqpulse.connector.email;

import static io.seqpulse.connector.email.JournalRows.await;
import static io.seqpulse.connector.email.JournalRows.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.connector.email.SmtpSettings.Security;
import io.seqpulse.connector.jdbc.JdbcSettings;
import io.seqpulse.connector.jdbc.ProductDatabase;
import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.runtime.operators.sink.SinkWriterOperatorFactory;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The sink as Flink runs it, on Flink's test harness with its clock in the test's hand. */
class EmailSinkTest {

    private final ProductDatabase database = ProductDatabase.shared();
    private final JournalRows rows = new JournalRows(database);
    private final ScriptedSmtpServer server = ScriptedSmtpServer.start();
    private final UUID ada = database.user("ada@example.org");

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void journalsAfterAFewMillisecondsAndSends() throws Exception {
        try (var harness = open(sink())) {
            harness.processElement(journal("1"), 0);
            harness.processElement(journal("2"), 0);
            assertThat(journalled()).isZero();

            harness.setProcessingTime(10);
            assertThat(journalled()).isEqualTo(2);
            await("sent", () -> server.received().size() == 2);

            harness.processElement(journal("3"), 0);
            harness.setProcessingTime(20);
            assertThat(journalled()).isEqualTo(3);
        }
    }

    @Test
    void journalsAFullBatchAtOnce() throws Exception {
        try (var harness = open(sink())) {
            for (int i = 0; i < 200; i++) {
                harness.processElement(journal("k" + i), 0);
            }
            assertThat(journalled()).isEqualTo(200);
        }
    }

    @Test
    void aCheckpointWaitsForTheJournalAndNotForTheMailServer() throws Exception {
        server.close();
        try (var harness = open(sink())) {
            harness.processElement(journal("1"), 0);
            harness.prepareSnapshotPreBarrier(1);
            assertThat(journalled()).isEqualTo(1);

            harness.processElement(journal("2"), 0);
            harness.prepareSnapshotPreBarrier(2);
            assertThat(journalled()).isEqualTo(2);
            assertThat(rows.row("1")).containsEntry("status", "queued");
        }
    }

    @Test
    void journalsWithoutASenderWhenOnlyAskedToJournal() throws Exception {
        try (var harness = open(builder(database.job()).journalOnly().build())) {
            assertThat(Thread.getAllStackTraces().keySet())
                    .noneMatch(thread -> thread.getName().startsWith("email-0-dispatcher"));
            harness.processElement(journal("1"), 0);
            harness.prepareSnapshotPreBarrier(1);
        }
        assertThat(rows.row("1")).containsEntry("status", "queued").containsEntry("attempts", 0);

        try (var harness = open(sink())) {
            assertThat(Thread.getAllStackTraces().keySet())
                    .anyMatch(thread -> thread.getName().startsWith("email-0-dispatcher"));
            await("sent", () -> server.received().size() == 1);
        }
    }

    @Test
    void aJournalThatDoesNotLetUsIsWaitedFor() throws Exception {
        database.execute("revoke insert on public.email_deliveries from lifecycle_job");
        try (var harness = open(sink())) {
            harness.processElement(journal("1"), 0);

            whileItWaits(
                    () -> harness.prepareSnapshotPreBarrier(1),
                    () ->
                            database.execute(
                                    "grant insert on public.email_deliveries to lifecycle_job"));

            assertThat(journalled()).isOne();
        } finally {
            database.execute("grant insert on public.email_deliveries to lifecycle_job");
        }
    }

    /** No email, no checkpoint: nobody asks the writer for anything. */
    @Test
    void aSenderThatEndsFailsTheJobWithinASecond() throws Exception {
        try (var harness = open(sink())) {
            harness.setProcessingTime(5_000);
            Thread dispatcher =
                    Thread.getAllStackTraces().keySet().stream()
                            .filter(thread -> thread.getName().equals("email-0-dispatcher"))
                            .findFirst()
                            .orElseThrow();

            dispatcher.interrupt();
            dispatcher.join();

            assertThatThrownBy(() -> harness.setProcessingTime(6_000))
                    .hasStackTraceContaining("the email sender has ended");
            assertThatThrownBy(() -> harness.prepareSnapshotPreBarrier(1))
                    .hasMessageContaining("the email sender has ended");
        }
    }

    /** Whom we cannot see is not deleted. */
    @Test
    void rowsHiddenByAPolicyAreWaitedForAndNobodyIsMailedMeanwhile() throws Exception {
        try (var harness = open(sink())) {
            harness.processElement(journal("before"), 0);
            harness.prepareSnapshotPreBarrier(1);
            await("sent", () -> server.received().size() == 1);
            database.execute("alter table public.email_preferences enable row level security");
            UUID leftAlone = rows.queued("2", EmailCategory.MARKETING, ada);
            database.execute("alter table public.users enable row level security");
            harness.processElement(journal("1"), 0);

            whileItWaits(
                    () -> harness.prepareSnapshotPreBarrier(2),
                    () -> {
                        assertThat(rows.outcome(leftAlone)).isEqualTo("queued");
                        database.execute("alter table public.users disable row level security");
                    });
            assertThat(rows.row("1")).containsEntry("status", "queued");
            assertThat(server.received()).hasSize(1);

            database.execute("alter table public.email_preferences disable row level security");
            await("sent", () -> server.received().size() == 3);
        } finally {
            database.execute("alter table public.users disable row level security");
            database.execute("alter table public.email_preferences disable row level security");
        }
    }

    @Test
    void aTaskThatIsCancelledWhileItWaitsEnds() throws Exception {
        JdbcSettings nowhere = new JdbcSettings("jdbc:postgresql://localhost:1/x", "u", "secret");
        try (var harness = open(builder(nowhere).journalOnly().build())) {
            harness.processElement(journal("1"), 0);
            Thread task = Thread.currentThread();
            Thread canceller =
                    new Thread(
                            () -> {
                                await("waiting", () -> isWaiting(task));
                                task.interrupt();
                            });
            canceller.start();

            assertThatThrownBy(() -> harness.prepareSnapshotPreBarrier(1))
                    .hasMessageContaining("cancelled while waiting for the journal")
                    .hasMessageNotContaining("secret");

            assertThat(Thread.interrupted()).isTrue();
            canceller.join();
        }
    }

    /** What a task does that must wait, and what another thread does when it is seen to. */
    private interface Step {
        void run() throws Exception;
    }

    private static void whileItWaits(Step waits, Runnable then) throws Exception {
        Thread task = Thread.currentThread();
        AtomicReference<Throwable> failed = new AtomicReference<>();
        Thread other =
                new Thread(
                        () -> {
                            try {
                                await("waiting", () -> isWaiting(task));
                                then.run();
                            } catch (RuntimeException | Error wrong) {
                                failed.set(wrong);
                                task.interrupt();
                            }
                        });
        other.start();
        waits.run();
        other.join();
        assertThat(failed.get()).isNull();
    }

    private static boolean isWaiting(Thread task) {
        return Arrays.stream(task.getStackTrace())
                .anyMatch(
                        frame ->
                                frame.getClassName().equals(EmailSinkWriter.class.getName())
                                        && frame.getMethodName().equals("pause"));
    }

    @Test
    void aMailOfARuleThatIsNoMoreEndsWithItsReason() throws Exception {
        JournalEntry entry = entry("1", EmailCategory.SERVICE, ada);
        JournalEntry ruleless =
                new JournalEntry(
                        "1#disabled",
                        entry.emailType(),
                        null,
                        entry.userId(),
                        null,
                        null,
                        null,
                        "disabled",
                        null,
                        null,
                        null,
                        entry.decidedAt(),
                        null,
                        null);
        try (var harness = open(sink())) {
            harness.processElement(EmailCommand.journal(ruleless), 0);
            harness.prepareSnapshotPreBarrier(1);
        }
        assertThat(rows.row("1#disabled"))
                .containsEntry("status", "suppressed")
                .containsEntry("reason", "disabled");
    }

    @Test
    void anEntryToSendNeedsAContentAndACategory() throws Exception {
        JournalEntry entry = entry("1", EmailCategory.SERVICE, ada);
        JournalEntry empty =
                new JournalEntry(
                        entry.dedupeKey(),
                        entry.emailType(),
                        entry.category(),
                        entry.userId(),
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        entry.decidedAt(),
                        null,
                        null);
        try (var harness = open(sink())) {
            assertThatThrownBy(() -> harness.processElement(EmailCommand.journal(empty), 0))
                    .hasMessageContaining("an entry to be sent has no content: 1");
            assertThatThrownBy(() -> harness.processElement(new EmailCommand(null, null), 0))
                    .hasMessageContaining("either an entry or a withdrawal");
        }
    }

    @Test
    void withdrawsWhatWasJournalledJustBefore() throws Exception {
        server.close();
        try (var harness = open(sink())) {
            harness.processElement(journal("1"), 0);
            harness.processElement(
                    EmailCommand.withdraw(new Withdrawal("1", ada.toString(), "resolved")), 0);
            harness.prepareSnapshotPreBarrier(1);
        }
        assertThat(rows.row("1")).containsEntry("reason", "resolved");
    }

    @Test
    void theConsoleMarksWhatItPrinted() throws Exception {
        EmailSink console =
                EmailSink.builder()
                        .journal(database.job())
                        .tables(ReferenceTables.TABLES)
                        .transport(SmtpSettings.toConsole())
                        .from("hello@example.org")
                        .build();
        try (var harness = open(console)) {
            harness.processElement(journal("1"), 0);
            harness.prepareSnapshotPreBarrier(1);
            await("sent", () -> rows.row("1").get("status").equals("sent"));
        }
    }

    @Test
    void leavesNoThreadBehind() throws Exception {
        try (var harness = open(sink())) {
            harness.processElement(journal("1"), 0);
            harness.prepareSnapshotPreBarrier(1);
            await("sent", () -> server.received().size() == 1);
        }
        await(
                "threads ended",
                () ->
                        Thread.getAllStackTraces().keySet().stream()
                                .noneMatch(thread -> thread.getName().startsWith("email-")));
    }

    @Test
    void isCheckedWhenItIsBuilt() throws Exception {
        new ObjectOutputStream(new ByteArrayOutputStream()).writeObject(sink());

        assertThatThrownBy(() -> EmailSink.builder().build())
                .hasMessage("journal settings are missing");
        assertThatThrownBy(
                        () ->
                                EmailSink.builder()
                                        .journal(database.job())
                                        .tables(ReferenceTables.TABLES)
                                        .transport(SmtpSettings.toConsole())
                                        .from("nobody")
                                        .build())
                .hasMessageContaining("email from must be one address");
        assertThatThrownBy(
                        () ->
                                EmailSink.builder()
                                        .journal(database.job())
                                        .tables(ReferenceTables.TABLES)
                                        .transport(SmtpSettings.toConsole())
                                        .from("a@example.org")
                                        .cooldown(Duration.ofHours(-1))
                                        .build())
                .hasMessageContaining("cooldown");
    }

    private EmailCommand journal(String key) {
        return EmailCommand.journal(entry(key, EmailCategory.SERVICE, ada));
    }

    private long journalled() {
        return (Long) database.value("select count(*) from public.email_deliveries");
    }

    private EmailSink sink() {
        return sink(database.job());
    }

    private EmailSink sink(JdbcSettings journal) {
        return builder(journal).build();
    }

    private EmailSink.Builder builder(JdbcSettings journal) {
        return EmailSink.builder()
                .journal(journal)
                .tables(ReferenceTables.TABLES)
                .transport(SmtpSettings.server("localhost", server.port(), Security.NONE))
                .from("SEQPULSE <hello@example.org>");
    }

    private static OneInputStreamOperatorTestHarness<EmailCommand, CommittableMessage<Void>> open(
            EmailSink sink) throws Exception {
        OneInputStreamOperatorTestHarness<EmailCommand, CommittableMessage<Void>> harness =
                new OneInputStreamOperatorTestHarness<>(
                        new SinkWriterOperatorFactory<EmailCommand, Void>(sink),
                        MockEnvironment.builder().build());
        boolean opened = false;
        try {
            harness.open();
            opened = true;
            return harness;
        } finally {
            if (!opened) {
                harness.close();
            }
        }
    }
}
