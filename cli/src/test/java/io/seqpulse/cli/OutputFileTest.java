package io.seqpulse.cli;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {

    @Test
    void aFileThatCanBeWrittenIsFine(@TempDir Path folder) {
        assertThatCode(
                        () -> {
                            OutputFile.require("--report", null);
                            OutputFile.require("--report", folder.resolve("new.json"));
                            OutputFile.require("--report", Path.of("new.json"));
                            OutputFile.require(
                                    "--report", Files.createFile(folder.resolve("there.json")));
                        })
                .doesNotThrowAnyException();
    }

    @Test
    void whatIsNoFileOrHasNoFolderIsRefused(@TempDir Path folder) {
        assertThatThrownBy(() -> OutputFile.require("--report", folder))
                .isInstanceOf(UsageException.class)
                .hasMessage("--report: %s is a folder; name a file", folder);
        assertThatThrownBy(() -> OutputFile.require("--report", folder.resolve("none/r.json")))
                .isInstanceOf(UsageException.class)
                .hasMessage("--report: there is no folder %s", folder.resolve("none"));
    }
}
