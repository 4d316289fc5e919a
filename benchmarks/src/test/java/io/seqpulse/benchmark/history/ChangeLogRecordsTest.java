package io.seqpulse.benchmark.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.benchmark.history.Change.Operation;
import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.DebeziumEnvelope;
import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.debezium.LogRecord.Kind;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.fact.FactMapper;
import io.seqpulse.lifecycle.fact.LogPosition;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

class ChangeLogRecordsTest {

    private static final int CHANGES = 20_000;
    private static final Instant END = Instant.parse("2026-11-21T12:00:00Z");

    private final List<Transaction> told = new ArrayList<>();
    private final List<LogRecord> log = new ArrayList<>();
    private Instant logEnd;

    private void write(long seed, int changes) {
        ProductHistory history = new ProductHistory(seed, changes, END);
        ChangeLogRecords records = new ChangeLogRecords("any", this::parse);
        while (history.hasNext()) {
            Transaction next = history.next();
            told.add(next);
            records.write(next);
        }
        logEnd = records.end();
        assertThat(records.records()).isEqualTo(log.size());
    }

    private void parse(ProducerRecord<byte[], byte[]> record) {
        log.add(DebeziumEnvelope.parse(record.key(), record.value(), log.size()));
    }

    private List<ChangeEvent> changes() {
        return log.stream()
                .filter(record -> record.kind() == Kind.CHANGE)
                .map(LogRecord::change)
                .toList();
    }

    @Test
    void isReadAsTheRowsThatWereTold() {
        write(1, CHANGES);
        Iterator<ChangeEvent> read = changes().iterator();
        for (Transaction transaction : told) {
            for (Change change : transaction.changes()) {
                ChangeEvent event = read.next();
                assertThat(event.table()).isEqualTo(change.table().label());
                assertThat(event.operation())
                        .isEqualTo(
                                change.operation() == Operation.INSERT
                                        ? ChangeEvent.Operation.CREATE
                                        : ChangeEvent.Operation.UPDATE);
                assertThat(event.commitMicros()).isEqualTo(transaction.commitMicros());
                assertThat(event.key()).hasSize(1).containsValue(change.key().toString());
                assertThat(event.row()).hasSameSizeAs(change.values());
                for (int i = 0; i < change.values().size(); i++) {
                    Column column = change.table().columns().get(i);
                    assertThat(read(event, column))
                            .as(column.name())
                            .isEqualTo(change.values().get(i));
                }
            }
        }
        assertThat(read.hasNext()).isFalse();
    }

    /** As the job reads it, in the type in which the history tells it. */
    private static Object read(ChangeEvent event, Column column) {
        String name = column.name();
        String text = event.text(name);
        if (text == null) {
            return null;
        }
        return switch (column.type()) {
            case TEXT -> text;
            case UUID -> UUID.fromString(text);
            case NUMERIC -> new BigDecimal(text);
            case BOOLEAN -> event.bool(name);
            case TIMESTAMP, TIMESTAMPTZ -> event.micros(name);
            case TEXT_ARRAY -> event.list(name);
            case INTEGER ->
                    name.equals("deployment_number")
                            ? (Object) Integer.valueOf(text)
                            : Long.valueOf(text);
        };
    }

    @Test
    void nothingInItIsADeadLetterAndEveryTableSpeaks() {
        write(2, CHANGES);
        Set<CapturedTable> tables = EnumSet.noneOf(CapturedTable.class);
        for (ChangeEvent change : changes()) {
            FactMapper.facts(
                            change,
                            LogPosition.at(change.offset()),
                            reason -> {
                                throw reason;
                            })
                    .forEach(routed -> tables.add(routed.fact().table()));
        }
        assertThat(log).noneMatch(record -> record.kind() == Kind.UNREADABLE);
        assertThat(tables)
                .contains(
                        CapturedTable.USERS,
                        CapturedTable.EMAIL_PREFERENCES,
                        CapturedTable.EMAIL_DELIVERIES,
                        CapturedTable.PROJECTS,
                        CapturedTable.PROJECT_MEMBERS,
                        CapturedTable.DEPLOYMENTS,
                        CapturedTable.DEPLOYMENT_VERDICTS,
                        CapturedTable.SDH_HINTS,
                        CapturedTable.METRIC_SAMPLES);
    }

    @Test
    void itsClockTicksFourTimesASecondAndPassesTheEnd() {
        write(3, CHANGES);
        long last = Long.MIN_VALUE;
        long lastTick = 0;
        for (LogRecord record : log) {
            if (record.kind() == Kind.CLOCK) {
                long tick = record.clock().commitMicros();
                if (lastTick != 0 && tick / 1_000 < logEnd.toEpochMilli()) {
                    assertThat(tick - lastTick).isEqualTo(250_000);
                }
                lastTick = tick;
                last = Math.max(last, tick);
            } else if (record.kind() == Kind.CHANGE) {
                assertThat(record.change().commitMicros()).isGreaterThanOrEqualTo(last);
                last = record.change().commitMicros();
            }
        }
        long lastChange = told.get(told.size() - 1).commitMicros();
        assertThat(logEnd.toEpochMilli()).isGreaterThan(lastChange / 1_000);
        assertThat(lastTick / 1_000).isGreaterThan(logEnd.toEpochMilli() + 100);
        assertThat(Instant.ofEpochMilli(lastChange / 1_000))
                .isBetween(END.minusSeconds(10), END.plusSeconds(10));
    }

    @Test
    void referencesOnlyWhatIsThereAndMixesHistoryWithLiveEvents() {
        write(4, CHANGES);
        Instant begin = new ProductHistory(4, CHANGES, END).begin();
        Set<String> known = new HashSet<>();
        Map<Table, Integer> rows = new EnumMap<>(Table.class);
        int live = 0;
        for (Transaction transaction : told) {
            for (Change change : transaction.changes()) {
                rows.merge(change.table(), 1, Integer::sum);
                for (int i = 1; i < change.values().size(); i++) {
                    Column column = change.table().columns().get(i);
                    Object value = change.values().get(i);
                    if (column.type() == Column.Type.UUID && value != null) {
                        assertThat(known).contains(value.toString());
                    }
                }
                if (change.operation() == Operation.INSERT) {
                    boolean added = known.add(change.key().toString());
                    assertThat(added || change.table() == Table.EMAIL_PREFERENCES).isTrue();
                } else {
                    assertThat(known).contains(change.key().toString());
                }
                if (change.table() == Table.USERS && change.operation() == Operation.INSERT) {
                    long createdAt = (Long) change.values().get(9);
                    live += createdAt / 1_000 >= begin.toEpochMilli() ? 1 : 0;
                }
            }
        }
        assertThat(rows.keySet()).containsExactlyInAnyOrder(Table.values());
        assertThat(rows.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(CHANGES);
        int users = CHANGES / 10;
        assertThat(live).isBetween(users / 20, users / 5);
        assertThat(Duration.between(begin, END)).isGreaterThan(Duration.ofSeconds(10));
    }

    @Test
    void theSameSeedTellsTheSame() {
        assertThat(all(5)).isEqualTo(all(5)).isNotEqualTo(all(6));
    }

    private static List<Transaction> all(long seed) {
        List<Transaction> all = new ArrayList<>();
        new ProductHistory(seed, 2_000, END).forEachRemaining(all::add);
        return all;
    }
}
