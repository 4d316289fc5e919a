package io.seqpulse.cli.database;

import io.seqpulse.cli.CommandException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * The migrations that say what is captured and what of a database can be: functions, of which those
 * that only look can be asked before they are there.
 *
 * @param scripts their texts, in order
 */
record CaptureScripts(List<String> scripts) {

    CaptureScripts {
        scripts = List.copyOf(scripts);
    }

    /**
     * Those of a repository.
     *
     * @throws CommandException if it is not complete
     */
    static CaptureScripts of(Path home) {
        Path migrations = home.resolve("sql/migrations");
        return new CaptureScripts(
                List.of(
                        SqlScript.read(migrations.resolve("R__1_captured_columns.sql")),
                        SqlScript.read(migrations.resolve("R__1_publishing.sql"))));
    }

    /** Every statement. */
    List<String> statements() {
        return scripts.stream().flatMap(script -> SqlScript.statements(script).stream()).toList();
    }

    /** Changes with any of them. */
    String checksum() {
        CRC32 checksum = new CRC32();
        scripts.forEach(script -> checksum.update(script.getBytes(StandardCharsets.UTF_8)));
        return String.format(Locale.ROOT, "%08x", checksum.getValue());
    }

    /** What a function of ours asks of the catalogs, as a query that needs none of our objects. */
    String body(String function) {
        return find(function)
                .replace(
                        "lifecycle.captured_columns() c",
                        "(%s) c (table_position, table_name, column_names)"
                                .formatted(find("captured_columns")));
    }

    private String find(String function) {
        Pattern body =
                Pattern.compile(
                        "function lifecycle\\." + function + "\\(\\)[^$]*\\$\\$(.*?)\\$\\$",
                        Pattern.DOTALL);
        for (String script : scripts) {
            Matcher found = body.matcher(script);
            if (found.find()) {
                return found.group(1);
            }
        }
        throw new CommandException("sql/migrations does not define lifecycle." + function);
    }
}
