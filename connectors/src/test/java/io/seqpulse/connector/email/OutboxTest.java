package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.seqpulse.connector.email.DeliveryPolicy.Disposition;
import io.seqpulse.connector.jdbc.ProductDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The last check before sending, condition by condition, with times placed in the rows. */
class OutboxTest {

    private final ProductDatabase database = ProductDatabase.shared();
    private final JournalRows rows = new JournalRows(database);
    private final HikariDataSource pool = JournalRows.pool(database.job());
    private final Outbox outbox =
            new Outbox(
                    pool,
                    ReferenceTables.TABLES,
                    Duration.ofHours(24),
                    SendableCodes.ALL,
                    () -> 0x7abc);
    private final UUID ada = database.user("Ada@example.org");

    @AfterEach
    void close() {
        pool.close();
    }

    @Test
    void leasesWhatIsDueUrgentMailFirst() throws SQLException {
        UUID marketing = rows.queued("m", EmailCategory.MARKETING, ada);
        rows.change(marketing, "next_attempt_at = now() - interval '1 hour'");
        UUID service = rows.queued("s", EmailCategory.SERVICE, ada);
        rows.change(service, "next_attempt_at = now() - interval '2 hours'");
        UUID alert = rows.queued("a", EmailCategory.ALERT, ada);
        UUID later = rows.queued("l", EmailCategory.ALERT, ada);
        rows.change(later, "next_attempt_at = now() + interval '1 minute'");

        assertThat(ids(outbox.lease(2))).containsExactlyInAnyOrder(alert, service);
        assertThat(ids(outbox.lease(9))).containsExactly(marketing);
        assertThat(outbox.lease(9).nothingDue()).isTrue();
        assertThat(rows.row(alert)).containsEntry("phase", "leased");
        assertThat(
                        database.value(
                                "select lease_until between now() + interval '11 minutes'"
                                        + " and now() + interval '12 minutes'"
                                        + " from public.email_deliveries where id = ?",
                                alert))
                .isEqualTo(true);
    }

    @Test
    void takesOverWhatNoLivingSenderHasLeasedAndNotFenced() throws SQLException {
        UUID fenced = rows.queued("fenced", EmailCategory.ALERT, ada);
        assertThat(outbox.fence(outbox.lease(1).mails().get(0))).isEqualTo(Fence.Verdict.OPEN);
        UUID lost = rows.queued("lost", EmailCategory.ALERT, ada);
        UUID too = rows.queued("too", EmailCategory.REPORT, ada);
        assertThat(outbox.lease(9).mails()).hasSize(2);
        try (SenderLock alive = new SenderLock(pool)) {
            assertThat(alive.hold()).isFalse();
            Outbox living =
                    new Outbox(
                            pool,
                            ReferenceTables.TABLES,
                            Duration.ofHours(24),
                            SendableCodes.ALL,
                            alive::number);
            UUID theirs = rows.queued("theirs", EmailCategory.ALERT, ada);
            assertThat(ids(living.lease(9))).containsExactly(theirs);

            assertThat(outbox.takeOver()).isEqualTo(2);
            assertThat(rows.row(theirs)).containsEntry("phase", "leased");
            assertThat(rows.row(fenced)).containsEntry("phase", "final");
            assertThat(ids(living.lease(9))).containsExactlyInAnyOrder(lost, too);
            assertThat(living.takeOver()).isZero();
        }
        assertThat(outbox.takeOver()).isEqualTo(3);
    }

    @Test
    void returnsWhatItLeasedWithoutHearingOfIt() throws SQLException {
        UUID inHand = rows.queued("in hand", EmailCategory.ALERT, ada);
        assertThat(ids(outbox.lease(1))).containsExactly(inHand);
        UUID fenced = rows.queued("fenced", EmailCategory.SERVICE, ada);
        assertThat(outbox.fence(outbox.lease(1).mails().get(0))).isEqualTo(Fence.Verdict.OPEN);
        UUID unheard = rows.queued("unheard", EmailCategory.SERVICE, ada);
        assertThat(ids(outbox.lease(1))).containsExactly(unheard);

        assertThat(outbox.returnUnheard(List.of(inHand))).isEqualTo(1);

        assertThat(rows.row(inHand)).containsEntry("phase", "leased");
        assertThat(rows.row(fenced)).containsEntry("phase", "final");
        assertThat(ids(outbox.lease(9))).containsExactly(unheard);
        assertThat(outbox.returnUnheard(List.of(inHand, unheard))).isZero();
    }

