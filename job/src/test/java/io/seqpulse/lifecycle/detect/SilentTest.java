package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.BOB;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LIVE_SINCE;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SECOND;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.signUp;
import static io.seqpulse.lifecycle.story.Facts.signUpInSnapshot;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.catalogue.Trigger.Silent;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.RuleDraft;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.user.DetectUser;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nothing for thirty days, and a reminder a week later (E-RET-03, E-RET-04). */
class SilentTest {

    private static final long SILENCE = 30 * DAY;
    private static final List<EventType> ACTIVITY =
            List.of(
                    EventType.USER_CREATED,
                    EventType.PROJECT_CREATED,
                    EventType.DEPLOYMENT_STARTED,
                    EventType.LOGGED_IN,
                    EventType.VERDICT_VIEWED,
                    EventType.STAYED);

    private static final String KEY = "inactive_30d:" + ALICE + ":2026-11-10";
    private static final String REMINDER = KEY + ":reminder";

    private DetectionStory story;

    @BeforeEach
    void start() throws Exception {
        story = hosted(ACTIVITY, LIVE_SINCE);
    }

    @AfterEach
    void stop() throws Exception {
        story.close();
    }

    private static DetectionStory hosted(List<EventType> activity, long liveSince)
            throws Exception {
        Rule rule =
                RuleDraft.of(
                        Subject.USER,
                        new Silent(activity, Duration.ofDays(30), List.of(Duration.ofDays(37))),
                        Audience.USER,
                        Duration.ofHours(72),
                        "inactive_30d:{user_id}:{last_activity_date}");
        List<ActiveRule> rules = Rules.active(List.of(rule), liveSince);
        return new DetectionStory(
                () -> new DetectUser(LOG, rules, Rules.measures(), ZoneOffset.UTC));
    }

    @Test
    void isToldOnceAndRemindedOnce() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(MORNING + SILENCE + MINUTE - 1);
        assertThat(story.keys()).isEmpty();

        story.restarts().clock(MORNING + SILENCE + MINUTE);
        assertThat(story.keys()).containsExactly(KEY);
        assertThat(story.candidates().get(0).dueAt()).isEqualTo(MORNING + SILENCE);
        assertThat(story.candidates().get(0).values())
                .containsEntry("silent_days", "30")
                .containsEntry("step", "first")
                .containsEntry("last_activity_date", "2026-11-10");

        story.clock(MORNING + SILENCE + 7 * DAY + MINUTE);
        assertThat(story.keys()).containsExactly(KEY, REMINDER);
        assertThat(story.candidates().get(1).values()).containsEntry("silent_days", "37");

