package io.seqpulse.lifecycle.catalogue;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable.Column;
import io.seqpulse.lifecycle.catalogue.CapturedTable.Column.Presence;
import io.seqpulse.lifecycle.catalogue.CapturedTable.Column.Type;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What is written from {@link CapturedTable}: the lists of the migration, of the connector and of
 * the documentation. With {@code -Dwrite} the test writes them instead.
 */
class CapturedTableTest {

    private static final Path MIGRATION = Path.of("../sql/migrations/R__1_captured_columns.sql");
    private static final Path JOURNAL = Path.of("../sql/migrations/V2__journal.sql");
    private static final Path DOCUMENTATION = Path.of("../docs/operations.md");
    private static final Path CONNECTOR = Path.of("../connectors/debezium/seqpulse.json");
    private static final int LINE = 99;

    @Test
    void theMigrationListsTheSameColumns() throws IOException {
        String written = Files.readString(MIGRATION);
        holds(MIGRATION, regions(written, List.of(captured(), declared())));
    }

    @Test
    void theDocumentationListsTheSameColumns() throws IOException {
        holds(DOCUMENTATION, regions(Files.readString(DOCUMENTATION), List.of(documented())));
    }

    @Test
    void theMigrationConvertsToTheTypeThatAMissingColumnGets() throws IOException {
        Map<String, String> conversions = new TreeMap<>();
        Matcher kind =
                Pattern.compile("(?s)\\('(\\w+)',\\s*array\\[.*?'(\\S+) using ")
                        .matcher(Files.readString(MIGRATION));
        while (kind.find()) {
            conversions.put(kind.group(1), inFull(kind.group(2)));
        }
        assertThat(conversions)
                .isEqualTo(
                        Arrays.stream(CapturedTable.values())
                                .flatMap(table -> table.columns().stream())
                                .map(Column::type)
                                .distinct()
                                .collect(toMap(Type::label, Type::sqlType)));
    }

    @Test
    void theJournalThatIsMadeHasTheRequiredColumns() throws IOException {
        String journal = Files.readString(JOURNAL);
        assertThat(made(journal, CapturedTable.EMAIL_DELIVERIES))
                .isEqualTo(required(CapturedTable.EMAIL_DELIVERIES));
        assertThat(made(journal, CapturedTable.EMAIL_PREFERENCES))
                .containsAllEntriesOf(required(CapturedTable.EMAIL_PREFERENCES));
    }

    @Test
    void theConnectorListsTheSameColumns() throws IOException {
        String written = Files.readString(CONNECTOR);
        String tables =
                Arrays.stream(CapturedTable.values())
                        .map(table -> "public." + table.label())
                        .collect(joining(","));
        String columns =
                Arrays.stream(CapturedTable.values())
                        .map(
                                table ->
                                        "public\\\\.%s\\\\.(%s)"
                                                .formatted(
                                                        table.label(),
                                                        table.columns().stream()
                                                                .map(Column::name)
                                                                .collect(joining("|"))))
                        .collect(joining(","));
        String wanted = setting(written, "table.include.list", tables);
        holds(CONNECTOR, setting(wanted, "column.include.list", columns));
    }

    @Test
    void everyTableBeginsWithItsKeyAndNamesAColumnOnce() {
        for (CapturedTable table : CapturedTable.values()) {
            assertThat(table.columns().get(0).name()).isIn("id", "user_id");
            assertThat(table.columns()).extracting(Column::name).doesNotHaveDuplicates();
            assertThat(CapturedTable.of(table.label())).contains(table);
        }
        assertThat(CapturedTable.of("api_keys")).isEmpty();
        assertThat(CapturedTable.of(null)).isEmpty();
    }

    private static void holds(Path file, String wanted) throws IOException {
        if (System.getProperty("write") != null) {
            Files.writeString(file, wanted);
        }
        assertThat(file)
                .as(
                        "%s says something else than CapturedTable; write it anew with ./mvnw -pl"
                                + " catalogue -am test -Dtest=CapturedTableTest -Dwrite"
                                + " -Dsurefire.failIfNoSpecifiedTests=false",
                        file)
                .hasContent(wanted);
    }

    /** Column → type, as a script makes a table. */
    private static Map<String, String> made(String script, CapturedTable table) {
        Matcher body =
                Pattern.compile(
                                "(?s)create table if not exists %s \\((.*?)\n\\);"
                                        .formatted(table.qualifiedName()))
                        .matcher(script);
        assertThat(body.find()).as(table.label()).isTrue();
        return Pattern.compile("(?m)^ {4}(?!constraint)(\\w+) (\\w+)")
                .matcher(body.group(1))
                .results()
                .collect(toMap(column -> column.group(1), column -> inFull(column.group(2))));
    }

