package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactTexts;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SpillStore;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.InMemory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Generated lives of one project, told in any order between two words of the clock, with
 * repetitions, restarts, jumps of the log's clock and a wall clock ahead of it: what is given out
 * and taken back is what a plain oracle says that knows the whole list.
 */
class TimedTriggersPropertyTest {

    private static final long SEED = Long.getLong("lifecycle.seed", 20_261_130L);
    private static final int PURE = 3_000;
    private static final int HOSTED = 60;

    private static final long BEGIN = at("2026-11-02T00:00:00Z");
    private static final long GRACE = MissingDetector.GRACE.toMillis();
    private static final long SILENCE = FutureDetectors.SILENCE.toMillis();
    private static final long SILENT_EXPIRES = FutureDetectors.SILENT_EXPIRES.toMillis();
    private static final List<String> ZONES =
            List.of("UTC", "Europe/Paris", "America/New_York", "Pacific/Auckland");

    /** What the log has told when its clock is next heard of. */
    private record Step(List<Fact> facts, long clock, long wall) {}

    /**
     * @param weekly how long a report may be sent: of a longer time than a week its being the
     *     latest is all that ends an older one
     */
    private record Life(
            String zone, long createdAt, long liveSince, Duration weekly, List<Step> steps) {}

    /** What runs the rules. */
    private interface Runner extends AutoCloseable {
        void hear(Fact fact) throws Exception;

        void wall(long millis) throws Exception;

        void clock(long millis) throws Exception;

        void restart() throws Exception;

        List<Message> messages();
    }

    @Test
    void decidesWhatTheWholeListSays() throws Exception {
        Map<String, Integer> seen = new TreeMap<>();
        for (int i = 0; i < PURE; i++) {
            check(i, seen, Pure::new);
        }
        System.out.println(PURE + " lives from seed " + SEED + ": " + seen);
        assertThat(seen.keySet()).containsExactly("retraction", "silent", "weekly");
        assertThat(seen.values()).allMatch(often -> often > PURE / 10);
    }

    @Test
    void decidesTheSameWhereItIsHosted() throws Exception {
        Map<String, Integer> seen = new TreeMap<>();
        for (int i = 0; i < HOSTED; i++) {
            check(i, seen, Hosted::new);
        }
        assertThat(seen.keySet()).containsExactly("retraction", "silent", "weekly");
    }

    private interface Start {
        Runner run(List<ActiveRule> rules) throws Exception;
    }

    private static void check(int number, Map<String, Integer> seen, Start start) throws Exception {
        Life life = life(new Random(SEED + number));
        List<String> expected = oracle(life);
        List<ActiveRule> rules =
                List.of(
                        new ActiveRule(FutureDetectors.silent(), life.liveSince()),
                        new ActiveRule(FutureDetectors.weekly(life.weekly()), life.liveSince()));
        for (int way = 0; way < 2; way++) {
            Random random = new Random(31L * number + way);
            try (Runner runner = start.run(rules)) {
                assertThat(told(life, runner, random))
                        .as("life %s of seed %s, way %s: %s", number, SEED, way, life)
                        .isEqualTo(expected);
            }
        }
        for (String line : expected) {
            seen.merge(line.substring(line.indexOf(' ') + 1).split("[: ]")[0], 1, Integer::sum);
        }
    }

    private static List<String> told(Life life, Runner runner, Random random) throws Exception {
        List<String> told = new ArrayList<>();
        List<Fact> before = new ArrayList<>();
        int heard = 0;
        int number = 0;
        for (Step step : life.steps()) {
            runner.wall(step.wall());
            for (Fact fact : shuffled(step.facts(), before, random)) {
                runner.hear(fact);
                if (random.nextInt(8) == 0) {
                    runner.restart();
                }
            }
            before.addAll(step.facts());
            runner.clock(step.clock());
            List<String> news = new ArrayList<>();
            for (Message message : runner.messages().subList(heard, runner.messages().size())) {
                news.add(number + " " + text(message));
            }
            heard = runner.messages().size();
            Collections.sort(news);
            told.addAll(news);
            number++;
            if (random.nextInt(4) == 0) {
                runner.restart();
            }
        }
        return told;
    }

