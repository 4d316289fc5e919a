package io.seqpulse.lifecycle.delivery;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.delivery.Delivery.Signal;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.story.Tallies;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Whatever befalls a line of the journal and the events of its email, in whichever order the two
 * ways deliver it and however much of the log is repeated: the figures are those of the rows as
 * they are at the end, and whoever was told last was told what is so.
 */
class DeliveryPropertyTest {

    private static final int HISTORIES = Integer.getInteger("lifecycle.histories", 5_000);
    private static final long SEED = Long.getLong("lifecycle.seed", 20_261_121L);
    private static final String EMAIL = "m1";
    private static final List<String> CODES = List.of("E-ACT-04", "E-ACT-05", "E-TRX-01");
    private static final List<String> STATUSES = List.of("queued", "sent", "sent", "failed");
    private static final List<String> TYPES = List.of("opened", "clicked", "delivered");

    private final EmailFigures figures = new EmailFigures(Rules.measures());

    /** A row of either table as it is; the tables are by id. */
    private record Tables(Map<String, Map<String, String>> emails, Map<String, Fact> events) {}

    @Test
    void endsWithTheFiguresOfTheRowsAsTheyAre() {
        int reached = 0;
        for (int i = 0; i < HISTORIES; i++) {
            Random random = new Random(SEED + i);
            Tables tables = new Tables(new HashMap<>(), new HashMap<>());
            List<Fact> log = log(random, tables);
            List<Increment> increments = new ArrayList<>();
            Map<String, FactKind> told = new HashMap<>();
            read(repeated(log, random), random, increments, told);

            Map<String, String> expected = expected(tables);
            assertThat(Tallies.of(increments)).as("history %d", SEED + i).isEqualTo(expected);
            told.values().removeIf(kind -> kind == FactKind.EMAIL_UNSENT);
            assertThat(told.keySet()).as("history %d", SEED + i).isEqualTo(subjects(tables));
            reached += expected.values().stream().anyMatch("1/1"::equals) ? 1 : 0;
        }
        assertThat(reached).as("histories with something reached").isGreaterThan(HISTORIES / 10);
    }

    /** What the product does, as the log tells it. */
    private static List<Fact> log(Random random, Tables tables) {
        List<Fact> log = new ArrayList<>();
        long now = MORNING;
        for (int step = 2 + random.nextInt(14); step > 0; step--) {
            now += random.nextInt(3) == 0 ? 0 : random.nextInt(60) * SECOND;
            String event = "e" + random.nextInt(3);
            if (!tables.emails.containsKey(EMAIL)) {
                tables.emails.put(EMAIL, row(random));
                log.add(fact(log, FactKind.EMAIL, EMAIL, now, tables.emails.get(EMAIL)));
                continue;
            }
            switch (random.nextInt(8)) {
                case 0 -> {
                    tables.emails.clear();
                    log.add(fact(log, FactKind.EMAIL_DELETED, EMAIL, now, Map.of()));
                    for (String gone : List.copyOf(tables.events.keySet())) {
                        tables.events.remove(gone);
                        log.add(fact(log, FactKind.EMAIL_EVENT_DELETED, gone, now, Map.of()));
                    }
                }
                case 1, 2, 3 -> {
                    tables.emails.put(EMAIL, row(random));
                    log.add(fact(log, FactKind.EMAIL, EMAIL, now, tables.emails.get(EMAIL)));
                }
                case 4 -> {
                    if (tables.events.remove(event) != null) {
                        log.add(fact(log, FactKind.EMAIL_EVENT_DELETED, event, now, Map.of()));
                    }
                }
                default -> {
                    Map<String, String> values =
                            Map.of(
                                    "event_type",
                                    TYPES.get(random.nextInt(TYPES.size())),
                                    "machine",
                                    Boolean.toString(random.nextBoolean()));
                    long at = (MORNING + 7 * DAY) * 1_000 + random.nextInt(3) - 1;
                    Fact told =
                            fact(log, FactKind.EMAIL_EVENT, event, now, values)
                                    .atMicros(random.nextBoolean() ? at : now * 1_000);
                    tables.events.put(event, told);
                    log.add(told);
                }
            }
        }
        return log;
    }

    private static Map<String, String> row(Random random) {
        Map<String, String> row = new HashMap<>();
        row.put("email_type", CODES.get(random.nextInt(CODES.size())));
        row.put("status", STATUSES.get(random.nextInt(STATUSES.size())));
        row.put("reason", random.nextInt(4) == 0 ? "capped" : null);
        row.put("user_id", random.nextInt(4) == 0 ? "u2" : "u1");
        row.put("project_id", random.nextInt(3) == 0 ? null : "p" + random.nextInt(2));
        boolean sent = row.get("status").equals("sent");
        row.put("sent_at", sent ? Long.toString(MORNING * 1_000) : null);
        return row;
    }

