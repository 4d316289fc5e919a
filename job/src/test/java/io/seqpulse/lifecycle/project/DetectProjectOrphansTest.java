package io.seqpulse.lifecycle.project;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LIVE_SINCE;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.deployments;
import static io.seqpulse.lifecycle.story.Facts.member;
import static io.seqpulse.lifecycle.story.Facts.project;
import static io.seqpulse.lifecycle.story.Facts.quotaRefused;
import static io.seqpulse.lifecycle.story.Facts.started;
import static io.seqpulse.lifecycle.story.Facts.verdict;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Rules;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a project's facts come to when its row does not come, or has gone. */
class DetectProjectOrphansTest {

    private static final String FIRST_VERDICT = "first_verdict_available:" + SHOP;
    private static final long CREATED = MORNING - HOUR;

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
    void buriesEachRecordOnceWhenTheProjectHasNotComeInTenMinutes() throws Exception {
        Fact started = started(SHOP, "d1", MORNING).position(7).fact();
        story.hears(
                started,
                Facts.of(EventType.DEPLOYMENT_FINISHED, SHOP, "d1", MORNING).position(7).fact(),
                verdict(SHOP, "d1", "ok", MORNING + MINUTE).position(8).fact(),
                member(SHOP, "m1", MORNING).position(9).fact(),
                quotaRefused(SHOP, "r1", MORNING).position(10).fact());
        story.clock(MORNING + 10 * MINUTE - 1);
        assertThat(buried()).isEmpty();

        story.clock(MORNING + 10 * MINUTE);
        assertThat(buried())
                .containsExactly("deployments 7", "project_members 9", "quota_refusals 10");
        story.restarts();
        story.hears(started).clock(MORNING + 11 * MINUTE);
        assertThat(buried()).containsExactly("deployment_verdicts 8");

        story.hears(started).clock(MORNING + DAY);
        assertThat(buried()).as("of the same record nothing more").hasSize(1);
        story.clock(MORNING + 7 * DAY);
        assertThat(story.stateEntries()).isZero();
        assertThat(story.timers()).isZero();
    }

    @Test
    void stillMailsWhenTheProjectComesAfterThat() throws Exception {
        story.hears(verdict(SHOP, "d1", "ok", MORNING).fact()).clock(MORNING + HOUR);
        assertThat(buried()).hasSize(1);

        story.hears(project(SHOP, CREATED).committedAt(MORNING + HOUR).fact());
        story.clock(MORNING + HOUR);
        assertThat(story.keys()).containsExactly(FIRST_VERDICT);
        story.clock(MORNING + 3 * DAY);
        assertThat(buried()).hasSize(1);
    }

    @Test
    void buriesNothingThatDidNotWaitInVain() throws Exception {
        story.hears(verdict(SHOP, "d1", "ok", MORNING).fact());
        story.hears(project(SHOP, CREATED).committedAt(MORNING + 9 * MINUTE).fact());
        story.hears(started(SHOP, "d2", MORNING + 9 * MINUTE).fact());
        story.clock(MORNING + 4 * DAY);
        assertThat(buried()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    @Test
    void givesARepairTenMinutesFromWhenItIsRead() throws Exception {
        story.clock(MORNING);
        story.hears(started(SHOP, "d1", MORNING - DAY).fact()).clock(MORNING + 9 * MINUTE);
        assertThat(buried()).isEmpty();
        story.clock(MORNING + 10 * MINUTE);
        assertThat(buried()).hasSize(1);
    }

    @Test
    void namesAHundredOfThemAndOnlyCountsTheRest() throws Exception {
        story.hears(deployments(SHOP, 150, MORNING)).clock(MORNING + HOUR * 4);
        assertThat(buried()).hasSize(100);
        story.clock(MORNING + 8 * DAY);
        assertThat(buried()).hasSize(100);
        assertThat(story.stateEntries()).isZero();
    }

    @Test
    void buriesNothingOfAProjectThatHasGone() throws Exception {
        story.hears(project(SHOP, CREATED).fact());
        story.hears(deleted(MORNING));
        story.hears(
                verdict(SHOP, "d1", "ok", MORNING - 1).fact(),
                started(SHOP, "d1", MORNING).position(MORNING - 1).fact(),
                project(SHOP, CREATED).fact());
        story.restarts().clock(MORNING + HOUR - 1);
        story.hears(started(SHOP, "d2", MORNING - MINUTE).fact());
        assertThat(story.timers()).isEqualTo(1);

        story.clock(MORNING + HOUR);
        assertThat(story.stateEntries()).isZero();
        assertThat(story.timers()).isZero();
        assertThat(buried()).isEmpty();
        assertThat(story.messages()).isEmpty();
    }

    /** The database deletes what refers to a project after it. */
    @Test
    void buriesNoInvitationThatWentWithItsProject() throws Exception {
        story.hears(project(SHOP, CREATED).fact());
        story.hears(deleted(MORNING));
        story.hears(
                Facts.of(EventType.INVITATION_REVOKED, SHOP, "i1", MORNING)
                        .position(MORNING + 1)
                        .with("invitation_id", "i1")
                        .updated()
                        .fact());
        story.clock(MORNING + 8 * DAY);
        assertThat(buried()).isEmpty();
        assertThat(story.stateEntries()).isZero();
        assertThat(story.timers()).isZero();
    }

    @Test
    void beginsAnewWhenTheProjectIsInsertedAgain() throws Exception {
        story.hears(project(SHOP, CREATED).fact(), verdict(SHOP, "d1", "ok", MORNING).fact());
        story.clock(MORNING).hears(deleted(MORNING + MINUTE));
        story.hears(
                project(SHOP, CREATED)
                        .with("name", "shop again")
                        .committedAt(MORNING + MINUTE)
                        .position(MORNING + MINUTE + 1)
                        .fact());
        story.hears(deleted(MORNING + MINUTE - 1)); // an older deletion, repeated
        story.hears(verdict(SHOP, "d2", "ok", MORNING + 2 * MINUTE).fact());
        story.clock(MORNING + 2 * MINUTE);
        assertThat(story.keys()).containsExactly(FIRST_VERDICT, FIRST_VERDICT);
        assertThat(story.candidates().get(1).values()).containsEntry("project_name", "shop again");
        story.clock(MORNING + 4 * DAY);
        assertThat(buried()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    /** A connector that starts again repeats the log up to where it was. */
    @Test
    void buriesNothingWhenTheEndOfAProjectIsRepeated() throws Exception {
        List<Fact> end = List.of(started(SHOP, "d9", MORNING - MINUTE).fact(), deleted(MORNING));
        story.hears(project(SHOP, CREATED).fact()).hears(end).clock(MORNING + 2 * HOUR);
        story.hears(end).clock(MORNING + 4 * HOUR);
        assertThat(buried()).isEmpty();
        assertThat(story.stateEntries()).isZero();
        assertThat(story.timers()).isZero();
    }

    private static Fact deleted(long at) {
        return Facts.deletion(CapturedTable.PROJECTS, SHOP, SHOP, at).fact();
    }

    private List<String> buried() {
        return story.side(DeadLetters.OUTPUT).stream()
                .map(letter -> letter.table() + " " + letter.offset())
                .toList();
    }
}