    private static String text(Message message) {
        return message.candidate() == null
                ? "retraction " + message.retraction().key()
                : message.candidate().key() + " " + message.candidate().dueAt();
    }

    /** In any order, but what is about one row as it was told; with repetitions. */
    private static List<Fact> shuffled(List<Fact> facts, List<Fact> before, Random random) {
        List<Fact> order = new ArrayList<>(facts);
        Collections.shuffle(order, random);
        Map<String, List<Fact>> rows = new HashMap<>();
        facts.forEach(fact -> rows.computeIfAbsent(fact.id(), id -> new ArrayList<>()).add(fact));
        order.replaceAll(fact -> rows.get(fact.id()).remove(0));
        for (int i = random.nextInt(3); i > 0 && !order.isEmpty(); i--) {
            int at = random.nextInt(order.size());
            order.add(at + 1 + random.nextInt(order.size() - at), order.get(at));
        }
        if (!before.isEmpty() && random.nextInt(3) == 0) {
            order.add(0, before.get(random.nextInt(before.size())));
        }
        return order;
    }

    private static Life life(Random random) {
        String zone = ZONES.get(random.nextInt(ZONES.size()));
        long createdAt = BEGIN + random.nextInt(20) * DAY + random.nextInt(24) * HOUR;
        long liveSince = BEGIN + random.nextInt(30) * DAY;
        List<Fact> log = new ArrayList<>();
        long now = createdAt;
        List<String> activities = new ArrayList<>();
        for (int i = random.nextInt(14); i > 0; i--) {
            now +=
                    switch (random.nextInt(5)) {
                        case 0 -> MINUTE * random.nextInt(90);
                        case 1 -> HOUR * random.nextInt(60);
                        case 2 -> DAY * random.nextInt(9);
                        case 3 -> SILENCE + HOUR * random.nextInt(60);
                        default -> DAY * 7 + HOUR * random.nextInt(400);
                    };
            if (!activities.isEmpty() && random.nextInt(4) == 0) {
                int back = 1 + random.nextInt(Math.min(2, activities.size()));
                String id = activities.get(activities.size() - back);
                log.add(Facts.of(FutureDetectors.TAKEN_BACK, SHOP, id, now).fact());
            } else {
                String id = "d" + i;
                activities.add(id);
                long happened = now - (random.nextInt(5) == 0 ? HOUR * random.nextInt(30) : 0);
                log.add(
                        Facts.started(SHOP, id, Math.max(createdAt, happened))
                                .committedAt(now)
                                .fact());
                if (random.nextInt(6) == 0) {
                    now += MINUTE * random.nextInt(600); // an end of a silence that was none
                    log.add(Facts.of(FutureDetectors.TAKEN_BACK, SHOP, id, now).fact());
                }
            }
        }
        boolean snapshot = random.nextInt(4) == 0;
        long knownAt = snapshot ? createdAt + random.nextInt(40) * DAY : createdAt;
        List<Fact> all = new ArrayList<>();
        for (Fact fact :
                List.of(
                        Facts.project(SHOP, createdAt).with("plan", zone).fact(),
                        Facts.of(EventType.PROJECT_CREATED, SHOP, SHOP, createdAt).fact())) {
            all.add(snapshot ? inSnapshot(fact, knownAt) : fact);
        }
        for (Fact fact : log) {
            all.add(fact.committedAt() < knownAt ? inSnapshot(fact, knownAt) : fact);
        }
        return new Life(
                zone,
                createdAt,
                liveSince,
                Duration.ofDays(random.nextBoolean() ? 2 : 10),
                steps(all, random));
    }

    private static Fact inSnapshot(Fact fact, long snapshotAt) {
        Facts<? extends Fact> told =
                fact instanceof Event event
                        ? Facts.of(event.type(), fact.key(), fact.id(), fact.at())
                        : Facts.row(fact.table(), fact.key(), fact.id(), fact.at());
        FactTexts.values(fact).forEach(told::with);
        return told.snapshotAt(snapshotAt).fact();
    }

    private static boolean is(Fact fact, EventType type) {
        return fact instanceof Event event && event.type() == type;
    }

