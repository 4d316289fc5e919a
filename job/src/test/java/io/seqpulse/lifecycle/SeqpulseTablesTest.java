package io.seqpulse.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SeqpulseTablesTest {

    static Stream<String> queries() {
        return Stream.of(
                SeqpulseTables.TABLES.recipientIds(),
                SeqpulseTables.TABLES.recipients(),
                SeqpulseTables.TABLES.preferences(),
                SeqpulseTables.TABLES.projectIds(),
                SeqpulseTables.TABLES.projects());
    }

    @ParameterizedTest
    @MethodSource("queries")
    void askForRequiredColumns(String query) {
        Matcher from = Pattern.compile("from public\\.(\\w+) (\\w)").matcher(query);
        assertThat(from.find()).isTrue();
        CapturedTable table = CapturedTable.of(from.group(1)).orElseThrow();
        assertThat(
                        Pattern.compile("\\b%s\\.(\\w+)".formatted(from.group(2)))
                                .matcher(query)
                                .results()
                                .map(column -> column.group(1)))
                .isNotEmpty()
                .isSubsetOf(table.required().stream().map(CapturedTable.Column::name).toList());
    }
}
