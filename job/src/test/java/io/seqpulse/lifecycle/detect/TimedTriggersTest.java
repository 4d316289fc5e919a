package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Deadlines that move, and instances that come from the calendar, as detection is hosted. */
class TimedTriggersTest {

    private static final long LIVE_SINCE = at("2026-11-01T00:00:00Z");
    private static final long CREATED = at("2026-11-10T12:00:00Z");
    private static final long SILENCE = FutureDetectors.SILENCE.toMillis();

    /** Mondays at nine in Paris. */
    private static final long W47 = at("2026-11-16T08:00:00Z");

    private static final long W48 = W47 + 7 * DAY;

    private List<ActiveRule> rules = rules(FutureDetectors.silent());
    private DetectionStory story;

    @BeforeEach
    void start() throws Exception {
        story = new DetectionStory(() -> new FutureDetectors.Host(rules));
    }

    @AfterEach
    void stop() throws Exception {
        story.close();
    }

    @Test
    void asksWhenNothingHasMovedTheDeadlineAnyMore() throws Exception {
        story.hears(created(CREATED)).clock(CREATED);
        for (int day = 1; day <= 30; day++) {
            story.hears(activity("d" + day, CREATED + day * DAY)).clock(CREATED + day * DAY);
        }
        long due = CREATED + 30 * DAY + SILENCE;
        story.clock(due + MINUTE - 1);
        assertThat(story.keys()).isEmpty();
        assertThat(story.timers()).isEqualTo(1);

        story.restarts().clock(due + MINUTE);
        assertThat(story.keys()).containsExactly(silentSince(CREATED + 30 * DAY));
        assertThat(story.candidates().get(0).dueAt()).isEqualTo(due);
        assertThat(story.candidates().get(0).expiresAt()).isEqualTo(due + 3 * DAY);
    }

    @Test
    void movesTheDeadlineEarlierWhenTheLatestEventIsTakenBack() throws Exception {
        story.hears(created(CREATED)).hears(activity("d", CREATED + DAY));
        story.hears(takenBack("d", CREATED + 2 * DAY)).clock(CREATED + SILENCE + MINUTE);
        assertThat(story.keys()).containsExactly(silentSince(CREATED));
    }

    /** The plan of these projects is the zone that they are in. */
    @Test
    void movesTheDeadlineWhileThePlanIsAnotherAsWell() throws Exception {
        rules = rules(FutureDetectors.silentOnPlan("Europe/Paris"));
        story.restarts().hears(created(CREATED)).clock(CREATED);
        story.hears(onPlan("Europe/Rome", CREATED + DAY));
        story.hears(activity("d", CREATED + 5 * DAY));
        story.hears(onPlan("Europe/Paris", CREATED + 6 * DAY));
        story.clock(CREATED + 5 * DAY + SILENCE);
        assertThat(story.messages()).isEmpty();
        story.restarts().clock(CREATED + 5 * DAY + SILENCE + MINUTE);
        assertThat(story.keys()).containsExactly(silentSince(CREATED + 5 * DAY));
        assertThat(story.retractions()).isEmpty();
    }

    private static RowChange onPlan(String plan, long at) {
        return project(CREATED).with("plan", plan).committedAt(at).updated().fact();
    }

    @Test
    void withdrawsWhatWasGivenOutAndWaitsAnewWhenAnEventFollows() throws Exception {
        story.hears(created(CREATED)).clock(CREATED + SILENCE + MINUTE);
        long later = CREATED + SILENCE + HOUR;
        story.hears(activity("d", later)).restarts();
        assertThat(story.retractions())
                .containsExactly(
                        new Retraction(silentSince(CREATED), ALICE, ALICE, Retraction.RESOLVED));

        story.hears(activity("d", later)).hears(created(CREATED)).clock(later + SILENCE + MINUTE);
        assertThat(story.keys()).containsExactly(silentSince(CREATED), silentSince(later));
        assertThat(story.retractions()).hasSize(1);
    }

    @Test
    void givesOutOncePerSilenceHoweverOftenItIsToldAgain() throws Exception {
        story.hears(created(CREATED)).clock(CREATED + SILENCE + MINUTE);
        for (int day = 0; day < 10; day++) {
            story.hears(created(CREATED)).clock(CREATED + SILENCE + HOUR + day * DAY).restarts();
        }
        assertThat(story.keys()).containsExactly(silentSince(CREATED));
        assertThat(story.timers()).isZero();
    }

