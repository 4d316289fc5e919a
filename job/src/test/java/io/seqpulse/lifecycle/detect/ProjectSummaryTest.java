package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.BOB;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.fact.SpillStore;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.InMemory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a project's owner is told of it, and how seldom. */
class ProjectSummaryTest {

    private static final long MONDAY = Facts.at("2026-11-09T00:00:00Z");
    private static final int WEEK = Periods.weekNumber(MONDAY);

    private final Profile profile = new Profile();
    private final SpillStore older = new InMemory();

    @Test
    void isUnknownUntilTheProjectAndItsOwnerAreKnown() {
        assertThat(ProjectSummary.of(profile)).isNull();
        profile.observe(created(), older);
        assertThat(ProjectSummary.of(profile)).isNull();
        profile.describe(Facts.project(SHOP, MONDAY).fact());
        assertThat(ProjectSummary.of(profile))
                .isEqualTo(
                        new ProjectSummary(
                                ALICE, new OwnedProject("free", MONDAY, 0, 0, List.of())));
    }

    @Test
    void isNoNewsWithEveryDeployment() {
        known();
        ProjectSummary told = ProjectSummary.of(profile);
        deploy(1, MONDAY);
        assertThat(ProjectSummary.of(profile).isNewsTo(told)).isFalse();
        assertThat(told.outdatedAt(profile)).as("it was told of none").isEqualTo(14 * DAY);
        told = ProjectSummary.of(profile);
        assertThat(told.outdatedAt(profile)).isEqualTo(Long.MAX_VALUE);
        deploy(2, MONDAY + DAY);
        assertThat(ProjectSummary.of(profile).isNewsTo(told)).isFalse();
        assertThat(told.outdatedAt(profile)).isEqualTo(MONDAY + 14 * DAY);
    }

    @Test
    void isNewsWhenTheQuotaIsNearlyUsedUpOnceAMonth() {
        known();
        deploy(39, MONDAY);
        ProjectSummary told = ProjectSummary.of(profile);
        assertThat(told.project().nearLimitIn()).isZero();
        deploy(1, MONDAY + DAY);
        assertThat(ProjectSummary.of(profile).project().nearLimitIn())
                .isEqualTo(Periods.monthNumber(MONDAY));
        told = ProjectSummary.of(profile);
        deploy(5, MONDAY + DAY + 60 * MINUTE);
        assertThat(ProjectSummary.of(profile).isNewsTo(told)).isFalse();
    }

    @Test
    void expectsADropUntilAWeekHasMoreThanHalfOfTheOneBefore() {
        known();
        deploy(3, MONDAY);
        assertThat(ProjectSummary.of(profile).project().drops()).isEmpty();
        deploy(1, MONDAY + DAY);
        assertThat(ProjectSummary.of(profile).project().drops()).containsExactly(WEEK + 1);
        deploy(2, MONDAY + 7 * DAY);
        assertThat(ProjectSummary.of(profile).project().drops()).containsExactly(WEEK + 1);
        deploy(1, MONDAY + 8 * DAY);
        assertThat(ProjectSummary.of(profile).project().drops()).isEmpty();
        deploy(1, MONDAY + 9 * DAY);
        assertThat(ProjectSummary.of(profile).project().drops()).containsExactly(WEEK + 2);
    }

    @Test
    void isToldToItsOwnerUntilItIsTheirsNoMore() {
        OwnedProject project = new OwnedProject(null, MONDAY, 0, 0, List.of(WEEK, WEEK + 1));
        ProjectSummary summary = new ProjectSummary(BOB, project);
        assertThat(summary.told(SHOP, 1, LogPosition.at(2)))
                .isEqualTo(Facts.summary(BOB, SHOP, project, 1).updated().position(2).fact());
        assertThat(summary.ended(SHOP, 1, LogPosition.at(2)))
                .isEqualTo(Facts.summary(BOB, SHOP, null, 1).updated().position(2).fact());
    }

    private void known() {
        profile.describe(Facts.project(SHOP, MONDAY).fact());
        profile.observe(created(), older);
    }

    private void deploy(int count, long from) {
        Facts.deployments(SHOP, count, from).forEach(event -> profile.observe(event, older));
    }

    private static Event created() {
        return Facts.of(EventType.PROJECT_CREATED, SHOP, SHOP, MONDAY).fact();
    }
}
