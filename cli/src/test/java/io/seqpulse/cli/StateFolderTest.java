package io.seqpulse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFolderTest {

    @Test
    void aFolderOfSomebodyElseIsNotTaken(@TempDir Path scratch) throws Exception {
        Path file = Files.writeString(scratch.resolve("thesis.txt"), "mine");
        assertThatThrownBy(() -> StateFolder.kept(scratch))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("is not empty");
        assertThat(file).hasContent("mine");
    }

    @Test
    void oneThatAStackIsUpWithIsRefusedToAnother(@TempDir Path scratch) throws Exception {
        Path folder = scratch.resolve("state");
        assertThat(StateFolder.isInUse(folder)).isFalse();
        try (StateFolder used = StateFolder.kept(folder)) {
            assertThat(StateFolder.isInUse(used.root())).isTrue();
            assertThatThrownBy(() -> StateFolder.requireFree(folder))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("is in use by another stack");
        }
        assertThat(StateFolder.isInUse(folder)).isFalse();
    }
}
