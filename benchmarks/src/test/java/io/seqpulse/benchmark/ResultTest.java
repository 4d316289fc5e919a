package io.seqpulse.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.cli.Lifecycle;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    @ParameterizedTest
    @CsvSource({
        "bench --events 10, --events must be at least 1000, bench",
        "bench --runs 0, --runs must be at least 1, bench",
        "bench --parallelism 0, --parallelism must be at least 1, bench",
        "bench --only a;z, invalid value for option '--only', bench",
        "bench --report none/r.json, --report: there is no folder, bench",
        "bench --profile none/p.html, --profile: there is no folder, bench",
        "bench kpi --users 0, --users must be at least 1, bench kpi",
        "bench kpi --report none/r.json, --report: there is no folder, bench kpi",
    })
    void wrongUsageIsSaidBeforeAnythingStarts(String line, String said, String command) {
        StringWriter err = new StringWriter();
        int code =
                Lifecycle.commandLine()
                        .setErr(new PrintWriter(err, true))
                        .execute(line.replace(';', ',').split(" "));
        assertThat(code).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString())
                .startsWith("./lifecycle %s: %s".formatted(command, said))
                .endsWith("See ./lifecycle %s --help%n".formatted(command));
    }
}
