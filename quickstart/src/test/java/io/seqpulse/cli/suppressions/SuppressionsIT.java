package io.seqpulse.cli.suppressions;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.cli.Lifecycle;
import io.seqpulse.cli.database.DatabaseAddress;
import io.seqpulse.cli.database.Installation;
import io.seqpulse.cli.database.SomebodysPostgres;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.Connection;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** {@code ./lifecycle suppressions} on a real database. */
class SuppressionsIT {

    private record Ran(int code, String printed) {}

    private static Ran run(String... arguments) {
        StringWriter printed = new StringWriter();
        CommandLine command = Lifecycle.commandLine();
        command.setOut(new PrintWriter(printed));
        command.setErr(new PrintWriter(printed));
        String[] all =
                Stream.concat(Stream.of("suppressions"), Stream.of(arguments))
                        .toArray(String[]::new);
        return new Ran(command.execute(all), printed.toString());
    }

    @Test
    void listsWhyAndLifts() throws Exception {
        try (SomebodysPostgres postgres = SomebodysPostgres.start()) {
            DatabaseAddress address = postgres.product("refused");
            String url = postgres.url("refused", SomebodysPostgres.PRODUCT);
            assertThat(run("list", "--database", url))
                    .satisfies(
                            ran -> {
                                assertThat(ran.code()).isEqualTo(1);
                                assertThat(ran.printed()).contains("has no pipeline of ours");
                            });
            try (Connection connection = address.connect()) {
                Installation.plan(connection, SomebodysPostgres.home()).run(connection);
            }
            SomebodysPostgres.execute(
                    address,
                    """
                    insert into lifecycle.suppressed_addresses (address, reason, reply, created_at, until)
                    values
                        ('ada@example.org', 'refused', E'550 5.1.1 no such \\u001b[2J user',
                         '2026-11-29 10:00:00+00', '2099-01-01'),
                        ('old@example.org', 'refused', '550 5.1.1', '2026-01-01', '2026-02-01')
                    """);

            Ran listed = run("list", "--database", url);
            assertThat(listed.code()).isZero();
            assertThat(listed.printed())
                    .contains("ada@example.org  since 2026-11-29T10:00:00Z  until 2099-01-01T")
                    .contains("refused: 550 5.1.1 no such  [2J user")
                    .contains("1 suppressed")
                    .doesNotContain("old@example.org");
            assertThat(run("list", "--database", url, "--ended", "--json", "--address", "OLD@"))
                    .satisfies(
                            ran ->
                                    assertThat(ran.printed())
                                            .startsWith("{\"address\":\"old@example.org\"")
                                            .doesNotContain("ada"));

            assertThat(run("lift", "--database", url, "Ada@Example.org", "nobody@example.org"))
                    .isEqualTo(
                            new Ran(
                                    1,
                                    "mail goes to Ada@Example.org again%nnobody@example.org was not suppressed%n"
                                            .formatted()));
            assertThat(run("list", "--database", url).printed()).isEqualTo("0 suppressed\n");
            assertThat(run("lift", "--database", url).code()).isEqualTo(2);
        }
    }
}