    @Test
    void givesOutNothingAgainThatItTookBackOnce() throws Exception {
        story.hears(created(CREATED)).clock(CREATED + SILENCE + MINUTE);
        long later = CREATED + SILENCE + HOUR;
        story.hears(activity("d", later)).clock(later).restarts();
        story.hears(takenBack("d", later + HOUR)).clock(later + 2 * HOUR);
        assertThat(story.keys()).containsExactly(silentSince(CREATED));
        assertThat(story.retractions()).hasSize(1);
    }

    /** It has been silent for as long, and longer. */
    @Test
    void leavesWhatWasGivenOutWhereItIsDueEarlierAfterAll() throws Exception {
        story.hears(created(CREATED)).hears(activity("d", CREATED + DAY));
        story.clock(CREATED + DAY + SILENCE + MINUTE);
        story.hears(takenBack("d", CREATED + DAY + SILENCE + HOUR));
        story.clock(CREATED + DAY + SILENCE + 10 * DAY);
        assertThat(story.keys()).containsExactly(silentSince(CREATED + DAY));
        assertThat(story.retractions()).isEmpty();
    }

    @Test
    void forgetsASilenceThatIsHistory() throws Exception {
        long before = LIVE_SINCE - SILENCE - 1;
        story.hears(created(before)).clock(LIVE_SINCE + DAY);
        assertThat(story.messages()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    @Test
    void putsASilentRuleThatIsNewToEverybody() throws Exception {
        rules = List.of();
        story.restarts().hears(created(CREATED)).clock(CREATED);
        rules = rules(FutureDetectors.silent(), weekly(10));
        story.restarts().clock(CREATED + SILENCE + MINUTE);
        assertThat(story.keys()).containsExactly(silentSince(CREATED));
    }

    @Test
    void asksTheCalendarEachMonday() throws Exception {
        weekly();
        story.hears(created(CREATED)).clock(CREATED);
        assertThat(story.timers()).isEqualTo(1);
        story.hears(activity("a", CREATED + HOUR)).clock(W47 + MINUTE - 1).restarts();
        assertThat(story.keys()).isEmpty();

        story.clock(W47 + MINUTE).restarts().clock(W48 + MINUTE);
        story.hears(activity("b", W48 + HOUR)).clock(W48 + 7 * DAY + MINUTE);
        assertThat(story.keys()).containsExactly(week("2026-W47"), week("2026-W49"));
        assertThat(story.candidates().get(0).dueAt()).isEqualTo(W47);
        assertThat(story.candidates().get(0).causedAt()).isZero();
        assertThat(story.retractions()).isEmpty();
    }

    @Test
    void asksForTheLatestPeriodOnlyWhenTheClockJumps() throws Exception {
        weekly();
        story.hears(created(CREATED)).clock(CREATED);
        long friday = W48 + 4 * DAY;
        long monday = W48 + 7 * DAY;
        story.hears(activity("a", CREATED + HOUR)).hears(activity("b", friday));
        story.clock(monday + HOUR);
        assertThat(story.keys()).containsExactly(week("2026-W49"));
        story.clock(monday + 6 * DAY);
        assertThat(story.keys()).hasSize(1);
    }

    /** The log tells of three weeks at once, but it tells all of them. */
    @Test
    void asksForTheLatestPeriodOnlyWhenTheJobWasDown() throws Exception {
        weekly();
        story.hears(created(CREATED)).clock(CREATED);
        long back = W48 + 8 * DAY;
        story.wall(back);
        for (long now = CREATED; now <= back; now += 6 * HOUR) {
            story.hears(activity("a" + now, now)).clock(now);
        }
        assertThat(story.keys()).containsExactly(week("2026-W49"));
    }

    @Test
    void mailsNobodyForPeriodsBeforeTheRuleRan() throws Exception {
        weekly();
        long snapshotAt = LIVE_SINCE + HOUR;
        long old = LIVE_SINCE - 300 * DAY;
        story.wall(snapshotAt);
        story.hears(
                project(old).snapshotAt(snapshotAt).fact(),
                Facts.of(EventType.PROJECT_CREATED, SHOP, SHOP, old).snapshotAt(snapshotAt).fact());
        for (int day = 1; day < 40; day++) {
            long then = LIVE_SINCE - day * DAY;
            story.hears(Facts.started(SHOP, "d" + day, then).snapshotAt(snapshotAt).fact());
        }
        story.clock(snapshotAt);
        assertThat(story.messages()).isEmpty();

        story.clock(LIVE_SINCE + 3 * DAY);
        assertThat(story.keys()).as("the first Monday after").containsExactly(week("2026-W45"));
    }

    @Test
    void endsThePeriodThatHasExpiredByTheWallClock() throws Exception {
        rules = rules(weekly(2));
        story.restarts().hears(created(CREATED)).hears(activity("a", CREATED + HOUR));
        story.clock(CREATED + HOUR).wall(W47 + 2 * DAY).clock(W47 + HOUR);
        assertThat(story.messages()).isEmpty();
        assertThat(story.timers()).as("the next Monday").isEqualTo(1);
    }

    /** What a new snapshot shows of a person whose state was lost, and who was not mailed. */
    @Test
    void mailsThePeriodThatIsNotOverToWhomOnlyASnapshotShows() throws Exception {
        weekly();
        long snapshotAt = W48 + HOUR;
        story.wall(snapshotAt);
        story.hears(
                project(CREATED).snapshotAt(snapshotAt).fact(),
                Facts.started(SHOP, "d", W48 - DAY).snapshotAt(snapshotAt).fact());
        story.clock(snapshotAt);
        assertThat(story.keys()).containsExactly(week("2026-W48"));
    }

    @Test
    void asksACalendarRuleThatIsNewFromThenOn() throws Exception {
        story.hears(created(CREATED))
                .hears(activity("a", CREATED + HOUR))
                .clock(CREATED + 2 * HOUR);
        rules = List.of(new ActiveRule(weekly(10), W47 + HOUR));
        story.restarts().clock(W47 + 2 * HOUR);
        assertThat(story.keys()).isEmpty();
        story.hears(activity("b", W47 + 3 * HOUR)).clock(W48 + HOUR);
        assertThat(story.keys()).containsExactly(week("2026-W48"));
    }

    @Test
    void asksTheCalendarNoMoreOfWhatIsDeleted() throws Exception {
        weekly();
        story.hears(created(CREATED)).hears(activity("a", CREATED + HOUR)).clock(W47 + MINUTE);
        long deleted = W47 + HOUR;
        story.hears(Facts.deletion(CapturedTable.PROJECTS, SHOP, SHOP, deleted).fact());
        assertThat(story.retractions()).hasSize(1);
        story.clock(deleted + HOUR);
        assertThat(story.timers()).isZero();
        assertThat(story.stateEntries()).isZero();
    }

    @Test
    void asksOnceWhereverTheProjectMoves() throws Exception {
        weekly();
        story.hears(created(CREATED)).hears(activity("a", CREATED + HOUR)).clock(W47 + MINUTE);
        long moved = W47 + HOUR;
        story.hears(project(CREATED).with("plan", "America/New_York").committedAt(moved).fact());
        story.clock(W47 + DAY);
        assertThat(story.keys()).containsExactly(week("2026-W47"));
        story.hears(activity("b", W47 + DAY)).clock(W48 + MINUTE);
        assertThat(story.keys()).as("nine in New York").hasSize(1);
        story.clock(W48 + 6 * HOUR + MINUTE);
        assertThat(story.keys()).containsExactly(week("2026-W47"), week("2026-W48"));
    }

    /** Where it expires after more than a week, only its being the latest ends an older one. */
    private static Rule weekly(int days) {
        return FutureDetectors.weekly(Duration.ofDays(days));
    }

    private void weekly() throws Exception {
        rules = rules(weekly(10));
        story.restarts();
    }

    private static List<ActiveRule> rules(Rule... rules) {
        List<ActiveRule> active = new ArrayList<>();
        for (Rule rule : rules) {
            active.add(new ActiveRule(rule, LIVE_SINCE));
        }
        return active;
    }

    private static Facts<RowChange> project(long at) {
        return Facts.project(SHOP, at).with("plan", "Europe/Paris");
    }

    private static List<Fact> created(long at) {
        return List.of(
                project(at).fact(), Facts.of(EventType.PROJECT_CREATED, SHOP, SHOP, at).fact());
    }

    private static Fact activity(String id, long at) {
        return Facts.started(SHOP, id, at).fact();
    }

    private static Fact takenBack(String id, long at) {
        return Facts.of(FutureDetectors.TAKEN_BACK, SHOP, id, at).fact();
    }

    private static String silentSince(long at) {
        return "silent:" + SHOP + ":" + at;
    }

    private static String week(String week) {
        return "weekly:" + SHOP + ":" + week;
    }
}
