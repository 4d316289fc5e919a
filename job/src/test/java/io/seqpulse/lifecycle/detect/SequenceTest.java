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
import static io.seqpulse.lifecycle.story.Facts.project;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.catalogue.Trigger.Sequence;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.project.DetectProject;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.RuleDraft;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.user.DetectUser;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Steps until something ends them: invitations (E-TRX-02), dunning (E-BILL-01), E-ADV-02. */
class SequenceTest {

    private static final Rule INVITATION =
            RuleDraft.of(
                    Subject.PROJECT,
                    new Sequence(
                            EventType.INVITATION_SENT,
                            Map.of(),
                            List.of(Duration.ZERO, Duration.ofDays(2), Duration.ofDays(5)),
                            List.of(
                                    EventType.INVITATION_ACCEPTED,
                                    EventType.INVITATION_DECLINED,
                                    EventType.INVITATION_REVOKED),
                            "expires_at"),
                    Audience.INVITEE,
                    Duration.ofHours(24),
                    "invitation:{invitation_id}:{step}");

    private static final Rule DUNNING =
            RuleDraft.of(
                    Subject.PROJECT,
                    new Sequence(
                            EventType.PAYMENT_FAILED,
                            Map.of(),
                            List.of(Duration.ZERO, Duration.ofDays(3), Duration.ofDays(7)),
                            List.of(EventType.PAYMENT_SUCCEEDED, EventType.PAYMENT_CANCELLED),
                            null),
                    Audience.OWNER,
                    Duration.ofHours(48),
                    "payment_failed:{subscription_id}:{invoice_id}:{step}");

    private static final Rule REVIEW =
            RuleDraft.of(
                    Subject.USER,
                    new Sequence(
                            EventType.NPS_ANSWERED,
                            Map.of("score", List.of("9", "10")),
                            List.of(Duration.ofDays(1)),
                            List.of(),
                            null),
                    Audience.USER,
                    Duration.ofDays(7),
                    "review_request:{user_id}");

    private static final String J0 = "invitation:i1:j0";
    private static final String J2 = "invitation:i1:j2";
    private static final String J5 = "invitation:i1:j5";

    private DetectionStory story;

    private void host(Rule rule) throws Exception {
        List<ActiveRule> rules = Rules.active(List.of(rule), LIVE_SINCE);
        story =
                new DetectionStory(
                        () ->
                                rule.subject() == Subject.PROJECT
                                        ? new DetectProject(LOG, rules, Rules.measures())
                                        : new DetectUser(
                                                LOG, rules, Rules.measures(), ZoneOffset.UTC));
        if (rule.subject() == Subject.PROJECT) {
            story.hears(project(SHOP, MORNING - DAY).fact());
        }
    }

    @AfterEach
    void stop() throws Exception {
        story.close();
    }

