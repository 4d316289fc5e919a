package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.at;
import static io.seqpulse.lifecycle.story.Facts.deployments;
import static io.seqpulse.lifecycle.story.Facts.started;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.catalogue.Trigger.Reached;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.project.DetectProject;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Rules;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How many there were in an ISO week, across the ends of months and of a year of 53 weeks. */
class ReachedByWeekTest {

    private static final long SEED = Long.getLong("lifecycle.seed", 20_261_130L);
    private static final int HISTORIES = 60;
    private static final int ENOUGH = 3;
    private static final long CREATED = at("2026-11-20T10:00:00Z");

    /** Monday of 2026-W53, which lasts until the third of January. */
    private static final long W53 = at("2026-12-28T00:00:00Z");

    private DetectionStory story;

    @AfterEach
    void stop() throws Exception {
        story.close();
    }

    @Test
    void tellsOncePerWeekAcrossTheEndOfTheYear() throws Exception {
        starts(null);
        long sunday = at("2027-01-03T23:57:00Z");
        story.hears(started(SHOP, "old", W53 - 1).fact());
        story.hears(started(SHOP, "a", W53).fact(), started(SHOP, "b", W53 + 4 * DAY).fact());
        story.clock(sunday - 1);
        assertThat(story.keys()).isEmpty();

        story.hears(deployments(SHOP, 5, sunday)).clock(sunday + MINUTE).restarts();
        assertThat(story.keys()).containsExactly(key("2026-W53"));
        Candidate busy = story.candidates().get(0);
        assertThat(busy.dueAt()).isEqualTo(sunday);
        assertThat(busy.expiresAt()).as("end of the week").isEqualTo(W53 + 7 * DAY);
        assertThat(busy.values()).containsEntry("week", "2026-W53").doesNotContainKey("month");

        story.hears(started(SHOP, "c", sunday + 10 * MINUTE).fact()).clock(W53 + 8 * DAY);
        assertThat(story.keys())
                .as("two on Monday, and one more")
                .containsExactly(key("2026-W53"), key("2027-W01"));
        assertThat(story.candidates().get(1).values()).containsEntry("used", "3");
    }

    @Test
    void tellsNewerFiguresUntilItExpiresInTheWeekAfter() throws Exception {
        starts(Duration.ofDays(7));
        story.hears(deployments(SHOP, 3, W53 + 6 * DAY)).clock(W53 + 6 * DAY + HOUR);
        long next = W53 + 7 * DAY;
        story.hears(deployments(SHOP, 2, next)).clock(next + HOUR).restarts();
        story.hears(started(SHOP, "late", W53 + DAY).committedAt(next + 2 * HOUR).fact());
        story.clock(next + 2 * HOUR);
        assertThat(story.keys()).containsExactly(key("2026-W53"), key("2026-W53"));
        assertThat(story.candidates().get(1).values()).containsEntry("used", "4");
        story.clock(W53 + 30 * DAY);
        assertThat(story.keys()).hasSize(2);
        assertThat(story.timers()).isZero();
    }

    @Test
    void forgetsAWeekThatWasReachedBeforeTheRuleRan() throws Exception {
        rules(null, W53 + 2 * DAY);
        story.hears(deployments(SHOP, 3, W53)).clock(W53 + 2 * DAY);
        story.hears(deployments(SHOP, 3, W53 + 3 * DAY)).clock(W53 + 4 * DAY);
        assertThat(story.keys()).isEmpty();
        story.hears(deployments(SHOP, 3, W53 + 8 * DAY)).clock(W53 + 9 * DAY);
        assertThat(story.keys()).containsExactly(key("2027-W01"));
    }

    /** Against the list of all deployments, sorted into weeks. */
    @Test
    void findsTheWeeksThatTheWholeListHas() throws Exception {
        int reached = 0;
        for (int i = 0; i < HISTORIES; i++) {
            Random random = new Random(SEED + i);
            starts(null);
            List<Fact> log = log(random);
            long clock = CREATED;
            List<Fact> told = new ArrayList<>();
            Map<String, Long> expected = new TreeMap<>();
            while (clock < W53 + 30 * DAY) {
                clock += HOUR * (1 + random.nextInt(10 * 24));
                List<Fact> news = new ArrayList<>();
                while (!log.isEmpty() && log.get(0).committedAt() <= clock) {
                    news.add(log.remove(0));
                }
                told.addAll(news);
                Collections.shuffle(news, random);
                for (Fact fact : news) {
                    story.hears(fact);
                    if (random.nextInt(6) == 0) {
                        story.restarts();
                    }
                    if (random.nextInt(4) == 0) {
                        story.hears(told.get(random.nextInt(told.size())));
                    }
                }
                story.clock(clock);
                dueTimes(told).forEach(expected::putIfAbsent);
            }
            Map<String, Long> found = new TreeMap<>();
            Set<String> twice = new TreeSet<>();
            for (Candidate candidate : story.candidates()) {
                Long before = found.putIfAbsent(candidate.key(), candidate.dueAt());
                if (before != null && before != candidate.dueAt()) {
                    twice.add(candidate.key());
                }
            }
            assertThat(found).as("history %s of seed %s", i, SEED).isEqualTo(expected);
            assertThat(twice).isEmpty();
            reached += found.size();
            story.close();
        }
        starts(null);
        assertThat(reached).isGreaterThan(HISTORIES);
    }

    private static List<Fact> log(Random random) {
        List<Fact> log = new ArrayList<>();
        long now = CREATED;
        for (int i = 0; now < W53 + 21 * DAY; i++) {
            now += HOUR * (1 + random.nextInt(random.nextInt(3) == 0 ? 24 * 9 : 30));
            long late = random.nextInt(4) == 0 ? HOUR * random.nextInt(30) : 0;
            log.add(started(SHOP, "d" + i, now).committedAt(now + late).fact());
        }
        log.sort(Comparator.comparingLong(Fact::committedAt));
        return log;
    }

    private static Map<String, Long> dueTimes(List<Fact> told) {
        Map<String, Map<String, Long>> weeks = new TreeMap<>();
        for (Fact fact : told) {
            ZonedDateTime time = Instant.ofEpochMilli(fact.at()).atZone(ZoneOffset.UTC);
            int number = time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR);
            String week =
                    time.get(IsoFields.WEEK_BASED_YEAR) + "-W" + (number < 10 ? "0" : "") + number;
            weeks.computeIfAbsent(week, any -> new TreeMap<>()).put(fact.id(), fact.at());
        }
        Map<String, Long> due = new TreeMap<>();
        weeks.forEach(
                (week, times) -> {
                    if (times.size() >= ENOUGH) {
                        due.put(key(week), times.values().stream().sorted().toList().get(2));
                    }
                });
        return due;
    }

    private void starts(Duration expires) throws Exception {
        rules(expires, Facts.LIVE_SINCE);
    }

    private void rules(Duration expires, long liveSince) throws Exception {
        Rule busy =
                FutureDetectors.rule(
                        "E-CONV-01",
                        new Reached(EventType.DEPLOYMENT_STARTED, Period.WEEK, ENOUGH),
                        expires,
                        "busy:{project_id}:{week}");
        List<ActiveRule> rules = List.of(new ActiveRule(busy, liveSince));
        story = new DetectionStory(() -> new DetectProject(LOG, rules, Rules.measures()));
        story.hears(Facts.project(SHOP, CREATED).fact());
    }

    private static String key(String week) {
        return "busy:" + SHOP + ":" + week;
    }
}
