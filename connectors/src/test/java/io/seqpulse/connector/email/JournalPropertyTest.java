package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.seqpulse.connector.jdbc.ProductDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Whatever the product's table does not take, and whatever the entries hold: each entry comes to
 * what it comes to alone, be the others in its batch as they may, and to exactly one line.
 */
class JournalPropertyTest {

    private static final int ROUNDS = 60;

    /** A change of the product's table, and what takes it back. */
    private record Whim(String apply, String undo) {}

    private static final String TABLE = "alter table public.email_deliveries ";

    private static final List<Whim> WHIMS =
            List.of(
                    new Whim("select 1", "select 1"),
                    new Whim(
                            TABLE + "alter email_type type varchar(12)",
                            TABLE + "alter email_type type text"),
                    new Whim(
                            TABLE + "alter dedupe_key type varchar(40)",
                            TABLE + "alter dedupe_key type text"),
                    new Whim(
                            TABLE + "alter error_message type varchar(400)",
                            TABLE + "alter error_message type text"),
                    new Whim(
                            TABLE + "add constraint w check (email_type like 'E-%')",
                            TABLE + "drop constraint w"),
                    new Whim(
                            TABLE + "add constraint w check (payload_json is null)",
                            TABLE + "drop constraint w"),
                    new Whim(
                            TABLE + "add constraint w check (status <> 'failed')",
                            TABLE + "drop constraint w"),
                    new Whim(
                            TABLE + "add constraint w check (project_id is not null)",
                            TABLE + "drop constraint w"),
                    new Whim(
                            TABLE + "add constraint w unique (user_id, email_type)",
                            TABLE + "drop constraint w"),
                    new Whim(
                            TABLE + "alter payload_json type json",
                            TABLE + "alter payload_json type jsonb using payload_json::jsonb"),
                    new Whim(
                            TABLE + "alter payload_json type text",
                            TABLE + "alter payload_json type jsonb using payload_json::jsonb"),
                    new Whim(
                            "create domain public.code as text check (length(value) < 20);"
                                    + TABLE
                                    + "alter email_type type public.code",
                            TABLE + "alter email_type type text; drop domain public.code"),
                    new Whim(
                            "create type public.code as enum ('E-ACT-01', 'E-ACT-05', '#');"
                                    + TABLE
                                    + "alter email_type type public.code"
                                    + " using email_type::public.code",
                            TABLE
                                    + "alter email_type type text using email_type::text;"
                                    + " drop type public.code"),
                    new Whim(
                            "create table public.code (code text primary key);"
                                    + " insert into public.code values ('E-ACT-05');"
                                    + TABLE
                                    + "add constraint w foreign key (email_type)"
                                    + " references public.code deferrable initially deferred",
                            TABLE + "drop constraint w; drop table public.code"),
                    trigger("new.email_type = 'E-ACT-05'", "23502"),
                    trigger("new.email_type = 'E-ACT-05'", "P0001"),
                    trigger("new.status = 'queued'", "U0815"),
                    trigger("length(new.dedupe_key) % 3 = 0", "22023"),
                    trigger("new.payload_json is not null", "42704"));

    private static Whim trigger(String when, String state) {
        return new Whim(
                """
                create function public.whim() returns trigger language plpgsql as $$
                begin
                    if %s then
                        raise exception 'not in my table' using errcode = '%s';
                    end if;
                    return new;
                end $$;
                create trigger whim before insert or update on public.email_deliveries
                for each row execute function public.whim()
                """
                        .formatted(when, state),
                "drop trigger whim on public.email_deliveries; drop function public.whim()");
    }

    private static ProductDatabase database;
    private static HikariDataSource pool;

    private final JournalRows rows = new JournalRows(database);
    private final Journal journal = new Journal(pool, ReferenceTables.TABLES);

    @BeforeAll
    static void start() {
        database = ProductDatabase.start();
        // what reads the table would keep it from being changed
        database.execute("drop schema kpi cascade; drop publication seqpulse_lifecycle");
        pool = JournalRows.pool(database.job());
    }

    @AfterAll
    static void stop() {
        pool.close();
        database.close();
    }

