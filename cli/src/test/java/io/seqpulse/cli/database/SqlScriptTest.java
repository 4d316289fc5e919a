package io.seqpulse.cli.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqlScriptTest {

    @Test
    void endsAStatementOnlyAtASemicolonThatEndsOne() {
        assertThat(
                        SqlScript.statements(
                                """
                                -- One; and it's a comment.
                                select 'a;b''c', "d;e";
                                /* two; */ do $$ begin; end; $$;

                                select $x$ ; $$ ; $x$
                                """))
                .containsExactly(
                        "-- One; and it's a comment.\nselect 'a;b''c', \"d;e\"",
                        "/* two; */ do $$ begin; end; $$",
                        "select $x$ ; $$ ; $x$");
    }

    @Test
    void migrationsAreRunByNumber(@TempDir Path folder) throws Exception {
        for (String name : List.of("V10__c.sql", "V2__b.sql", "V1__a.sql", "R__2_d.sql")) {
            Files.createFile(folder.resolve(name));
        }
        assertThat(SqlScript.files(folder, "V"))
                .extracting(file -> file.getFileName().toString())
                .containsExactly("V1__a.sql", "V2__b.sql", "V10__c.sql");
    }

    @Test
    void ignoresACommentAtTheEnd() {
        assertThat(SqlScript.statements("select 1;\n-- the end; really\n"))
                .containsExactly("select 1");
    }
}
