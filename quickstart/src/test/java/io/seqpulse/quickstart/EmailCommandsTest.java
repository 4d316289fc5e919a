package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.cli.Lifecycle;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What {@code preview} and {@code test-send} refuse before they look at any email. */
class EmailCommandsTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "preview --ot x | ./lifecycle preview: unknown option '--ot'; did you mean --out?",
                "preview now | ./lifecycle preview: unexpected argument 'now'",
                "preview --out pom.xml | ./lifecycle preview: --out:",
                "preview --rules none | ./lifecycle preview: --rules: there is no folder none",
                "test-send | ./lifecycle test-send: missing required",
                "test-send E-TRX-01 fr | ./lifecycle test-send: missing required option: '--to=ADDRESS'",
                "test-send E-TRX-01 --to ada@example.org | ./lifecycle test-send: missing required",
                "test-send E-TRX-01 de --to ada@example.org | ./lifecycle test-send: there are no mails"
                        + " in 'de': LANG is fr or en",
                "test-send E-TRX-01 fr --to ada@example.org --config none | ./lifecycle test-send:"
                        + " --config: none cannot be read",
                "test-send E-TRX-01 fr --to ada@example.org --config . | ./lifecycle test-send:"
                        + " --config: . cannot be read",
                "test-send E-TRX-01 fr --to ada@example.org --rules none | ./lifecycle test-send:"
                        + " --rules: there is no folder none",
            })
    void aWrongUsageIsSaidInTwoLines(String line, String said) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine root = Lifecycle.commandLine();
        root.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));

        assertThat(root.execute(line.split(" "))).isEqualTo(2);

        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).startsWith(said);
        assertThat(err.toString().lines())
                .hasSize(2)
                .last()
                .asString()
                .matches("See ./lifecycle (preview|test-send) --help");
    }
}
