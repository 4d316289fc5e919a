package io.seqpulse.cli.deadletters;

import static io.seqpulse.cli.deadletters.Feed.change;
import static io.seqpulse.cli.deadletters.Feed.inserted;
import static io.seqpulse.cli.deadletters.Feed.key;
import static io.seqpulse.cli.deadletters.Feed.row;
import static io.seqpulse.cli.deadletters.Product.SOON;
import static io.seqpulse.cli.deadletters.Product.addressOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.seqpulse.quickstart.stack.ChangeTopic;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.Journal;
import io.seqpulse.quickstart.stack.ReceivedMail;
import io.seqpulse.quickstart.stack.StackNames;
import jakarta.mail.internet.MimeMessage;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What must not be in the log or the database is there all the same: nothing stops, no neighbour is
 * lost, and what was wrong is said, counted, or passed over on purpose.
 */
class BadInputIT {

    private static EmbeddedStack stack;
    private static Product product;
    private static Feed feed;
    private static LetterTopic letters;

    @BeforeAll
    static void start() throws InterruptedException {
        stack = EmbeddedStack.builder().history(BadInputIT::oddTimes).start();
        product = new Product(stack);
        feed = new Feed(stack);
        letters = new LetterTopic(stack.kafkaClient(), StackNames.DEAD_LETTERS);
    }

    @AfterAll
    static void stop() {
        if (stack != null) {
            letters.close();
            feed.close();
            stack.close();
        }
    }

    /** What a time can be in PostgreSQL, and means never, or long ago, to somebody. */
    private static final List<String> TIMES =
            List.of(
                    "0001-01-01 00:00:00+00",
                    "1970-01-01 00:00:00+00",
                    "9999-12-31 23:59:59+00",
                    "10000-01-01 00:00:00+00",
                    "294246-06-07 00:00:00+00",
                    "294276-12-31 23:59:59.999999+00",
                    "4713-11-24 00:00:00+00 BC",
                    "infinity",
                    "-infinity");

    /** Of these a row that needs a time can make use. */
    private static final int UNDERSTOOD = 3;

    /** A product that has such rows from before must start all the same. */
    private static void oddTimes(Connection product) throws SQLException {
        try (Statement statement = product.createStatement()) {
            for (String time : TIMES) {
                statement.execute(
                        """
                        with someone as (
                            insert into users (name, email, created_at, twofa_enabled_at)
                            values ('Never', '%2$s@history.example', '%1$s', '%1$s')
                            returning id),
                        something as (
                            insert into projects (name, owner_id, created_at, updated_at)
                            select 'Never', id, '%1$s', '%1$s' from someone
                            returning id)
                        insert into deployments
                            (deployment_number, project_id, state, started_at, finished_at)
                        select 1, id, 'analyzed', '%1$s', '%1$s' from something
                        """
                                .formatted(time, UUID.randomUUID()));
            }
        }
    }

    /** The letter of a record, which must become one. */
    private static StoredLetter letterAt(long position) {
        return await().atMost(SOON)
                .until(
                        () ->
                                letters.read().stream()
                                        .filter(l -> l.position() == position)
                                        .toList(),
                        found -> !found.isEmpty())
                .get(0);
    }

    private static long counted(String table) throws Exception {
        return product.metric(".table." + table + ".deadLetters");
    }

    /** Each value becomes a dead letter with its reason, under a table, and is counted there. */
    private static void assertGivenUp(String table, Map<String, String> reasons) throws Exception {
        long before = counted(table == null ? "unknown" : table);
        Map<Long, String> expected = new LinkedHashMap<>();
        for (Map.Entry<String, String> record : reasons.entrySet()) {
            expected.put(feed.append(key(UUID.randomUUID()), record.getKey()), record.getValue());
        }
        product.assertGoesOn();
        for (Map.Entry<Long, String> record : expected.entrySet()) {
            StoredLetter letter = letterAt(record.getKey());
            assertThat(letter.topic()).isEqualTo(StackNames.CHANGES);
            assertThat(letter.table()).isEqualTo(table);
            assertThat(letter.reason()).isEqualTo(record.getValue());
            assertThat(letter.kept()).isTrue();
        }
        await().atMost(SOON)
                .untilAsserted(
                        () ->
                                assertThat(counted(table == null ? "unknown" : table))
                                        .isEqualTo(before + reasons.size()));
    }

