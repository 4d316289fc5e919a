package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CsvTest {

    @Test
    void noCellIsAFormulaAndEveryCellComesBack() {
        assertThat(
                        new Csv("a", "b")
                                .row("=1+1", "+1")
                                .row("-1", "@x")
                                .row(-1, "say \"x\", y")
                                .row(null, "two\nlines"))
                .hasToString(
                        "a,b\r\n'=1+1,'+1\r\n'-1,'@x\r\n-1,\"say \"\"x\"\", y\"\r\n,\"two\nlines\"\r\n");
    }
}
