package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.cli.UsageTexts;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The texts that the script shows before anything is built. */
class UsageTest {

    private static final String WRITE =
            "./mvnw -Dusage=write -Dtest=UsageTest -Dsurefire.failIfNoSpecifiedTests=false"
                    + " -pl quickstart -am test";

    @Test
    void areWhatTheCommandsPrint() throws IOException {
        Path folder =
                Path.of(System.getProperty("lifecycle.home", "..")).resolve(UsageTexts.FOLDER);
        if ("write".equals(System.getProperty("usage"))) {
            UsageTexts.write(folder);
        }
        assertThat(UsageTexts.differing(folder))
                .as("files of %s that differ; this writes them: %s", UsageTexts.FOLDER, WRITE)
                .isEmpty();
    }
}
