package io.seqpulse.lifecycle.project;

import static io.seqpulse.lifecycle.fact.FactTexts.kind;
import static io.seqpulse.lifecycle.fact.FactTexts.value;
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
import static io.seqpulse.lifecycle.story.Facts.at;
import static io.seqpulse.lifecycle.story.Facts.deployments;
import static io.seqpulse.lifecycle.story.Facts.member;
import static io.seqpulse.lifecycle.story.Facts.project;
import static io.seqpulse.lifecycle.story.Facts.quotaRefused;
import static io.seqpulse.lifecycle.story.Facts.started;
import static io.seqpulse.lifecycle.story.Facts.verdict;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.fact.Activity;
import io.seqpulse.lifecycle.fact.Activity.Figures;
import io.seqpulse.lifecycle.fact.ActivitySignal;
import io.seqpulse.lifecycle.fact.DeploymentSignal;
import io.seqpulse.lifecycle.fact.DeploymentSignal.Kind;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Source;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Rules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a project lives through: E-ACT-04, E-ACT-05, E-CONV-01 and E-CONV-03. */
class DetectProjectTest {

    private static final String FIRST_VERDICT = "first_verdict_available:" + SHOP;
    private static final String QUOTA_80 = "free_quota_80:" + SHOP + ":2026-11";
    private static final String QUOTA_REACHED = "free_quota_reached:" + SHOP + ":2026-11";
    private static final long CREATED = MORNING - HOUR;
    private static final long FORTIETH = MORNING + 39 * MINUTE;

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

    // E-ACT-04

