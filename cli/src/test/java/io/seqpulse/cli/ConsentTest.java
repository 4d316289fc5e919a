package io.seqpulse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.cli.database.SqlPlan;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConsentTest {

    private static final SqlPlan PLAN =
            new SqlPlan(
                    List.of("select 1"),
                    List.of("create schema lifecycle"),
                    List.of("a note\nof two lines"));

    private final StringWriter shown = new StringWriter();
    private final ByteArrayOutputStream asked = new ByteArrayOutputStream();

    private boolean isGiven(InputStream answers, boolean yes) throws IOException {
        return new Consent(
                        new PrintWriter(shown),
                        new PrintStream(asked, true, StandardCharsets.UTF_8),
                        answers)
                .isGiven(PLAN, "here", yes);
    }

    private String asked() {
        return asked.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({"'yes\n', true", "' yes \n', true", "'y\n', false", "'\n', false", "'', false"})
    void onlyYesIsYes(String answer, boolean given) throws IOException {
        InputStream answers =
                new ByteArrayInputStream(
                        answer.replace("\\n", "\n").getBytes(StandardCharsets.UTF_8));

        assertThat(isGiven(answers, false)).isEqualTo(given);

        assertThat(asked()).startsWith("Run this? Type yes: ");
        assertThat(asked().contains("Nothing was changed")).isNotEqualTo(given);
    }

    @Test
    void asksNobodyWhereNobodyIsAndNamesTheOption() {
        assertThatThrownBy(() -> isGiven(null, false))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("add --yes");
        assertThat(shown.toString()).contains("create schema lifecycle;");
    }

    @Test
    void showsAScriptAlsoWhenTheAnswerIsKnown() throws IOException {
        assertThat(isGiven(null, true)).isTrue();
        assertThat(shown.toString())
                .isEqualTo(
                        """
                        -- here:

                        select 1;

                        begin;

                        set local lock_timeout = '10s';

                        create schema lifecycle;

                        commit;

                        -- a note
                        -- of two lines

                        """);
        assertThat(asked()).isEmpty();
    }
}