    @Test
    void sendsToTheAddressOfTheMoment() throws SQLException {
        rows.queued("k", EmailCategory.SERVICE, ada);
        database.execute("update public.users set email = 'new@example.org'");

        QueuedMail mail = outbox.lease(1).mails().get(0);

        assertThat(mail.address()).isEqualTo("new@example.org");
        assertThat(mail.recipient()).isEqualTo(ada.toString());
        assertThat(mail.dedupeKey()).isEqualTo("k");
        assertThat(mail.category()).isEqualTo(EmailCategory.SERVICE);
    }

    @Test
    void anotherTransactionsRowsArePassedOver() throws SQLException {
        UUID first = rows.queued("1", EmailCategory.SERVICE, ada);
        UUID second = rows.queued("2", EmailCategory.SERVICE, ada);
        try (var connection = database.connect(database.superuser());
                var lock =
                        connection.prepareStatement(
                                "select from public.email_deliveries where id = ? for update")) {
            connection.setAutoCommit(false);
            lock.setObject(1, first);
            lock.execute();

            assertThat(ids(outbox.lease(9))).containsExactly(second);
        }
    }

    @ParameterizedTest
    @EnumSource(EmailCategory.class)
    void leavesRowsOfTheProductAlone(EmailCategory category) throws SQLException {
        UUID theirs = rows.queued("theirs", category, ada);
        rows.change(theirs, "managed_by = null, next_attempt_at = now() - interval '1 hour'");
        UUID anothers = rows.queued("another's", category, ada);
        rows.change(anothers, "managed_by = 'another', expires_at = now()");
        UUID ours = rows.queued("ours", category, ada);

        assertThat(ids(outbox.lease(9))).containsExactly(ours);
        assertThat(rows.outcome(theirs)).isEqualTo("queued");
        assertThat(rows.outcome(anothers)).isEqualTo("queued");
    }

    @Test
    void expiredIsStale() throws SQLException {
        UUID id = rows.queued("k", EmailCategory.SECURITY, ada);
        rows.change(id, "expires_at = now() - interval '1 millisecond'");

        assertSettled(id, "suppressed/stale");
    }

    @Test
    void expiredWhileWaitingForTheCapIsCapped() throws SQLException {
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        rows.change(id, "expires_at = now() - interval '1 millisecond', reason = 'capped'");

        assertSettled(id, "suppressed/capped");
    }

    @ParameterizedTest
    @EnumSource(EmailCategory.class)
    void anInactiveUserGetsSecurityMailOnly(EmailCategory category) throws SQLException {
        UUID id = rows.queued("k", category, ada);
        database.execute("update public.users set is_active = false");

        if (category == EmailCategory.SECURITY) {
            assertThat(ids(outbox.lease(9))).containsExactly(id);
        } else {
            assertSettled(id, "suppressed/inactive");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "marketing, false, true, true",
        "marketing, true, false, false",
        "report, true, false, true",
        "report, false, true, false",
        "service, false, false, false",
        "alert, false, false, false",
        "transactional, false, false, false",
        "security, false, false, false"
    })
    void anOptOutStopsWhatItIsAbout(
            String category, boolean marketing, boolean updates, boolean stopped)
            throws SQLException {
        UUID id = rows.queued("k", EmailCategory.of(category), ada);
        database.execute(
                "insert into public.email_preferences values (?, ?, ?, true)",
                ada,
                marketing,
                updates);

        if (stopped) {
            assertSettled(id, "suppressed/opted_out");
            assertThat(rows.row(id)).containsEntry("dedupe_key", "k#opted_out");
        } else {
            assertThat(ids(outbox.lease(9))).containsExactly(id);
        }
    }

    @Test
    void aSecondOptOutOfTheSameKeyFindsAKeyToo() throws SQLException {
        UUID before = rows.queued("k#opted_out", EmailCategory.MARKETING, ada);
        rows.change(before, "status = 'suppressed', reason = 'opted_out'");
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        database.execute("insert into public.email_preferences values (?, false)", ada);

        assertSettled(id, "suppressed/opted_out");
        assertThat(rows.row(id)).containsEntry("dedupe_key", "k#opted_out:" + id);
    }

