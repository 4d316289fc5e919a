package io.seqpulse.api.page;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.javalin.http.Context;
import io.javalin.http.sse.SseClient;
import io.javalin.http.sse.SseHandler;
import io.seqpulse.api.Database;
import io.seqpulse.api.Problem;
import io.seqpulse.api.kpi.KpiTables;
import io.seqpulse.api.mail.Deliveries;
import io.seqpulse.api.mail.Explanation;
import io.seqpulse.api.mail.MailEndpoints;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps open pages current, by server-sent events. The database is asked by one thread for all of
 * them, every {@value #PAUSE_MILLIS} ms and less often where answers take long, and not at all
 * while nobody looks.
 */
public final class LivePage implements AutoCloseable {

    /** The windows that a page can show, in days. */
    static final List<Integer> DAYS = List.of(1, 7, 30, 90);

    private static final Logger LOG = LoggerFactory.getLogger(LivePage.class);
    private static final int DEFAULT_DAYS = 7;
    private static final String EVENT_STREAM = "text/event-stream";
    private static final int PAUSE_MILLIS = 300;

    /** Of the time that passes, what the database may be busy with this at most: one third. */
    private static final int PAUSE_PER_WORK = 2;

    /** What changes slowly or costs more is looked at every so many rounds. */
    private static final int SLOW_EVERY = 4;

    private static final int MOST_LISTENERS = 100;

    private final Topics topics;
    private final ObjectMapper json;
    private final Clock clock;
    private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();
    private final AtomicInteger joined = new AtomicInteger();
    private final ScheduledExecutorService poller =
            Executors.newSingleThreadScheduledExecutor(work -> daemon(work, "api-poller"));
    private final ExecutorService writers =
            Executors.newCachedThreadPool(work -> daemon(work, "api-writer"));
    private int round;
    private int seen;
    private boolean unreachable;

    /** Shows what these say. */
    public LivePage(
            Database database,
            KpiTables tables,
            Catalogue catalogue,
            Deliveries deliveries,
            MailEndpoints lines,
            Explanation explanation,
            ObjectMapper json,
            Clock clock) {
        this.topics = new Topics(database, tables, catalogue, deliveries, lines, explanation);
        this.json = json;
        this.clock = clock;
        schedule(PAUSE_MILLIS);
    }

    private static Thread daemon(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    /** {@code GET /page/events?days=7}: begins to tell a page what changes. */
    public void events(Context context) throws Exception {
        String accepted = context.header("Accept");
        if (accepted == null || !accepted.contains(EVENT_STREAM)) {
            throw new Problem(406, "Not acceptable", "This is sent as " + EVENT_STREAM + " only");
        }
        int days = days(context.queryParam("days"));
        if (listeners.size() >= MOST_LISTENERS) {
            throw new Problem(503, "Too many pages", "Too many pages are open; close one");
        }
        new SseHandler(client -> tell(client, days)).handle(context);
    }

    private static int days(String text) {
        return text == null
                ? DEFAULT_DAYS
                : DAYS.stream()
                        .filter(days -> text.equals(days.toString()))
                        .findFirst()
                        .orElseThrow(
                                () -> Problem.parameter("days", "days must be one of " + DAYS));
    }

    private void tell(SseClient client, int days) {
        Listener listener = new Listener(client, writers, days);
        client.keepAlive();
        client.onClose(() -> listeners.remove(listener));
        listeners.add(listener);
        joined.incrementAndGet();
    }

    /** How many pages are open. */
    public int listeners() {
        return listeners.size();
    }

    private void schedule(long millis) {
        if (!poller.isShutdown()) {
            var unused = poller.schedule(this::round, millis, TimeUnit.MILLISECONDS);
        }
    }

    private void round() {
        long begun = System.nanoTime();
        try {
            if (!listeners.isEmpty()) {
                look();
            }
        } catch (Database.Unreachable e) {
            if (!unreachable) {
                LOG.warn("The database does not answer: {}", e.getMessage());
            }
            unreachable = true;
            tell("freshness", Topics.unreachable(clock.instant()), 0);
        } catch (RuntimeException e) { // the next round may go well, and must come
            LOG.error("The live page could not be brought up to date", e);
        } finally {
            long took = Duration.ofNanos(System.nanoTime() - begun).toMillis();
            schedule(Math.max(PAUSE_MILLIS, PAUSE_PER_WORK * took));
        }
    }

    private void look() {
        Instant now = clock.instant();
        tell("freshness", topics.freshness(now), 0);
        unreachable = false;
        tell("deliveries", topics.deliveries(), 0);
        tell("segments", topics.segments(), 0);
        int arrived = joined.get();
        boolean all = round++ % SLOW_EVERY == 0 || arrived != seen;
        seen = arrived;
        for (int days : listeners.stream().map(Listener::days).collect(Collectors.toSet())) {
            tell("kpis", topics.kpis(now, days), days);
            if (all) {
                tell("trends", topics.trends(now, days), days);
                tell("funnel", topics.funnel(now, days), days);
                tell("activity", topics.activity(now, days), days);
            }
        }
    }

    /** Tells all who show so many days; 0: all. */
    private void tell(String topic, Object content, int days) {
        String text;
        try {
            text = json.writeValueAsString(content);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps and lists that are no JSON", e);
        }
        for (Listener listener : listeners) {
            if (days == 0 || listener.days() == days) {
                listener.tell(topic, text);
            }
        }
    }

    /** Ends all connections. */
    @Override
    public void close() {
        poller.shutdownNow();
        listeners.forEach(Listener::close);
        writers.shutdownNow();
    }
}