    /** Each value is passed over: somebody's mail that was committed later is there, no letter. */
    private static void assertPassedOver(List<String> values) throws Exception {
        List<Long> positions = new ArrayList<>();
        for (String value : values) {
            positions.add(feed.append(key(UUID.randomUUID()), value));
        }
        // A letter that comes after them shows that they would be there.
        letterAt(feed.append(null, "the last"));
        product.assertGoesOn();
        assertThat(letters.read())
                .extracting(StoredLetter::position)
                .doesNotContainAnyElementsOf(positions);
    }

    @Test
    void notJson() throws Exception {
        assertGivenUp(
                null,
                Map.of(
                        "not JSON", "value is no JSON",
                        "", "value is no JSON object",
                        "{\"op\":\"c\"", "value is no JSON",
                        "{\"a\":1e999999999999}", "value is no JSON"));
    }

    @Test
    void jsonThatIsNoChangeEvent() throws Exception {
        assertGivenUp(
                null,
                Map.of(
                        "[1,2]", "value is no JSON object",
                        "null", "value is no JSON object",
                        "{\"hello\":\"world\"}", "value has no op: no Debezium envelope",
                        "{\"op\":\"c\"}", "source.table is missing"));
    }

    @Test
    void unknownOperation() throws Exception {
        assertGivenUp(
                "users",
                Map.of(
                        change("x", "users", Instant.now(), row("id", 1)),
                        "op is none of c, u, d, r, t, m"));
    }

    @Test
    void missingColumns() throws Exception {
        assertGivenUp(
                "users",
                Map.of(
                        inserted("users", "id", UUID.randomUUID(), "name", "Ada"),
                        "users.created_at is not in the change log",
                        inserted("users", "name", "Ada"),
                        "users.id is not in the change log"));
    }

    @Test
    void aNullWhereNoneMayBe() throws Exception {
        assertGivenUp(
                "projects",
                Map.of(
                        inserted(
                                "projects",
                                "id",
                                UUID.randomUUID(),
                                "owner_id",
                                null,
                                "created_at",
                                Instant.now()),
                        "projects.owner_id is null"));
        assertGivenUp(
                "deployment_verdicts",
                Map.of(
                        inserted(
                                "deployment_verdicts",
                                "id",
                                UUID.randomUUID(),
                                "deployment_id",
                                UUID.randomUUID(),
                                "created_at",
                                null),
                        "deployment_verdicts.created_at is null"));
    }

    @Test
    void tombstonesHeartbeatsAndUnknownTablesArePassedOver() throws Exception {
        List<String> values = new ArrayList<>();
        values.add(null);
        values.add("{\"ts_ms\":%s}".formatted(System.currentTimeMillis()));
        values.add(inserted("something_else", "id", 1, "name", "?"));
        values.add(inserted("users_old", "id", null));
        assertPassedOver(values);
    }

    @Test
    void unknownColumnsAreIgnored() throws Exception {
        UUID user = UUID.randomUUID();
        product.whileTheConnectorPauses(
                () -> {
                    product.signUp(user, "Ada", addressOf(user));
                    feed.append(
                            key(user),
                            inserted(
                                    "users",
                                    "id",
                                    user,
                                    "name",
                                    "Ada",
                                    "email",
                                    addressOf(user),
                                    "created_at",
                                    Instant.now(),
                                    "shoe_size",
                                    44));
                    feed.tickPastNow();
                    product.mail("E-TRX-01", user);
                    return null;
                });
        product.assertGoesOn();
    }

    @Test
    void aDeleteWithInventedDefaultsEndsTheRowItNames() throws Exception {
        UUID user = product.signUp();
        product.mail("E-TRX-01", user);
        product.execute("delete from users where id = ?", user);
        try (ChangeTopic log = stack.changes()) {
            assertThat(
                            log.next(
                                    value ->
                                            value.contains("\"op\":\"d\"")
                                                    && value.contains(user.toString())
                                                    && value.contains("\"email\":\"\"")
                                                    && value.contains("1970-01-01"),
                                    SOON))
                    .as("what was invented stands in the log")
                    .isPresent();
        }
        product.assertGoesOn();
        assertThat(letters.read())
                .noneMatch(letter -> letter.key() != null && letter.key().contains(user + ""));
        assertThat(product.mailsTo(user)).hasSize(1);
    }