    @Test
    void tellsTheOwnerAndAdminsOfTheFirstVerdictOnly() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                member(SHOP, "m1", CREATED).with("user_id", BOB).with("role", "admin").fact(),
                member(SHOP, "m2", CREATED).with("user_id", ALICE).with("role", "admin").fact(),
                member(SHOP, "m3", CREATED).with("user_id", "carol").with("role", "member").fact(),
                member(SHOP, "m4", CREATED).with("email", "x@y.z").with("role", "admin").fact(),
                verdict(SHOP, "d1", "ok", MORNING).fact());
        story.clock(MORNING - 1);
        assertThat(story.candidates()).isEmpty();

        story.clock(MORNING);
        story.hears(verdict(SHOP, "d2", "ok", MORNING + HOUR).fact()).clock(MORNING + HOUR);

        assertThat(story.keys()).containsExactly(FIRST_VERDICT, FIRST_VERDICT + ":" + BOB);
        Candidate toOwner = story.candidates().get(0);
        assertThat(toOwner.recipient()).isEqualTo(ALICE);
        assertThat(toOwner.projectId()).isEqualTo(SHOP);
        assertThat(toOwner.dueAt()).isEqualTo(MORNING);
        assertThat(toOwner.expiresAt()).isEqualTo(MORNING + 2 * DAY);
        assertThat(toOwner.causedAt()).isEqualTo(MORNING);
        assertThat(toOwner.values())
                .containsEntry("project_name", "shop")
                .containsEntry("plan", "free")
                .containsEntry("deployment_id", "d1")
                .doesNotContainValue(null);
        Candidate toAdmin = story.candidates().get(1);
        assertThat(toAdmin.recipient()).isEqualTo(BOB);
        assertThat(toAdmin.userId()).isEqualTo(BOB);
        assertThat(toAdmin.instance()).isEqualTo(FIRST_VERDICT);
    }

    @Test
    void neverAsksOfTheFirstVerdictAgain() throws Exception {
        story.hears(project(SHOP, CREATED).fact());
        for (int day = 0; day < 90; day++) {
            long then = MORNING + day * DAY;
            story.hears(verdict(SHOP, "d" + day, "ok", then).fact()).clock(then);
        }
        assertThat(story.keys()).containsExactly(FIRST_VERDICT);
        assertThat(story.timers()).isZero();
    }

    @Test
    void takesTheFirstVerdictByBusinessTimeAndThenById() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                verdict(SHOP, "d3", "ok", MORNING).fact(),
                verdict(SHOP, "d2", "ok", MORNING - 1).committedAt(MORNING).fact(),
                verdict(SHOP, "d1", "ok", MORNING - 1).committedAt(MORNING).fact());
        story.clock(MORNING);
        assertThat(story.candidates())
                .singleElement()
                .satisfies(c -> assertThat(c.values()).containsEntry("deployment_id", "d1"));
    }

    /** A project that is known by a change only may have had verdicts before. */
    @Test
    void doesNotTakeTheFirstVerdictItHearsOfForTheFirst() throws Exception {
        long created = LIVE_SINCE - 300 * DAY;
        story.hears(project(SHOP, created).committedAt(MORNING).updated().fact());
        story.hears(verdict(SHOP, "d9", "ok", MORNING + HOUR).fact()).clock(MORNING + 2 * HOUR);
        assertThat(story.keys()).isEmpty();

        long snapshot = MORNING + DAY;
        story.hears(
                project(SHOP, created).snapshotAt(snapshot).fact(),
                verdict(SHOP, "d1", "ok", created + DAY).snapshotAt(snapshot).fact(),
                verdict(SHOP, "d9", "ok", MORNING + HOUR).snapshotAt(snapshot).fact());
        story.clock(snapshot);
        assertThat(story.keys()).isEmpty();
    }

    @Test
    void tellsOfTheFirstVerdictOnceASnapshotHasShownThatItIs() throws Exception {
        long created = LIVE_SINCE - 300 * DAY;
        story.hears(project(SHOP, created).committedAt(MORNING).updated().fact());
        story.hears(verdict(SHOP, "d9", "ok", MORNING + HOUR).fact()).clock(MORNING + 2 * HOUR);

        long snapshot = MORNING + DAY;
        story.hears(
                project(SHOP, created).snapshotAt(snapshot).fact(),
                verdict(SHOP, "d9", "ok", MORNING + HOUR).snapshotAt(snapshot).fact());
        story.clock(snapshot);
        assertThat(story.keys()).containsExactly("first_verdict_available:" + SHOP);
    }

    @Test
    void countsNoMonthOfWhichItHasNotHeardAll() throws Exception {
        story.hears(project(SHOP, LIVE_SINCE + DAY).committedAt(MORNING).updated().fact());
        story.hears(deployments(SHOP, 40, MORNING + HOUR)).clock(MORNING + DAY);
        assertThat(story.keys()).isEmpty();

        story.hears(project(SHOP, LIVE_SINCE + DAY).snapshotAt(MORNING + 2 * DAY).fact());
        story.clock(MORNING + 2 * DAY);
        assertThat(story.keys()).containsExactly("free_quota_80:" + SHOP + ":2026-11");
    }

    @Test
    void hasNoFirstVerdictToTellOfWhenItIsHistory() throws Exception {
        story.hears(
                project(SHOP, LIVE_SINCE - DAY).fact(),
                verdict(SHOP, "d1", "ok", LIVE_SINCE - 1).fact(),
                verdict(SHOP, "d2", "ok", MORNING).fact());
        story.clock(MORNING);
        assertThat(story.messages()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    // E-ACT-05

    @Test
    void alertsTheOwnerAndWhoIsOnCallOfEachCriticalVerdict() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                onCall("m1", CREATED).with("user_id", BOB).fact(),
                onCall("m2", CREATED).with("user_id", ALICE).fact(),
                onCall("m3", CREATED).with("email", " Duty@Example.org ").fact(),
                onCall("m4", CREATED).with("email", "duty@example.org").fact(),
                onCall("m5", CREATED).with("email", " ").fact(),
                verdict(SHOP, "d1", "warning", MORNING).fact());
        story.clock(MORNING + 2 * SECOND - 1);
        assertThat(alerts()).isEmpty();

        story.clock(MORNING + 2 * SECOND);

        String key = "critical_verdict_alert:d1";
        assertThat(alerts())
                .extracting(Candidate::recipient)
                .containsExactly(ALICE, BOB, "mailto:duty@example.org");
        assertThat(alerts()).extracting(Candidate::instance).containsOnly(key);
        assertThat(alerts().get(0).key()).isEqualTo(key);
        assertThat(alerts().get(0).expiresAt()).isEqualTo(MORNING + 6 * HOUR);
        assertThat(alerts().get(1).key()).isEqualTo(key + ":" + BOB);
        Candidate toAddress = alerts().get(2);
        assertThat(toAddress.address()).isEqualTo("duty@example.org");
        assertThat(toAddress.userId()).as("journalled for the owner").isEqualTo(ALICE);
        assertThat(toAddress.key()).startsWith(key + ":").doesNotContain("duty");
        assertThat(toAddress.alsoTo()).as("whose address it may be").containsExactly(ALICE, BOB);
        assertThat(alerts().get(0).alsoTo()).isEmpty();

        story.hears(verdict(SHOP, "d2", "rollback_recommended", MORNING + HOUR).fact());
        story.clock(MORNING + 2 * HOUR);
        assertThat(alerts()).hasSize(6);
    }

    @Test
    void alertsNobodyOfAVerdictThatIsDeletedWhileItWaits() throws Exception {
        story.hears(project(SHOP, CREATED).fact(), verdict(SHOP, "d1", "warning", MORNING).fact());
        story.hears(verdict(SHOP, "d2", "warning", MORNING).fact());
        story.hears(gone(Kind.VERDICT_GONE, "d1", MORNING + SECOND).fact());
        story.hears(gone(Kind.GONE, "d2", MORNING + SECOND).fact());
        story.clock(MORNING + HOUR);
        assertThat(alerts()).isEmpty();
        assertThat(story.retractions()).isEmpty();
    }

    @Test
    void withdrawsTheAlertOfAVerdictThatIsDeletedLater() throws Exception {
        story.hears(project(SHOP, CREATED).fact(), verdict(SHOP, "d1", "warning", MORNING).fact());
        story.clock(MORNING + MINUTE);
        assertThat(alerts()).hasSize(1);
        story.hears(gone(Kind.VERDICT_GONE, "d1", MORNING + HOUR).fact());
        assertThat(story.retractions())
                .extracting(Retraction::key)
                .containsExactly("critical_verdict_alert:d1");
    }

    /** Another verdict of the deployment is told instead. */
    @Test
    void alertsOfTheVerdictThatReplacesADeletedOne() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                verdict(SHOP, "d1", "rollback_recommended", MORNING).fact());
        story.hears(gone(Kind.VERDICT_GONE, "d1", MORNING + 1).fact());
        story.hears(verdict(SHOP, "d1", "warning", MORNING + SECOND).fact());
        story.clock(MORNING + HOUR);
        assertThat(alerts())
                .singleElement()
                .satisfies(alert -> assertThat(alert.values()).containsEntry("verdict", "warning"));
    }

    @Test
    void alertsOfAVerdictThatOnlyChangedItsEnvironment() throws Exception {
        story.hears(project(SHOP, CREATED).fact(), verdict(SHOP, "d1", "warning", MORNING).fact());
        story.hears(
                Facts.deployment(Kind.VERDICT_GONE, SHOP, "d1", MORNING + SECOND)
                        .with("env", "prod")
                        .fact());
        story.clock(MORNING + HOUR);
        assertThat(alerts()).hasSize(1);
    }

    private static Facts<DeploymentSignal> gone(Kind kind, String deployment, long at) {
        return Facts.deployment(kind, SHOP, deployment, at).with("deleted", "true");
    }

    /** The database's clock was an hour ahead when the project was created, and then was set. */
    @Test
    void alertsWhoIsTheOwnerByTheLogThoughTheClockWasAhead() throws Exception {
        story.hears(project(SHOP, MORNING).committedAt(MORNING + HOUR).position(1).fact());
        story.hears(
                project(SHOP, MORNING)
                        .with("owner_id", BOB)
                        .committedAt(MORNING + MINUTE)
                        .position(2)
                        .updated()
                        .fact());
        long at = MORNING + 2 * MINUTE;
        story.hears(verdict(SHOP, "d1", "rollback_recommended", at).fact()).clock(at + 2 * SECOND);
        assertThat(story.candidates())
                .filteredOn(candidate -> candidate.rule().equals("E-ACT-05"))
                .extracting(Candidate::recipient)
                .containsExactly(BOB);
    }

    @Test
    void alertsAtOnceOfAVerdictThatClaimsToBeOfNextYear() throws Exception {
        story.hears(project(SHOP, MORNING).fact());
        story.hears(
                verdict(SHOP, "d1", "warning", MORNING + 300 * DAY)
                        .committedAt(MORNING + HOUR)
                        .fact());
        story.clock(MORNING + HOUR + 2 * SECOND);
        assertThat(story.candidates())
                .filteredOn(candidate -> candidate.rule().equals("E-ACT-05"))
                .singleElement()
                .satisfies(alert -> assertThat(alert.dueAt()).isEqualTo(MORNING + HOUR));
    }

    /** It may be of any time before. */
    @Test
    void neverMailsWhatASnapshotTellsOfNextYear() throws Exception {
        story.hears(project(SHOP, MORNING).snapshotAt(MORNING + HOUR).fact());
        story.hears(
                verdict(SHOP, "d1", "warning", MORNING + 300 * DAY)
                        .snapshotAt(MORNING + HOUR)
                        .fact());
        story.clock(MORNING + 310 * DAY);
        assertThat(story.keys()).isEmpty();
    }

    /** A change that could not be read is replayed after the next one has been taken. */
    @Test
    void keepsANewerRowWhenAnOlderOneIsReplayed() throws Exception {
        story.hears(project(SHOP, MORNING).with("owner_id", BOB).position(20).fact());
        Facts<RowChange> letter = project(SHOP, MORNING).committedAt(MORNING + HOUR).updated();
        story.hears(letter.position(10, 30).fact());
        long at = MORNING + 2 * HOUR;
        story.hears(verdict(SHOP, "d1", "warning", at).fact()).clock(at + 2 * SECOND);
        assertThat(story.candidates())
                .filteredOn(candidate -> candidate.rule().equals("E-ACT-05"))
                .extracting(Candidate::recipient)
                .containsExactly(BOB);
    }

    @Test
    void doesNotAlertOfGoodOrUnknownVerdicts() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                verdict(SHOP, "d1", "ok", MORNING).fact(),
                verdict(SHOP, "d2", null, MORNING).fact());
        story.clock(MORNING + MINUTE);
        assertThat(alerts()).isEmpty();
    }

    @Test
    void takesAnAlertBackWhoseVerdictWasCorrected() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                verdict(SHOP, "d1", "warning", MORNING).fact(),
                verdict(SHOP, "d2", "warning", MORNING).fact(),
                verdict(SHOP, "d3", "warning", MORNING).fact());
        story.hears(verdict(SHOP, "d2", "ok", MORNING).committedAt(MORNING + SECOND).fact());
        story.clock(MORNING + MINUTE);
        assertThat(story.keys())
                .contains("critical_verdict_alert:d1", "critical_verdict_alert:d3")
                .doesNotContain("critical_verdict_alert:d2");

        story.hears(verdict(SHOP, "d3", "ok", MORNING).committedAt(MORNING + 2 * MINUTE).fact());
        assertThat(story.retractions())
                .containsExactly(
                        new Retraction(
                                "critical_verdict_alert:d3", ALICE, ALICE, Retraction.RESOLVED));
    }

    /** What waited for a refusal is no count of deployments. */
    @Test
    void whatATriggerMadeIsNotAskedOfTheOneThatItHasBecome() throws Exception {
        List<List<ActiveRule>> running = new ArrayList<>(List.of(Rules.liveSince(LIVE_SINCE)));
        story.close();
        story = new DetectionStory(() -> new DetectProject(LOG, running.get(0), Rules.measures()));
        story.hears(project(SHOP, CREATED).fact(), quotaRefused(SHOP, "q1", MORNING).fact());
        running.set(0, Rules.withoutTable("quota_refusals", LIVE_SINCE));

        story.restarts().clock(MORNING + HOUR);
        assertThat(story.candidates()).isEmpty();

        story.hears(deployments(SHOP, 50, MORNING + HOUR)).clock(MORNING + 3 * HOUR);
        assertThat(story.keys()).contains(QUOTA_REACHED);
    }

    @Test
    void alertsWithTheActionsThatCameWithinTheWait() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                verdict(SHOP, "d1", "warning", MORNING).fact(),
                verdict(SHOP, "d1", "warning", MORNING).with("actions", "[\"scale up\"]").fact());
        story.clock(MORNING + 2 * SECOND);
        assertThat(alerts())
                .singleElement()
                .satisfies(c -> assertThat(c.values()).containsEntry("actions", "[\"scale up\"]"));
    }

    @Test
    void alertsAsSoonAsTheClockHasPassedAVerdictThatCameWithItsHints() throws Exception {
        story.hears(
                project(SHOP, CREATED).with("plan", "pro").fact(),
                verdict(SHOP, "d1", "warning", MORNING).fact(),
                verdict(SHOP, "d2", "warning", MORNING).fact(),
                hinted("d1", MORNING).with("actions", "[\"scale up\"]").fact());
        story.clock(MORNING - 1);
        assertThat(alerts()).isEmpty();
        story.clock(MORNING);
        assertThat(alerts())
                .singleElement()
                .satisfies(c -> assertThat(c.key()).isEqualTo("critical_verdict_alert:d1"))
                .satisfies(c -> assertThat(c.decidedAt()).isEqualTo(MORNING))
                .satisfies(c -> assertThat(c.causedAt()).isEqualTo(MORNING))
                .satisfies(c -> assertThat(c.values()).containsEntry("actions", "[\"scale up\"]"));
        story.clock(MORNING + 2 * SECOND - 1);
        assertThat(alerts()).hasSize(1);
        story.clock(MORNING + 2 * SECOND);
        assertThat(alerts()).as("without hints, two seconds later").hasSize(2);
        story.hears(hinted("d1", MORNING).fact()).clock(MORNING + MINUTE);
        assertThat(alerts()).hasSize(2);
    }

    /** With a commit as late as the row's own time, of a writer whose clock is ahead. */
    @Test
    void neverAlertsBeforeTheVerdictsOwnTime() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                hinted("d1", MORNING + SECOND).committedAt(MORNING).fact());
        story.clock(MORNING + SECOND - 1);
        assertThat(alerts()).isEmpty();
        story.clock(MORNING + SECOND);
        assertThat(alerts()).hasSize(1);
    }

    /** Whatever is told again, and in whichever order, the earliest time to ask stays. */
    @Test
    void alertsAtTheSameTimeInAnyOrderAndWithAnyRepetition() throws Exception {
        List<Fact> facts =
                List.of(
                        project(SHOP, CREATED).fact(),
                        verdict(SHOP, "d1", "warning", MORNING).fact(),
                        verdict(SHOP, "d1", "warning", MORNING).with("latency_delta", "18").fact(),
                        hinted("d1", MORNING).fact());
        Random random = new Random(14);
        for (int i = 0; i < 50; i++) {
            List<Fact> order = new ArrayList<>(facts);
            order.addAll(facts.subList(0, random.nextInt(facts.size())));
            Collections.shuffle(order, random);
            story.close();
            story = live(LIVE_SINCE);
            story.hears(order.subList(0, 2)).restarts().hears(order.subList(2, order.size()));
            story.clock(MORNING - 1);
            assertThat(alerts()).as("%s", order).isEmpty();
            story.clock(MORNING);
            assertThat(alerts()).as("%s", order).hasSize(1);
            story.hears(order).clock(MORNING + HOUR);
            assertThat(alerts()).as("%s", order).hasSize(1);
        }
    }

    @Test
    void waitsForTheHintsOfACorrectedVerdictAsForThoseOfANewOne() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                verdict(SHOP, "d1", "ok", MORNING).with("hinted", "true").fact());
        story.clock(MORNING + SECOND);
        story.hears(verdict(SHOP, "d1", "warning", MORNING).committedAt(MORNING + HOUR).fact());
        story.clock(MORNING + HOUR + 2 * SECOND - 1);
        assertThat(alerts()).isEmpty();
        story.hears(hinted("d1", MORNING).committedAt(MORNING + HOUR).fact());
        story.clock(MORNING + HOUR + 2 * SECOND - 1);
        assertThat(alerts()).as("its hints came with the correction").hasSize(1);
    }

    @Test
    void nobodyIsAlertedOfAHintedVerdictThatIsDeletedOrCorrectedInTime() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                hinted("d1", MORNING).fact(),
                hinted("d2", MORNING).fact());
        story.hears(
                gone(Kind.VERDICT_GONE, "d1", MORNING).fact(),
                verdict(SHOP, "d2", "ok", MORNING).with("hinted", "true").fact());
        story.clock(MORNING + HOUR);
        assertThat(alerts()).isEmpty();
    }

    /** As a job does that was down: it ends as stale, for whoever was on call when it was asked. */
    @Test
    void asksAtTheSameTimeOfAnAlertThatHasExpiredMeanwhile() throws Exception {
        story.wall(MORNING + 7 * HOUR);
        story.hears(
                project(SHOP, CREATED).fact(),
                verdict(SHOP, "d1", "warning", MORNING).fact(),
                hinted("d1", MORNING).fact());
        story.clock(MORNING);
        assertThat(alerts()).hasSize(1);
    }

    private static Facts<Event> hinted(String deployment, long at) {
        return verdict(SHOP, deployment, "warning", at).with("hinted", "true");
    }

    @Test
    void noLongerAlertsWhoLeftTheDuty() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                onCall("m1", CREATED).with("user_id", BOB).fact(),
                Facts.deletion(CapturedTable.PROJECT_MEMBERS, SHOP, "m1", CREATED + 1).fact(),
                onCall("m2", CREATED + 1).with("user_id", "carol").fact(),
                onCall("m2", CREATED).with("user_id", "dave").fact(),
                verdict(SHOP, "d1", "warning", MORNING).fact());
        story.clock(MORNING + MINUTE);
        assertThat(alerts()).extracting(Candidate::recipient).containsExactly(ALICE, "carol");
    }

    // E-CONV-01

    @Test
    void warnsOnceOfTheFortiethDeploymentOfAMonth() throws Exception {
        story.hears(project(SHOP, CREATED).fact());
        story.hears(deployments(SHOP, 39, MORNING)).hears(deployments(SHOP, 39, MORNING));
        story.clock(FORTIETH);
        assertThat(story.messages()).as("39, each told twice").isEmpty();

        story.hears(started(SHOP, "the fortieth", FORTIETH).fact()).clock(FORTIETH);

        Candidate warning = story.candidates().get(0);
        assertThat(story.keys()).containsExactly(QUOTA_80);
        assertThat(warning.rule()).isEqualTo("E-CONV-01");
        assertThat(warning.recipient()).isEqualTo(ALICE);
        assertThat(warning.dueAt()).isEqualTo(FORTIETH);
        assertThat(warning.expiresAt()).isEqualTo(at("2026-12-01T00:00:00Z"));
        assertThat(warning.causedAt()).isEqualTo(FORTIETH);
        assertThat(warning.values()).containsEntry("used", "40").containsEntry("month", "2026-11");
    }

    @Test
    void tellsNewerFiguresUnderTheSameKeyUntilTheMonthIsOver() throws Exception {
        story.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 40, MORNING));
        story.clock(FORTIETH).hears(started(SHOP, "more", FORTIETH + HOUR).fact());
        assertThat(story.keys()).containsExactly(QUOTA_80, QUOTA_80);
        assertThat(story.candidates().get(1).values()).containsEntry("used", "41");
        assertThat(story.candidates().get(1).decidedAt()).isEqualTo(FORTIETH + HOUR);

        story.hears(started(SHOP, "more", FORTIETH + HOUR).fact());
        assertThat(story.keys()).as("nothing new").hasSize(2);

        long december = at("2026-12-01T00:00:00Z");
        story.clock(december)
                .hears(started(SHOP, "late", december - 1).committedAt(december).fact());
        story.clock(december + 3 * DAY);
        assertThat(story.keys()).hasSize(2);
        assertThat(story.timers()).isZero();
    }

    @Test
    void tellsNewerFiguresToEverybodyWhoGetsTheMail() throws Exception {
        for (List<Audience> audience :
                List.of(List.of(Audience.OWNER, Audience.ADMINS), List.of(Audience.ADMINS))) {
            Rule rule = withAudience(Rules.rule("E-CONV-01"), audience);
            try (DetectionStory other =
                    new DetectionStory(
                            () ->
                                    new DetectProject(
                                            LOG,
                                            Rules.active(List.of(rule), LIVE_SINCE),
                                            Rules.measures()))) {
                other.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 40, MORNING));
                other.hears(
                        member(SHOP, "m1", CREATED)
                                .with("user_id", BOB)
                                .with("role", "admin")
                                .fact());
                other.clock(FORTIETH).hears(started(SHOP, "more", FORTIETH + 1).fact());
                assertThat(other.candidates())
                        .filteredOn(c -> "41".equals(c.values().get("used")))
                        .hasSize(audience.size())
                        .anyMatch(c -> c.recipient().equals(BOB));
            }
        }
    }

    @Test
    void countsInUtcMonths() throws Exception {
        long midnight = at("2026-12-01T00:00:00Z");
        story.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 39, MORNING));
        story.hears(started(SHOP, "of December", midnight).fact()).clock(midnight);
        assertThat(story.messages()).isEmpty();

        story.hears(started(SHOP, "of November", midnight - 1).committedAt(midnight).fact());
        story.clock(midnight + 1);
        assertThat(story.candidates())
                .singleElement()
                .satisfies(
                        c -> {
                            assertThat(c.key()).isEqualTo(QUOTA_80);
                            assertThat(c.expiresAt()).isEqualTo(midnight);
                        });
    }

    @Test
    void warnsInEachMonth() throws Exception {
        story.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 40, MORNING));
        long december = at("2026-12-05T00:00:00Z");
        story.clock(december).hears(deployments(SHOP, 40, december)).clock(december + DAY);
        assertThat(story.keys()).containsExactly(QUOTA_80, "free_quota_80:" + SHOP + ":2026-12");
    }

    @Test
    void staysSilentInAMonthWhoseThresholdWasCrossedBeforeGoLive() throws Exception {
        long goLive = FORTIETH + 1;
        try (DetectionStory later = live(goLive)) {
            later.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 40, MORNING));
            later.hears(started(SHOP, "the 41st", goLive).fact()).clock(goLive + DAY);
            assertThat(later.messages()).isEmpty();

            long december = at("2026-12-05T00:00:00Z");
            later.hears(deployments(SHOP, 40, december)).clock(december + DAY);
            assertThat(later.keys()).containsExactly("free_quota_80:" + SHOP + ":2026-12");
        }
    }

    @Test
    void warnsWhenTheThresholdIsCrossedExactlyAtGoLive() throws Exception {
        try (DetectionStory now = live(FORTIETH)) {
            now.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 40, MORNING));
            now.clock(FORTIETH);
            assertThat(now.keys()).containsExactly(QUOTA_80);
        }
    }

    @Test
    void findsTheThresholdBeforeGoLiveWhicheverWayASnapshotReadsIt() throws Exception {
        long snapshotAt = MORNING + 5 * HOUR;
        List<Fact> facts = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            facts.add(started(SHOP, "d" + i, MORNING + i * MINUTE).snapshotAt(snapshotAt).fact());
        }
        Collections.shuffle(facts, new Random(7));
        try (DetectionStory later = live(FORTIETH + 1)) {
            later.wall(snapshotAt).hears(project(SHOP, CREATED).snapshotAt(snapshotAt).fact());
            later.hears(facts).clock(snapshotAt);
            assertThat(later.messages()).isEmpty();
        }
        story.wall(snapshotAt).hears(project(SHOP, CREATED).snapshotAt(snapshotAt).fact());
        story.hears(facts).clock(snapshotAt);
        assertThat(story.candidates())
                .singleElement()
                .satisfies(c -> assertThat(c.dueAt()).isEqualTo(FORTIETH));
    }

    @Test
    void warnsNoProjectOnAPaidPlan() throws Exception {
        story.hears(project(SHOP, CREATED).with("plan", "pro").fact());
        story.hears(deployments(SHOP, 60, MORNING)).clock(MORNING + DAY);
        assertThat(story.messages()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    @Test
    void warnsNoProjectWithoutAPlan() throws Exception {
        story.hears(project(SHOP, CREATED).with("plan", null).fact());
        story.hears(deployments(SHOP, 60, MORNING)).clock(MORNING + DAY);
        assertThat(story.messages()).isEmpty();
    }

    @Test
    void countsTheMonthAnewAfterADowngrade() throws Exception {
        long downgraded = MORNING + 5 * HOUR;
        story.hears(project(SHOP, CREATED).with("plan", "pro").fact());
        story.hears(deployments(SHOP, 41, MORNING)).clock(downgraded - 1);
        story.hears(project(SHOP, CREATED).committedAt(downgraded).fact()).clock(downgraded);
        assertThat(story.candidates())
                .singleElement()
                .satisfies(
                        c -> {
                            assertThat(c.key()).isEqualTo(QUOTA_80);
                            assertThat(c.dueAt()).isEqualTo(downgraded);
                        });
    }

    @Test
    void leavesAMonthAloneThatEndedOnAnotherPlan() throws Exception {
        long december = at("2026-12-01T10:00:00Z");
        story.hears(project(SHOP, CREATED).with("plan", "pro").fact());
        story.hears(deployments(SHOP, 45, MORNING)).clock(december - 1);
        story.hears(project(SHOP, CREATED).committedAt(december).fact());
        story.hears(started(SHOP, "told late", MORNING).committedAt(december + HOUR).fact());
        story.clock(december + DAY);
        assertThat(story.messages()).isEmpty();
    }

    @Test
    void withdrawsTheWarningAfterAnUpgrade() throws Exception {
        long upgraded = MORNING + 5 * HOUR;
        story.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 40, MORNING));
        story.clock(FORTIETH);
        story.hears(project(SHOP, CREATED).with("plan", "pro").committedAt(upgraded).fact());
        assertThat(story.retractions())
                .containsExactly(new Retraction(QUOTA_80, ALICE, ALICE, Retraction.RESOLVED));

        story.hears(project(SHOP, CREATED).committedAt(upgraded + HOUR).fact());
        story.clock(upgraded + DAY);
        assertThat(story.keys()).as("its key is taken").containsExactly(QUOTA_80);
    }

    @Test
    void endsAsResolvedWhenTheUpgradeCameBeforeTheQuestion() throws Exception {
        story.hears(project(SHOP, CREATED).fact());
        story.hears(deployments(SHOP, 39, MORNING));
        story.hears(started(SHOP, "d40", FORTIETH).committedAt(FORTIETH + SECOND).fact());
        story.hears(
                project(SHOP, CREATED).with("plan", "pro").committedAt(FORTIETH + SECOND).fact());
        story.clock(FORTIETH + SECOND);
        assertThat(story.keys()).containsExactly(QUOTA_80);
        assertThat(story.retractions())
                .containsExactly(new Retraction(QUOTA_80, ALICE, ALICE, Retraction.RESOLVED));
    }

    @Test
    void leavesTheKeyFreeWhenADeploymentOvertookAnEarlierUpgrade() throws Exception {
        long upgraded = FORTIETH - 1;
        long downgraded = FORTIETH + HOUR;
        story.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 40, MORNING));
        story.hears(project(SHOP, CREATED).with("plan", "pro").committedAt(upgraded).fact());
        story.clock(FORTIETH + MINUTE);
        assertThat(story.messages()).isEmpty();

        story.hears(project(SHOP, CREATED).committedAt(downgraded).fact()).clock(downgraded);
        assertThat(story.keys()).containsExactly(QUOTA_80);
        assertThat(story.retractions()).isEmpty();
    }

    // owners

    @Test
    void writesToTheNewOwnerWhenTheProjectMovesBeforeTheQuestion() throws Exception {
        story.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 39, MORNING));
        story.hears(started(SHOP, "d40", FORTIETH).committedAt(FORTIETH + SECOND).fact());
        story.hears(project(SHOP, CREATED).with("owner_id", BOB).committedAt(FORTIETH).fact());
        story.clock(FORTIETH + SECOND);
        assertThat(story.candidates()).extracting(Candidate::recipient).containsExactly(BOB);
        assertThat(story.retractions()).isEmpty();
    }

    @Test
    void takesAWaitingMailToTheNewOwner() throws Exception {
        long moved = FORTIETH + HOUR;
        story.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 40, MORNING));
        story.clock(FORTIETH);
        story.hears(project(SHOP, CREATED).with("owner_id", BOB).committedAt(moved).fact());

        assertThat(story.retractions())
                .containsExactly(new Retraction(QUOTA_80, ALICE, ALICE, Retraction.MOVED));
        assertThat(story.candidates()).extracting(Candidate::recipient).containsExactly(ALICE, BOB);
        Candidate toBob = story.candidates().get(1);
        assertThat(toBob.key()).isEqualTo(QUOTA_80);
        assertThat(toBob.userId()).isEqualTo(BOB);
        assertThat(toBob.decidedAt()).as("newer than the one it replaces").isEqualTo(moved);

        story.hears(
                project(SHOP, CREATED)
                        .with("owner_id", BOB)
                        .with("plan", "pro")
                        .committedAt(moved + 1)
                        .fact());
        assertThat(story.retractions().get(1))
                .isEqualTo(new Retraction(QUOTA_80, BOB, BOB, Retraction.RESOLVED));
    }

    @Test
    void writesOnceToAnAdminWhoBecomesTheOwner() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                member(SHOP, "m1", CREATED).with("user_id", BOB).with("role", "admin").fact(),
                verdict(SHOP, "d1", "ok", MORNING).fact());
        story.clock(MORNING);
        story.hears(project(SHOP, CREATED).with("owner_id", BOB).committedAt(MORNING + 1).fact());
        assertThat(story.keys()).containsExactly(FIRST_VERDICT, FIRST_VERDICT + ":" + BOB);
        assertThat(story.retractions())
                .containsExactly(new Retraction(FIRST_VERDICT, ALICE, ALICE, Retraction.MOVED));
    }

    @Test
    void tellsOwnersThatAProjectIsTheirs() throws Exception {
        long moved = MORNING + DAY;
        Fact created = project(SHOP, CREATED).fact();
        Fact given = project(SHOP, CREATED).with("owner_id", BOB).committedAt(moved).fact();
        Fact renamed =
                project(SHOP, CREATED)
                        .with("owner_id", BOB)
                        .with("name", "store")
                        .committedAt(moved + HOUR)
                        .fact();
        story.hears(created, created, given, given, renamed, created);

        List<Fact> signals = signals("PROJECT_CREATED");
        assertThat(signals).allMatch(s -> s.id().equals(SHOP));
        assertThat(signals)
                .extracting(Fact::key)
                .containsExactly(ALICE, ALICE, BOB, BOB, BOB, ALICE);
        assertThat(signals)
                .extracting(Fact::at)
                .containsExactly(CREATED, CREATED, moved, moved, moved, CREATED);
        assertThat(signals).noneMatch(s -> "null".equals(value(s, "project_name")));
    }

    @Test
    void tellsTheOwnerOfAProjectWithoutANameAllTheSame() throws Exception {
        story.hears(project(SHOP, CREATED).with("name", null).fact());
        assertThat(signals("PROJECT_CREATED"))
                .singleElement()
                .satisfies(signal -> assertThat(value(signal, "project_name")).isNull());
    }

    /** The present once, however often it is told; an older row is not the present. */
    @Test
    void tellsWhoOwnsAProjectNowAndWhoNoLongerDoes() throws Exception {
        long moved = MORNING + DAY;
        Fact created = project(SHOP, CREATED).atMicros(CREATED * 1_000 + 7).fact();
        Fact given =
                project(SHOP, CREATED)
                        .with("owner_id", BOB)
                        .committedAt(moved)
                        .atMicros(CREATED * 1_000 + 7)
                        .fact();
        story.hears(created, created, given, given, created);

        assertThat(signals("PROJECT OWNED")).extracting(Fact::key).containsExactly(ALICE, BOB);
        assertThat(signals("PROJECT OWNED"))
                .allMatch(s -> s.id().equals(SHOP) && s.atMicros() == CREATED * 1_000 + 7);
        assertThat(signals("PROJECT LEFT")).extracting(Fact::key).containsExactly(ALICE);

        story.hears(Facts.deletion(CapturedTable.PROJECTS, SHOP, SHOP, moved + HOUR).fact());
        assertThat(signals("PROJECT LEFT")).extracting(Fact::key).containsExactly(ALICE, BOB);
    }

    @Test
    void tellsTheOwnerWhatHappensInTheProjectAQuarterOfAnHourAtATime() throws Exception {
        story.hears(project(SHOP, CREATED).fact());
        story.hears(happened(MORNING), happened(MORNING + 10 * MINUTE));
        story.clock(MORNING + 15 * MINUTE + 30 * SECOND - 1);
        assertThat(activity(ALICE)).isEmpty();
        story.clock(MORNING + 15 * MINUTE + 30 * SECOND);
        Activity told = new Activity();
        told.add(MORNING, Figures.DEPLOYMENT);
        told.add(MORNING, Figures.DEPLOYMENT);
        assertThat(activity(ALICE)).containsExactly(told);
        story.hears(happened(MORNING + HOUR)).clock(MORNING + 2 * HOUR);
        assertThat(activity(ALICE)).hasSize(2);
        assertThat(story.timers()).isZero();
    }

    @Test
    void tellsAllOfItToANewOwnerAndWhoWasItThatItIsNotTheirs() throws Exception {
        story.hears(project(SHOP, CREATED).fact());
        story.hears(happened(MORNING)).clock(MORNING + HOUR);
        story.hears(happened(MORNING + HOUR));
        story.hears(
                project(SHOP, CREATED)
                        .with("owner_id", BOB)
                        .committedAt(MORNING + 2 * HOUR)
                        .updated()
                        .fact());
        Activity all = new Activity();
        all.add(MORNING, Figures.DEPLOYMENT);
        all.add(MORNING + HOUR, Figures.DEPLOYMENT);
        assertThat(activity(BOB)).containsExactly(all);
        assertThat(signals("ACTIVITY ENDED")).extracting(Fact::key).containsExactly(ALICE);

        story.hears(Facts.deletion(CapturedTable.PROJECTS, SHOP, SHOP, MORNING + 3 * HOUR).fact());
        assertThat(signals("ACTIVITY ENDED")).extracting(Fact::key).containsExactly(ALICE, BOB);
    }

    private static ActivitySignal happened(long at) {
        Activity activity = new Activity();
        activity.add(at, Figures.DEPLOYMENT);
        Source source = new Source(at, LogPosition.at(at), Origin.CHANGED);
        return new ActivitySignal(SHOP, SHOP, source, null, activity);
    }

    private List<Activity> activity(String owner) {
        return signals("ACTIVITY").stream()
                .filter(signal -> signal.key().equals(owner))
                .map(signal -> ((ActivitySignal) signal).change())
                .toList();
    }

    private List<Fact> signals(String kind) {
        return story.side(DetectProject.OWNER_SIGNALS).stream()
                .filter(signal -> kind(signal).equals(kind))
                .toList();
    }

    // E-CONV-03

    @Test
    void tellsOfTheFirstRefusalOfAMonth() throws Exception {
        long december = at("2026-12-02T08:00:00Z");
        story.hears(
                project(SHOP, CREATED).fact(),
                quotaRefused(SHOP, "r1", MORNING).fact(),
                quotaRefused(SHOP, "r2", MORNING + 1).fact());
        story.clock(MORNING + 1);
        story.hears(quotaRefused(SHOP, "r3", MORNING + 5 * DAY).fact());
        story.clock(MORNING + 5 * DAY);
        assertThat(story.candidates())
                .singleElement()
                .satisfies(
                        c -> {
                            assertThat(c.key()).isEqualTo(QUOTA_REACHED);
                            assertThat(c.dueAt()).isEqualTo(MORNING);
                            assertThat(c.expiresAt()).isEqualTo(MORNING + DAY);
                        });

        story.hears(quotaRefused(SHOP, "r4", december).fact()).clock(december);
        assertThat(story.keys()).endsWith("free_quota_reached:" + SHOP + ":2026-12").hasSize(2);

        story.clock(december + 60 * DAY);
        assertThat(story.timers()).isZero();
    }

    @Test
    void staysSilentInAMonthWhoseFirstRefusalWasBeforeGoLive() throws Exception {
        try (DetectionStory later = live(MORNING + 1)) {
            later.hears(
                    project(SHOP, CREATED).fact(),
                    quotaRefused(SHOP, "r1", MORNING).fact(),
                    quotaRefused(SHOP, "r2", MORNING + 1).fact());
            later.clock(MORNING + DAY);
            assertThat(later.messages()).isEmpty();
        }
    }

    @Test
    void takesTheFiftiethDeploymentForTheRefusalWhereThatIsNotRecorded() throws Exception {
        long fiftieth = MORNING + 49 * MINUTE;
        try (DetectionStory fallback =
                new DetectionStory(
                        () ->
                                new DetectProject(
                                        LOG,
                                        Rules.withoutTable("quota_refusals", LIVE_SINCE),
                                        Rules.measures()))) {
            fallback.hears(project(SHOP, CREATED).fact());
            fallback.hears(deployments(SHOP, 49, MORNING)).clock(fiftieth);
            assertThat(fallback.keys()).doesNotContain(QUOTA_REACHED);

            fallback.hears(started(SHOP, "d50", fiftieth).fact()).clock(fiftieth + 1);
            assertThat(fallback.candidates())
                    .filteredOn(c -> c.key().equals(QUOTA_REACHED))
                    .singleElement()
                    .satisfies(c -> assertThat(c.expiresAt()).isEqualTo(fiftieth + DAY));
        }
    }

    // beginnings and ends

    @Test
    void waitsForTheProjectsRow() throws Exception {
        story.hears(verdict(SHOP, "d1", "ok", MORNING).fact());
        story.hears(deployments(SHOP, 40, MORNING)).clock(FORTIETH);
        assertThat(story.messages()).isEmpty();

        story.hears(project(SHOP, CREATED).committedAt(FORTIETH + 1).fact()).clock(FORTIETH + 1);
        assertThat(story.keys()).containsExactlyInAnyOrder(FIRST_VERDICT, QUOTA_80);
    }

    @Test
    void asksNothingOfAnOrphanWhoseProjectTurnsOutToBePaid() throws Exception {
        story.hears(deployments(SHOP, 40, MORNING)).clock(FORTIETH);
        story.hears(project(SHOP, CREATED).with("plan", "pro").committedAt(FORTIETH + 1).fact());
        story.clock(FORTIETH + DAY);
        assertThat(story.messages()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    @Test
    void forgetsAProjectWhoseRowNeverComes() throws Exception {
        story.hears(verdict(SHOP, "d1", "warning", MORNING).fact());
        story.hears(deployments(SHOP, 40, MORNING)).clock(MORNING + 7 * DAY - 1);
        assertThat(story.stateEntries()).isPositive();
        story.clock(MORNING + 7 * DAY);
        assertThat(story.messages()).isEmpty();
        assertThat(story.stateEntries()).isZero();
        assertThat(story.timers()).isZero();
    }

    @Test
    void withdrawsEverythingWhenAProjectIsDeletedAndKeepsNothing() throws Exception {
        story.hears(
                project(SHOP, CREATED).fact(),
                onCall("m1", CREATED).with("email", "duty@example.org").fact(),
                verdict(SHOP, "d1", "warning", MORNING).fact());
        story.hears(deployments(SHOP, 39, MORNING)).clock(MORNING + MINUTE);
        story.hears(started(SHOP, "d40", FORTIETH).fact());
        story.hears(Facts.deletion(CapturedTable.PROJECTS, SHOP, SHOP, FORTIETH).fact());

        assertThat(story.retractions()).hasSize(3);
        assertThat(story.retractions()).allMatch(r -> r.reason().equals(Retraction.RESOLVED));
        assertThat(story.retractions())
                .filteredOn(r -> r.recipient().startsWith("mailto:"))
                .singleElement()
                .satisfies(r -> assertThat(r.userId()).isEqualTo(ALICE));
        story.hears(
                Facts.deletion(CapturedTable.PROJECT_MEMBERS, SHOP, "m1", FORTIETH)
                        .position(FORTIETH + 1)
                        .fact());
        story.clock(FORTIETH + HOUR);
        assertThat(story.keys()).doesNotContain(QUOTA_80);
        assertThat(story.stateEntries()).as("members go with their project").isZero();
        assertThat(story.timers()).isZero();
    }

    @Test
    void endsTheSameInAnyOrderAndWithAnyRepetition() throws Exception {
        List<Fact> facts =
                new ArrayList<>(
                        List.of(
                                project(SHOP, CREATED).fact(),
                                onCall("m1", CREATED).with("user_id", BOB).fact(),
                                verdict(SHOP, "d1", "ok", MORNING).fact(),
                                verdict(SHOP, "d2", "warning", MORNING).fact(),
                                quotaRefused(SHOP, "r1", FORTIETH).fact(),
                                quotaRefused(SHOP, "r2", FORTIETH + 1).fact(),
                                project(SHOP, CREATED)
                                        .with("owner_id", BOB)
                                        .committedAt(FORTIETH)
                                        .fact()));
        facts.addAll(deployments(SHOP, 41, MORNING));
        List<Message> inOrder = outcome(facts);
        assertThat(inOrder).hasSize(4);
        Random random = new Random(11);
        for (int i = 0; i < 30; i++) {
            List<Fact> order = new ArrayList<>(facts);
            order.addAll(facts.subList(0, random.nextInt(facts.size())));
            Collections.shuffle(order, random);
            assertThat(outcome(order)).isEqualTo(inOrder);
        }
    }

    @Test
    void goesOnWhereItWasAcrossARestart() throws Exception {
        story.hears(project(SHOP, CREATED).fact()).hears(deployments(SHOP, 20, MORNING));
        story.clock(MORNING + 20 * MINUTE).restarts();
        story.hears(deployments(SHOP, 40, MORNING)).restarts();
        story.clock(FORTIETH);
        story.restarts().hears(deployments(SHOP, 40, MORNING));
        story.hears(project(SHOP, CREATED).with("plan", "pro").committedAt(FORTIETH + 1).fact());
        assertThat(story.keys()).containsExactly(QUOTA_80);
        assertThat(story.retractions()).extracting(Retraction::key).containsExactly(QUOTA_80);
    }

    private static Facts<RowChange> onCall(String row, long at) {
        return member(SHOP, row, at).with("on_call", "true");
    }

    private List<Candidate> alerts() {
        return story.candidates().stream().filter(c -> c.rule().equals("E-ACT-05")).toList();
    }

    private static Rule withAudience(Rule rule, List<Audience> audience) {
        return new Rule(
                rule.code(),
                rule.name(),
                rule.category(),
                rule.mode(),
                rule.subject(),
                rule.trigger(),
                rule.fallback(),
                rule.expires(),
                audience,
                rule.plans(),
                rule.priority(),
                rule.dedupeKey(),
                rule.supersedes(),
                rule.template(),
                rule.ctaPath(),
                rule.ctaLabel(),
                rule.kpi(),
                rule.goal());
    }

    private static DetectionStory live(long since) throws Exception {
        return new DetectionStory(
                () -> new DetectProject(LOG, Rules.liveSince(since), Rules.measures()));
    }

    private static List<Message> outcome(List<Fact> facts) throws Exception {
        try (DetectionStory story = live(LIVE_SINCE)) {
            story.hears(facts).clock(MORNING + DAY);
            return story.messages().stream()
                    .sorted((a, b) -> a.toString().compareTo(b.toString()))
                    .toList();
        }
    }
}
