package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlinkPathsTest {

    /** Of what a folder's name may have, what escapes, queries and fragments are made of too. */
    private static final String LETTERS = "ab %2#?&+;=:@[]{}'\"<>|~^`é日ß\uD83D\uDE00";

    @TempDir private Path scratch;

    @Test
    void flinkWritesWhereTheFolderIs() throws Exception {
        Random random = new Random(20261130);
        int[] letters = LETTERS.codePoints().toArray();
        for (int i = 0; i < 300; i++) {
            StringBuilder name = new StringBuilder("x");
            for (int length = 1 + random.nextInt(6); length > 0; length--) {
                name.appendCodePoint(letters[random.nextInt(letters.length)]);
            }
            Path folder = Files.createDirectories(scratch.resolve(name + "y").resolve("sub"));
            String text = FlinkPaths.text(folder);
            org.apache.flink.core.fs.Path file =
                    new org.apache.flink.core.fs.Path(
                            new org.apache.flink.core.fs.Path(text), "file");
            try (FSDataOutputStream out =
                    FileSystem.get(file.toUri()).create(file, FileSystem.WriteMode.OVERWRITE)) {
                out.write(1);
            }
            assertThat(folder.resolve("file")).as(text).exists();
            assertThat(FlinkPaths.folder(text)).isEqualTo(folder);
        }
    }
}