    @Test
    void aSuppressedAddressGetsNothing() throws SQLException {
        UUID id = rows.queued("k", EmailCategory.SECURITY, ada);
        database.execute(
                "insert into lifecycle.suppressed_addresses values ('ada@example.org', 'refused')");

        assertSettled(id, "suppressed/suppressed_address");
    }

    @Test
    void aPlanThatChangedResolvesIt() throws SQLException {
        UUID project = database.project(ada, "free");
        UUID free = rows.queued("free", EmailCategory.MARKETING, ada);
        rows.change(free, "required_plan = 'free', project_id = '" + project + "'");
        UUID pro = rows.queued("pro", EmailCategory.SERVICE, ada);
        rows.change(pro, "required_plan = 'pro', project_id = '" + project + "'");
        UUID deleted = rows.queued("deleted", EmailCategory.SERVICE, ada);
        rows.change(deleted, "required_plan = 'free'");
        UUID any = rows.queued("any", EmailCategory.SERVICE, ada);

        assertThat(ids(outbox.lease(9))).containsExactlyInAnyOrder(free, any);
        assertThat(rows.outcome(pro)).isEqualTo("suppressed/resolved");
        assertThat(rows.outcome(deleted)).isEqualTo("suppressed/resolved");
    }

    @ParameterizedTest
    @ValueSource(strings = {"id", "lower(email)"})
    void aMutedProjectAlertsNobodyWhoMutedIt(String recipient) throws SQLException {
        UUID project = database.project(ada, "free");
        UUID other = database.project(ada, "free");
        database.execute(
                "insert into lifecycle.alert_mutes select ?, "
                        + recipient
                        + ", now() + interval '1 hour' from public.users",
                project);
        database.execute(
                "insert into lifecycle.alert_mutes select ?, "
                        + recipient
                        + ", now() - interval '1 second' from public.users",
                other);
        UUID muted = rows.queued("muted", EmailCategory.ALERT, ada);
        rows.change(muted, "project_id = '" + project + "'");
        UUID service = rows.queued("service", EmailCategory.SERVICE, ada);
        rows.change(service, "project_id = '" + project + "'");
        UUID over = rows.queued("over", EmailCategory.ALERT, ada);
        rows.change(over, "project_id = '" + other + "'");

        assertThat(ids(outbox.lease(9))).containsExactlyInAnyOrder(service, over);
        assertThat(rows.outcome(muted)).isEqualTo("suppressed/muted");
    }

    @Test
    void anAddressThatIsAUsersGetsOneMailPerOccasion() throws SQLException {
        UUID mail = rows.queued("user", EmailCategory.ALERT, ada);
        rows.change(mail, "occasion = 'verdict:1'");
        UUID same = rows.queued("same", EmailCategory.ALERT, ada);
        rows.change(same, "occasion = 'verdict:1', recipient_address = 'ADA@example.org'");
        UUID other = rows.queued("other", EmailCategory.ALERT, ada);
        rows.change(other, "occasion = 'verdict:1', recipient_address = 'ops@example.org'");
        UUID another = rows.queued("another", EmailCategory.ALERT, ada);
        rows.change(another, "occasion = 'verdict:2', recipient_address = 'ada@example.org'");

        assertThat(ids(outbox.lease(9))).containsExactlyInAnyOrder(mail, other, another);
        assertThat(rows.outcome(same)).isEqualTo("suppressed/superseded");
    }

    /** Which may come from another subtask, and stand in the journal a moment later. */
    @Test
    void anAddressThatIsAUsersWaitsForNoRowOfTheUsersOwnMail() throws SQLException {
        UUID bob = database.user("bob@example.org");
        UUID gone = UUID.randomUUID();
        UUID same = alsoTo("same", "aDA@example.org", bob, ada, gone);
        UUID other = alsoTo("other", "ops@example.org", bob, ada, gone);
        UUID elsewhere = alsoTo("elsewhere", "ada@example.org", bob);
        UUID nobody = alsoTo("nobody", "ada@example.org");
        UUID user = rows.queued("user", EmailCategory.ALERT, ada);

        assertThat(ids(outbox.lease(9))).containsExactlyInAnyOrder(other, elsewhere, nobody, user);
        assertThat(rows.outcome(same)).isEqualTo("suppressed/superseded");
    }