    private static Fact fact(
            List<Fact> log, FactKind kind, String id, long at, Map<String, String> values) {
        String key = kind == FactKind.EMAIL_EVENT ? EMAIL : id;
        return new Fact(
                kind,
                key,
                id,
                MORNING,
                at,
                LogPosition.at(log.size()),
                Origin.INSERTED,
                new HashMap<>(values));
    }

    /** A connector that was restarted repeats the end of what it had told. */
    private static List<Fact> repeated(List<Fact> log, Random random) {
        List<Fact> read = new ArrayList<>();
        int known = 0;
        while (random.nextBoolean()) {
            int from = random.nextInt(known + 1);
            known += random.nextInt(log.size() - known + 1);
            read.addAll(log.subList(from, known));
        }
        read.addAll(log.subList(random.nextInt(known + 1), log.size()));
        List<Fact> positioned = new ArrayList<>();
        for (Fact fact : read) {
            positioned.add(
                    new Fact(
                            fact.kind(),
                            fact.key(),
                            fact.id(),
                            fact.at(),
                            fact.committedAt(),
                            new LogPosition(fact.position().told(), positioned.size()),
                            fact.origin(),
                            fact.values(),
                            fact.microsOfMilli()));
        }
        return positioned;
    }

    /** One way brings the rows, the other the events' deletions; which is read next is chance. */
    private void read(
            List<Fact> log, Random random, List<Increment> increments, Map<String, FactKind> told) {
        Deque<Fact> rows = new ArrayDeque<>();
        Deque<Fact> deletions = new ArrayDeque<>();
        for (Fact fact : log) {
            if (fact.kind() == FactKind.EMAIL_EVENT_DELETED) {
                deletions.add(
                        new Fact(
                                fact.kind(),
                                EMAIL,
                                fact.id(),
                                fact.at(),
                                fact.committedAt(),
                                fact.position(),
                                fact.origin(),
                                Map.of()));
            } else {
                rows.add(fact);
            }
        }
        Delivery delivery = new Delivery();
        while (!rows.isEmpty() || !deletions.isEmpty()) {
            boolean row = deletions.isEmpty() || (!rows.isEmpty() && random.nextBoolean());
            Fact fact = row ? rows.remove() : deletions.remove();
            if (delivery.row.isOver(fact) && fact.kind() != FactKind.EMAIL_EVENT_DELETED) {
                continue;
            }
            for (Signal signal : delivery.take(EMAIL, fact)) {
                told.put(signal.to() + signal.fact().key(), signal.fact().kind());
            }
            delivery.contributed.become(figures.of(delivery), increments::add);
        }
    }

    /** Straight from the rows. */
    private static Map<String, String> expected(Tables tables) {
        Map<String, String> row = tables.emails.get(EMAIL);
        if (row == null) {
            return Map.of();
        }
        Map<String, String> expected = new TreeMap<>();
        String code = row.get("email_type");
        String at = "@" + MORNING / MINUTE;
        String reason = row.get("reason") == null ? "" : row.get("reason");
        expected.put("email " + code + " " + row.get("status") + " " + reason + at, "0/1");
        if (row.get("sent_at") == null) {
            return expected;
        }
        String opened = of(tables, "opened", true, Long.MAX_VALUE);
        String byPeople = of(tables, "opened", false, Long.MAX_VALUE);
        expected.put("cohort email/" + code + "/opened" + at, opened);
        expected.put("cohort email/" + code + "/opened_by_people" + at, byPeople);
        expected.put(
                "cohort email/" + code + "/clicked" + at,
                of(tables, "clicked", false, Long.MAX_VALUE));
        if (code.equals("E-ACT-04")) {
            expected.put(
                    "cohort email/" + code + "/goal" + at,
                    of(tables, "clicked", false, (MORNING + 7 * DAY) * 1_000));
        }
        if (code.equals("E-ACT-05")) {
            expected.put("cohort critical_alert_open_rate" + at, opened);
        }
        return expected;
    }

    private static String of(Tables tables, String type, boolean machines, long until) {
        boolean any =
                tables.events.values().stream()
                        .anyMatch(
                                event ->
                                        event.value("event_type").equals(type)
                                                && (machines
                                                        || event.value("machine").equals("false"))
                                                && event.atMicros() <= until);
        return any ? "1/1" : "0/1";
    }

    private static Set<String> subjects(Tables tables) {
        Set<String> subjects = new HashSet<>();
        Map<String, String> row = tables.emails.get(EMAIL);
        if (row != null && row.get("sent_at") != null) {
            subjects.add("USER" + row.get("user_id"));
            if (row.get("project_id") != null) {
                subjects.add("PROJECT" + row.get("project_id"));
            }
        }
        return subjects;
    }
}
