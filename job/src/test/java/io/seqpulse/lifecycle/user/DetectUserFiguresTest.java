package io.seqpulse.lifecycle.user;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LIVE_SINCE;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.Kpi;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.host.KpiOutputs;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Rules;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is counted of users, across restarts and ends. */
class DetectUserFiguresTest {

    private static final String KPI = "signup_to_project_24h";
    private static final long MINUTE = MORNING / 60_000;

    private KpiIndex measures = Rules.measures();

    @Test
    void countsWhatItCountedAnewWhenAKpiIsRetuned() throws Exception {
        try (DetectionStory story = story()) {
            signUpWithAProject(story);
            assertThat(story.side(KpiOutputs.INCREMENTS)).contains(cohort(1, 0));

            measures = measuresWithin(Duration.ofHours(1));
            story.restarts();
            assertThat(story.side(KpiOutputs.INCREMENTS)).isEmpty();
            story.clock(MORNING + HOUR);
            assertThat(story.side(KpiOutputs.INCREMENTS)).containsExactly(cohort(-1, 0));

            story.restarts();
            story.clock(MORNING + 2 * HOUR);
            assertThat(story.side(KpiOutputs.INCREMENTS)).isEmpty();
        }
    }

    @Test
    void takesBackWhatItCountedOfAUserWhoIsDeleted() throws Exception {
        try (DetectionStory story = story()) {
            signUpWithAProject(story);
            story.restarts();
            story.hears(Facts.deletion(CapturedTable.USERS, ALICE, ALICE, MORNING + HOUR).fact());
            assertThat(story.side(KpiOutputs.INCREMENTS))
                    .containsExactlyInAnyOrder(
                            cohort(-1, -1),
                            new Increment(Relation.ACTIVITY, "signup", MINUTE, 0, -1));
            story.clock(MORNING + 3 * HOUR);
            assertThat(story.stateEntries()).isZero();
            assertThat(story.timers()).isZero();
        }
    }

    private DetectionStory story() throws Exception {
        return new DetectionStory(
                () ->
                        new DetectUser(
                                LOG,
                                Rules.liveSince(LIVE_SINCE + 400 * 24 * HOUR),
                                measures,
                                ZoneOffset.UTC));
    }

    private static void signUpWithAProject(DetectionStory story) throws Exception {
        story.hears(Facts.signUp(ALICE, MORNING).toArray(Fact[]::new));
        story.hears(Facts.ownership(true, ALICE, SHOP, MORNING + 2 * HOUR).fact());
    }

    private static Increment cohort(long numerator, long denominator) {
        return new Increment(Relation.COHORT, KPI, MINUTE, numerator, denominator);
    }

    private static KpiIndex measuresWithin(Duration within) {
        Kpi kpi = Rules.catalogue().kpi(KPI).orElseThrow();
        Kpi retuned =
                new Kpi(
                        kpi.name(),
                        kpi.aliases(),
                        kpi.title(),
                        kpi.description(),
                        kpi.kind(),
                        kpi.cohort(),
                        kpi.success(),
                        within,
                        kpi.codes(),
                        kpi.redBelow(),
                        kpi.greenFrom());
        return KpiIndex.of(new Catalogue(Rules.all(), List.of(retuned)));
    }
}