    private static Map<String, String> required(CapturedTable table) {
        return table.required().stream()
                .collect(toMap(Column::name, column -> column.type().sqlType()));
    }

    private static String inFull(String type) {
        return type.equals("timestamptz") ? "timestamp with time zone" : type;
    }

    /** The text with what stands between its marks replaced, in order. */
    private static String regions(String text, List<String> contents) {
        Matcher region =
                Pattern.compile(
                                "(?s)((?: *--|<!--) written from CapturedTable(?: -->)?\n)"
                                        + ".*?((?: *--|<!--) end(?: -->)?\n)")
                        .matcher(text);
        StringBuilder replaced = new StringBuilder();
        for (String content : contents) {
            assertThat(region.find()).as("a region for %s", content).isTrue();
            region.appendReplacement(
                    replaced,
                    Matcher.quoteReplacement(region.group(1) + content + region.group(2)));
        }
        return region.appendTail(replaced).toString();
    }

    private static String setting(String json, String name, String value) {
        Matcher line =
                Pattern.compile("(\"%s\": \")[^\"]*\"".formatted(Pattern.quote(name)))
                        .matcher(json);
        assertThat(line.find()).as(name).isTrue();
        return line.replaceFirst(Matcher.quoteReplacement(line.group(1) + value + "\""));
    }

    private static String documented() {
        StringBuilder rows = new StringBuilder();
        rows.append(
                "| table | required | optional | KPIs are counted from |\n| --- | --- | --- | --- |\n");
        for (CapturedTable table : CapturedTable.values()) {
            List<Column> optional = new ArrayList<>(table.columns());
            optional.removeAll(table.required());
            rows.append(
                    Stream.of(
                                    "`%s`".formatted(table.label()),
                                    names(table.required()),
                                    names(optional),
                                    names(
                                            table.columns().stream()
                                                    .filter(Column::counted)
                                                    .toList()))
                            .collect(joining(" | ", "| ", " |\n")));
        }
        return rows.toString();
    }

    private static String names(List<Column> columns) {
        return columns.stream()
                .map(
                        column ->
                                (column.presence() == Presence.WRITTEN
                                                ? "`%s` (`%s`, only written)"
                                                : "`%s`")
                                        .formatted(column.name(), column.type().sqlType()))
                .collect(joining(", "));
    }

    private static String captured() {
        List<String> rows = new ArrayList<>();
        for (CapturedTable table : CapturedTable.values()) {
            rows.add(
                    row(
                            8,
                            "(%s, '%s', array[".formatted(table.ordinal() + 1, table.label()),
                            table.columns().stream().map(Column::name).toList()));
        }
        return String.join(",\n", rows) + "\n";
    }

    private static String declared() {
        List<String> rows = new ArrayList<>();
        for (CapturedTable table : CapturedTable.values()) {
            Map<String, List<String>> groups = new TreeMap<>();
            for (Column column : table.columns()) {
                groups.computeIfAbsent(
                                "'%s', %s"
                                        .formatted(
                                                column.type().label(),
                                                column.presence() != Presence.OPTIONAL),
                                none -> new ArrayList<>())
                        .add(column.name());
            }
            groups.forEach(
                    (kind, names) ->
                            rows.add(
                                    row(
                                            12,
                                            "('%s', %s, array[".formatted(table.label(), kind),
                                            names)));
        }
        return String.join(",\n", rows) + "\n";
    }

    /** A row of {@code values}, in lines that are not too long. */
    private static String row(int indent, String begin, List<String> names) {
        String one =
                " ".repeat(indent)
                        + begin
                        + names.stream().map(name -> "'" + name + "'").collect(joining(", "))
                        + "])";
        if (one.length() < LINE) {
            return one;
        }
        StringBuilder lines = new StringBuilder(" ".repeat(indent) + begin);
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < names.size(); i++) {
            String name = "'" + names.get(i) + "'" + (i + 1 < names.size() ? "," : "])");
            if (line.length() == 0 || indent + 4 + line.length() + name.length() + 1 > LINE) {
                lines.append(line).append('\n').append(" ".repeat(indent + 4));
                line.setLength(0);
                line.append(name);
            } else {
                line.append(' ').append(name);
            }
        }
        return lines.append(line).toString();
    }
}
