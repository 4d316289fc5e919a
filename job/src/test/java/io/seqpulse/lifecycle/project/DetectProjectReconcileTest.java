package io.seqpulse.lifecycle.project;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LIVE_SINCE;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SECOND;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.project;
import static io.seqpulse.lifecycle.story.Facts.verdict;
import static io.seqpulse.lifecycle.story.Reconciliations.boundary;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Rules;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What becomes of a project that a new snapshot no longer shows. In these stories a fact's position
 * is its commit time unless it says otherwise.
 */
class DetectProjectReconcileTest {

    private static final String CHEESE = "c4ee5e00-0000-4000-8000-000000000004";
    private static final String ALERT = "critical_verdict_alert:d1";
    private static final long CREATED = MORNING - HOUR;
    private static final long TAKEN = MORNING + 2 * HOUR;

    /** A snapshot that began right before it was taken. */
    private static final SnapshotBoundary AGAIN =
            boundary(TAKEN - MINUTE, TAKEN, "projects", "project_members");

    private DetectionStory story;

    @BeforeEach
    void start() throws Exception {
        story =
                new DetectionStory(
                        () ->
                                new DetectProject(
                                        LOG, Rules.liveSince(LIVE_SINCE), Rules.measures()));
    }

    @AfterEach
    void stop() throws Exception {
        story.close();
    }

    @Test
    void withdrawsWhatWasGivenOutForAProjectThatIsGone() throws Exception {
        critical("d1", MORNING);
        story.clock(MORNING + MINUTE);
        assertThat(story.keys()).contains(ALERT);

        story.hears(AGAIN).restarts().clock(TAKEN - 1);
        assertThat(story.retractions()).as("rows may still be on their way").isEmpty();
        story.restarts().clock(TAKEN);
        assertThat(story.retractions())
                .extracting(Retraction::key)
                .containsExactlyInAnyOrder(ALERT, "first_verdict_available:" + SHOP);

        story.hears(verdict(SHOP, "d2", "warning", TAKEN - 1).fact());
        story.clock(TAKEN + HOUR);
        assertThat(story.stateEntries()).isZero();
        assertThat(story.timers()).isZero();
        assertThat(story.side(DeadLetters.OUTPUT)).isEmpty();
    }

    /** Its deadline is passed by the same watermark that passes the snapshot. */
    @Test
    void letsNoTimerFireBeforeWhatIsGoneIsLetGoOf() throws Exception {
        critical("d1", MORNING);
        story.clock(MORNING - 1).hears(AGAIN).clock(TAKEN);
        assertThat(story.messages()).isEmpty();
    }

    @Test
    void keepsAProjectThatTheSnapshotShowsAsItWas() throws Exception {
        critical("d1", MORNING);
        story.hears(project(SHOP, CREATED).snapshotAt(TAKEN).position(TAKEN - MINUTE).fact());
        story.hears(AGAIN).clock(TAKEN);
        assertThat(story.keys()).contains(ALERT);
        assertThat(story.retractions()).isEmpty();

        story.hears(boundary(TAKEN - MINUTE + 1, TAKEN + 1, "projects")).clock(TAKEN + 1);
        assertThat(story.retractions()).as("gone before the next snapshot").isNotEmpty();
    }

    /** An older version of a row, read again, is no news, but it is there. */
    @Test
    void keepsAProjectOfWhichTheSnapshotSaysNothingNew() throws Exception {
        critical("d1", MORNING);
        story.hears(project(SHOP, CREATED).snapshotAt(CREATED - 1).position(TAKEN - MINUTE).fact());
        story.hears(AGAIN).clock(TAKEN);
        assertThat(story.keys()).contains(ALERT);
        assertThat(story.retractions()).isEmpty();
    }

    @Test
    void keepsAProjectInsertedRightAfterTheSnapshot() throws Exception {
        story.hears(AGAIN).hears(project(SHOP, TAKEN).position(TAKEN + 1).fact());
        story.clock(TAKEN);
        story.hears(verdict(SHOP, "d1", "warning", TAKEN + 1).fact()).clock(TAKEN + MINUTE);
        assertThat(story.keys()).contains(ALERT);
    }

    @Test
    void keepsWhatIsOfATableThatTheSnapshotDoesNotShow() throws Exception {
        critical("d1", MORNING);
        story.hears(boundary(TAKEN - MINUTE, TAKEN, "users")).clock(TAKEN);
        assertThat(story.keys()).contains(ALERT);
        assertThat(story.retractions()).isEmpty();
    }

    @Test
    void sweepsEveryProjectOnceInTwoSnapshotsInARow() throws Exception {
        story.hears(project(SHOP, CREATED).fact(), project(CHEESE, CREATED).fact());
        story.hears(project(SHOP, CREATED).snapshotAt(TAKEN).fact());
        story.hears(AGAIN).hears(boundary(TAKEN + 1, TAKEN + 2, "projects"));
        story.clock(TAKEN + SECOND).restarts();
        assertThat(story.timers()).as("to forget that they were there").isEqualTo(2);
        story.clock(TAKEN + SECOND + HOUR);
        assertThat(story.stateEntries()).isZero();
        assertThat(story.timers()).isZero();
    }

    @Test
    void goesOnWithAStrangerOfWhomTheSnapshotTellsNothing() throws Exception {
        story.hears(verdict(SHOP, "d1", "ok", TAKEN - HOUR).fact());
        story.hears(AGAIN).clock(TAKEN);
        story.hears(project(SHOP, CREATED).committedAt(TAKEN + 1).fact()).clock(TAKEN + DAY);
        assertThat(story.keys()).containsExactly("first_verdict_available:" + SHOP);
    }

    private void critical(String deployment, long at) throws Exception {
        if (at < TAKEN) {
            story.hears(project(SHOP, CREATED).fact());
        }
        story.hears(verdict(SHOP, deployment, "warning", at).fact());
    }
}
