package io.seqpulse.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.cli.Lifecycle;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every measure once, on so few events that the figures say nothing. */
class BenchIT {

    @Test
    void measuresEveryStageAndReportsIt(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("report.json");

        int code =
                Lifecycle.commandLine()
                        .execute(
                                "bench",
                                "--events",
                                "2000",
                                "--runs",
                                "1",
                                "--report",
                                file.toString());

        assertThat(code).isZero();
        JsonNode report = new ObjectMapper().readTree(file.toFile());
        for (Measure measure : Measure.values()) {
            JsonNode measured = report.path("measures").path(measure.label());
            assertThat(measured.path("median").asDouble()).as(measure.label()).isPositive();
            assertThat(measured.path("runs")).hasSize(1);
        }
        assertThat(report.at("/input/events").asInt()).isEqualTo(2_000);
        assertThat(report.at("/measures/pipeline/emails").asText()).contains("to be sent=");
        assertThat(report.at("/measures/journal/mailsJournalled").asInt()).isPositive();
        assertThat(report.at("/ratios/pipelineToDebezium").asDouble()).isPositive();
        assertThat(report.path("pipelineAtLeastTwiceDebezium").isBoolean()).isTrue();
    }
}