    private UUID alsoTo(String key, String address, UUID... users) {
        UUID row = rows.queued(key, EmailCategory.ALERT, ada);
        database.execute(
                "update public.email_deliveries set recipient_address = ?, payload_json = ?::jsonb"
                        + " where id = ?",
                address,
                MimeMessages.payload(
                        JournalRows.CONTENT, Stream.of(users).map(UUID::toString).toList()),
                row);
        return row;
    }

    @ParameterizedTest
    @CsvSource({
        // what was sent before: managed, category, type, hours ago; what waits; whether it must
        "true, marketing, E-TEST-01, 23, marketing, true",
        "true, report, E-TEST-01, 23, marketing, true",
        "true, marketing, E-TEST-01, 23, report, true",
        "true, marketing, E-TEST-01, 25, marketing, false",
        "true, service, E-TEST-01, 1, marketing, false",
        "true, marketing, E-TEST-01, 1, service, false",
        "false, , E-CONV-04, 23, marketing, true",
        "false, , E-RET-02, 23, marketing, true",
        "false, , E-ADV-01, 23, report, true",
        "false, , E-CONV-03, 1, marketing, false",
        "false, , E-TRX-01, 1, marketing, false"
    })
    void oneMarketingMailInADay(
            boolean managed, String before, String type, int hours, String category, boolean waits)
            throws SQLException {
        UUID sent = rows.queued("before", EmailCategory.SERVICE, ada);
        rows.change(
                sent,
                "status = 'sent', email_type = '%s', sent_at = now() - interval '%s hours', %s"
                        .formatted(
                                type,
                                hours,
                                managed
                                        ? "category = '" + before + "'"
                                        : "category = null, managed_by = null"));
        UUID id = rows.queued("k", EmailCategory.of(category), ada);

        Outbox.Leased leased = outbox.lease(9);

        if (waits) {
            assertThat(leased.mails()).isEmpty();
            assertThat(leased.putOff()).isOne();
            assertThat(rows.outcome(id)).isEqualTo("queued/capped");
            assertThat(rows.row(id)).containsEntry("lease_token", null);
            assertThat(
                            database.value(
                                    "select k.next_attempt_at = b.sent_at + interval '24 hours'"
                                            + " from public.email_deliveries k,"
                                            + " public.email_deliveries b"
                                            + " where k.id = ? and b.id = ?",
                                    id,
                                    sent))
                    .isEqualTo(true);
        } else {
            assertThat(ids(leased)).containsExactly(id);
        }
    }

    @Test
    void theCapOfAnAddressIsItsOwn() throws SQLException {
        UUID sent = rows.queued("before", EmailCategory.MARKETING, ada);
        rows.change(sent, "status = 'sent', sent_at = now(), recipient_address = 'x@example.org'");
        UUID user = rows.queued("user", EmailCategory.MARKETING, ada);
        UUID same = rows.queued("same", EmailCategory.MARKETING, ada);
        rows.change(same, "recipient_address = 'X@example.org'");

        Outbox.Leased leased = outbox.lease(9);

        assertThat(ids(leased)).containsExactly(user);
        assertThat(rows.outcome(same)).isEqualTo("queued/capped");
    }

    @ParameterizedTest
    @EnumSource(EmailCategory.class)
    void aLeaseThatRanOutBeforeTheEndIsAnyones(EmailCategory category) throws SQLException {
        UUID id = rows.queued("k", category, ada);
        QueuedMail first = outbox.lease(1).mails().get(0);
        rows.change(id, "lease_until = now() - interval '1 second'");

        QueuedMail second = outbox.lease(1).mails().get(0);

        assertThat(second.token()).isNotEqualTo(first.token());
        assertThat(outbox.fence(first)).isEqualTo(Fence.Verdict.LEASE_LOST);
        assertThat(outbox.fence(second)).isEqualTo(Fence.Verdict.OPEN);
    }

    @ParameterizedTest
    @EnumSource(EmailCategory.class)
    void aLeaseThatRanOutInItsFinalPhaseIsSettledByCategory(EmailCategory category)
            throws SQLException {
        UUID id = rows.queued("k", category, ada);
        assertThat(outbox.fence(outbox.lease(1).mails().get(0))).isEqualTo(Fence.Verdict.OPEN);
        assertThat(outbox.lease(1).nothingDue()).isTrue();
        rows.change(id, "lease_until = now() - interval '1 second'");

        if (category.capped()) {
            assertSettled(id, "failed/unconfirmed");
        } else {
            assertThat(ids(outbox.lease(1))).containsExactly(id);
        }
    }

