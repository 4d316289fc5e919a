package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.BOB;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.FactKind;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
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
                .isEqualTo(new ProjectSummary(ALICE, "free", MONDAY, 0, 0, List.of()));
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
        assertThat(told.nearLimitIn()).isZero();
        deploy(1, MONDAY + DAY);
        assertThat(ProjectSummary.of(profile).nearLimitIn()).isEqualTo(Periods.monthNumber(MONDAY));
        told = ProjectSummary.of(profile);
        deploy(5, MONDAY + DAY + 60 * MINUTE);
        assertThat(ProjectSummary.of(profile).isNewsTo(told)).isFalse();
    }

    @Test
    void expectsADropUntilAWeekHasMoreThanHalfOfTheOneBefore() {
        known();
        deploy(3, MONDAY);
        assertThat(ProjectSummary.of(profile).drops()).isEmpty();
        deploy(1, MONDAY + DAY);
        assertThat(ProjectSummary.of(profile).drops()).containsExactly(WEEK + 1);
        deploy(2, MONDAY + 7 * DAY);
        assertThat(ProjectSummary.of(profile).drops()).containsExactly(WEEK + 1);
        deploy(1, MONDAY + 8 * DAY);
        assertThat(ProjectSummary.of(profile).drops()).isEmpty();
        deploy(1, MONDAY + 9 * DAY);
        assertThat(ProjectSummary.of(profile).drops()).containsExactly(WEEK + 2);
    }

    @Test
    void tellsItsWeeksAsText() {
        ProjectSummary standing =
                new ProjectSummary(BOB, null, MONDAY, 0, 0, List.of(WEEK, WEEK + 1));
        Fact told = standing.told(SHOP, 1, LogPosition.at(2));
        assertThat(told.key()).isEqualTo(BOB);
        assertThat(told.values()).containsOnlyKeys(ProjectSummary.DROPS);
        assertThat(ProjectSummary.weeks(told.value(ProjectSummary.DROPS)))
                .containsExactly(WEEK, WEEK + 1);
        assertThat(ProjectSummary.weeks(null)).isEmpty();
    }

    private void known() {
        profile.describe(Facts.project(SHOP, MONDAY).fact());
        profile.observe(created(), older);
    }

    private void deploy(int count, long from) {
        Facts.deployments(SHOP, count, from).forEach(fact -> profile.observe(fact, older));
    }

    private static Fact created() {
        return Facts.of(FactKind.PROJECT_CREATED, SHOP, SHOP, MONDAY).fact();
    }
}
