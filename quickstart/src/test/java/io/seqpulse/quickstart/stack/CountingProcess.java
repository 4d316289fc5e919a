package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** {@link CountingCluster} as a process of its own, again and again on the same folder. */
final class CountingProcess implements AutoCloseable {

    private static final int PATIENCE = 120;

    private final Path folder;
    private final Path told;
    private final Path jar;
    private final int port;
    private final int metricsPort;
    private Process process;
    private Path printed;

    /**
     * @param folder an empty one for state, jar, and what is told
     */
    CountingProcess(Path folder) throws IOException {
        this.folder = folder;
        this.told = Files.createDirectories(folder.resolve("told"));
        this.jar = folder.resolve("counting.jar");
        this.port = freePort();
        this.metricsPort = freePort();
        buildJar();
    }

    /** Writes the jar anew, as an upgrade does. */
    void buildJar() throws IOException {
        Path classes =
                Path.of(
                        CountingJob.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .getPath());
        String room = CountingJob.class.getPackageName().replace('.', '/');
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.list(classes.resolve(room))) {
            java.util.jar.Manifest manifest = new java.util.jar.Manifest();
            manifest.getMainAttributes().put(java.util.jar.Attributes.Name.MANIFEST_VERSION, "1.0");
            manifest.getMainAttributes()
                    .put(java.util.jar.Attributes.Name.MAIN_CLASS, CountingJob.class.getName());
            out.putNextEntry(new JarEntry("META-INF/MANIFEST.MF"));
            manifest.write(out);
            for (Path file :
                    files.filter(f -> f.getFileName().toString().startsWith("CountingJob"))
                            .toList()) {
                out.putNextEntry(new JarEntry(room + "/" + file.getFileName()));
                Files.copy(file, out);
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Starts it, and does not wait. */
    void begin() throws IOException {
        Path scratch = Files.createTempDirectory(folder, "tmp");
        printed = scratch.resolve("printed");
        List<String> line = new ArrayList<>();
        line.add(ProcessHandle.current().info().command().orElse("java"));
        Stream.of("java.lang", "java.util", "java.time")
                .map("--add-opens=java.base/%s=ALL-UNNAMED"::formatted)
                .forEach(line::add);
        line.addAll(
                List.of(
                        "-Xmx512m",
                        "-XX:-UsePerfData",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:ReservedCodeCacheSize=128m",
                        "-Djava.io.tmpdir=" + scratch,
                        "-Dlifecycle.log=" + scratch.resolve("log"),
                        "-Dlog4j2.configurationFile=log4j2.xml",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CountingCluster.class.getName(),
                        state().toString(),
                        Integer.toString(port),
                        Integer.toString(metricsPort),
                        jar.toString(),
                        told.toString()));
        process =
                new ProcessBuilder(line)
                        .redirectErrorStream(true)
                        .redirectOutput(printed.toFile())
                        .start();
    }

    /** Starts it, and waits until its job has come on. */
    void start() throws IOException {
        int starts = told(CountingJob.STARTS).size();
        begin();
        awaitPrinted("up\n");
        Awaitility.await()
                .atMost(PATIENCE, TimeUnit.SECONDS)
                .until(() -> told(CountingJob.STARTS).size() > starts);
    }

    /** Waits until it has printed something; it must not have ended. */
    void awaitPrinted(String part) throws IOException {
        Awaitility.await()
                .atMost(PATIENCE, TimeUnit.SECONDS)
                .until(() -> !process.isAlive() || printed().contains(part));
        assertThat(printed()).contains(part);
    }

    /** Waits until the job has begun so many snapshots more. */
    void awaitSnapshots(int more) throws IOException {
        int before = told(CountingJob.SNAPSHOTS).size();
        Awaitility.await()
                .atMost(PATIENCE, TimeUnit.SECONDS)
                .pollInterval(java.time.Duration.ofMillis(20))
                .until(() -> told(CountingJob.SNAPSHOTS).size() >= before + more);
    }

    /** Ends its input, as Ctrl-C does, and waits for the end. */
    void stop() throws IOException, InterruptedException {
        process.getOutputStream().close();
        awaitEnd();
        assertThat(printed()).contains("stopped with ");
    }

    /** {@code kill -9}. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        awaitEnd();
    }

    /** Waits until it has ended. */
    void awaitEnd() throws InterruptedException {
        assertThat(process.waitFor(PATIENCE, TimeUnit.SECONDS)).isTrue();
    }

    /** Sends it a signal, such as {@code STOP}. */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }

    /** Where Flink's REST interface is. */
    URI rest() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Where its metrics are. */
    URI metrics() {
        return URI.create("http://127.0.0.1:%s/metrics".formatted(metricsPort));
    }

    /** The state folder. */
    Path state() {
        return folder.resolve("state");
    }

    /** The lines of a file of {@link CountingJob}'s. */
    List<String> told(String file) throws IOException {
        Path path = told.resolve(file);
        if (!Files.exists(path)) {
            return List.of();
        }
        String text = Files.readString(path);
        // The last line may be just being written.
        return Arrays.stream(text.substring(0, text.lastIndexOf('\n') + 1).split("\n"))
                .filter(line -> !line.isEmpty())
                .toList();
    }

    /** Lets the job meet an error that is fatal to its task manager. */
    void fatalError() throws IOException {
        Files.createFile(told.resolve(CountingJob.FATAL));
    }

    /** What the newest process has printed. */
    String printed() throws IOException {
        return Files.readString(printed);
    }

    @Override
    public void close() {
        if (process != null) {
            process.destroyForcibly();
        }
    }
}
