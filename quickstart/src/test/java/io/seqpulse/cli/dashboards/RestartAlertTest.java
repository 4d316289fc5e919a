package io.seqpulse.cli.dashboards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus itself makes of a job's restarts, by its own tool for testing rules. */
class RestartAlertTest {

    @TempDir private Path scratch;

    @Test
    void aRestartIsToldForAQuarterOfAnHourAndANewJobIsNone() throws Exception {
        assumeFalse(
                "skip".equals(System.getProperty("grafana.prometheus")),
                "left out by -Dgrafana.prometheus=skip");
        assumeTrue(
                Stream.of(System.getenv("PATH").split(":"))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "promtool"))),
                "There is no promtool on the PATH (Debian: apt-get install prometheus)");
        AlertRule rule = AlertRule.of("seqpulse-job-restarted");
        Path test = scratch.resolve("restarts.yaml");
        // Ten minutes without one, then one, then another job that counts anew.
        Files.writeString(
                test,
                """
                evaluation_interval: 15s
                tests:
                  - interval: 15s
                    input_series:
                      - series: flink_jobmanager_job_numRestarts{job_id="a"}
                        values: 0x40 1x120
                      - series: flink_jobmanager_job_numRestarts{job_id="b"}
                        values: _x160 0x80
                    promql_expr_test:
                      - {expr: '(EXPR) > bool 0', eval_time: 9m, exp_samples: [{labels: '{}', value: 0}]}
                      - {expr: '(EXPR) > bool 0', eval_time: 11m, exp_samples: [{labels: '{}', value: 1}]}
                      - {expr: '(EXPR) > bool 0', eval_time: 24m, exp_samples: [{labels: '{}', value: 1}]}
                      - {expr: '(EXPR) > bool 0', eval_time: 26m, exp_samples: [{labels: '{}', value: 0}]}
                      - {expr: '(EXPR) > bool 0', eval_time: 50m, exp_samples: [{labels: '{}', value: 0}]}
                """
                        .replace("EXPR", rule.query()));
        Process promtool =
                new ProcessBuilder("promtool", "test", "rules", test.toString())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(promtool.waitFor()).as(said).isZero();
        assertThat(rule.threshold()).isEqualTo("> 0");
    }
}
