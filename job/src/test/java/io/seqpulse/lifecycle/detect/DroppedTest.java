package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LIVE_SINCE;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.at;
import static io.seqpulse.lifecycle.story.Facts.deployments;
import static io.seqpulse.lifecycle.story.Facts.project;
import static io.seqpulse.lifecycle.story.Facts.started;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.catalogue.Trigger.Dropped;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.project.DetectProject;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.RuleDraft;
import io.seqpulse.lifecycle.story.Rules;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A week with at most half of the deployments of the one before (E-RET-02). */
class DroppedTest {

    private static final long WEEK = 7 * DAY;

    /** Monday of 2026-W46, and what is due when W47 is over. */
    private static final long W46 = at("2026-11-09T00:00:00Z");

    private static final long W47 = W46 + WEEK;
    private static final long W48 = W47 + WEEK;
    private static final long ASKED = W48 + MINUTE;
    private static final String KEY = "activity_drop:" + SHOP + ":2026-W47";

    private static final Rule DROP =
            RuleDraft.of(
                    Subject.PROJECT,
                    new Dropped(EventType.DEPLOYMENT_STARTED, Period.WEEK, 50, 4),
                    Audience.OWNER,
                    Duration.ofHours(48),
                    "activity_drop:{project_id}:{week}");

    private DetectionStory story = hosted(LIVE_SINCE);

    private static DetectionStory hosted(long liveSince) {
        List<ActiveRule> rules = Rules.active(List.of(DROP), liveSince);
        try {
            return new DetectionStory(() -> new DetectProject(LOG, rules, Rules.measures()));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void stop() throws Exception {
        story.close();
    }

    private void weeks(int before, int after) throws Exception {
        story.hears(project(SHOP, W46).fact());
        story.hears(deployments(SHOP, before, W46 + HOUR));
        story.hears(deployments(SHOP, after, W47 + HOUR));
    }

    @Test
    void noticesAWeekWithHalfOfTheOneBeforeWhenItIsOver() throws Exception {
        weeks(4, 2);
        story.clock(ASKED - 1);
        assertThat(story.keys()).isEmpty();

        story.restarts().clock(ASKED);

        assertThat(story.keys()).containsExactly(KEY);
        Candidate drop = story.candidates().get(0);
        assertThat(drop.dueAt()).isEqualTo(W48);
        assertThat(drop.expiresAt()).isEqualTo(W48 + 2 * DAY);
        assertThat(drop.values())
                .containsEntry("previous_count", "4")
                .containsEntry("current_count", "2")
                .containsEntry("week", "2026-W47");
        story.clock(ASKED + 10 * WEEK);
        assertThat(story.keys()).containsExactly(KEY);
        assertThat(story.timers()).isZero();
    }

    @Test
    void oneDeploymentMoreIsNoDrop() throws Exception {
        weeks(4, 3);
        story.clock(ASKED + WEEK - 1);
        assertThat(story.keys()).isEmpty();
    }

    @Test
    void fromThreeADropSaysNothing() throws Exception {
        weeks(3, 0);
        story.clock(ASKED + WEEK);
        assertThat(story.keys()).isEmpty();
    }

    @Test
    void aWeekWithNoneIsADrop() throws Exception {
        weeks(4, 0);
        story.clock(ASKED + WEEK);
        assertThat(story.keys()).containsExactly(KEY);
        assertThat(story.candidates().get(0).values()).containsEntry("current_count", "0");
    }

    @Test
    void deploymentsThatAreToldTwiceCountOnce() throws Exception {
        weeks(4, 2);
        story.hears(deployments(SHOP, 2, W47 + HOUR));
        story.hears(deployments(SHOP, 4, W46 + HOUR));
        story.clock(ASKED);
        assertThat(story.keys()).containsExactly(KEY);
    }

    @Test
    void whatIsToldLateIsNoDropAfterAll() throws Exception {
        weeks(4, 2);
        story.clock(ASKED);
        story.hears(started(SHOP, "late", W47 + DAY).committedAt(ASKED + HOUR).fact());
        assertThat(story.retractions()).extracting(Retraction::key).containsExactly(KEY);
        story.clock(ASKED + WEEK);
        assertThat(story.keys()).containsExactly(KEY);
    }

    @Test
    void aDeletedProjectIsNoDrop() throws Exception {
        weeks(4, 2);
        story.hears(Facts.deletion(CapturedTable.PROJECTS, SHOP, SHOP, W47 + 2 * DAY).fact());
        story.clock(ASKED + WEEK);
        assertThat(story.keys()).isEmpty();
    }

    @Test
    void whatDroppedBeforeTheRuleRanIsHistory() throws Exception {
        story.close();
        story = hosted(W48 + 1);
        weeks(4, 2);
        story.clock(ASKED + WEEK);
        assertThat(story.keys()).isEmpty();
    }

    @Test
    void theYearsLastWeekIsComparedWithTheFirst() throws Exception {
        long w53 = at("2026-12-28T00:00:00Z");
        story.hears(project(SHOP, w53).fact());
        story.hears(deployments(SHOP, 10, w53 + HOUR));
        story.hears(deployments(SHOP, 5, w53 + WEEK + HOUR));
        story.clock(w53 + 2 * WEEK + MINUTE);
        assertThat(story.keys()).containsExactly("activity_drop:" + SHOP + ":2027-W01");
    }
}
