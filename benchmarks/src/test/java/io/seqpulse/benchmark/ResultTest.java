package io.seqpulse.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ResultTest {

    @Test
    void theMedianIsTheMiddleRunAndTheSpreadIsAgainstIt() {
        Result result = result(30.0, 10.0, 20.0);

        assertThat(result.median()).isEqualTo(20);
        assertThat(result.slowest()).isEqualTo(10);
        assertThat(result.fastest()).isEqualTo(30);
        assertThat(result.spreadPercent()).isEqualTo(100);
    }

    @Test
    void theMedianOfAnEvenNumberIsBetweenTheTwoInTheMiddle() {
        assertThat(result(1.0, 4.0, 2.0, 100.0).median()).isEqualTo(3);
    }

    private static Result result(Double... perSecond) {
        return new Result(Measure.PIPELINE, List.of(perSecond), Map.of());
    }

    @Test
    void aRateNeedsSomethingAndSomeTime() {
        assertThat(new Rate(500, 250_000_000).perSecond()).isEqualTo(2_000);
        assertThatThrownBy(() -> new Rate(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Rate(1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void measuresAreAskedForByLetterOrName() {
        for (Measure measure : Measure.values()) {
            assertThat(Measure.of(measure.letter())).isEqualTo(measure);
            assertThat(Measure.of(measure.label())).isEqualTo(measure);
        }
        assertThatThrownBy(() -> Measure.of("z")).hasMessageContaining("c (pipeline)");
    }

    @Test
    void badOptionsAreUsageErrors() {
        assertThat(execute("--events", "10")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(execute("--runs", "0")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(execute("--only", "a,z")).isEqualTo(CommandLine.ExitCode.USAGE);
    }

    private static int execute(String... arguments) {
        CommandLine bench = new CommandLine(new Bench());
        bench.setErr(new PrintWriter(Writer.nullWriter()));
        return bench.execute(arguments);
    }
}
