package io.seqpulse.quickstart.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.Journal;
import io.seqpulse.quickstart.stack.ReceivedMail;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.awaitility.core.ConditionFactory;

/**
 * Places the scenarios of a table all at once on a stack, each with users of its own, and compares
 * what the journal and the mailboxes hold of each with what it says, line by line.
 *
 * <p>That nothing more comes is shown by a probe, not by waiting: a later transaction that gives
 * every user one more mail, as an admin of a project that gets its first verdict. A person's emails
 * are decided in the order of the log's clock, and only when every path has passed it: whoever has
 * the probe has had whatever was due before.
 */
final class Bench {

    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    private final Map<Cell, Scenario> scenarios = new LinkedHashMap<>();
    private final Set<UUID> probes = new LinkedHashSet<>();
    private final List<Scenario> others = new ArrayList<>();
    private EmbeddedStack stack;
    private Instant probedAt = Instant.MIN;
    private Instant firstDecidedAt;

    /**
     * @param name part of every address, so that benches do not share any
     */
    Bench(String name, List<Cell> cells) {
        for (Cell cell : cells) {
            scenarios.put(cell, new Scenario(name + scenarios.size(), now));
        }
    }

    /** What the business times of all scenarios are counted from. */
    Instant now() {
        return now;
    }

    /** Writes what every scenario begins with, in one transaction. */
    void place(Connection product) throws SQLException {
        inTransaction(
                product,
                () -> {
                    for (Map.Entry<Cell, Scenario> entry : scenarios.entrySet()) {
                        entry.getValue().on(product);
                        entry.getKey().placement().place(entry.getValue());
                    }
                    return null;
                });
    }

    /** Writes what follows, each step once everything before is decided and sent. */
    void followUpOn(EmbeddedStack running) throws Exception {
        stack = running;
        int steps = scenarios.values().stream().mapToInt(Scenario::laterSteps).max().orElse(0);
        for (int step = 0; step < Math.max(1, steps); step++) {
            try (Connection product = stack.connect()) {
                placeStep(product, step);
            }
            probe();
            if (step == 0) {
                firstDecidedAt = Instant.now();
            }
        }
    }

    private void placeStep(Connection product, int step) throws SQLException {
        inTransaction(
                product,
                () -> {
                    for (Scenario scenario : scenarios.values()) {
                        scenario.on(product);
                        for (Cell.Placement later : scenario.laterPlacements(step)) {
                            later.place(scenario);
                        }
                    }
                    return null;
                });
        Instant committedAt = Instant.now();
        scenarios.values().stream()
                .filter(scenario -> !scenario.laterPlacements(step).isEmpty())
                .forEach(scenario -> scenario.followedUp(committedAt));
    }

    /** Places one more scenario beside those of the table. */
    Scenario placeAlone(Cell cell) throws SQLException {
        Scenario scenario =
                new Scenario("alone" + others.size(), Instant.now().truncatedTo(ChronoUnit.MILLIS));
        others.add(scenario);
        try (Connection product = stack.connect()) {
            inTransaction(
                    product,
                    () -> {
                        scenario.on(product);
                        cell.placement().place(scenario);
                        return null;
                    });
        }
        return scenario;
    }

    /** Writes something more for a scenario. */
    void placeMore(Scenario scenario, Cell.Placement placement) throws SQLException {
        try (Connection product = stack.connect()) {
            inTransaction(
                    product,
                    () -> {
                        scenario.on(product);
                        placement.place(scenario);
                        return null;
                    });
        }
    }

    /** What a cell placed. */
    Scenario scenario(Cell cell) {
        return scenarios.get(cell);
    }

    /** Waits for what must come of a scenario, then shows that nothing else did. */
    void assertOutcome(Scenario scenario) throws Exception {
        assumeInTime(scenario);
        patiently()
                .untilAsserted(
                        () ->
                                assertThat(lines(rowsOf(scenario)))
                                        .containsAll(expectedLines(scenario.expected())));
        awaitProbeAfter(scenario.settledAt());
        List<Journal.Row> rows = rowsOf(scenario);
        List<String> certain = new ArrayList<>(lines(rows));
        certain.removeAll(expectedLines(scenario.possible()));
        assertThat(certain)
                .as("all that the journal holds")
                .containsExactlyInAnyOrderElementsOf(expectedLines(scenario.expected()));
        assertMailboxes(scenario, rows);
    }

    /** A deferral proves nothing if the machine was so slow that its window was open already. */
    private void assumeInTime(Scenario scenario) {
        assumeThat(scenario.followedUpInTime())
                .as("what follows was written before the window opened")
                .isTrue();
        for (Instant earliest : scenario.earliest().values()) {
            assumeThat(firstDecidedAt == null || firstDecidedAt.isBefore(earliest))
                    .as("everything was decided before the window opened")
                    .isTrue();
        }
    }