    @Test
    void aCapturedColumnRenamedWhileRunning() throws Exception {
        // one that is nice to have: what needs it goes on without
        product.execute("alter table users rename column locale to language");
        awaitAlarm("column users.locale is gone");
        product.assertGoesOn();
        product.execute("alter table users rename column language to locale");

        // one that must be: the rows since are dead letters, and say so
        product.execute("alter table projects rename column owner_id to proprietor_id");
        UUID owner = product.signUp();
        UUID project = UUID.randomUUID();
        product.execute(
                "insert into projects (id, name, proprietor_id) values (?, 'P', ?)",
                project,
                owner);
        StoredLetter letter =
                await().atMost(SOON)
                        .until(
                                () ->
                                        letters.read().stream()
                                                .filter(l -> l.key() != null)
                                                .filter(l -> l.key().contains(project.toString()))
                                                .toList(),
                                found -> !found.isEmpty())
                        .get(0);
        assertThat(letter.table()).isEqualTo("projects");
        assertThat(letter.reason()).isEqualTo("projects.owner_id is not in the change log");
        product.assertGoesOn();

        // back again: the next change of the row tells everything
        product.execute("alter table projects rename column proprietor_id to owner_id");
        product.execute("update projects set name = 'Again' where id = ?", project);
        product.verdict(product.deployment(project), "ok", "fine");
        assertThat(product.mail("E-ACT-04", owner).subject()).contains("Again");
        product.assertGoesOn();
    }

    private static void awaitAlarm(String part) {
        await().atMost(SOON)
                .until(() -> stack.alarms().stream().anyMatch(alarm -> alarm.contains(part)));
    }

    @Test
    void aCapturedColumnDroppedWhileRunning() throws Exception {
        // the publication holds on to its columns, and PostgreSQL says whose they are
        String drop = "alter table email_events drop column machine";
        assertThatThrownBy(() -> product.execute(drop))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("publication seqpulse_lifecycle depends on column");
        product.assertGoesOn();

        // dropped all the same, the whole table leaves the publication, and comes back at once
        product.execute(drop + " cascade");
        awaitAlarm("column email_events.machine is gone");
        assertThat(stack.alarms()).noneMatch(alarm -> alarm.contains("no longer captured"));
        product.assertGoesOn();
    }

    @Test
    void aLargeValueThatAnUpdateDidNotTouchIsKeptAsItWas() throws Exception {
        UUID user = UUID.randomUUID();
        String long1 = "Zoé " + "abcdefghi ".repeat(2_000);
        product.execute("alter table users alter column name set storage external");
        product.execute(
                "insert into users (id, name, email, is_active) values (?, ?, ?, false)",
                user,
                long1,
                addressOf(user));
        product.execute("update users set is_active = true where id = ?", user);
        try (ChangeTopic log = stack.changes()) {
            assertThat(
                            log.next(
                                    value ->
                                            value.contains(user.toString())
                                                    && value.contains(
                                                            "__debezium_unavailable_value"),
                                    SOON))
                    .isPresent();
        }
        ReceivedMail mail = product.mail("E-TRX-01", user);
        assertThat(mail.text()).doesNotContain("debezium").contains("Bonjour Zoé,");
        product.assertGoesOn();
    }

    @Test
    void childrenBeforeTheirParentsWaitForThem() throws Exception {
        UUID user = UUID.randomUUID();
        UUID project = UUID.randomUUID();
        UUID deployment = UUID.randomUUID();
        Instant now = Instant.now();
        product.whileTheConnectorPauses(
                () -> {
                    product.signUp(user, "Ada", addressOf(user));
                    product.execute(
                            "insert into projects (id, name, owner_id) values (?, 'Late', ?)",
                            project,
                            user);
                    feed.append(
                            key(project),
                            inserted(
                                    "deployment_verdicts",
                                    "id",
                                    UUID.randomUUID(),
                                    "deployment_id",
                                    deployment,
                                    "verdict",
                                    "ok",
                                    "summary",
                                    "fine",
                                    "created_at",
                                    now));
                    feed.tickPastNow();
                    feed.append(
                            key(deployment),
                            inserted(
                                    "deployments",
                                    "id",
                                    deployment,
                                    "project_id",
                                    project,
                                    "deployment_number",
                                    3,
                                    "state",
                                    "analyzed",
                                    "started_at",
                                    now));
                    feed.tickPastNow();
                    feed.append(
                            key(project),
                            inserted(
                                    "projects",
                                    "id",
                                    project,
                                    "name",
                                    "Late",
                                    "plan",
                                    "free",
                                    "owner_id",
                                    user,
                                    "created_at",
                                    now));
                    feed.tickPastNow();
                    feed.append(
                            key(user),
                            inserted(
                                    "users",
                                    "id",
                                    user,
                                    "name",
                                    "Ada",
                                    "email",
                                    addressOf(user),
                                    "is_active",
                                    true,
                                    "created_at",
                                    now));
                    // late enough for the watermark, which is behind it, to pass the sign-up
                    feed.tickPastNow();
                    product.mail("E-TRX-01", user);
                    assertThat(product.mail("E-ACT-04", user).subject()).contains("Late");
                    return null;
                });
        product.assertGoesOn();
        assertThat(product.mailsTo(user)).as("once, whatever the log repeats").hasSize(2);
    }

