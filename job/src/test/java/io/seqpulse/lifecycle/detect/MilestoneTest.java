package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.at;
import static io.seqpulse.lifecycle.story.Facts.projectOf;
import static io.seqpulse.lifecycle.story.Facts.signUp;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.fact.Activity;
import io.seqpulse.lifecycle.fact.Activity.Figures;
import io.seqpulse.lifecycle.fact.ActivitySignal;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.Source;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.user.DetectUser;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Things have gone well for a month (E-ADV-01). */
class MilestoneTest {

    private static final long BEGAN = at("2026-03-10T15:00:00Z");
    private static final long DUE = BEGAN + 30 * DAY;
    private static final long ASKED = DUE + MINUTE;
    private static final String KEY = "nps:" + ALICE + ":2026H1";

    private DetectionStory story;

    @BeforeEach
    void start() throws Exception {
        story = hosted(at("2026-01-01T00:00:00Z"));
        story.hears(signUp(ALICE, BEGAN - HOUR)).clock(BEGAN - HOUR);
        story.hears(projectOf(ALICE, SHOP, BEGAN).fact());
    }

    private static DetectionStory hosted(long liveSince) throws Exception {
        List<ActiveRule> rules = Rules.active(List.of(Rules.rule("E-ADV-01")), liveSince);
        return new DetectionStory(
                () -> new DetectUser(LOG, rules, Rules.measures(), ZoneOffset.UTC));
    }

    @AfterEach
    void stop() throws Exception {
        story.close();
    }

    private void deployed(int times, long at) throws Exception {
        Activity activity = new Activity();
        for (int i = 0; i < times; i++) {
            activity.add(at, Figures.DEPLOYMENT);
        }
        tell(activity, at);
    }

    private void judgedOk(int times, long at) throws Exception {
        Activity activity = new Activity();
        for (int i = 0; i < times; i++) {
            activity.add(at, Figures.ofVerdict("ok"));
        }
        tell(activity, at);
    }

    private void tell(Activity activity, long at) throws Exception {
        Source source = new Source(at, LogPosition.at(at), Origin.CHANGED);
        story.hears(new ActivitySignal(ALICE, SHOP, source, "shop", activity));
    }

    @Test
    void asksOnceThirtyDaysAfterTheFirstProject() throws Exception {
        deployed(21, DUE - DAY);
        story.clock(ASKED - 1);
        assertThat(story.keys()).isEmpty();
        story.restarts().clock(ASKED);
        assertThat(story.keys()).containsExactly(KEY);
        assertThat(story.candidates().get(0).dueAt()).isEqualTo(DUE);
        assertThat(story.candidates().get(0).expiresAt()).isEqualTo(DUE + 7 * DAY);
        for (long day = DUE; day < at("2026-06-30T00:00:00Z"); day += DAY) {
            deployed(1, day);
            story.clock(day + DAY);
        }
        assertThat(story.keys()).containsExactly(KEY);
        deployed(1, at("2026-07-01T00:00:00Z"));
        for (long day = at("2026-07-01T00:00:00Z"); day < at("2026-08-01T00:00:00Z"); day += DAY) {
            deployed(1, day);
            story.clock(day + DAY);
        }
        assertThat(story.keys()).containsExactly(KEY, "nps:" + ALICE + ":2026H2");
    }

    @Test
    void twentyDeploymentsAreNotMoreThanTwenty() throws Exception {
        deployed(20, DUE - DAY);
        story.clock(ASKED);
        assertThat(story.keys()).isEmpty();
        deployed(1, DUE + HOUR);
        story.clock(ASKED + DAY);
        assertThat(story.keys()).as("the next day").containsExactly(KEY);
    }

    @Test
    void whoWasNotActiveLatelyIsNotAsked() throws Exception {
        deployed(30, DUE - 8 * DAY);
        story.clock(ASKED);
        assertThat(story.keys()).isEmpty();
    }

    @Test
    void fewerGoodVerdictsThanBeforeAreNoMilestone() throws Exception {
        deployed(30, DUE - DAY);
        judgedOk(3, DUE - 31 * DAY);
        judgedOk(2, DUE - 2 * DAY);
        story.clock(ASKED);
        assertThat(story.keys()).isEmpty();
        judgedOk(1, DUE + HOUR);
        story.clock(ASKED + DAY);
        assertThat(story.keys()).as("as many").containsExactly(KEY);
    }

    @Test
    void whoHasNoProjectIsNotAsked() throws Exception {
        stop();
        story = hosted(at("2026-01-01T00:00:00Z"));
        story.hears(signUp(ALICE, BEGAN)).clock(BEGAN + 100 * DAY);
        assertThat(story.keys()).isEmpty();
    }
}
