package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class BoundedCloserTest {

    private final BoundedCloser closer = new BoundedCloser();
    private final List<String> stopped = new ArrayList<>();

    @Test
    void aPartThatDoesNotStopIsLeftBehindAndTheNextIsStopped() {
        CountDownLatch never = new CountDownLatch(1);

        Thread.currentThread().interrupt();
        closer.close("Flink", Duration.ofMillis(50), never::await);
        closer.close("SMTP", () -> stopped.add("SMTP"));

        assertThat(Thread.interrupted()).as("still interrupted").isTrue();
        assertThat(stopped).containsExactly("SMTP");
        StackException failure = catchThrowableOfType(StackException.class, closer::throwFailures);
        assertThat(failure).hasMessageContaining("Flink did not stop within");
        assertThat(failure.getCause().getStackTrace())
                .as("says where it hangs")
                .anyMatch(at -> at.getMethodName().equals("await"));
    }

    @Test
    void everythingThatDidNotStopCleanlyIsTold() {
        closer.close(
                "Kafka",
                () -> {
                    throw new IOException("a log is locked");
                });
        closer.close("SMTP", () -> stopped.add("SMTP"));
        closer.close(
                "PostgreSQL",
                () -> {
                    throw new IllegalStateException("a process is left");
                });

        assertThat(stopped).containsExactly("SMTP");
        StackException failure = catchThrowableOfType(StackException.class, closer::throwFailures);
        assertThat(failure)
                .hasMessage("not everything stopped cleanly: a log is locked")
                .hasCauseInstanceOf(IOException.class);
        assertThat(failure.getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("a process is left");
    }

    @Test
    void whatStoppedCleanlyIsNotTold() {
        closer.close("SMTP", () -> stopped.add("SMTP"));
        assertThatCode(closer::throwFailures).doesNotThrowAnyException();
        assertThat(stopped).containsExactly("SMTP");
    }
}
