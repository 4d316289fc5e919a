package io.seqpulse.quickstart.stack;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.cli.StateFolder;
import io.seqpulse.quickstart.access.HttpAccess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The ways to stop and start the embedded cluster, in any order: the job goes on from the newest
 * snapshot that can be read, its state is right, and what is lost comes back.
 */
class StateSequencesIT {

    /** The seed of a sequence to play again; else one by the clock. */
    private static final long SEED = Long.getLong("sequences.seed", System.nanoTime());

    private static final int STEPS =
            Integer.getInteger(
                    "sequences.steps", "all".equals(System.getProperty("restarts")) ? 120 : 10);

    private enum End {
        STOPPED,
        UPGRADED,
        KILLED,
        KILLED_WHILE_STARTING,
        KILLED_SOON,
        POWER_CUT
    }

    @TempDir private Path folder;
    private CountingProcess counting;

    @BeforeEach
    void prepare() throws IOException {
        counting = new CountingProcess(folder);
    }

    @AfterEach
    void end() {
        counting.close();
    }

    @Test
    void goesOnFromTheNewestSnapshotAfterAnyOrderOfEnds() throws Exception {
        Random random = new Random(SEED);
        List<String> played = new ArrayList<>(List.of("seed " + SEED));
        try {
            for (int step = 0; step < STEPS; step++) {
                End end = End.values()[random.nextInt(End.values().length)];
                played.add(end.name());
                play(end, random, played);
            }
            checkedStart(played);
            counting.awaitSnapshots(3);
            Awaitility.await()
                    .atMost(30, TimeUnit.SECONDS)
                    .until(() -> Files.list(counting.state().resolve("checkpoints")).count() == 1);
            counting.stop();
        } catch (Exception | AssertionError e) {
            throw new AssertionError("after " + played + "\n" + counting.printed(), e);
        }
        System.out.println("played " + played);
    }

    private void play(End end, Random random, List<String> played) throws Exception {
        if (end == End.KILLED_WHILE_STARTING) {
            counting.begin();
            TimeUnit.MILLISECONDS.sleep(random.nextInt(4_000));
            counting.kill();
            return;
        }
        checkedStart(played);
        if (end != End.KILLED_SOON) {
            counting.awaitSnapshots(1 + random.nextInt(8));
        }
        switch (end) {
            case STOPPED -> counting.stop();
            case UPGRADED -> {
                counting.stop();
                counting.buildJar();
            }
            case POWER_CUT -> {
                counting.kill();
                cutPower(random, played);
            }
            default -> counting.kill();
        }
    }

    /** Starts it, and sees that it goes on where the newest readable snapshot was. */
    private void checkedStart(List<String> played) throws Exception {
        List<Snapshot> all = snapshots();
        Optional<Snapshot> newest =
                all.stream().filter(snapshot -> snapshot.damage().isEmpty()).findFirst();
        if (newest.isEmpty() && !all.isEmpty()) {
            played.add("refused");
            counting.begin();
            counting.awaitPrinted("refused: none of the job's");
            counting.awaitEnd();
            assertThat(counting.printed()).contains(all.get(0).toString());
            StateFolder.remove(counting.state().resolve("checkpoints"));
            StateFolder.remove(counting.state().resolve("savepoints"));
        }
        counting.start();
        assertThat(counting.printed())
                .contains(
                        newest.map(snapshot -> "resumed from " + snapshot + "\n")
                                .orElse("from nothing\n"));
        if (newest.isPresent() && newest.get() != all.get(0)) {
            assertThat(counting.printed()).contains("the newest state cannot be used");
        }
        String start =
                counting.told(CountingJob.STARTS).get(counting.told(CountingJob.STARTS).size() - 1);
        if (newest.isEmpty()) {
            assertThat(start).isEqualTo("none 0");
        } else {
            String[] words = start.split(" ");
            assertThat(Long.parseLong(words[1]))
                    .as("first number after %s", newest)
                    .isEqualTo(lastNumbers().get(words[0]) + 1);
        }
        assertThat(counting.told(CountingJob.BROKEN)).isEmpty();
    }

    private List<Snapshot> snapshots() {
        return Snapshot.in(
                counting.state().resolve("savepoints"), counting.state().resolve("checkpoints"));
    }

