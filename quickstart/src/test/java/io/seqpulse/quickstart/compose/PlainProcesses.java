package io.seqpulse.quickstart.compose;

import io.seqpulse.quickstart.compose.ComposeFile.Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Runs what the compose file gives a service to do, its command in its environment, as a process of
 * this machine. Names and paths of the containers become those of the same things here.
 */
final class PlainProcesses implements AutoCloseable {

    private final ComposeFile compose;
    private final Map<String, String> caller;
    private final Path scratch;
    private final Map<String, String> here = new LinkedHashMap<>();
    private final Map<String, Path> entryPoints = new LinkedHashMap<>();
    private final List<Process> started = new ArrayList<>();

    /**
     * @param caller the variables that a user keeps in {@code .env}
     * @param scratch an empty folder
     */
    PlainProcesses(ComposeFile compose, Map<String, String> caller, Path scratch) {
        this.compose = compose;
        this.caller = caller;
        this.scratch = scratch;
    }

    /** Says where something of the containers is on this machine. */
    PlainProcesses with(String inTheContainers, Object here) {
        this.here.put(inTheContainers, here.toString());
        return this;
    }

    /** Stands in for a program of an image with a script. */
    PlainProcesses withProgram(String path, String script) throws IOException {
        return with(path, program(path, script));
    }

    /** Stands in for the entry point of an image, for a service that has none of its own. */
    PlainProcesses withEntryPoint(String service, String script) throws IOException {
        entryPoints.put(service, program(service, script));
        return this;
    }

    private Path program(String name, String script) throws IOException {
        Path file = scratch.resolve(name.replace('/', '_'));
        Files.writeString(file, "#!/bin/bash\nset -euo pipefail\n" + script);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    /** A line for a script: a program of this JVM's class path that logs to its output. */
    String java(String options, String mainClass) throws IOException {
        Path logging = scratch.resolve("log4j2.properties");
        Files.writeString(
                logging,
                """
                appender.console.type = Console
                appender.console.name = console
                rootLogger.level = warn
                rootLogger.appenderRef.console.ref = console
                """);
        return "%s/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=128m -Duser.language=en -Duser.country=US -cp '%s' -Djava.io.tmpdir=%s -Dlog4j2.configurationFile=%s %s %s"
                .formatted(
                        System.getProperty("java.home"),
                        System.getProperty("java.class.path"),
                        scratch,
                        logging,
                        options,
                        mainClass);
    }

    /** Where a named volume is here. */
    Path volume(String name) throws IOException {
        return Files.createDirectories(scratch.resolve("volumes").resolve(name));
    }

    /** Where a service is started. */
    Path workingFolder(String service) throws IOException {
        return Files.createDirectories(scratch.resolve("in-" + service));
    }

    /** Starts a service; what it prints goes to a file that {@link #printed} reads. */
    Process start(String name) throws IOException {
        Service service = compose.service(name);
        Map<String, String> places = new LinkedHashMap<>(here);
        for (String mount : service.volumes(caller)) {
            String[] parts = mount.split(":");
            places.put(
                    parts[1],
                    parts[0].startsWith("./")
                            ? compose.folder().resolve(parts[0]).normalize().toString()
                            : volume(parts[0]).toString());
        }
        List<String> line = new ArrayList<>();
        if (entryPoints.containsKey(name)) {
            line.add(entryPoints.get(name).toString());
        }
        service.commandLine(caller).forEach(word -> line.add(placed(word, places)));
        ProcessBuilder builder =
                new ProcessBuilder(line)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.to(output(name).toFile()))
                        .directory(workingFolder(name).toFile());
        String path = System.getenv("PATH");
        builder.environment().clear();
        builder.environment().put("PATH", path);
        service.environment(caller)
                .forEach((key, value) -> builder.environment().put(key, placed(value, places)));
        Process process = builder.start();
        started.add(process);
        return process;
    }

    /**
     * Runs a service that ends by itself.
     *
     * @return its exit status
     */
    int run(String name) throws IOException, InterruptedException {
        Process process = start(name);
        if (!process.waitFor(2, TimeUnit.MINUTES)) {
            throw new AssertionError("%s did not end: %s".formatted(name, printed(name)));
        }
        return process.exitValue();
    }

    /** What a service's last process printed so far. */
    String printed(String name) throws IOException {
        return Files.readString(output(name));
    }

    private Path output(String name) {
        return scratch.resolve(name + ".out");
    }

    private static String placed(String text, Map<String, String> places) {
        Matcher matcher =
                Pattern.compile(
                                places.keySet().stream()
                                        .sorted(Comparator.comparing(String::length).reversed())
                                        .map(Pattern::quote)
                                        .collect(Collectors.joining("|")))
                        .matcher(text);
        return matcher.replaceAll(found -> Matcher.quoteReplacement(places.get(found.group())));
    }

    /** Ends a service at once, as kill -9 does, with all that it started. */
    static void kill(Process service) {
        service.descendants().forEach(ProcessHandle::destroyForcibly);
        service.destroyForcibly().onExit().join();
    }

    /** Ends what still runs. */
    @Override
    public void close() {
        started.forEach(PlainProcesses::kill);
    }
}