    @Test
    void aRecipientDeletedBetweenDecisionAndInsertIsCountedAndDropped() throws Exception {
        long goneBefore = product.metric(".email.recipientGone");
        UUID gone = UUID.randomUUID();
        UUID neighbour = UUID.randomUUID();
        whileTheJournalIsLocked(
                holder -> {
                    product.signUp(gone, "Gone", addressOf(gone));
                    awaitWaitingInsert();
                    product.signUp(neighbour, "Neighbour", addressOf(neighbour));
                    holder.execute("delete from users where id = '%s'".formatted(gone));
                });
        product.mail("E-TRX-01", neighbour);
        product.assertGoesOn();
        assertThat(product.mailsTo(gone)).isEmpty();
        assertThat(stack.journal().row("welcome_signup:" + gone)).isEmpty();
        await().atMost(SOON)
                .untilAsserted(
                        () ->
                                assertThat(product.metric(".email.recipientGone"))
                                        .isEqualTo(goneBefore + 1));
    }

    @Test
    void aProjectDeletedBetweenDecisionAndInsertIsCountedAndDropped() throws Exception {
        long goneBefore = product.metric(".email.recipientGone");
        UUID owner = product.signUp();
        UUID project = product.project(owner, "Doomed");
        UUID deployment = product.deployment(project);
        product.mail("E-TRX-01", owner);
        UUID neighbour = UUID.randomUUID();
        whileTheJournalIsLocked(
                holder -> {
                    product.verdict(deployment, "ok", "fine");
                    awaitWaitingInsert();
                    product.signUp(neighbour, "Neighbour", addressOf(neighbour));
                    holder.execute("delete from projects where id = '%s'".formatted(project));
                });
        product.mail("E-TRX-01", neighbour);
        product.assertGoesOn();
        assertThat(stack.journal().row("first_verdict_available:" + project)).isEmpty();
        assertThat(product.mailsTo(owner)).as("the welcome only").hasSize(1);
        await().atMost(SOON)
                .untilAsserted(
                        () ->
                                assertThat(product.metric(".email.recipientGone"))
                                        .isEqualTo(goneBefore + 1));
    }

    private interface Deletion {
        void run(Statement holder) throws Exception;
    }

    private static void whileTheJournalIsLocked(Deletion deletion) throws Exception {
        try (Connection holder = stack.connect();
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("lock table email_deliveries in exclusive mode");
            deletion.run(statement);
            holder.commit();
        }
    }

    private static void awaitWaitingInsert() {
        await().atMost(SOON)
                .until(
                        () ->
                                !product.query(
                                                """
                                                select count(*) from pg_stat_activity
                                                where wait_event_type = 'Lock'
                                                    and query like '%insert into public.email_deliveries%'
                                                    and application_name like 'seqpulse-email%'
                                                """)
                                        .equals("0"));
    }

    @Test
    void anAddressThatIsNotOneMailboxGetsNothingAndNobodyElseDoes() throws Exception {
        List<String> addresses =
                List.of(
                        "",
                        "no-at.example",
                        "eve@live.example\r\nBcc: spy@evil.example",
                        "eve@live.example\r\nRCPT TO:<spy@evil.example>",
                        "eve@live.example,spy@evil.example",
                        "Eve <eve@live.example>",
                        "eve@live.example ");
        List<UUID> users = addresses.stream().map(address -> UUID.randomUUID()).toList();
        for (int i = 0; i < addresses.size(); i++) {
            product.signUp(users.get(i), "Eve", addresses.get(i));
        }
        for (UUID user : users) {
            Journal.Row row =
                    await().atMost(SOON)
                            .until(
                                    () -> stack.journal().row("welcome_signup:" + user),
                                    found ->
                                            found.isPresent()
                                                    && !found.get().status().equals("queued"))
                            .orElseThrow();
            assertThat(row.status()).isEqualTo("failed");
            assertThat(row.reason()).isEqualTo("invalid_address");
        }
        product.assertGoesOn();
        assertThat(
                        stack.mails()
                                .received(
                                        mail ->
                                                mail.recipient().contains("eve")
                                                        || mail.recipient().contains("spy")
                                                        || mail.recipient().contains("evil")))
                .isEmpty();
    }