    /** The clock creeps, strides and jumps; the wall clock may be weeks ahead of it. */
    private static List<Step> steps(List<Fact> facts, Random random) {
        List<Fact> left = new ArrayList<>(facts);
        left.sort(Comparator.comparingLong(Fact::committedAt));
        long end = left.get(left.size() - 1).committedAt() + 45 * DAY;
        List<Step> steps = new ArrayList<>();
        long clock = BEGIN;
        long wall = BEGIN;
        while (clock < end) {
            clock +=
                    switch (random.nextInt(5)) {
                        case 0 -> 1 + random.nextInt((int) (2 * MINUTE));
                        case 1 -> HOUR * (1 + random.nextInt(20));
                        case 2, 3 -> DAY * (1 + random.nextInt(3));
                        default -> DAY * (7 + random.nextInt(30));
                    };
            long ahead = random.nextInt(6) == 0 ? DAY * random.nextInt(25) : 0;
            wall = Math.max(wall, clock + ahead);
            List<Fact> told = new ArrayList<>();
            while (!left.isEmpty() && left.get(0).committedAt() <= clock) {
                told.add(left.remove(0));
            }
            steps.add(new Step(told, clock, wall));
        }
        return steps;
    }

    /** What is to be told, by the number of the step. */
    private static List<String> oracle(Life life) {
        Oracle oracle = new Oracle(life);
        for (Step step : life.steps()) {
            oracle.take(step);
        }
        return oracle.told;
    }

    private static final class Oracle {

        private final Life life;
        private final List<String> told = new ArrayList<>();
        private final Map<String, Long> activities = new HashMap<>();
        private final Set<String> takenBack = new HashSet<>();
        private final Set<Long> over = new HashSet<>();
        private final Set<Long> mondays = new HashSet<>();
        private int number;
        private boolean known;
        private long waiting;
        private long givenOut;
        private long askedAt;

        Oracle(Life life) {
            this.life = life;
        }

        void take(Step step) {
            List<String> news = new ArrayList<>();
            for (Fact fact : step.facts()) {
                if (is(fact, FutureDetectors.ACTIVITY)) {
                    activities.put(fact.id(), fact.at());
                    long dueAt = fact.at() + SILENCE;
                    if (givenOut != 0 && dueAt > givenOut) {
                        news.add("retraction " + silent(givenOut));
                        over.add(givenOut);
                        givenOut = 0;
                    }
                    waiting = dueAt > waiting ? 0 : waiting;
                } else if (is(fact, FutureDetectors.TAKEN_BACK)) {
                    takenBack.add(fact.id());
                }
                known = true;
            }
            if (known && !step.facts().isEmpty() && givenOut == 0) {
                waitForSilence(step.wall());
            }
            if (known) {
                askCalendar(step);
                news.addAll(silence(step.clock()));
                news.addAll(weeks(step.clock()));
            }
            Collections.sort(news);
            for (String line : news) {
                told.add(number + " " + line);
            }
            number++;
        }

        private void waitForSilence(long wall) {
            long last = life.createdAt();
            for (Map.Entry<String, Long> activity : activities.entrySet()) {
                if (!takenBack.contains(activity.getKey())) {
                    last = Math.max(last, activity.getValue());
                }
            }
            long dueAt = last + SILENCE;
            if (dueAt != waiting) {
                boolean mails =
                        dueAt >= life.liveSince()
                                && dueAt + SILENT_EXPIRES > wall
                                && !over.contains(dueAt);
                waiting = mails ? dueAt : 0;
            }
        }

        private List<String> silence(long clock) {
            List<String> news = new ArrayList<>();
            if (waiting != 0 && waiting + GRACE <= clock) {
                news.add(silent(waiting) + " " + waiting);
                givenOut = waiting;
                waiting = 0;
            }
            if (givenOut != 0 && givenOut + SILENT_EXPIRES <= clock) {
                over.add(givenOut);
                givenOut = 0;
            }
            return news;
        }

