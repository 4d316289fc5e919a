package io.seqpulse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The manners of the command line: what is printed where, and what it ends with. */
class LifecycleTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "stauts | ./lifecycle: unknown command 'stauts'; did you mean status? | ./lifecycle",
                "dwon --purge | ./lifecycle: unknown command 'dwon'; did you mean down? | ./lifecycle",
                "benhc | ./lifecycle: unknown command 'benhc'; did you mean bench? | ./lifecycle",
                "zebra | ./lifecycle: unknown command 'zebra' | ./lifecycle",
                "deadletters lits | ./lifecycle deadletters: unknown command 'lits'; did you mean list?"
                        + " | ./lifecycle deadletters",
                "help stauts | ./lifecycle: unknown command 'stauts'; did you mean status? | ./lifecycle",
                "status --jsno | ./lifecycle status: unknown option '--jsno'; did you mean --json?"
                        + " | ./lifecycle status",
                "down --databse=postgresql://u:secret@h/db | ./lifecycle down: unknown option"
                        + " '--databse'; did you mean --database? | ./lifecycle down",
                "status now | ./lifecycle status: unexpected argument 'now' | ./lifecycle status",
                "down | ./lifecycle down: say which database | ./lifecycle down",
                "down --purge | ./lifecycle down: say which database | ./lifecycle down",
                "down --purge --hand-back --database postgresql://u@h/db | ./lifecycle down: say which"
                        + " database | ./lifecycle down",
                "down --purge --database | ./lifecycle down: missing required parameter for option"
                        + " '--database' | ./lifecycle down",
                "down --purge --database mysql://u@h/db | ./lifecycle down: --database is no address of"
                        + " one PostgreSQL database | ./lifecycle down",
                "status --api localhost:8090 | ./lifecycle status: invalid value for option '--api':"
                        + " 'localhost:8090' is no address | ./lifecycle status",
                "status --api http://[ | ./lifecycle status: invalid value for option '--api'"
                        + " | ./lifecycle status",
                "deadletters | ./lifecycle deadletters: say what to do: list or replay"
                        + " | ./lifecycle deadletters",
                "deadletters list | ./lifecycle deadletters list: missing required argument"
                        + " | ./lifecycle deadletters list",
                "deadletters list --state a --bootstrap-servers b:1 | ./lifecycle deadletters list:"
                        + " | ./lifecycle deadletters list",
                "deadletters list --state a --command-config b | ./lifecycle deadletters list:"
                        + " --command-config goes with --bootstrap-servers"
                        + " | ./lifecycle deadletters list",
                "deadletters list --bootstrap-servers b:1 --command-config /none"
                        + " | ./lifecycle deadletters list: --command-config: /none cannot be read"
                        + " | ./lifecycle deadletters list",
                "deadletters replay --state a | ./lifecycle deadletters replay: say which letters"
                        + " | ./lifecycle deadletters replay",
                "deadletters replay --state a --offset b | ./lifecycle deadletters replay: invalid value"
                        + " for option '--offset' | ./lifecycle deadletters replay",
                "suppressions | ./lifecycle suppressions: say what to do: list or lift"
                        + " | ./lifecycle suppressions",
                "suppressions list | ./lifecycle suppressions list: missing required option"
                        + " | ./lifecycle suppressions list",
                "suppressions list --database postgresql://u:p@h/db --limit 0"
                        + " | ./lifecycle suppressions list: --limit must be 1 or more"
                        + " | ./lifecycle suppressions list",
                "suppressions list --database postgresql://u:p@h/db --limit many"
                        + " | ./lifecycle suppressions list: invalid value for option '--limit'"
                        + " | ./lifecycle suppressions list",
                "suppressions lift --database postgresql://u:p@h/db | ./lifecycle suppressions lift:"
                        + " missing required parameter: 'ADDRESS' | ./lifecycle suppressions lift",
                "dashboards --chek | ./lifecycle dashboards: unknown option '--chek'; did you mean"
                        + " --check? | ./lifecycle dashboards",
            })
    void aWrongUsageIsSaidInTwoLinesOfWhichTheLastNamesTheHelp(
            String line, String said, String command) {
        Ran ran = Ran.of(line.split(" "));
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err().lines()).hasSize(2).last().isEqualTo("See " + command + " --help");
        assertThat(ran.err()).startsWith(said).doesNotContain("secret", "Usage:", "Exception");
    }

    @Test
    void aFailureIsSaidInOneLine(@TempDir Path empty) {
        Ran ran = Ran.of("dashboards", "--rules", empty.toString());
        assertThat(ran.code()).isOne();
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err().lines())
                .singleElement()
                .asString()
                .startsWith("./lifecycle dashboards: " + empty + " has neither lifecycle.yaml nor");
        assertThat(Ran.of("bench").err())
                .startsWith("./lifecycle bench: the benchmarks are not part of this build");
    }

    @Test
    void theTraceOfAnUnforeseenFailureGoesIntoAFileOfItsOwnersOnly(@TempDir Path temporary)
            throws Exception {
        String before = System.getProperty("java.io.tmpdir");
        System.setProperty("java.io.tmpdir", temporary.toString());
        try {
            CommandLine root = Lifecycle.commandLine();
            root.addSubcommand(new Broken());
            Ran ran = Ran.of(root, "broken");
            assertThat(ran.code()).isOne();
            List<String> lines = ran.err().lines().toList();
            assertThat(lines).hasSize(2);
            assertThat(lines.get(0))
                    .isEqualTo(
                            "./lifecycle broken: failed unexpectedly:"
                                    + " java.lang.IllegalStateException: of all things");
            assertThat(lines.get(1)).startsWith("Details: ");
            Path trace = Path.of(lines.get(1).substring("Details: ".length()));
            assertThat(trace).hasParent(temporary);
            assertThat(Files.readString(trace)).contains("\tat " + Broken.class.getName());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(trace)))
                    .isEqualTo("rw-------");
        } finally {
            System.setProperty("java.io.tmpdir", before);
        }
    }

    @Command(name = "broken")
    private static final class Broken implements Callable<Integer> {
        @Override
        public Integer call() {
            throw new IllegalStateException("of all\nthings");
        }
    }

    @Test
    void everyCommandShowsItsHelpOnBothWays() {
        List<String> paths = new ArrayList<>();
        collect("", Lifecycle.commandLine(), paths);
        assertThat(paths).contains("status", "deadletters replay", "suppressions lift");
        for (String path : paths) {
            Ran asked = Ran.of((path + " --help").split(" "));
            assertThat(asked.code()).as(path).isZero();
            assertThat(asked.out()).startsWith("Usage: ./lifecycle " + path + " ");
            assertThat(asked.err()).isEmpty();
            assertThat(Ran.of(("help " + path).split(" "))).isEqualTo(asked);
        }
    }

    private static void collect(String prefix, CommandLine parent, List<String> paths) {
        parent.getSubcommands()
                .forEach(
                        (name, command) -> {
                            paths.add(prefix + name);
                            collect(prefix + name + " ", command, paths);
                        });
    }

    @Test
    void anAddressThatBeginsLikeAFileOfArgumentsIsAnAddress(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("arguments"), "--help");
        assertThat(Ran.of("suppressions", "lift", "@" + file).out()).isEmpty();
    }
}