    @Test
    void whatMayHaveBeenSentIsNeverCalledStale() throws SQLException {
        UUID id = rows.queued("k", EmailCategory.ALERT, ada);
        outbox.fence(outbox.lease(1).mails().get(0));
        rows.change(
                id,
                "lease_until = now() - interval '1 second',"
                        + " expires_at = now() - interval '1 second'");

        assertSettled(id, "failed/unconfirmed");
    }

    /** The lease of a process that was killed lasts for minutes; nobody waits for it to end. */
    /** As after a crash each time: nobody but the lease sees that an answer is missing. */
    @Test
    void aMailIsEndedThreeTimesAtMostWithoutAnAnswer() throws SQLException {
        UUID id = rows.queued("k", EmailCategory.SECURITY, ada);
        for (int before = 0; before < 3; before++) {
            QueuedMail mail = outbox.lease(1).mails().get(0);
            assertThat(mail.unconfirmed()).isEqualTo(before);
            // Put off and forgiven in between, and leased in vain: that answers nothing.
            outbox.retry(mail, Duration.ZERO, false, "550 5.7.1 no");
            outbox.forgive(List.of(id));
            mail = outbox.lease(1).mails().get(0);
            assertThat(mail.unconfirmed()).isEqualTo(before);
            assertThat(mail.refusedBefore()).isFalse();
            outbox.retry(mail, Duration.ZERO, false, "550 5.7.1 no");
            mail = outbox.lease(1).mails().get(0);
            assertThat(mail.refusedBefore()).isTrue();
            outbox.release(mail);
            mail = outbox.lease(1).mails().get(0);
            assertThat(outbox.fence(mail)).isEqualTo(Fence.Verdict.OPEN);
            rows.change(id, "lease_until = now() - interval '1 second'");
        }

        assertSettled(id, "failed/unconfirmed");
    }

    @Test
    void forgivingLeavesNoWordsWhereNothingIsInDoubt() throws SQLException {
        UUID id = rows.queued("k", EmailCategory.SECURITY, ada);
        outbox.retry(outbox.lease(1).mails().get(0), Duration.ZERO, false, "550 5.7.1 no");

        outbox.forgive(List.of(id));

        assertThat(rows.row(id)).containsEntry("error_message", null).containsEntry("attempts", 0);
    }

    @ParameterizedTest
    @EnumSource(EmailCategory.class)
    void asksWithMarketingOnlyWhereNothingElseIsDueSoon(EmailCategory category)
            throws SQLException {
        UUID marketing = rows.queued("m", EmailCategory.MARKETING, ada);
        rows.change(marketing, "next_attempt_at = now() - interval '1 hour'");
        UUID other = rows.queued("other", category, ada);
        rows.change(other, "next_attempt_at = now() + interval '9 minutes'");
        boolean spared = !category.capped();

        assertThat(ids(outbox.leaseToAsk(1)))
                .containsExactlyElementsOf(spared ? List.of() : List.of(marketing));
        rows.change(other, "next_attempt_at = now()");
        if (spared) {
            assertThat(ids(outbox.leaseToAsk(1))).containsExactly(other);
            rows.change(
                    other,
                    "lease_token = null, lease_until = null, phase = null,"
                            + " next_attempt_at = now() + interval '11 minutes'");
            assertThat(ids(outbox.leaseToAsk(1))).containsExactly(marketing);
        }
    }

    @Test
    void whatIsWithdrawnWhileItIsLeasedDoesNotPassTheFence() throws SQLException {
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        QueuedMail mail = outbox.lease(1).mails().get(0);
        withdraw("k");

        assertThat(outbox.fence(mail)).isEqualTo(Fence.Verdict.LEASE_LOST);
        outbox.putOff(mail);
        outbox.retry(mail, Duration.ZERO, false, "later");
        assertThat(rows.outcome(id)).isEqualTo("suppressed/resolved");
        assertThat(outbox.lease(9).nothingDue()).isTrue();
    }