    /** By checkpoint, the last number in it. */
    private Map<String, Long> lastNumbers() throws IOException {
        Map<String, Long> numbers = new HashMap<>();
        for (String line : counting.told(CountingJob.SNAPSHOTS)) {
            String[] words = line.split(" ");
            numbers.put(words[0], Long.parseLong(words[1]));
        }
        return numbers;
    }

    /** What was written last is lost, wholly or in part; what was lost before stays so. */
    private void cutPower(Random random, List<String> played) throws IOException {
        List<Snapshot> all = snapshots().stream().filter(s -> s.damage().isEmpty()).toList();
        int hit = Math.min(all.size(), 1 + random.nextInt(3));
        for (int i = 0; i < hit; i++) {
            Set<Path> files = new HashSet<>();
            for (FileStateHandle file : all.get(i).files()) {
                files.add(Path.of(file.getFilePath().toUri()));
            }
            for (Snapshot older : all.subList(i + 1, all.size())) {
                for (FileStateHandle file : older.files()) {
                    files.remove(Path.of(file.getFilePath().toUri()));
                }
            }
            files.add(all.get(i).folder().resolve("_metadata"));
            List<Path> candidates = files.stream().sorted().toList();
            Path file = candidates.get(random.nextInt(candidates.size()));
            played.add("lost " + file.getFileName());
            if (random.nextBoolean()) {
                Files.delete(file);
            } else {
                try (FileChannel open = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    open.truncate(random.nextLong(open.size()));
                }
            }
        }
        if (!all.isEmpty()) {
            Files.createDirectories(all.get(0).folder().resolveSibling("chk-999999"));
        }
    }

    @Test
    void getsAnotherTaskManagerForOneThatIsLost() throws Exception {
        counting.start();
        counting.awaitSnapshots(3);
        counting.fatalError();
        comesOn("Flink has lost its task manager");
        counting.fatalError();
        comesOn("Flink has lost its task manager");

        counting.signal("STOP");
        Awaitility.await().pollDelay(8, TimeUnit.SECONDS).until(() -> true);
        counting.signal("CONT");
        counting.awaitSnapshots(5);
        assertThat(counting.told(CountingJob.BROKEN)).isEmpty();

        assertThat(send("GET", "/overview")).contains("\"taskmanagers\":1,");
        assertThat(get(counting.metrics(), Secrets.METRICS_PASSWORD))
                .contains("flink_taskmanager_Status_JVM_CPU_Load");
        counting.stop();
    }

    @Test
    void getsAnotherClusterAndJobForThoseThatEnd() throws Exception {
        counting.start();
        counting.awaitSnapshots(3);
        send("DELETE", "/cluster");
        comesOn("Flink's cluster has ended");

        String job =
                send("GET", "/jobs")
                        .replaceAll(".*\"id\":\"(\\w+)\",\"status\":\"RUNNING\".*", "$1");
        send("PATCH", "/jobs/" + job + "?mode=cancel");
        comesOn("the job ended by itself, CANCELED");
        assertThat(get(counting.metrics(), Secrets.METRICS_PASSWORD))
                .contains("flink_taskmanager_Status_JVM_CPU_Load");
        counting.stop();
    }

    /** It has started again where it was, and takes snapshots. */
    private void comesOn(String saying) throws Exception {
        int starts = counting.told(CountingJob.STARTS).size();
        counting.awaitPrinted(saying);
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> counting.told(CountingJob.STARTS).size() > starts);
        counting.awaitSnapshots(2);
        assertThat(counting.told(CountingJob.STARTS).get(starts)).doesNotStartWith("none");
        assertThat(counting.told(CountingJob.BROKEN)).isEmpty();
    }

    private String send(String method, String path) throws Exception {
        return client(Secrets.HTTP_PASSWORD)
                .send(
                        HttpRequest.newBuilder(counting.rest().resolve(path))
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private HttpClient client(String passwordFile) throws IOException {
        return HttpAccess.of(counting.state().resolve(passwordFile)).client();
    }

    private String get(URI address, String passwordFile) throws Exception {
        return client(passwordFile)
                .send(
                        HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(10)).build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