    @Test
    void textsOfTenMegabytes() throws Exception {
        UUID user = UUID.randomUUID();
        product.execute(
                "insert into users (id, name, email) values (?, repeat('x', 10000000), ?)",
                user,
                addressOf(user));
        assertThat(product.mail("E-TRX-01", user).file()).isRegularFile();
        UUID deployment = product.deployment(product.project(user, "Large"));
        product.execute(
                """
                insert into deployment_verdicts (deployment_id, verdict, summary, details)
                values (?, 'ok', repeat('y', 10000000), array[repeat('z', 10000000)])
                """,
                deployment);
        assertThat(product.mail("E-ACT-04", user).html()).hasSizeLessThan(20_000);
        product.assertGoesOn();
    }

    /** Each row is taken or is a letter; nobody else loses anything, and nothing is restarted. */
    @Test
    void timesThatNothingCanBeAddedTo() throws Exception {
        UUID owner = product.signUp();
        UUID project = product.project(owner, "Neighbour");
        product.assertGoesOn();
        Map<String, Long> before = new LinkedHashMap<>();
        for (String table : List.of("users", "projects", "quota_refusals", "email_deliveries")) {
            before.put(table, counted(table));
        }
        for (String time : TIMES) {
            product.execute(
                    "insert into users (name, email, created_at) values ('x', ?, ?::timestamptz)",
                    addressOf(UUID.randomUUID()),
                    time);
            product.execute(
                    """
                    insert into projects (name, owner_id, created_at)
                    values ('x', ?, ?::timestamptz)
                    """,
                    owner,
                    time);
            product.execute(
                    """
                    insert into quota_refusals (project_id, attempted_at, used)
                    values (?, ?::timestamptz, 50)
                    """,
                    project,
                    time);
            product.execute(
                    """
                    insert into email_deliveries
                        (user_id, email_type, dedupe_key, status, sent_at, created_at)
                    values (?, 'weekly', ?, 'sent', ?::timestamptz, ?::timestamptz)
                    """,
                    owner,
                    UUID.randomUUID().toString(),
                    time,
                    time);
        }
        product.assertGoesOn();
        for (Map.Entry<String, Long> table : before.entrySet()) {
            await().atMost(SOON)
                    .untilAsserted(
                            () ->
                                    assertThat(counted(table.getKey()) - table.getValue())
                                            .as("letters of %s", table.getKey())
                                            .isEqualTo(TIMES.size() - UNDERSTOOD));
        }
        assertThat(letters.read())
                .extracting(StoredLetter::reason)
                .contains(
                        "users.created_at is infinite, or not in the years 1 to 9999",
                        "quota_refusals.attempted_at is infinite, or not in the years 1 to 9999");
        product.mail("E-TRX-01", owner);
    }

    /** An optional column that cannot be read costs that column. */
    @Test
    void aTimeThatCannotBeReadWhereItCanBeDoneWithout() throws Exception {
        long unread = product.metric(".unreadValues");
        for (String time : TIMES) {
            UUID user = UUID.randomUUID();
            product.execute(
                    """
                    insert into users (id, name, email, twofa_enabled_at)
                    values (?, 'Zoe', ?, ?::timestamptz)
                    """,
                    user,
                    addressOf(user),
                    time);
            UUID project = product.project(user, "Endless");
            UUID deployment = UUID.randomUUID();
            product.execute(
                    """
                    insert into deployments
                        (id, deployment_number, project_id, state, started_at, finished_at)
                    values (?, 7, ?, 'finished', now(), ?::timestamptz)
                    """,
                    deployment,
                    project,
                    time);
            product.verdict(deployment, "rollback_recommended", "slow");
            product.mail("E-TRX-01", user);
            product.mail("E-ACT-05", user);
        }
        product.assertGoesOn();
        await().atMost(SOON)
                .untilAsserted(
                        () ->
                                assertThat(product.metric(".unreadValues") - unread)
                                        .isEqualTo(2L * (TIMES.size() - UNDERSTOOD)));
    }

