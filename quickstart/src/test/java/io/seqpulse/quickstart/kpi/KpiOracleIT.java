package io.seqpulse.quickstart.kpi;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.quickstart.restarts.Connector;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The product's own SQL on its own tables is right by definition. Ours, from the stream, has to say
 * the same: for {@value #HISTORIES} histories, each a day and a half of the product, with what was
 * deleted, moved and repeated meanwhile, and {@value #WINDOWS} windows of each.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KpiOracleIT {

    private static final int HISTORIES = Integer.getInteger("oracle.histories", 100);
    private static final int WINDOWS = 20;
    private static final long SEED = Long.getLong("oracle.seed", 20260219);
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final String LOG = "seqpulse.changes";

    @TempDir static Path rules;

    private static EmbeddedStack stack;
    private static Connection product;
    private static KpiTables ours;
    private static final List<RandomHistory> HISTORY = new ArrayList<>();
    private static final Map<SeedSql, List<Window>> EXPECTED = new EnumMap<>(SeedSql.class);

    private record Window(Instant from, Instant to, Figure expected) {}

    @BeforeAll
    static void playEverything() throws Exception {
        stack = EmbeddedStack.builder().start();
        product = stack.connect();
        try (Statement statement = product.createStatement()) {
            statement.execute("set timezone to 'UTC'");
            statement.execute("create index on users (created_at)");
            statement.execute("create index on projects (created_at)");
            statement.execute("create index on email_deliveries (sent_at)");
        }
        ours = new KpiTables(product);
        Instant first =
                Instant.now()
                        .minus(RandomHistory.SPAN.multipliedBy(HISTORIES))
                        .minus(14, ChronoUnit.DAYS);
        Connector connector = Connector.of(stack);
        int statements = 0;
        for (int i = 0; i < HISTORIES; i++) {
            RandomHistory history =
                    new RandomHistory(SEED + i, first.plus(RandomHistory.SPAN.multipliedBy(i)));
            HISTORY.add(history);
            if (i == HISTORIES / 4) {
                connector.snapshotAnew(); // goes on while the history does
            }
            boolean slotGone = i == HISTORIES / 2 || i == HISTORIES * 3 / 4;
            if (slotGone) {
                awaitLog();
                connector.stop();
                dropSlot();
            }
            statements += history.play(product);
            if (slotGone) {
                connector.forgetOffsets();
                connector.resume();
            }
        }
        awaitLog();
        for (SeedSql kpi : SeedSql.values()) {
            List<Window> windows = new ArrayList<>();
            for (RandomHistory history : HISTORY) {
                for (Instant[] window : history.windows(WINDOWS)) {
                    windows.add(
                            new Window(
                                    window[0], window[1], kpi.of(product, window[0], window[1])));
                }
            }
            EXPECTED.put(kpi, windows);
            long some = windows.stream().filter(window -> window.expected().isTelling()).count();
            System.out.printf(
                    "%s: %d histories, %d statements, %d windows, %d %% of them telling%n",
                    kpi.kpi(), HISTORIES, statements, windows.size(), 100 * some / windows.size());
            assertThat(some)
                    .as("telling windows of %s", kpi.kpi())
                    .isGreaterThan(windows.size() * 7L / 10);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        if (stack != null) {
            product.close();
            stack.close();
        }
    }

    @Test
    @Order(1)
    void saysWhatTheProductsOwnSqlSays() throws SQLException {
        assertThat(mismatches("as streamed")).isEmpty();
        assertThat(ours.crookedHours()).isEmpty();
    }

    @Test
    @Order(2)
    void drawsTheTrendThatTheProductsOwnSqlDraws() throws SQLException {
        Instant from = HISTORY.get(0).begin().truncatedTo(ChronoUnit.DAYS);
        Instant to = Instant.now().truncatedTo(ChronoUnit.DAYS);
        Map<Instant, String> expected = SeedSql.daily(product, from, to.minusSeconds(1));
        Map<Instant, String> drawn = new LinkedHashMap<>();
        Map<Instant, String> known = ours.daily(from, to);
        expected.keySet().forEach(day -> drawn.put(day, known.getOrDefault(day, "0")));
        assertThat(expected.values().stream().filter(value -> !value.equals("0")).count())
                .isGreaterThan(HISTORIES);
        assertThat(drawn).isEqualTo(expected);
    }

    @Test
    @Order(2)
    void measuresHowLongCriticalVerdictsStood() throws SQLException {
        Map<Instant, String> expected = Recoveries.are(product);
        System.out.printf("recoveries in %d minutes%n", expected.size());
        assertThat(expected).hasSizeGreaterThan(HISTORIES);
        assertThat(Recoveries.counted(product)).isEqualTo(expected);
    }

    @Test
    @Order(3)
    void saysTheSameWhenItBeginsAgainWithNothing() throws Exception {
        beginAnew(Map.of());

        assertThat(mismatches("begun again")).isEmpty();
        assertThat(Recoveries.counted(product)).isEqualTo(Recoveries.are(product));
        assertThat(ours.crookedHours()).isEmpty();
    }

    @Test
    @Order(4)
    void isCaughtWithAHorizonThatIsASecondLonger() throws Exception {
        Path yaml =
                Path.of(System.getProperty("lifecycle.home"))
                        .resolve("catalogue/src/main/resources/lifecycle.yaml");
        String text = Files.readString(yaml);
        String longer =
                text.replaceFirst("(?s)(- kpi: signup_to_project_24h.*?within: )24h", "$186401s");
        assertThat(longer).isNotEqualTo(text);
        Files.writeString(rules.resolve("lifecycle.yaml"), longer);

        beginAnew(Map.of("rules.dir", rules.toString()));

        assertThat(mismatches("a horizon of 24 h and 1 s")).hasSizeGreaterThan(HISTORIES);
    }

    @Test
    @Order(5)
    void isCaughtWhenItDoesNotHearOfDeletions() throws Exception {
        try (LogWithoutDeletes deaf = new LogWithoutDeletes(stack.kafkaClient(), LOG)) {
            beginAnew(Map.of("kafka.topic", LogWithoutDeletes.TOPIC, "rules.dir", ""));

            assertThat(mismatches("deaf to deletions")).hasSizeGreaterThan(HISTORIES);
            assertThat(Recoveries.counted(product)).isNotEqualTo(Recoveries.are(product));
            stack.stopJob();
        }
    }

    @AfterEach
    void nobodyIsMailedForTheirHistory() {
        assertThat(stack.mails().count()).isZero();
    }

    /** Windows of which ours says something else. */
    private static List<String> mismatches(String what) throws SQLException {
        List<String> mismatches = new ArrayList<>();
        int compared = 0;
        for (SeedSql kpi : SeedSql.values()) {
            List<Window> windows = EXPECTED.get(kpi);
            List<Figure> figures =
                    ours.of(
                            kpi,
                            windows.stream().map(Window::from).toList(),
                            windows.stream().map(Window::to).toList());
            assertThat(figures).hasSameSizeAs(windows);
            for (int i = 0; i < windows.size(); i++) {
                Window window = windows.get(i);
                Figure figure = figures.get(i);
                compared++;
                if (!window.expected().agrees(figure)) {
                    mismatches.add(
                            "%s [%s, %s): %s, and %s by the product's own SQL"
                                    .formatted(
                                            kpi.kpi(),
                                            window.from(),
                                            window.to(),
                                            figure,
                                            window.expected()));
                }
            }
        }
        System.out.printf(
                "%s: %d windows compared, %d mismatches%n", what, compared, mismatches.size());
        return mismatches;
    }

    private static void beginAnew(Map<String, String> settings) throws Exception {
        long before = ours.generation();
        stack.stopJob();
        stack.beginJobAnew(settings);
        Awaitility.await().atMost(PATIENCE).until(() -> ours.generation() != before);
        awaitLog();
    }

    /** Waits until our tables tell of everything that was committed until now. */
    private static void awaitLog() throws SQLException {
        Instant now;
        try (Statement statement = product.createStatement();
                ResultSet row = statement.executeQuery("select clock_timestamp()")) {
            row.next();
            now = row.getTimestamp(1).toInstant();
        }
        Awaitility.await().atMost(PATIENCE).until(() -> ours.asOf().isAfter(now));
    }

    /** The server notices a little later than the connector that nobody reads. */
    private static void dropSlot() {
        Awaitility.await()
                .atMost(PATIENCE)
                .until(
                        () -> {
                            try (Statement statement = product.createStatement();
                                    ResultSet dropped =
                                            statement.executeQuery(
                                                    "select pg_drop_replication_slot(slot_name)"
                                                            + " from pg_replication_slots"
                                                            + " where not active")) {
                                return dropped.next();
                            }
                        });
    }
}