    @Test
    void whatIsWithdrawnBehindTheFenceIsSentOnceOrNotAtAll() throws SQLException {
        UUID accepted = rows.queued("accepted", EmailCategory.SERVICE, ada);
        UUID refused = rows.queued("refused", EmailCategory.SERVICE, ada);
        UUID stopped = rows.queued("stopped", EmailCategory.SERVICE, ada);
        UUID unanswered = rows.queued("unanswered", EmailCategory.SERVICE, ada);
        Map<String, QueuedMail> mails = new HashMap<>();
        for (QueuedMail mail : outbox.lease(9).mails()) {
            assertThat(outbox.fence(mail)).isEqualTo(Fence.Verdict.OPEN);
            withdraw(mail.dedupeKey());
            mails.put(mail.dedupeKey(), mail);
        }

        outbox.sent(mails.get("accepted"), "<id>");
        outbox.retry(mails.get("refused"), Duration.ZERO, false, "451");
        outbox.release(mails.get("stopped"));
        outbox.retry(mails.get("unanswered"), Duration.ZERO, true, "no answer");

        assertThat(rows.outcome(accepted)).isEqualTo("sent");
        assertThat(rows.outcome(refused)).isEqualTo("suppressed/resolved");
        assertThat(rows.outcome(stopped)).isEqualTo("suppressed/resolved");
        assertThat(outbox.lease(9).mails()).isEmpty();
        assertThat(rows.outcome(unanswered)).isEqualTo("failed/unconfirmed");
    }

    private void withdraw(String key) throws SQLException {
        new Journal(pool, ReferenceTables.TABLES)
                .write(
                        List.of(
                                EmailCommand.withdraw(
                                        new Withdrawal(key, ada.toString(), "resolved"))));
    }

    @Test
    void theClaimAtTheFenceLetsOneMarketingMailThrough() throws SQLException {
        UUID first = rows.queued("1", EmailCategory.MARKETING, ada);
        UUID second = rows.queued("2", EmailCategory.REPORT, ada);
        List<QueuedMail> mails = outbox.lease(9).mails();
        assertThat(mails).hasSize(2);

        assertThat(outbox.fence(mails.get(0))).isEqualTo(Fence.Verdict.OPEN);
        assertThat(outbox.fence(mails.get(1))).isEqualTo(Fence.Verdict.CAPPED);
        assertThat(rows.row(mails.get(1).id())).containsEntry("phase", "leased");
        outbox.putOff(mails.get(1));
        assertThat(outbox.lease(9).nothingDue()).isTrue();

        // The first is refused after all: the second need not wait for a day.
        outbox.failed(mails.get(0), "message_refused", DeliveryPolicy.Disposition.REFUSED, "550");
        assertThat(ids(outbox.lease(9))).containsExactly(mails.get(1).id());
        assertThat(List.of(first, second)).contains(mails.get(0).id(), mails.get(1).id());
    }

    @Test
    void aClaimEndsWithTheCooldown() throws SQLException {
        UUID id = rows.queued("k", EmailCategory.MARKETING, ada);
        database.execute(
                "insert into lifecycle.marketing_cap"
                        + " values (?, 'other', now() - interval '24 hours')",
                ada.toString());

        QueuedMail mail = outbox.lease(1).mails().get(0);
        assertThat(mail.id()).isEqualTo(id);
        assertThat(outbox.fence(mail)).isEqualTo(Fence.Verdict.OPEN);
        assertThat(database.value("select dedupe_key from lifecycle.marketing_cap")).isEqualTo("k");
    }

    @Test
    void aRetryNeverWaitsLongerThanTheMailLives() throws SQLException {
        UUID id = rows.queued("k", EmailCategory.ALERT, ada);
        QueuedMail mail = outbox.lease(1).mails().get(0);
        rows.change(id, "expires_at = now() + interval '1 minute'");

        outbox.retry(mail, Duration.ofHours(4), false, "451 later");

        assertThat(
                        database.value(
                                "select next_attempt_at = expires_at from"
                                        + " public.email_deliveries"))
                .isEqualTo(true);
        assertThat(rows.row(id))
                .containsEntry("attempts", 1)
                .containsEntry("error_message", "451 later")
                .containsEntry("phase", null);
    }