    private void assertMailboxes(Scenario scenario, List<Journal.Row> rows) throws Exception {
        Map<String, Journal.Row> byKey =
                rows.stream()
                        .collect(Collectors.toMap(Journal.Row::dedupeKey, Function.identity()));
        Set<String> probeIds =
                stack.journal().rows().stream()
                        .filter(this::isProbe)
                        .map(Journal.Row::providerMessageId)
                        .collect(Collectors.toSet());
        List<ReceivedMail> mails =
                stack.mails()
                        .received(
                                mail ->
                                        scenario.addresses().contains(mail.recipient())
                                                && !probeIds.contains(mail.messageId()));
        List<String> wanted = new ArrayList<>();
        for (Scenario.Expected expected : scenario.expected()) {
            if (expected.mailbox() != null) {
                String messageId = byKey.get(expected.key()).providerMessageId();
                wanted.add(expected.mailbox() + " " + messageId);
                lookAt(scenario, expected, mailWith(mails, messageId));
            }
        }
        assertThat(mails.stream().map(mail -> mail.recipient() + " " + mail.messageId()))
                .as("all that the mailboxes hold")
                .containsExactlyInAnyOrderElementsOf(wanted);
    }

    private static ReceivedMail mailWith(List<ReceivedMail> mails, String messageId) {
        Optional<ReceivedMail> found =
                mails.stream().filter(mail -> mail.messageId().equals(messageId)).findFirst();
        assertThat(found).as("the mail that the journal says was sent").isPresent();
        return found.get();
    }

    private static void lookAt(Scenario scenario, Scenario.Expected expected, ReceivedMail mail)
            throws Exception {
        Instant earliest = scenario.earliest().get(expected.key());
        if (earliest != null) {
            assertThat(mail.receivedAt()).as("accepted").isAfterOrEqualTo(earliest);
        }
        for (Scenario.Check check : scenario.checks().getOrDefault(expected.key(), List.of())) {
            check.accept(mail);
        }
    }

    private static ConditionFactory patiently() {
        return await().atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(100));
    }

    /** The row under a key once it has a status. */
    Journal.Row awaitRow(String key, String status) {
        return patiently()
                .until(
                        () -> stack.journal().row(key),
                        row -> row.isPresent() && row.get().status().equals(status))
                .orElseThrow();
    }

    /** Returns once a probe has arrived that was committed after the log had passed a time. */
    void awaitProbeAfter(Instant time) throws Exception {
        if (probedAt.isBefore(time)) {
            assertThat(stack.awaitWatermark(time, PATIENCE)).as("the log's clock goes on").isTrue();
            probe();
        }
    }

    /** Gives every user one more mail, and waits until each is decided and the queue is empty. */
    void probe() throws Exception {
        Scenario probe = new Scenario("probe" + probes.size(), Instant.now());
        UUID project;
        try (Connection product = stack.connect()) {
            probe.on(product);
            project = inTransaction(product, () -> placeProbe(probe));
        }
        probes.add(project);
        String key = Scenario.firstVerdict(project);
        patiently()
                .untilAsserted(
                        () -> {
                            List<Journal.Row> rows = stack.journal().rows();
                            assertThat(rows).as("what is under way").noneMatch(Bench::isUnderWay);
                            assertThat(
                                            rows.stream()
                                                    .filter(r -> r.dedupeKey().startsWith(key))
                                                    .map(r -> UUID.fromString(r.userId())))
                                    .as("whose probe is decided")
                                    .containsAll(everybody());
                        });
        probedAt = probe.now();
    }

    private UUID placeProbe(Scenario probe) throws SQLException {
        UUID project = probe.project(probe.veteran());
        probe.execute(
                """
                insert into project_members (project_id, user_id, role)
                select ?, id, 'admin' from users where id = any (?::uuid[])
                """,
                project,
                everybody().stream().map(UUID::toString).toArray(String[]::new));
        probe.verdict(project, "ok", probe.now());
        return project;
    }

    private Set<UUID> everybody() {
        Set<UUID> users = new LinkedHashSet<>();
        scenarios.values().forEach(scenario -> users.addAll(scenario.users()));
        others.forEach(scenario -> users.addAll(scenario.users()));
        return users;
    }

    private boolean isProbe(Journal.Row row) {
        return row.projectId() != null && probes.contains(UUID.fromString(row.projectId()));
    }

    private static boolean isUnderWay(Journal.Row row) {
        return row.status().equals("queued") && !"capped".equals(row.reason());
    }

    private List<Journal.Row> rowsOf(Scenario scenario) throws SQLException {
        return stack.journal().rows().stream()
                .filter(row -> scenario.users().contains(UUID.fromString(row.userId())))
                .filter(row -> !isProbe(row))
                .toList();
    }

    private static List<String> lines(List<Journal.Row> rows) {
        return rows.stream()
                .map(
                        row ->
                                "%s %s %s, for %s"
                                        .formatted(
                                                row.dedupeKey(),
                                                row.status(),
                                                row.reason(),
                                                row.userId()))
                .toList();
    }

    private static List<String> expectedLines(List<Scenario.Expected> rows) {
        return rows.stream()
                .map(
                        row ->
                                "%s %s %s, for %s"
                                        .formatted(
                                                row.key(), row.status(), row.reason(), row.user()))
                .toList();
    }

    private static <T> T inTransaction(Connection product, Callable<T> work) throws SQLException {
        product.setAutoCommit(false);
        try {
            T result = work.call();
            product.commit();
            return result;
        } catch (SQLException e) {
            product.rollback();
            throw e;
        } catch (Exception e) {
            product.rollback();
            throw new IllegalStateException(e);
        } finally {
            product.setAutoCommit(true);
        }
    }
}
