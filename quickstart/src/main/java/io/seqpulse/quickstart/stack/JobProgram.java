package io.seqpulse.quickstart.stack;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.client.program.ProgramInvocationException;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;

/**
 * The job's program, loaded as any cluster would: child first, apart from this class path.
 *
 * @param arguments of its main method
 */
record JobProgram(Path jar, List<String> arguments) {

    /**
     * A program with arguments.
     *
     * @throws StackException if the jar is not there
     */
    static JobProgram of(Path jar, String... arguments) {
        if (!Files.isRegularFile(jar)) {
            throw new StackException(
                    "the job's jar %s is not there: build it with ./mvnw -DskipTests package"
                            .formatted(jar));
        }
        return new JobProgram(jar, List.of(arguments));
    }

    /**
     * The program as Flink runs it; to be closed when the job is submitted.
     *
     * @param resumed what the job resumes from, without taking it over
     */
    PackagedProgram packaged(Configuration configuration, Optional<Snapshot> resumed)
            throws ProgramInvocationException {
        PackagedProgram.Builder builder =
                PackagedProgram.newBuilder()
                        .setJarFile(jar.toFile())
                        .setConfiguration(configuration)
                        .setArguments(arguments.toArray(String[]::new));
        resumed.ifPresent(
                snapshot ->
                        builder.setSavepointRestoreSettings(
                                SavepointRestoreSettings.forPath(
                                        FlinkPaths.text(snapshot.folder()),
                                        false,
                                        RecoveryClaimMode.NO_CLAIM)));
        return builder.build();
    }
}