        story.clock(MORNING + 400 * DAY);
        assertThat(story.keys()).containsExactly(KEY, REMINDER);
        assertThat(story.timers()).isZero();
    }

    @Test
    void everyActivityCountsToTheSecond() throws Exception {
        for (Fact activity :
                List.of(
                        login(MORNING + SILENCE),
                        deployed(MORNING + SILENCE),
                        Facts.of(EventType.STAYED, ALICE, "s", MORNING + SILENCE).fact(),
                        Facts.of(EventType.VERDICT_VIEWED, ALICE, "v", MORNING + SILENCE)
                                .with("deployment", "d")
                                .fact(),
                        Facts.projectOf(ALICE, SHOP, MORNING + SILENCE).fact())) {
            story.hears(signUp(ALICE, MORNING)).hears(activity);
            story.clock(MORNING + SILENCE + DAY);
            assertThat(story.keys()).as(activity.toString()).isEmpty();
            stop();
            start();
        }
        story.hears(signUp(ALICE, MORNING)).clock(MORNING + SILENCE + MINUTE);
        story.hears(login(MORNING + SILENCE + 2 * MINUTE));
        assertThat(story.keys()).containsExactly(KEY);
        assertThat(story.retractions()).extracting(Retraction::key).containsExactly(KEY);
    }

    @Test
    void eachSilenceHasItsOwn() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(MORNING + SILENCE + MINUTE);
        long back = MORNING + SILENCE + 2 * DAY;
        story.hears(login(back)).clock(back + SILENCE + MINUTE);
        assertThat(story.keys()).containsExactly(KEY, "inactive_30d:" + ALICE + ":2026-12-12");
        assertThat(story.retractions()).hasSize(1);
    }

    /** What is told late is older than what is known, and moves nothing back. */
    @Test
    void itIsTheLatestActivityThatCountsNotTheOneToldLast() throws Exception {
        story.hears(signUp(ALICE, MORNING - 20 * DAY)).hears(login(MORNING));
        story.hears(
                Facts.of(EventType.LOGGED_IN, ALICE, "earlier", MORNING - DAY)
                        .with("login_id", "earlier")
                        .committedAt(MORNING + DAY)
                        .fact());
        story.clock(MORNING + SILENCE + MINUTE - SECOND);
        assertThat(story.keys()).isEmpty();
        story.clock(MORNING + SILENCE + MINUTE);
        assertThat(story.keys()).containsExactly(KEY);
    }

    @Test
    void aTimeThatIsCorrectedMovesTheDeadlineBack() throws Exception {
        story.hears(signUp(ALICE, MORNING)).hears(login(MORNING + 5 * DAY));
        story.hears(
                Facts.of(EventType.LOGGED_IN, ALICE, "l" + (MORNING + 5 * DAY), MORNING + HOUR)
                        .with("login_id", "x")
                        .committedAt(MORNING + 6 * DAY)
                        .updated()
                        .fact());
        story.clock(MORNING + SILENCE + HOUR + MINUTE);
        assertThat(story.keys()).containsExactly(KEY);
    }

    @Test
    void whoHasBeenSilentLongBeforeTheRuleRanIsLeftAlone() throws Exception {
        long longAgo = LIVE_SINCE - 400 * DAY;
        story.hears(signUpInSnapshot(ALICE, longAgo, LIVE_SINCE + HOUR));
        long lately = LIVE_SINCE - 33 * DAY;
        story.hears(signUpInSnapshot(BOB, lately, LIVE_SINCE + HOUR));
        story.clock(LIVE_SINCE + 100 * DAY);
        assertThat(story.keys())
                .as("Bob's thirty days were over before, his reminder was due after")
                .containsExactly("inactive_30d:" + BOB + ":2026-09-29:reminder");
    }

    @Test
    void aRuleThatIsNewIsAskedOfEverybody() throws Exception {
        story.close();
        List<ActiveRule> none = List.of();
        story =
                new DetectionStory(
                        () -> new DetectUser(LOG, none, Rules.measures(), ZoneOffset.UTC));
        story.hears(signUp(ALICE, MORNING)).clock(MORNING + DAY);
        assertThat(story.keys()).isEmpty();
    }

    /** Who works in others' projects does nothing that can be seen where logins are not. */
    @Test
    void withoutLoginsMembersAreLeftAlone() throws Exception {
        story.close();
        story =
                hosted(
                        List.of(
                                EventType.USER_CREATED,
                                EventType.PROJECT_CREATED,
                                EventType.DEPLOYMENT_STARTED),
                        LIVE_SINCE);
        story.hears(signUp(ALICE, MORNING)).hears(signUp(BOB, MORNING));
        story.hears(
                Facts.row(CapturedTable.PROJECT_MEMBERS, ALICE, "m1", MORNING).fact(),
                Facts.row(CapturedTable.PROJECT_MEMBERS, BOB, "m2", MORNING).fact(),
                Facts.deletion(CapturedTable.PROJECT_MEMBERS, BOB, "m2", MORNING + DAY).fact());
        story.clock(MORNING + SILENCE + MINUTE);
        assertThat(story.keys()).containsExactly("inactive_30d:" + BOB + ":2026-11-10");
    }

    private static Event login(long at) {
        return Facts.of(EventType.LOGGED_IN, ALICE, "l" + at, at).with("login_id", "l" + at).fact();
    }

    private static Fact deployed(long at) {
        return Facts.summary(ALICE, SHOP, new OwnedProject("free", MORNING, at, 0, List.of()), at)
                .fact();
    }
}