        private void askCalendar(Step step) {
            long since = Math.max(Math.max(askedAt, life.liveSince() - 1), life.createdAt());
            long monday = monday(step.clock());
            if (monday <= since) {
                return;
            }
            askedAt = step.clock();
            boolean latest = monday(step.wall()) <= monday;
            if (latest && monday + life.weekly().toMillis() > step.wall()) {
                mondays.add(monday);
            }
        }

        private List<String> weeks(long clock) {
            List<String> news = new ArrayList<>();
            for (long monday : List.copyOf(mondays)) {
                if (monday + GRACE <= clock) {
                    mondays.remove(monday);
                    boolean active =
                            activities.values().stream()
                                    .anyMatch(at -> at >= monday - 7 * DAY && at < monday);
                    if (active) {
                        news.add(weekly(monday) + " " + monday);
                    }
                }
            }
            return news;
        }

        /** The latest Monday at nine that is not later. */
        private long monday(long time) {
            ZonedDateTime hour =
                    Instant.ofEpochMilli(time).atZone(ZoneId.of(life.zone())).withMinute(0);
            hour = hour.withSecond(0).withNano(0);
            while (hour.getDayOfWeek() != DayOfWeek.MONDAY || hour.getHour() != 9) {
                hour = hour.minusHours(1);
            }
            return hour.toInstant().toEpochMilli();
        }

        private String weekly(long monday) {
            ZonedDateTime local = Instant.ofEpochMilli(monday).atZone(ZoneId.of(life.zone()));
            int week = local.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR);
            return "weekly:%s:%s-W%s"
                    .formatted(
                            SHOP,
                            local.get(IsoFields.WEEK_BASED_YEAR),
                            week < 10 ? "0" + week : week);
        }

        private static String silent(long dueAt) {
            return "silent:" + SHOP + ":" + (dueAt - SILENCE);
        }
    }

    /** Detection by itself; a restart writes the profile and reads it. */
    private static final class Pure implements Runner {

        private final ProfileCodec codec = new ProfileCodec();
        private final SpillStore older = new InMemory();
        private final List<Message> messages = new ArrayList<>();
        private final List<ActiveRule> rules;
        private Detection detection;
        private Profile profile = new Profile();
        private long wall;

        Pure(List<ActiveRule> rules) {
            this.rules = rules;
            detection = FutureDetectors.detection(rules);
        }

        @Override
        public void hear(Fact fact) {
            if (fact instanceof Event event) {
                detection.take(SHOP, profile, event, older, wall, messages::add);
            } else {
                detection.take(SHOP, profile, (RowChange) fact, older, wall, messages::add);
            }
        }

        @Override
        public void wall(long millis) {
            wall = millis;
        }

        @Override
        public void clock(long millis) {
            long next;
            long before = Long.MIN_VALUE;
            while ((next = Detection.nextDeadline(profile)) <= millis) {
                profile.row.advanceTo(next);
                detection.askByTime(profile, millis, older, wall);
                detection.advanceTo(SHOP, profile, next, older, messages::add);
                assertThat(Detection.nextDeadline(profile)).as("goes on").isGreaterThan(before);
                before = next;
            }
        }

        @Override
        public void restart() throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            codec.write(profile, new DataOutputStream(bytes));
            profile =
                    codec.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
            detection = FutureDetectors.detection(rules);
        }

        @Override
        public List<Message> messages() {
            return messages;
        }

        @Override
        public void close() {
            assertThat(profile.strangerUntil).isZero();
        }
    }

    /** Detection in its operator. */
    private static final class Hosted implements Runner {

        private final DetectionStory story;

        Hosted(List<ActiveRule> rules) throws Exception {
            story = new DetectionStory(() -> new FutureDetectors.Host(rules));
        }

        @Override
        public void hear(Fact fact) throws Exception {
            story.hears(fact);
        }

        @Override
        public void wall(long millis) throws Exception {
            story.wall(millis);
        }

        @Override
        public void clock(long millis) throws Exception {
            story.clock(millis);
        }

        @Override
        public void restart() throws Exception {
            story.restarts();
        }

        @Override
        public List<Message> messages() {
            return story.messages();
        }

        @Override
        public void close() throws Exception {
            assertThat(story.timers()).isEqualTo(1);
            story.close();
        }
    }
}