    @Test
    void invitesAtOnceAndRemindsUntilNobodyAnswers() throws Exception {
        host(INVITATION);
        story.hears(invitation("i1", MORNING).fact()).clock(MORNING);
        assertThat(story.keys()).containsExactly(J0);
        Candidate first = story.candidates().get(0);
        assertThat(first.recipient()).isEqualTo("mailto:zoe@example.org");
        assertThat(first.userId()).isEqualTo(BOB);
        assertThat(first.dueAt()).isEqualTo(MORNING);
        assertThat(first.causedAt()).isEqualTo(MORNING);
        assertThat(first.expiresAt()).isEqualTo(MORNING + DAY);
        assertThat(first.values())
                .containsEntry("step", "j0")
                .containsEntry("happened_at", Instant.ofEpochMilli(MORNING).toString());
        assertThat(story.messages().get(0).recipient())
                .as("decided with what is known of the inviter")
                .isEqualTo(BOB);

        story.clock(MORNING + 2 * DAY + MINUTE - 1);
        assertThat(story.keys()).containsExactly(J0);
        story.restarts().clock(MORNING + 2 * DAY + MINUTE);
        assertThat(story.keys()).containsExactly(J0, J2);
        story.clock(MORNING + 60 * DAY);
        assertThat(story.keys()).containsExactly(J0, J2, J5);
        assertThat(story.retractions()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    @Test
    void whatWasAnsweredBeforeAStepIsNotRemindedOf() throws Exception {
        for (EventType end :
                List.of(
                        EventType.INVITATION_ACCEPTED,
                        EventType.INVITATION_DECLINED,
                        EventType.INVITATION_REVOKED)) {
            host(INVITATION);
            story.hears(invitation("i1", MORNING).fact()).clock(MORNING + DAY);
            story.hears(end(end, "i1", MORNING + 2 * DAY));
            story.clock(MORNING + 60 * DAY);
            assertThat(story.keys()).as("%s when the step was due", end).containsExactly(J0);
            stop();
        }
        host(INVITATION);
        story.hears(invitation("i1", MORNING).fact()).clock(MORNING + 2 * DAY + MINUTE);
        story.hears(end(EventType.INVITATION_ACCEPTED, "i1", MORNING + 2 * DAY + 2 * MINUTE));
        story.clock(MORNING + 60 * DAY);
        assertThat(story.keys()).containsExactly(J0, J2);
        assertThat(story.retractions())
                .as("what was given out is taken back while it may still be")
                .extracting(Retraction::key)
                .containsExactly(J2);
        assertThat(story.messages().get(story.messages().size() - 1).recipient()).isEqualTo(BOB);
    }

    @Test
    void oneInvitationsEndIsNotAnothers() throws Exception {
        host(INVITATION);
        story.hears(invitation("i1", MORNING).fact(), invitation("i2", MORNING).fact())
                .clock(MORNING + HOUR);
        story.hears(end(EventType.INVITATION_ACCEPTED, "i2", MORNING + DAY));
        story.clock(MORNING + 3 * DAY);
        assertThat(story.keys()).containsExactlyInAnyOrder(J0, "invitation:i2:j0", J2);
    }

    @Test
    void anInvitationThatHasExpiredIsNotRemindedOf() throws Exception {
        for (long early : List.of(0L, SECOND)) {
            host(INVITATION);
            long expires = MORNING + 2 * DAY + early;
            story.hears(
                    invitation("i1", MORNING)
                            .with("expires_at", Instant.ofEpochMilli(expires).toString())
                            .fact());
            story.clock(MORNING + 60 * DAY);
            assertThat(story.keys()).isEqualTo(early == 0 ? List.of(J0) : List.of(J0, J2));
            if (early == 0) {
                stop();
            }
        }
    }

    @Test
    void withoutAnAddressNobodyIsWrittenTo() throws Exception {
        host(INVITATION);
        story.hears(invitation("i1", MORNING).with("invitee_email", "  ").fact());
        story.clock(MORNING + 60 * DAY);
        assertThat(story.keys()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    @Test
    void historyIsNotWrittenToButWhatIsDueLaterIs() throws Exception {
        host(INVITATION);
        long sent = LIVE_SINCE - 3 * DAY;
        story.hears(invitation("i1", sent).snapshotAt(LIVE_SINCE + HOUR).fact());
        story.clock(LIVE_SINCE + 30 * DAY);
        assertThat(story.keys()).containsExactly(J5);
    }

    @Test
    void aSecondTryToCollectIsNoOtherInvoice() throws Exception {
        host(DUNNING);
        story.hears(failed("inv1", MORNING).fact()).clock(MORNING);
        story.hears(failed("inv1", MORNING + DAY).fact()).clock(MORNING + DAY);
        story.clock(MORNING + 3 * DAY + MINUTE);
        assertThat(story.keys())
                .containsExactly("payment_failed:s1:inv1:j0", "payment_failed:s1:inv1:j3");
        story.hears(payment(EventType.PAYMENT_SUCCEEDED, "inv1", MORNING + 4 * DAY).fact());
        story.hears(failed("inv2", MORNING + 5 * DAY).fact()).clock(MORNING + 9 * DAY);
        assertThat(story.keys())
                .containsExactly(
                        "payment_failed:s1:inv1:j0",
                        "payment_failed:s1:inv1:j3",
                        "payment_failed:s1:inv2:j0",
                        "payment_failed:s1:inv2:j3");
    }

    @Test
    void asksPromotersForAReviewADayLater() throws Exception {
        host(REVIEW);
        story.hears(Facts.signUp(ALICE, MORNING - DAY)).clock(MORNING - DAY);
        story.hears(answer("a1", "8", MORNING), answer("a2", "9", MORNING + HOUR));
        story.clock(MORNING + DAY + HOUR + MINUTE - 1);
        assertThat(story.keys()).isEmpty();
        story.clock(MORNING + DAY + HOUR + MINUTE);
        assertThat(story.keys()).containsExactly("review_request:" + ALICE);
        assertThat(story.candidates().get(0).values()).containsEntry("score", "9");
    }

    /** Whatever the order and however often: against a loop over what was told. */
    @Test
    void theSameIsDueInAnyOrderAndAnyNumberOfTimes() throws Exception {
        long committed = MORNING + 8 * DAY;
        int due = 0;
        for (int seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            List<Event> facts = new ArrayList<>();
            Set<String> expected = new TreeSet<>();
            int invitations = 1 + random.nextInt(100);
            for (int i = 0; i < invitations; i++) {
                String id = "i" + i;
                long sent = MORNING + random.nextInt(72) * HOUR;
                long ended = sent + random.nextInt(5 * 24 + 1) * HOUR;
                boolean ends = random.nextBoolean();
                facts.add(invitation(id, sent).committedAt(committed).fact());
                if (ends) {
                    facts.add(
                            Facts.of(EventType.INVITATION_ACCEPTED, SHOP, id, ended)
                                    .with("invitation_id", id)
                                    .committedAt(committed)
                                    .fact());
                }
                for (int day : List.of(0, 2, 5)) {
                    if (!ends || ended > sent + day * DAY) {
                        expected.add("invitation:" + id + ":j" + day);
                    }
                }
            }
            facts.addAll(List.copyOf(facts).subList(0, random.nextInt(facts.size())));
            Collections.shuffle(facts, random);
            host(INVITATION);
            story.wall(MORNING);
            story.hears(facts).clock(committed);
            assertThat(story.keys()).as("seed " + seed).doesNotHaveDuplicates();
            assertThat(new TreeSet<>(story.keys())).as("seed " + seed).isEqualTo(expected);
            due += expected.size();
            stop();
        }
        assertThat(due).isGreaterThan(5_000);
        host(INVITATION);
    }

    private static Facts<Event> invitation(String id, long at) {
        return Facts.of(EventType.INVITATION_SENT, SHOP, id, at)
                .with("invitation_id", id)
                .with("inviter_id", BOB)
                .with("invitee_email", " Zoe@Example.org ");
    }

    private static Event end(EventType type, String id, long at) {
        return Facts.of(type, SHOP, id, at).with("invitation_id", id).fact();
    }

    private static Facts<Event> failed(String invoice, long at) {
        return payment(EventType.PAYMENT_FAILED, invoice, at);
    }

    private static Facts<Event> payment(EventType type, String invoice, long at) {
        return Facts.of(type, SHOP, invoice, at)
                .with("subscription_id", "s1")
                .with("invoice_id", invoice);
    }

    private static Event answer(String id, String score, long at) {
        return Facts.of(EventType.NPS_ANSWERED, ALICE, id, at).with("score", score).fact();
    }
}
