package io.seqpulse.quickstart.database;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

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
    void ignoresACommentAtTheEnd() {
        assertThat(SqlScript.statements("select 1;\n-- the end; really\n"))
                .containsExactly("select 1");
    }
}
