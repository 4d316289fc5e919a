package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * What the build of the repository made, to be run apart from this class path.
 *
 * @param home the repository
 */
public record BuiltJars(Path home) {

    /**
     * The newest jar of a module.
     *
     * @throws StackException if there is none
     */
    public Path newest(String module) {
        Path target = home.resolve(module).resolve("target");
        if (!Files.isDirectory(target)) {
            throw new StackException(
                    "there is no %s to run in %s: build it with ./mvnw -DskipTests package"
                            .formatted(module, target));
        }
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(file -> isJarOf(module, file))
                    .max(Comparator.comparingLong(file -> file.toFile().lastModified()))
                    .orElseThrow(
                            () ->
                                    new StackException(
                                            "there is no %s-*.jar in %s: build it with ./mvnw -DskipTests package"
                                                    .formatted(module, target)));
        } catch (IOException e) {
            throw new StackException(target + " cannot be read", e);
        }
    }

    private static boolean isJarOf(String module, Path file) {
        String name = file.getFileName().toString();
        return name.matches(module + "-[0-9].*\\.jar")
                && !name.matches(".*-(tests|sources|javadoc|original)\\.jar");
    }
}
