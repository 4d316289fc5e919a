package io.seqpulse.api.page;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.sse.SseClient;
import io.javalin.http.sse.SseHandler;
import io.seqpulse.api.Database;
import io.seqpulse.api.Problem;
import io.seqpulse.api.access.Caller;
import io.seqpulse.api.access.Session;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;
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

    /** Of one session: a page needs one for all of a browser's tabs that show the same window. */
    private static final int MOST_OF_A_SESSION = 8;

    /** Of one token, whichever sessions it began: others are to have a place, too. */
    private static final int MOST_OF_A_TOKEN = 50;

    /** A round that heard nothing for so long is of a silent database; a page gives up at 10 s. */
    private static final Duration SILENT_AFTER = Duration.ofSeconds(7);

    private static final Duration OPENING = Duration.ofSeconds(30);

    /** How current all is, is said so often while nothing else about it changes. */
    private static final Duration FRESHNESS_EVERY = Duration.ofSeconds(1);

    private final Topics topics;
    private final Predicate<Session> lives;
    private final ObjectMapper json;
    private final Clock clock;
    private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();
    private final List<Place> opening = new ArrayList<>();
    private final AtomicInteger joined = new AtomicInteger();
    private final ScheduledExecutorService poller =
            Executors.newSingleThreadScheduledExecutor(work -> daemon(work, "api-poller"));
    private final ScheduledExecutorService watcher =
            Executors.newSingleThreadScheduledExecutor(work -> daemon(work, "api-watcher"));
    private final ExecutorService writers =
            Executors.newCachedThreadPool(work -> daemon(work, "api-writer"));
    private int round;
    private int seen;
    private volatile boolean unreachable;
    private volatile long heardAt;
    private volatile boolean asking;
    private final Set<String> unreadable = new HashSet<>();
    private Object state;
    private Instant freshnessAt = Instant.EPOCH;

    /**
     * Shows these topics.
     *
     * @param lives whether a session still goes on; its pages end with it
     */
    public LivePage(Topics topics, Predicate<Session> lives, ObjectMapper json, Clock clock) {
        this.topics = topics;
        this.lives = lives;
        this.json = json;
        this.clock = clock;
        schedule(PAUSE_MILLIS);
        long every = FRESHNESS_EVERY.toMillis();
        var unused =
                watcher.scheduleAtFixedRate(
                        this::tellOfSilence, every, every, TimeUnit.MILLISECONDS);
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
        Caller caller = context.attribute(Caller.class.getName());
        Optional<Session> session = Optional.ofNullable(context.attribute(Session.class.getName()));
        if (context.method() == HandlerType.HEAD) {
            context.contentType(EVENT_STREAM);
            return;
        }
        Place place = admit(caller.name(), session.map(Session::id));
        try {
            new SseHandler(client -> tell(client, place, caller, session, days)).handle(context);
        } catch (RuntimeException failed) {
            leave(place);
            throw failed;
        }
    }

    /**
     * A stream that is being opened: its answer is sent before it is a listener.
     *
     * @param since as {@link System#nanoTime}; one that never opens is no longer counted after a
     *     while
     */
    private record Place(String caller, Optional<String> session, long since) {}

    private synchronized Place admit(String caller, Optional<String> session) {
        long now = System.nanoTime();
        opening.removeIf(place -> now - place.since > OPENING.toNanos());
        Place place = new Place(caller, session, now);
        if (listeners.size() + opening.size() >= MOST_LISTENERS) {
            throw new Problem(503, "Too many pages", "Too many pages are open; close one");
        }
        long ofToken =
                count(listener -> listener.caller().name().equals(place.caller))
                        + opening.stream().filter(o -> o.caller.equals(place.caller)).count();
        long ofSession =
                place.session.isEmpty()
                        ? 0
                        : count(l -> l.session().map(Session::id).equals(place.session))
                                + opening.stream()
                                        .filter(o -> o.session.equals(place.session))
                                        .count();
        if (ofToken >= MOST_OF_A_TOKEN || ofSession >= MOST_OF_A_SESSION) {
            throw new Problem(429, "Too many pages", "Too many pages of yours are open; close one");
        }
        opening.add(place);
        return place;
    }

    private synchronized void leave(Place place) {
        opening.removeIf(other -> other == place);
    }

    private long count(Predicate<Listener> which) {
        return listeners.stream().filter(which).count();
    }

    private static boolean isOf(Listener listener, Session session) {
        return listener.session().filter(own -> own.id().equals(session.id())).isPresent();
    }

    /** Ends the pages of a session. */
    public void end(Session session) {
        listeners.stream().filter(listener -> isOf(listener, session)).forEach(Listener::close);
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

    private void tell(
            SseClient client, Place place, Caller caller, Optional<Session> session, int days) {
        Listener listener = new Listener(client, writers, caller, session, days);
        client.keepAlive();
        client.onClose(() -> listeners.remove(listener));
        synchronized (this) {
            listeners.add(listener);
            leave(place);
        }
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
        heardAt = begun;
        asking = true;
        try {
            listeners.stream()
                    .filter(listener -> listener.session().filter(lives.negate()).isPresent())
                    .forEach(Listener::close);
            if (listeners.isEmpty()) {
                unreachable = false; // as far as anybody asked
            } else {
                look();
            }
        } catch (Database.Unavailable e) {
            if (!unreachable) {
                LOG.warn("The database does not answer: {}", e.getMessage());
            }
            unreachable = true;
            tellOfSilence();
        } catch (RuntimeException e) { // the next round may go well, and must come
            LOG.error("The live page could not be brought up to date", e);
        } finally {
            asking = false;
            long took = Duration.ofNanos(System.nanoTime() - begun).toMillis();
            schedule(Math.max(PAUSE_MILLIS, PAUSE_PER_WORK * took));
        }
    }

    /**
     * Says each second that the database is silent, as long as it is: rounds wait for it, and a
     * page that hears nothing takes its own connection for lost.
     */
    private synchronized void tellOfSilence() {
        boolean silent = asking && System.nanoTime() - heardAt > SILENT_AFTER.toNanos();
        if (unreachable || silent) {
            state = null;
            tell("freshness", Topics.unreachable(clock.instant()), 0);
        }
    }

    private synchronized void tellOfAnswer(Map<String, Object> freshness, Instant now) {
        heardAt = System.nanoTime();
        unreachable = false;
        if (!freshness.get("state").equals(state)
                || joined.get() != seen
                || Duration.between(freshnessAt, now).compareTo(FRESHNESS_EVERY) >= 0) {
            tell("freshness", freshness, 0);
            state = freshness.get("state");
            freshnessAt = now;
        }
    }

    private void look() {
        Instant now = clock.instant();
        tellOfAnswer(topics.freshness(now), now);
        tellIfReadable("deliveries", topics::deliveries, 0);
        tellIfReadable("segments", topics::segments, 0);
        int arrived = joined.get();
        boolean all = round++ % SLOW_EVERY == 0 || arrived != seen;
        seen = arrived;
        for (int days : listeners.stream().map(Listener::days).collect(Collectors.toSet())) {
            tellIfReadable("kpis", () -> topics.kpis(now, days), days);
            if (all) {
                tellIfReadable("trends", () -> topics.trends(now, days), days);
                tellIfReadable("funnel", () -> topics.funnel(now, days), days);
                tellIfReadable("activity", () -> topics.activity(now, days), days);
            }
        }
    }

    /** A topic whose table cannot be read now stays as it was told, and costs no other. */
    private void tellIfReadable(String topic, Supplier<Map<String, Object>> content, int days) {
        try {
            tell(topic, content.get(), days);
            heardAt = System.nanoTime();
            unreadable.remove(topic);
        } catch (Database.Unavailable e) {
            if (e.reason() == Database.Unavailable.Reason.UNREACHABLE) {
                throw e;
            }
            heardAt = System.nanoTime();
            if (unreadable.add(topic)) {
                LOG.warn("The page's {} stay as they are: {}", topic, e.reason().text());
            }
        }
    }

    /** Tells all who show so many days; 0: all. */
    private void tell(String topic, Object content, int days) {
        ObjectNode tree = json.valueToTree(content);
        for (Listener listener : listeners) {
            if (days == 0 || listener.days() == days) {
                listener.tell(topic, tree);
            }
        }
    }

    /** Ends all connections. */
    @Override
    public void close() {
        poller.shutdownNow();
        watcher.shutdownNow();
        listeners.forEach(Listener::close);
        writers.shutdownNow();
    }
}
