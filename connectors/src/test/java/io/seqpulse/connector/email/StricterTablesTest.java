package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.seqpulse.connector.email.DeliveryPolicy.Disposition;
import io.seqpulse.connector.jdbc.ProductDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A product whose tables hold the same in other types: what can be cast is cast. */
class StricterTablesTest {

    private static ProductDatabase database;
    private static HikariDataSource pool;

    private final JournalRows rows = new JournalRows(database);
    private final Journal journal = new Journal(pool, ReferenceTables.TABLES);

    @BeforeAll
    static void start() {
        database = ProductDatabase.startEmpty();
        database.runReference();
        database.execute(
                """
                create type public.plan as enum ('free', 'pro', 'enterprise');
                alter table public.projects
                    drop constraint projects_plan_known,
                    alter plan drop default,
                    alter plan type public.plan using plan::public.plan;
                create type public.delivery_status as enum
                    ('queued', 'sent', 'failed', 'suppressed');
                create domain public.delivery_key as text check (value <> '');
                create type public.email_code as enum ('E-TEST-01', 'E-TEST-02', 'E-ACT-01');
                alter table public.email_deliveries
                    drop constraint email_deliveries_status_known,
                    alter status drop default,
                    alter status type public.delivery_status
                        using status::public.delivery_status,
                    alter status set default 'queued',
                    alter dedupe_key type public.delivery_key,
                    alter email_type type public.email_code
                        using email_type::public.email_code,
                    alter payload_json type json,
                    alter error_message type varchar(20),
                    alter provider_message_id type varchar(10);
                create domain public.address as varchar(320);
                alter table public.users alter email type public.address
                """);
        database.migrate();
        pool = JournalRows.pool(database.job());
    }

    @AfterAll
    static void stop() {
        pool.close();
        database.close();
    }

    @Test
    void mailGoesItsWay() throws SQLException {
        UUID ada = database.user("ada@example.org");
        UUID project =
                (UUID)
                        database.value(
                                "insert into public.projects (name, owner_id, plan)"
                                        + " values ('Engine', ?, 'free') returning id",
                                ada);
        Journal.Outcome outcome =
                journal.write(
                        List.of(
                                EmailCommand.journal(
                                        about(project, "sent", "E-TEST-01", ada, null)),
                                EmailCommand.journal(
                                        about(project, "withdrawn", "E-TEST-01", ada, null)),
                                EmailCommand.journal(
                                        about(project, "failed", "E-TEST-01", ada, null)),
                                EmailCommand.journal(about(project, "off", "E-TEST-02", ada, null)),
                                EmailCommand.journal(
                                        about(project, "stale", "E-TEST-01", ada, "stale")),
                                EmailCommand.journal(about(project, "own", "E-OWN-01", ada, null)),
                                EmailCommand.withdraw(
                                        new Withdrawal("withdrawn", ada.toString(), "resolved"))));

        assertThat(outcome).isEqualTo(new Journal.Outcome(4, 1, 0, 0, 0, 1, 1));

        Outbox outbox =
                new Outbox(
                        pool,
                        ReferenceTables.TABLES,
                        Duration.ofHours(24),
                        SendableCodes.of(Set.of("E-TEST-01"), Map.of("E-TEST-02", "disabled")),
                        () -> 0x7abc);
        Outbox.Leased leased = outbox.lease(9);
        assertThat(leased.settled()).isEqualTo(Map.of("disabled", 1));
        assertThat(leased.mails()).hasSize(2);
        for (QueuedMail mail : leased.mails()) {
            assertThat(outbox.fence(mail)).isEqualTo(Fence.Verdict.OPEN);
            if (mail.dedupeKey().equals("sent")) {
                outbox.retry(mail, Duration.ZERO, false, "451 greylisted, come back later");
                QueuedMail again = outbox.lease(1).mails().get(0);
                outbox.fence(again);
                assertThat(outbox.sent(again, "<longer-than-ten@example.org>")).isTrue();
            } else {
                outbox.failed(mail, "message_refused", Disposition.FAIL, "554 nobody wants this");
            }
        }
        assertThat(line("sent")).isEqualTo("sent/null");
        assertThat(line("failed")).isEqualTo("failed/message_refused");
        assertThat(line("withdrawn")).isEqualTo("suppressed/resolved");
        assertThat(line("stale")).isEqualTo("suppressed/stale");
        assertThat(line("off#disabled")).isEqualTo("suppressed/disabled");
        assertThat(
                        database.value(
                                "select why from lifecycle.unjournalled_emails"
                                        + " where dedupe_key = 'own'"))
                .asString()
                .contains("E-OWN-01");
    }

    private String line(String key) {
        Map<String, Object> row = rows.row(key);
        return row.get("status") + "/" + row.get("reason");
    }

    private static JournalEntry about(
            UUID project, String key, String code, UUID user, String suppressedFor) {
        JournalEntry entry = JournalRows.entry(key, EmailCategory.SERVICE, user);
        return new JournalEntry(
                key,
                code,
                entry.category(),
                entry.userId(),
                project.toString(),
                null,
                null,
                suppressedFor,
                "free",
                entry.expiresAt(),
                null,
                entry.decidedAt(),
                suppressedFor == null ? entry.content() : null,
                null);
    }
}
