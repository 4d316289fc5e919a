package io.seqpulse.connector.email;

import static io.seqpulse.connector.email.EmailCommand.journal;
import static io.seqpulse.connector.email.EmailCommand.withdraw;
import static io.seqpulse.connector.email.JournalRows.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.seqpulse.connector.jdbc.ProductDatabase;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JournalTest {

    private final ProductDatabase database = ProductDatabase.shared();
    private final JournalRows rows = new JournalRows(database);
    private final HikariDataSource pool = JournalRows.pool(database.job());
    private final Journal journal = new Journal(pool, ReferenceTables.TABLES);
    private final UUID ada = database.user("ada@example.org");
    private final UUID bob = database.user("bob@example.org");

    @AfterEach
    void close() {
        pool.close();
    }

    @Test
    void keepsEverythingAnEntrySays() throws SQLException {
        UUID project = database.project(ada, "free");
        Instant at = Instant.parse("2026-11-21T10:00:00.123456Z");
        JournalEntry entry =
                new JournalEntry(
                        "k",
                        "E-CONV-01",
                        "marketing",
                        ada.toString(),
                        project.toString(),
                        "Bob@Example.org",
                        "occasion",
                        null,
                        "free",
                        at.plusSeconds(60),
                        at.minusSeconds(1),
                        at,
                        JournalRows.CONTENT,
                        null);

        assertThat(journal.write(List.of(journal(entry))))
                .isEqualTo(new Journal.Outcome(1, 0, 0, 0, 0, 0, 0));

        var row = rows.row("k");
        assertThat(row)
                .containsEntry("user_id", ada)
                .containsEntry("project_id", project)
                .containsEntry("email_type", "E-CONV-01")
                .containsEntry("status", "queued")
                .containsEntry("managed_by", "lifecycle")
                .containsEntry("category", "marketing")
                .containsEntry("recipient_address", "Bob@Example.org")
                .containsEntry("occasion", "occasion")
                .containsEntry("required_plan", "free")
                .containsEntry("attempts", 0)
                .containsEntry("sent_at", null);
        assertThat(row.get("payload_json").toString())
                .contains("\"language\": \"fr\"", "Bonjour à vous", "\"X-Test\": \"1\"");
        assertThat(
                        database.value(
                                "select decided_at = '2026-11-21T10:00:00.123456Z' and"
                                        + " expires_at = '2026-11-21T10:01:00.123456Z' and"
                                        + " caused_at = '2026-11-21T09:59:59.123456Z'"
                                        + " from public.email_deliveries"))
                .isEqualTo(true);
    }

    @Test
    void keepsTheVariantOfWhoGetsIt() throws SQLException {
        JournalEntry first = JournalRows.as("a", entry("k", EmailCategory.MARKETING, ada));
        JournalEntry plain = entry("plain", EmailCategory.MARKETING, ada);
        JournalEntry heldOut =
                JournalRows.as(
                        "holdout",
                        suppressed(entry("held out", EmailCategory.MARKETING, ada), "holdout"));
        journal.write(List.of(journal(first), journal(plain), journal(heldOut)));
        assertThat(rows.row("k")).containsEntry("variant", "a");
        assertThat(rows.row("plain")).containsEntry("variant", null);
        assertThat(rows.row("held out"))
                .containsEntry("variant", "holdout")
                .containsEntry("status", "suppressed")
                .containsEntry("reason", "holdout");

        JournalEntry other = JournalRows.as("b", entry("k", EmailCategory.MARKETING, bob));
        assertThat(journal.write(List.of(journal(decided(other, first, 1)))).queued()).isOne();
        assertThat(rows.row("k")).containsEntry("user_id", bob).containsEntry("variant", "b");
    }

    /** Senders wait until they can ask again; the job, which writes, must not. */
    @Test
    void needsNoColumnOfUsersAndProjectsBesideTheirIds() throws SQLException {
        UUID project = database.project(ada, "free");
        JournalEntry entry = about(project, entry("k", EmailCategory.SERVICE, ada));
        database.execute("alter table public.users rename email to mail");
        database.execute("alter table public.users rename is_active to enabled");
        database.execute("alter table public.projects rename plan to tier");
        try {
            assertThat(journal.write(List.of(journal(entry))).queued()).isOne();
        } finally {
            database.execute("alter table public.users rename mail to email");
            database.execute("alter table public.users rename enabled to is_active");
            database.execute("alter table public.projects rename tier to plan");
        }
    }

    private static JournalEntry about(UUID project, JournalEntry entry) {
        return new JournalEntry(
                entry.dedupeKey(),
                entry.emailType(),
                entry.category(),
                entry.userId(),
                project.toString(),
                null,
                entry.occasion(),
                entry.suppressedFor(),
                entry.requiredPlan(),
                entry.expiresAt(),
                entry.causedAt(),
                entry.decidedAt(),
                entry.content(),
                null);
    }

    @Test
    void aBareAddressIsDueAtOnceAndItsRowSaysWhoseItMayBe() throws SQLException {
        JournalEntry entry = entry("k", EmailCategory.ALERT, ada);
        journal.write(List.of(journal(to("ops@example.org", entry))));

        assertThat(
                        database.value(
                                "select next_attempt_at <= now() and payload_json -> 'also_to'"
                                        + " = jsonb_build_array(?::text, ?::text)"
                                        + " from public.email_deliveries",
                                ada.toString(),
                                bob.toString()))
                .isEqualTo(true);
    }

    /** One mail costs itself alone: the senders' statement takes them for ids. */
    @Test
    void whatIsNoUsersIdIsLeftOut() throws SQLException {
        JournalEntry entry = entry("k", EmailCategory.ALERT, ada);
        journal.write(List.of(journal(to("ops@example.org", entry, "", "1-1-1-1-1", "x'\"\0"))));

        assertThat(rows.row("k").get("payload_json").toString()).doesNotContain("also_to");
    }

    private JournalEntry to(String address, JournalEntry entry) {
        return to(address, entry, ada.toString(), bob.toString());
    }

    private static JournalEntry to(String address, JournalEntry entry, String... alsoTo) {
        return new JournalEntry(
                entry.dedupeKey(),
                entry.emailType(),
                entry.category(),
                entry.userId(),
                entry.projectId(),
                address,
                entry.occasion(),
                entry.suppressedFor(),
                entry.requiredPlan(),
                entry.expiresAt(),
                entry.causedAt(),
                entry.decidedAt(),
                entry.content(),
                null,
                List.of(alsoTo),
                null);
    }

    @Test
    void notesWhatIsNotSentUnderTheKeyGiven() throws SQLException {
        JournalEntry shadow = suppressed(entry("k#shadow", EmailCategory.SERVICE, ada), "shadow");

        assertThat(journal.write(List.of(journal(shadow))).suppressed()).isOne();
        assertThat(journal.write(List.of(journal(entry("k", EmailCategory.SERVICE, ada)))).queued())
                .isOne();

        assertThat(rows.row("k#shadow"))
                .containsEntry("status", "suppressed")
                .containsEntry("reason", "shadow");
    }

    @Test
    void aTakenKeyStaysAsItIs() throws SQLException {
        JournalEntry first = entry("k", EmailCategory.SERVICE, ada);
        assertThat(journal.write(List.of(journal(first), journal(first), journal(first))))
                .isEqualTo(new Journal.Outcome(1, 0, 0, 2, 0, 0, 0));

        assertThat(journal.write(List.of(journal(first))))
                .isEqualTo(new Journal.Outcome(0, 0, 0, 1, 0, 0, 0));
    }

    /** A job that came back from a checkpoint sees the end before it decides again. */
    @Test
    void whatIsDecidedOtherwiseWhileItIsQueuedIsNotSent() throws SQLException {
        JournalEntry queued = entry("k", EmailCategory.MARKETING, ada);
        JournalEntry resolved = suppressed(queued, "resolved");
        journal.write(List.of(journal(queued)));
        UUID id = (UUID) rows.row("k").get("id");

        rows.change(
                id,
                "lease_token = gen_random_uuid(), lease_until = now() + interval '1 min',"
                        + " phase = 'final'");
        assertThat(journal.write(List.of(journal(resolved))).taken()).as("being sent").isOne();
        rows.change(id, "lease_until = now() - interval '1 min'");
        assertThat(journal.write(List.of(journal(resolved))).taken()).as("perhaps sent").isOne();
        rows.change(id, "lease_token = null, lease_until = null, phase = null, status = 'sent'");
        assertThat(journal.write(List.of(journal(resolved))).taken()).as("sent").isOne();
        rows.change(
                id,
                "status = 'queued', lease_token = gen_random_uuid(),"
                        + " lease_until = now() + interval '12 min', phase = 'leased'");

        assertThat(journal.write(List.of(journal(resolved))).suppressed())
                .as("leased, perhaps by a process that was killed")
                .isOne();
        assertThat(rows.row("k"))
                .containsEntry("status", "suppressed")
                .containsEntry("reason", "resolved");
        assertThat(rows.row("k").get("payload_json")).as("what would have gone").isNotNull();
        assertThat(journal.write(List.of(journal(queued))).taken()).as("for ever").isOne();
    }

    @Test
    void aRowOfTheProductIsNeverTouched() throws SQLException {
        database.execute(
                "insert into public.email_deliveries (user_id, email_type, dedupe_key)"
                        + " values (?, 'E-CONV-04', 'k')",
                ada);

        Journal.Outcome outcome =
                journal.write(
                        List.of(
                                journal(entry("k", EmailCategory.MARKETING, bob)),
                                withdraw(new Withdrawal("k", ada.toString(), "resolved"))));

        assertThat(outcome).isEqualTo(new Journal.Outcome(0, 0, 0, 1, 0, 0, 0));
        assertThat(
                        journal.write(
                                        List.of(
                                                journal(
                                                        suppressed(
                                                                entry(
                                                                        "k",
                                                                        EmailCategory.MARKETING,
                                                                        ada),
                                                                "resolved"))))
                                .taken())
                .as("decided otherwise")
                .isOne();
        assertThat(rows.row("k")).containsEntry("user_id", ada).containsEntry("status", "queued");
    }

    @Test
    void aDeletedRecipientIsCountedAndItsNeighboursAreJournalled() throws SQLException {
        UUID nobody = UUID.randomUUID();

        Journal.Outcome outcome =
                journal.write(
                        List.of(
                                journal(entry("a", EmailCategory.SERVICE, ada)),
                                journal(entry("n", EmailCategory.SERVICE, nobody)),
                                journal(entry("b", EmailCategory.SERVICE, bob))));

        assertThat(outcome).isEqualTo(new Journal.Outcome(2, 0, 0, 0, 1, 0, 0));
        assertThat(database.value("select count(*) from public.email_deliveries")).isEqualTo(2L);
    }

    @Test
    void whatIsAboutADeletedProjectIsDroppedAndCounted() throws SQLException {
        JournalEntry entry = entry("k", EmailCategory.SERVICE, ada);
        JournalEntry ofNoProject =
                new JournalEntry(
                        entry.dedupeKey(),
                        entry.emailType(),
                        entry.category(),
                        entry.userId(),
                        UUID.randomUUID().toString(),
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        entry.decidedAt(),
                        entry.content(),
                        null);

        JournalEntry neighbour = entry("n", EmailCategory.SERVICE, ada);

        Journal.Outcome outcome = journal.write(List.of(journal(ofNoProject), journal(neighbour)));

        assertThat(outcome).isEqualTo(new Journal.Outcome(1, 0, 0, 0, 1, 0, 0));
        assertThat(database.value("select dedupe_key from public.email_deliveries")).isEqualTo("n");
    }

    @Test
    void aNewOwnerTakesQueuedMailOver() throws SQLException {
        JournalEntry before = entry("k", EmailCategory.MARKETING, ada);
        journal.write(List.of(journal(before)));
        UUID id = (UUID) rows.row("k").get("id");
        rows.change(id, "attempts = 3, error_message = 'greylisted'");

        JournalEntry earlier = decided(entry("k", EmailCategory.MARKETING, bob), before, -1);
        assertThat(journal.write(List.of(journal(earlier))).taken()).isOne();
        assertThat(rows.row(id)).containsEntry("user_id", ada);

        JournalEntry later = decided(entry("k", EmailCategory.MARKETING, bob), before, 1);
        assertThat(journal.write(List.of(journal(later))).queued()).isOne();
        assertThat(rows.row(id))
                .containsEntry("user_id", bob)
                .containsEntry("status", "queued")
                .containsEntry("attempts", 0)
                .containsEntry("error_message", null);
    }

    @Test
    void whatIsBeingSentOrSentIsNotTakenOver() throws SQLException {
        JournalEntry before = entry("k", EmailCategory.MARKETING, ada);
        journal.write(List.of(journal(before)));
        UUID id = (UUID) rows.row("k").get("id");
        JournalEntry later = decided(entry("k", EmailCategory.MARKETING, bob), before, 1);

        rows.change(
                id,
                "lease_token = gen_random_uuid(), lease_until = now() + interval '1 min',"
                        + " phase = 'final'");
        assertThat(journal.write(List.of(journal(later))).taken()).isOne();

        rows.change(id, "lease_token = null, lease_until = null, phase = null, status = 'sent'");
        assertThat(journal.write(List.of(journal(later))).taken()).isOne();
        assertThat(rows.row(id)).containsEntry("user_id", ada);
    }

    @Test
    void mailMovedAwayIsQueuedForTheNewOwner() throws SQLException {
        JournalEntry before = entry("k", EmailCategory.MARKETING, ada);
        JournalEntry later = decided(entry("k", EmailCategory.MARKETING, bob), before, 1);

        Journal.Outcome outcome =
                journal.write(
                        List.of(
                                journal(before),
                                withdraw(new Withdrawal("k", ada.toString(), "moved")),
                                journal(later)));

        assertThat(outcome).isEqualTo(new Journal.Outcome(2, 0, 0, 0, 0, 1, 0));
        assertThat(rows.row("k"))
                .containsEntry("user_id", bob)
                .containsEntry("status", "queued")
                .containsEntry("reason", null);
    }

    @Test
    void withdrawsWhatIsQueuedAndNothingElse() throws SQLException {
        UUID queued = rows.queued("queued", EmailCategory.MARKETING, ada);
        UUID leased = rows.queued("leased", EmailCategory.MARKETING, ada);
        rows.change(
                leased,
                "phase = 'leased', lease_token = gen_random_uuid(),"
                        + " lease_until = now() + interval '1 min'");
        UUID crashed = rows.queued("crashed", EmailCategory.MARKETING, ada);
        rows.change(
                crashed,
                "phase = 'leased', lease_token = gen_random_uuid(),"
                        + " lease_until = now() - interval '1 min'");
        UUID ambiguous = rows.queued("ambiguous", EmailCategory.MARKETING, ada);
        rows.change(
                ambiguous,
                "phase = 'final', lease_token = gen_random_uuid(),"
                        + " lease_until = now() - interval '1 min'");
        UUID somebodyElses = rows.queued("somebody else's", EmailCategory.MARKETING, bob);
        UUID sent = rows.queued("sent", EmailCategory.MARKETING, ada);
        rows.change(sent, "status = 'sent'");

        List<EmailCommand> commands = new ArrayList<>();
        for (String key :
                List.of("queued", "leased", "crashed", "ambiguous", "somebody else's", "sent")) {
            commands.add(withdraw(new Withdrawal(key, ada.toString(), "resolved")));
        }
        assertThat(journal.write(commands).withdrawn()).isEqualTo(3);

        assertThat(rows.outcome(queued)).isEqualTo("suppressed/resolved");
        assertThat(rows.outcome(crashed)).isEqualTo("suppressed/resolved");
        assertThat(rows.outcome(leased)).isEqualTo("suppressed/resolved");
        assertThat(rows.row(leased)).containsEntry("lease_token", null);
        assertThat(rows.outcome(ambiguous)).as("noted").isEqualTo("queued/resolved");
        assertThat(rows.row(ambiguous)).containsEntry("phase", "final");
        assertThat(rows.outcome(somebodyElses)).isEqualTo("queued");
        assertThat(rows.outcome(sent)).isEqualTo("sent");
    }

    @Test
    void keepsTheOrderOfItsCommands() throws SQLException {
        JournalEntry entry = entry("k", EmailCategory.MARKETING, ada);
        Withdrawal withdrawal = new Withdrawal("k", ada.toString(), "resolved");

        journal.write(List.of(withdraw(withdrawal), journal(entry)));
        assertThat(rows.row("k")).containsEntry("status", "queued");

        journal.write(List.of(journal(entry), withdraw(withdrawal), journal(entry)));
        assertThat(rows.row("k")).containsEntry("status", "suppressed");
    }

    private static JournalEntry suppressed(JournalEntry entry, String reason) {
        return new JournalEntry(
                entry.dedupeKey(),
                entry.emailType(),
                entry.category(),
                entry.userId(),
                entry.projectId(),
                entry.recipientAddress(),
                entry.occasion(),
                reason,
                entry.requiredPlan(),
                entry.expiresAt(),
                entry.causedAt(),
                entry.decidedAt(),
                null,
                null);
    }

    private static JournalEntry decided(JournalEntry entry, JournalEntry other, int seconds) {
        return new JournalEntry(
                entry.dedupeKey(),
                entry.emailType(),
                entry.category(),
                entry.userId(),
                entry.projectId(),
                entry.recipientAddress(),
                entry.occasion(),
                entry.suppressedFor(),
                entry.requiredPlan(),
                entry.expiresAt(),
                entry.causedAt(),
                other.decidedAt().plusSeconds(seconds),
                entry.content(),
                null,
                entry.alsoTo(),
                entry.variant());
    }
}
