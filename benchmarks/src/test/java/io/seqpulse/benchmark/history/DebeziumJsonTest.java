package io.seqpulse.benchmark.history;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.benchmark.history.Change.Operation;
import io.seqpulse.benchmark.history.DebeziumJson.Position;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** {@code debezium/records.txt}: keys and values that Debezium wrote for the embedded stack. */
class DebeziumJsonTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final DebeziumJson json = new DebeziumJson();

    @Test
    void writesEveryRecordByteForByteAsDebeziumDid() throws IOException {
        List<String> records = records();
        Set<Table> tables = EnumSet.noneOf(Table.class);
        Set<Operation> operations = EnumSet.noneOf(Operation.class);
        for (int i = 0; i < records.size(); i += 2) {
            String key = records.get(i);
            String value = records.get(i + 1);
            JsonNode envelope = JSON.readTree(value);
            if (envelope.has("op")) {
                if (envelope.path("op").asText().equals("m")) {
                    assertThat(message(envelope)).isEqualTo(value);
                    assertThat(text(json.messageKey("seqpulse.clock"))).isEqualTo(key);
                } else {
                    Change change = change(envelope);
                    assertThat(text(json.key(change))).isEqualTo(key);
                    assertThat(
                                    text(
                                            json.value(
                                                    change,
                                                    position(envelope),
                                                    envelope.path("ts_ns").asLong())))
                            .isEqualTo(value);
                    tables.add(change.table());
                    operations.add(change.operation());
                }
            } else {
                assertThat(text(json.heartbeat(envelope.path("ts_ms").asLong()))).isEqualTo(value);
                assertThat(text(json.heartbeatKey())).isEqualTo(key);
            }
        }
        assertThat(tables).containsExactlyInAnyOrder(Table.values());
        assertThat(operations).containsExactlyInAnyOrder(Operation.values());
    }

    private static List<String> records() throws IOException {
        try (InputStream in = DebeziumJsonTest.class.getResourceAsStream("/debezium/records.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    private String message(JsonNode envelope) {
        JsonNode message = envelope.path("message");
        String content = text(Base64.getDecoder().decode(message.path("content").asText()));
        return text(
                json.message(
                        message.path("prefix").asText(),
                        content,
                        position(envelope),
                        envelope.path("ts_ms").asLong()));
    }

    private static Position position(JsonNode envelope) {
        JsonNode source = envelope.path("source");
        String lastCommit = source.path("sequence").asText().split("[\\[,]")[1].replace("\"", "");
        return new Position(
                source.path("ts_us").asLong(),
                source.path("txId").asLong(),
                lastCommit.equals("null") ? null : Long.valueOf(lastCommit),
                source.path("lsn").asLong());
    }

    private static Change change(JsonNode envelope) {
        Table table =
                Table.valueOf(
                        envelope.path("source").path("table").asText().toUpperCase(Locale.ROOT));
        List<Object> values = new ArrayList<>();
        for (Column column : table.columns()) {
            JsonNode value = envelope.path("after").path(column.name());
            values.add(value.isNull() ? null : value(column, value));
        }
        return new Change(
                table,
                envelope.path("op").asText().equals("c") ? Operation.INSERT : Operation.UPDATE,
                values);
    }

    private static Object value(Column column, JsonNode value) {
        return switch (column.type()) {
            case UUID -> UUID.fromString(value.asText());
            case TEXT -> value.asText();
            case BOOLEAN -> value.booleanValue();
            case INTEGER, TIMESTAMP -> value.longValue();
            case NUMERIC -> new BigDecimal(value.asText());
            case TIMESTAMPTZ ->
                    ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(value.asText()));
            case TEXT_ARRAY -> {
                List<String> texts = new ArrayList<>();
                value.forEach(text -> texts.add(text.asText()));
                yield texts;
            }
        };
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
