package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FreeRoomTest {

    private static final Path FOLDER = Path.of("/var/lib/lifecycle");

    @Test
    void aFolderThatIsTooFullIsRefusedInOneLine() {
        assertThatThrownBy(() -> FreeRoom.require(FOLDER, 20, 0))
                .isInstanceOf(StackException.class)
                .hasMessage(
                        "/var/lib/lifecycle has 20 MiB free, and a run needs about 500 MiB: make"
                                + " room, or choose a folder on another disk");
    }

    @Test
    void whatAFolderHoldsNeedsNoRoomAgain() {
        FreeRoom.require(FOLDER, 300, 200);
        assertThatThrownBy(() -> FreeRoom.require(FOLDER, 299, 200)).hasMessageContaining("300");
        FreeRoom.require(FOLDER, 200, 10_000);
        assertThatThrownBy(() -> FreeRoom.require(FOLDER, 199, 10_000)).hasMessageContaining("200");
    }

    @Test
    void aFolderThatIsYetToBeMadeHasTheRoomOfItsParent(@TempDir Path parent) {
        Path folder = parent.resolve("to/be/made");
        FreeRoom.require(folder);
        assertThat(parent.resolve("to")).doesNotExist();
    }

    @Test
    void aDiskThatFillsIsToldOnceAndThatItHasRoomAgain() {
        List<String> alarms = new ArrayList<>();
        List<String> notices = new ArrayList<>();
        AtomicLong free = new AtomicLong(FreeRoom.LOW);
        FreeRoom room = new FreeRoom(FOLDER, free::get, alarms::add, notices::add);
        room.look();
        assertThat(alarms).isEmpty();

        for (long left = FreeRoom.LOW - 1; left >= 0; left--) {
            free.set(left);
            room.look();
        }
        assertThat(alarms).hasSize(1);
        assertThat(alarms.get(0)).startsWith("/var/lib/lifecycle has 63 MiB free");

        free.set(FreeRoom.LOW + 1);
        room.look();
        assertThat(notices).as("it would only be full again").isEmpty();
        free.set(2 * FreeRoom.LOW);
        room.look();
        room.look();
        assertThat(notices).containsExactly("/var/lib/lifecycle has room again: 128 MiB free");
    }
}
