package io.seqpulse.lifecycle.delivery;

import static io.seqpulse.lifecycle.fact.FactTexts.value;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.delivery.Delivery.Told;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Source;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.story.Facts;
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
    private record Tables(Map<String, Map<String, String>> emails, Map<String, RowChange> events) {}

    @Test
    void endsWithTheFiguresOfTheRowsAsTheyAre() {
        int reached = 0;
        for (int i = 0; i < HISTORIES; i++) {
            Random random = new Random(SEED + i);
            Tables tables = new Tables(new HashMap<>(), new HashMap<>());
            List<RowChange> log = log(random, tables);
            List<Increment> increments = new ArrayList<>();
            Map<String, Boolean> told = new HashMap<>();
            read(repeated(log, random), random, increments, told);

            Map<String, String> expected = expected(tables);
            assertThat(Tallies.of(increments)).as("history %d", SEED + i).isEqualTo(expected);
            told.values().removeIf(sent -> !sent);
            assertThat(told.keySet()).as("history %d", SEED + i).isEqualTo(subjects(tables));
            reached += expected.values().stream().anyMatch("1/1"::equals) ? 1 : 0;
        }
        assertThat(reached).as("histories with something reached").isGreaterThan(HISTORIES / 10);
    }

    /** What the product does, as the log tells it. */
    private static List<RowChange> log(Random random, Tables tables) {
        List<RowChange> log = new ArrayList<>();
        long now = MORNING;
        for (int step = 2 + random.nextInt(14); step > 0; step--) {
            now += random.nextInt(3) == 0 ? 0 : random.nextInt(60) * SECOND;
            String event = "e" + random.nextInt(3);
            if (!tables.emails.containsKey(EMAIL)) {
                tables.emails.put(EMAIL, row(random));
                log.add(line(log, now, tables.emails.get(EMAIL)));
                continue;
            }
            switch (random.nextInt(8)) {
                case 0 -> {
                    tables.emails.clear();
                    log.add(deletion(log, CapturedTable.EMAIL_DELIVERIES, EMAIL, now));
                    for (String gone : List.copyOf(tables.events.keySet())) {
                        tables.events.remove(gone);
                        log.add(deletion(log, CapturedTable.EMAIL_EVENTS, gone, now));
                    }
                }
                case 1, 2, 3 -> {
                    tables.emails.put(EMAIL, row(random));
                    log.add(line(log, now, tables.emails.get(EMAIL)));
                }
                case 4 -> {
                    if (tables.events.remove(event) != null) {
                        log.add(deletion(log, CapturedTable.EMAIL_EVENTS, event, now));
                    }
                }
                default -> {
                    String type = TYPES.get(random.nextInt(TYPES.size()));
                    String machine = Boolean.toString(random.nextBoolean());
                    long at = (MORNING + 7 * DAY) * 1_000 + random.nextInt(3) - 1;
                    RowChange told =
                            Facts.row(CapturedTable.EMAIL_EVENTS, EMAIL, event, now)
                                    .with("event_type", type)
                                    .with("machine", machine)
                                    .position(log.size())
                                    .atMicros(random.nextBoolean() ? at : now * 1_000)
                                    .fact();
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

    private static RowChange line(List<RowChange> log, long at, Map<String, String> values) {
        Facts<RowChange> line =
                Facts.row(CapturedTable.EMAIL_DELIVERIES, EMAIL, EMAIL, MORNING).committedAt(at);
        values.forEach(line::with);
        return line.position(log.size()).fact();
    }

    private static RowChange deletion(
            List<RowChange> log, CapturedTable table, String id, long at) {
        return Facts.deletion(table, id, id, at).position(log.size()).fact();
    }

    private static RowChange at(RowChange change, String key, LogPosition position) {
        Source source = new Source(change.committedAt(), position, change.origin());
        return new RowChange(
                change.deleted(), key, change.id(), change.atMicros(), source, change.row());
    }

    /** A connector that was restarted repeats the end of what it had told. */
    private static List<RowChange> repeated(List<RowChange> log, Random random) {
        List<RowChange> read = new ArrayList<>();
        int known = 0;
        while (random.nextBoolean()) {
            int from = random.nextInt(known + 1);
            known += random.nextInt(log.size() - known + 1);
            read.addAll(log.subList(from, known));
        }
        read.addAll(log.subList(random.nextInt(known + 1), log.size()));
        List<RowChange> positioned = new ArrayList<>();
        for (RowChange fact : read) {
            LogPosition position = new LogPosition(fact.position().told(), positioned.size());
            positioned.add(at(fact, fact.key(), position));
        }
        return positioned;
    }

    /** One way brings the rows, the other the events' deletions; which is read next is chance. */
    private void read(
            List<RowChange> log,
            Random random,
            List<Increment> increments,
            Map<String, Boolean> told) {
        Deque<RowChange> rows = new ArrayDeque<>();
        Deque<RowChange> deletions = new ArrayDeque<>();
        for (RowChange fact : log) {
            if (fact.deletes(CapturedTable.EMAIL_EVENTS)) {
                deletions.add(at(fact, EMAIL, fact.position()));
            } else {
                rows.add(fact);
            }
        }
        Delivery delivery = new Delivery();
        while (!rows.isEmpty() || !deletions.isEmpty()) {
            boolean row = deletions.isEmpty() || (!rows.isEmpty() && random.nextBoolean());
            RowChange fact = row ? rows.remove() : deletions.remove();
            if (delivery.row.isOver(fact) && !fact.deletes(CapturedTable.EMAIL_EVENTS)) {
                continue;
            }
            for (Told signal : delivery.take(EMAIL, fact)) {
                told.put(signal.to() + signal.signal().key(), signal.signal().sent());
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
                                        value(event, "event_type").equals(type)
                                                && (machines
                                                        || value(event, "machine").equals("false"))
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