    /** The configuration may have changed since it was queued. */
    @Test
    void whatMayNoLongerBeSentEndsAndLeavesItsKeyFree() throws SQLException {
        Outbox configured =
                new Outbox(
                        pool,
                        ReferenceTables.TABLES,
                        Duration.ofHours(24),
                        SendableCodes.of(Set.of("E-TEST-01"), Map.of("E-TEST-02", "shadow")),
                        () -> 0x7abc);
        UUID live = rows.queued("live", EmailCategory.SERVICE, ada);
        UUID shadow = rows.queued("shadow", EmailCategory.SERVICE, ada);
        rows.change(shadow, "email_type = 'E-TEST-02'");
        UUID removed = rows.queued("removed", EmailCategory.ALERT, ada);
        rows.change(removed, "email_type = 'E-TEST-03'");
        UUID again = rows.queued("again", EmailCategory.ALERT, ada);
        rows.change(again, "email_type = 'E-TEST-03'");
        UUID earlier = rows.queued("again#disabled", EmailCategory.ALERT, ada);
        rows.change(earlier, "status = 'suppressed'");

        Outbox.Leased leased = configured.lease(9);

        assertThat(ids(leased)).containsExactly(live);
        assertThat(leased.settled()).isEqualTo(Map.of("shadow", 1, "disabled", 2));
        assertThat(rows.outcome(shadow)).isEqualTo("suppressed/shadow");
        assertThat(rows.row(shadow)).containsEntry("dedupe_key", "shadow#shadow");
        assertThat(rows.outcome(removed)).isEqualTo("suppressed/disabled");
        assertThat(rows.row(removed)).containsEntry("dedupe_key", "removed#disabled");
        assertThat(rows.row(again)).containsEntry("dedupe_key", "again#disabled:" + again);
    }

    @Test
    void aRowThatCannotBeLeasedKeepsNoOtherOneUp() throws SQLException {
        UUID stuck = rows.queued("stuck", EmailCategory.ALERT, ada);
        rows.change(stuck, "next_attempt_at = now() - interval '1 hour'");
        UUID first = rows.queued("1", EmailCategory.ALERT, ada);
        database.execute(
                """
                create function public.keeper() returns trigger language plpgsql as $$
                begin
                    if old.dedupe_key = 'stuck' then
                        raise exception 'not this one';
                    end if;
                    return new;
                end $$;
                create trigger keeper before update on public.email_deliveries
                for each row execute function public.keeper()
                """);
        try {
            assertThat(ids(outbox.lease(9))).containsExactly(first);
            UUID second = rows.queued("2", EmailCategory.SERVICE, ada);
            assertThat(ids(outbox.lease(1))).as("passed over").containsExactly(second);
            assertThat(outbox.lease(1).nothingDue()).isTrue();
        } finally {
            database.execute(
                    "drop trigger keeper on public.email_deliveries;"
                            + " drop function public.keeper()");
        }
        assertThat(rows.outcome(stuck)).isEqualTo("queued");
    }

    @Test
    void anOutcomeIsNotedThoughTheTableHasNoRoomForItsWords() throws SQLException {
        database.execute(
                "alter table public.email_deliveries"
                        + " add constraint short check (length(error_message) < 9"
                        + " and length(provider_message_id) < 9)");
        try {
            UUID sent = rows.queued("sent", EmailCategory.SERVICE, ada);
            outbox.sent(outbox.lease(1).mails().get(0), "<much-too-long@example.org>");
            UUID failed = rows.queued("failed", EmailCategory.SERVICE, ada);
            QueuedMail mail = outbox.lease(1).mails().get(0);
            outbox.failed(mail, "message_refused", Disposition.FAIL, "554 much too long");
            UUID put = rows.queued("put off", EmailCategory.SERVICE, ada);
            mail = outbox.lease(1).mails().get(0);
            outbox.retry(mail, Duration.ofHours(1), false, "451 much too long");

            assertThat(rows.outcome(sent)).isEqualTo("sent");
            assertThat(rows.outcome(failed)).isEqualTo("failed/message_refused");
            assertThat(rows.row(put)).containsEntry("attempts", 1).containsEntry("phase", null);
        } finally {
            database.execute("alter table public.email_deliveries drop constraint short");
        }
    }

    private void assertSettled(UUID id, String outcome) throws SQLException {
        Outbox.Leased leased = outbox.lease(9);
        assertThat(leased.mails()).isEmpty();
        assertThat(leased.settled()).hasSize(1);
        assertThat(rows.outcome(id)).isEqualTo(outcome);
        assertThat(rows.row(id)).containsEntry("lease_token", null).containsEntry("sent_at", null);
    }

    private static List<UUID> ids(Outbox.Leased leased) {
        return leased.mails().stream().map(QueuedMail::id).toList();
    }
}