    /** Numbers, arrays and texts at the edges of their types. */
    @Test
    void whateverElseAColumnCanHold() throws Exception {
        UUID user = UUID.randomUUID();
        // the connector cuts texts, here in the middle of a character of two halves
        product.signUp(user, "x".repeat(65_535) + "\ud83d\ude80", addressOf(user));
        product.mail("E-TRX-01", user);
        UUID project = product.project(user, "\u0001\u001f\t\u007f\u2028");
        UUID deployment = UUID.randomUUID();
        product.execute(
                """
                insert into deployments
                    (id, deployment_number, project_id, env, branch, state, started_at, duration_ms)
                values (?, -2147483648, ?, '', ?, 'finished', now(), -9223372036854775808)
                """,
                deployment,
                project,
                "\n".repeat(300));
        for (String phase : List.of("pre", "post")) {
            for (String number : List.of("NaN", "0", "999999999.999")) {
                product.execute(
                        """
                        insert into metric_samples (deployment_id, phase, latency_p95, error_rate)
                        values (?, ?, ?::numeric, 'NaN')
                        """,
                        deployment,
                        phase,
                        number);
            }
        }
        for (String array :
                List.of(
                        "{}",
                        "{NULL}",
                        "{{a,b},{c,d}}",
                        "[0:1]={a,b}",
                        "{\"\",\" \"}",
                        "{__debezium_unavailable_value}")) {
            product.execute(
                    """
                    insert into sdh_hints
                        (deployment_id, metric, severity, title, confidence, suggested_actions)
                    values (?, 'm', ?, 't', 'NaN', ?::text[])
                    """,
                    deployment,
                    "?".repeat(100),
                    array);
        }
        product.execute(
                """
                insert into deployment_verdicts
                    (deployment_id, verdict, confidence, summary, details)
                values (?, 'ok', 'NaN', ?, '{{a},{b}}')
                """,
                deployment,
                "\ud83d\ude80".repeat(40_000));
        assertThat(product.mail("E-ACT-04", user).html())
                .doesNotContain("java.lang", "NaN", "debezium");
        product.assertGoesOn();
    }

    @Test
    void namesThatWouldBeMarkupLinksOrHeaders() throws Exception {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("<script>alert(1)</script>", "");
        names.put("<img src=x onerror=alert(1)>", "");
        names.put("https://evil.example/claim", "evil.example");
        names.put("click www.evil.example now", "evil.example");
        names.put("\r\nBcc: spy@evil.example\r\n\r\nHello", "spy@evil.example");
        names.put("🚀🚀 Fusée", "evil");
        names.put("\u202Eelpmaxe.live\u202C שלום مرحبا", "\u202E");
        for (Map.Entry<String, String> name : names.entrySet()) {
            UUID user = UUID.randomUUID();
            product.signUp(user, name.getKey(), addressOf(user));
            product.verdict(
                    product.deployment(product.project(user, name.getKey())), "ok", name.getKey());
            for (String code : List.of("E-TRX-01", "E-ACT-04")) {
                ReceivedMail mail = product.mail(code, user);
                if (name.getValue().isEmpty()) {
                    // plain text stays what it is; the HTML part says the same, escaped
                    assertThat(mail.html()).doesNotContain(name.getKey());
                } else {
                    assertThat(mail.subject()).doesNotContain(name.getValue());
                    assertThat(mail.text()).doesNotContain(name.getValue());
                    assertThat(mail.html()).doesNotContain(name.getValue());
                }
                MimeMessage message = mail.message();
                assertThat(message.getHeader("Bcc")).isNull();
                assertThat(message.getAllRecipients())
                        .extracting(Object::toString)
                        .containsExactly(addressOf(user));
            }
            assertThat(product.mailsTo(user)).hasSize(2);
        }
        List<String> escaped = new ArrayList<>();
        for (ReceivedMail mail : stack.mails().received()) {
            if (mail.html().contains("&lt;script&gt;alert(1)&lt;/script&gt;")) {
                escaped.add(mail.code());
            }
        }
        assertThat(escaped).containsExactly("E-ACT-04");
        assertThat(
                        stack.mails()
                                .received(
                                        mail ->
                                                mail.subject().contains("🚀🚀 Fusée")
                                                        && mail.code().equals("E-ACT-04")))
                .as("what does no harm is shown")
                .hasSize(1);
        assertThat(
                        stack.mails()
                                .received(
                                        mail ->
                                                mail.subject().contains("שלום مرحبا")
                                                        && mail.code().equals("E-ACT-04")))
                .hasSize(1);
        product.assertGoesOn();
        assertThat(stack.mails().received(mail -> mail.recipient().contains("spy"))).isEmpty();
    }
}