    @Test
    void eachEntryComesToWhatItComesToAlone() throws SQLException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Whim> whims = new ArrayList<>(WHIMS);
        Collections.shuffle(whims, random);
        Set<String> seen = new HashSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            Whim whim = whims.get(round % whims.size());
            database.clear();
            List<JournalEntry> entries = entries(random);
            database.execute(whim.apply());
            try {
                Map<String, String> alone = new HashMap<>();
                for (JournalEntry entry : entries) {
                    emptyJournal();
                    Journal.Outcome outcome = journal.write(List.of(EmailCommand.journal(entry)));
                    alone.put(entry.dedupeKey(), outcomeOf(entry));
                    assertThat(sum(outcome)).as("%s, seed %d", entry, seed).isOne();
                }
                if (whim.apply().contains("unique")) {
                    continue; // there the entries are in each other's way, rightly
                }
                seen.addAll(alone.values());
                emptyJournal();
                Journal.Outcome outcome =
                        journal.write(entries.stream().map(EmailCommand::journal).toList());

                assertThat(sum(outcome)).as("seed %d", seed).isEqualTo(entries.size());
                for (JournalEntry entry : entries) {
                    assertThat(outcomeOf(entry))
                            .as("%s with '%s', seed %d", entry, whim.apply(), seed)
                            .isEqualTo(alone.get(entry.dedupeKey()));
                }
            } finally {
                emptyJournal();
                database.execute(whim.undo());
            }
        }
        assertThat(seen)
                .as("what came of them, seed %d", seed)
                .contains("queued", "suppressed/stale", "failed/not_journalled", "unjournalled");
    }

    private static void emptyJournal() {
        database.execute("delete from public.email_deliveries");
        database.execute("delete from lifecycle.unjournalled_emails");
    }

    private static int sum(Journal.Outcome outcome) {
        return outcome.queued()
                + outcome.suppressed()
                + outcome.failed()
                + outcome.taken()
                + outcome.orphaned()
                + outcome.unjournalled();
    }

    /** Status and reason of its one line, in the journal or beside it. */
    private String outcomeOf(JournalEntry entry) {
        String key = entry.dedupeKey().replace('\0', '?');
        List<Map<String, Object>> lines =
                database.rows(
                        """
                        select status::text || coalesce('/' || reason, '') as line
                        from public.email_deliveries where dedupe_key = ?
                        union all
                        select 'unjournalled' from lifecycle.unjournalled_emails
                        where dedupe_key = left(?, 600)
                        """,
                        key,
                        key);
        assertThat(lines).as("lines of %s", entry).hasSizeLessThanOrEqualTo(1);
        return lines.isEmpty() ? "none" : String.valueOf(lines.get(0).get("line"));
    }

    private List<JournalEntry> entries(Random random) {
        UUID user = database.user("ada" + random.nextInt() + "@example.org");
        UUID project = database.project(user, "free");
        List<JournalEntry> entries = new ArrayList<>();
        int count = 1 + random.nextInt(8);
        for (int i = 0; i < count; i++) {
            boolean suppressed = random.nextInt(4) == 0;
            entries.add(
                    new JournalEntry(
                            "k" + i + text(random),
                            random.nextInt(4) == 0
                                    ? text(random)
                                    : "E-ACT-0" + (1 + random.nextInt(5)),
                            "service",
                            switch (random.nextInt(8)) {
                                case 0 -> UUID.randomUUID().toString();
                                case 1 -> "no id";
                                default -> user.toString();
                            },
                            random.nextBoolean() ? null : project.toString(),
                            random.nextInt(4) == 0 ? text(random) : null,
                            text(random),
                            suppressed ? "stale" : null,
                            null,
                            Instant.now().plus(Duration.ofHours(1)),
                            null,
                            Instant.now(),
                            suppressed
                                    ? null
                                    : new EmailContent(
                                            "fr",
                                            text(random),
                                            text(random),
                                            text(random),
                                            Map.of()),
                            random.nextInt(10) == 0 && !suppressed ? text(random) : null));
        }
        return entries;
    }

    /** What a text column may bring along, and what no column can. */
    private static String text(Random random) {
        return switch (random.nextInt(10)) {
            case 0 -> noise(random, 6_400);
            case 1 -> "a\0b";
            case 2 -> "\ud800 alone";
            case 3 -> "two\nlines\tand'quotes\"\\";
            case 4 -> noise(random, 35);
            default -> "plain" + random.nextInt(1_000);
        };
    }

    /** Incompressible, so that it is too long for an index. */
    private static String noise(Random random, int length) {
        StringBuilder noise = new StringBuilder();
        while (noise.length() < length) {
            noise.append(Long.toString(random.nextLong(), 36));
        }
        return noise.substring(0, length);
    }
}
