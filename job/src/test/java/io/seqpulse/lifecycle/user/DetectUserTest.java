package io.seqpulse.lifecycle.user;

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
import static io.seqpulse.lifecycle.story.Facts.account;
import static io.seqpulse.lifecycle.story.Facts.projectOf;
import static io.seqpulse.lifecycle.story.Facts.signUp;
import static io.seqpulse.lifecycle.story.Facts.signUpInSnapshot;
import static io.seqpulse.lifecycle.story.Facts.updated;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Trigger.Happened;
import io.seqpulse.lifecycle.catalogue.Trigger.Missing;
import io.seqpulse.lifecycle.catalogue.Trigger.Occurrence;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Rules;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of a person's first hours: E-TRX-01 and E-ACT-01. */
class DetectUserTest {

    private static final String WELCOME = "welcome_signup:" + ALICE;
    private static final String NO_PROJECT = "no_project_after_signup:" + ALICE;
    private static final long DUE = MORNING + 2 * HOUR;
    private static final long ASKED = DUE + MINUTE;

    private List<ActiveRule> rules = Rules.liveSince(LIVE_SINCE);
    private DetectionStory story;

    @BeforeEach
    void start() throws Exception {
        story =
                new DetectionStory(
                        () -> new DetectUser(LOG, rules, Rules.measures(), ZoneOffset.UTC));
    }

    @AfterEach
    void stop() throws Exception {
        story.close();
    }

    /** One email a switch, however often and from wherever its row is told. */
    @Test
    void tellsOfEachSwitchOfTwoFactorsOnceAcrossARestart() throws Exception {
        Rule rule =
                Rules.withTrigger(
                        Rules.rule("E-TRX-01"),
                        new Happened(
                                EventType.TWOFA_CHANGED,
                                Occurrence.EACH,
                                Map.of("state", List.of("on", "off")),
                                Duration.ZERO));
        rules = Rules.active(List.of(rule), LIVE_SINCE);
        story.close();
        start();
        story.hears(protectedBy("false", MORNING));
        story.hears(protectedBy("true", MORNING + MINUTE), protectedBy("true", MORNING + MINUTE));
        story.clock(MORNING + MINUTE).restarts();
        story.hears(protectedBy("true", MORNING + MINUTE), protectedBy("false", MORNING));
        story.clock(MORNING + 2 * MINUTE);
        story.hears(protectedBy("false", MORNING + 3 * MINUTE)).clock(MORNING + 3 * MINUTE);

        assertThat(story.candidates())
                .extracting(candidate -> candidate.values().get("state"), Candidate::dueAt)
                .containsExactly(tuple("on", MORNING + MINUTE), tuple("off", MORNING + 3 * MINUTE));
    }

    private static Fact protectedBy(String twoFactors, long at) {
        return account(ALICE, LIVE_SINCE)
                .with("twofa_enabled", twoFactors)
                .with("updated_at", Facts.micros(at))
                .committedAt(at)
                .updated()
                .fact();
    }

    @Test
    void buriesWhatSomebodyDidWhoNeverCame() throws Exception {
        story.hears(Facts.of(EventType.LOGGED_IN, ALICE, "l1", MORNING).position(7).fact());
        story.hears(Facts.of(EventType.TWOFA_CHANGED, BOB, "on:x", MORNING).position(8).fact());
        story.clock(MORNING + HOUR);
        assertThat(story.side(DeadLetters.OUTPUT)).hasSize(1);
        story.clock(MORNING + 8 * DAY);
        assertThat(story.stateEntries()).isZero();
    }

    @Test
    void welcomesAnAccountOnceTheClockHasPassedIt() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(MORNING - 1);
        assertThat(story.candidates()).isEmpty();

        story.clock(MORNING);

        Candidate welcome = only(story.candidates());
        assertThat(welcome.rule()).isEqualTo("E-TRX-01");
        assertThat(welcome.key()).isEqualTo(WELCOME);
        assertThat(welcome.instance()).isEqualTo(WELCOME);
        assertThat(welcome.recipient()).isEqualTo(ALICE);
        assertThat(welcome.userId()).isEqualTo(ALICE);
        assertThat(welcome.projectId()).isNull();
        assertThat(welcome.dueAt()).isEqualTo(MORNING);
        assertThat(welcome.expiresAt()).isEqualTo(MORNING + DAY);
        assertThat(welcome.causedAt()).isEqualTo(MORNING);
        assertThat(welcome.decidedAt()).isEqualTo(MORNING);
    }

    /** On the day, UTC, on which it is due; where somebody lives is the policy's business. */
    @Test
    void saysUntilWhatLocalTimeAnEmailWaits() throws Exception {
        rules =
                Rules.active(
                        List.of(
                                Rules.notBefore(Rules.rule("E-TRX-01"), LocalTime.of(8, 0)),
                                Rules.rule("E-ACT-01")),
                        LIVE_SINCE);
        stop();
        start();
        story.hears(signUp(ALICE, MORNING)).clock(ASKED);
        LocalDate day = LocalDate.ofInstant(Instant.ofEpochMilli(MORNING), ZoneOffset.UTC);
        assertThat(story.candidates())
                .extracting(Candidate::localDue)
                .containsExactly(day.atTime(8, 0), null);
    }

    @Test
    void welcomesAnAccountCreatedInactiveWhenItIsActivated() throws Exception {
        long activated = MORNING + 3 * DAY;
        story.hears(
                account(ALICE, MORNING).with("is_active", "false").fact(),
                Facts.of(EventType.USER_CREATED, ALICE, ALICE, MORNING).fact());
        story.clock(MORNING + HOUR);
        assertThat(story.keys()).isEmpty();

        story.hears(updated(ALICE, MORNING, activated)).clock(activated);

        assertThat(story.candidates())
                .filteredOn(candidate -> candidate.key().equals(WELCOME))
                .singleElement()
                .satisfies(welcome -> assertThat(welcome.dueAt()).isEqualTo(activated));
    }

    @Test
    void welcomesOnceHoweverOftenTheRowChanges() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(MORNING);
        for (int day = 1; day <= 60; day++) {
            long then = MORNING + day * DAY;
            story.hears(updated(ALICE, MORNING, then)).clock(then);
        }
        assertThat(story.keys()).containsExactly(WELCOME, NO_PROJECT);
        assertThat(story.timers()).isZero();
    }

    @Test
    void doesNotTakeTheFirstUpdateItHearsOfForAnActivation() throws Exception {
        story.hears(updated(ALICE, LIVE_SINCE - 300 * DAY, MORNING)).clock(MORNING + DAY);
        assertThat(story.keys()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    @Test
    void welcomesWhoeverIsSeenInactiveFirstWhereverTheLogBegins() throws Exception {
        long created = LIVE_SINCE - 300 * DAY;
        story.hears(
                account(ALICE, created)
                        .with("is_active", "false")
                        .committedAt(MORNING)
                        .updated()
                        .fact());
        story.hears(updated(ALICE, created, MORNING + HOUR)).clock(MORNING + HOUR);
        assertThat(only(story.candidates()).dueAt()).isEqualTo(MORNING + HOUR);
    }

    @Test
    void welcomesWhoWasActivatedWhileNobodyListened() throws Exception {
        story.hears(account(ALICE, MORNING).with("is_active", "false").fact());
        story.clock(MORNING + HOUR);

        long snapshot = MORNING + 5 * DAY;
        story.hears(signUpInSnapshot(ALICE, MORNING, snapshot)).clock(snapshot);

        assertThat(story.candidates())
                .filteredOn(candidate -> candidate.key().equals(WELCOME))
                .singleElement()
                .satisfies(welcome -> assertThat(welcome.dueAt()).isEqualTo(snapshot));
    }

    /** The row was changed last after it was seen inactive: then it was active at the latest. */
    @Test
    void datesAnUnheardActivationByTheLastChangeOfTheRow() throws Exception {
        story.hears(account(ALICE, MORNING).with("is_active", "false").fact());
        long changed = MORNING + DAY;
        long snapshot = MORNING + 5 * DAY;
        story.wall(snapshot);
        story.hears(
                account(ALICE, MORNING).snapshotAt(snapshot).fact(),
                Facts.of(EventType.USER_ACTIVATED, ALICE, ALICE, changed)
                        .snapshotAt(snapshot)
                        .fact());
        story.clock(snapshot);
        assertThat(story.keys()).as("that is four days ago").isEmpty();
    }

    /** Of a person who is known by a change only, nobody knows what they have. */
    @Test
    void concludesNothingFromNotHavingHeardOfAProject() throws Exception {
        story.hears(updated(ALICE, MORNING, MORNING + HOUR)).clock(ASKED);
        assertThat(story.keys()).containsExactly(WELCOME);

        story.hears(signUpInSnapshot(ALICE, MORNING, ASKED + HOUR)).clock(ASKED + HOUR);
        assertThat(story.keys()).containsExactly(WELCOME, NO_PROJECT);
    }

    @Test
    void asksNoMoreOnceWhatWasNeverToldHasExpired() throws Exception {
        story.hears(updated(ALICE, MORNING, MORNING + HOUR)).clock(DUE + DAY);
        assertThat(story.keys()).containsExactly(WELCOME);
        story.hears(signUpInSnapshot(ALICE, MORNING, DUE + DAY + 1)).clock(DUE + 3 * DAY);
        assertThat(story.keys()).containsExactly(WELCOME);
        assertThat(story.timers()).isZero();
    }

    /** Whether or not the log tells of somebody again. */
    @Test
    void asksARuleThatIsNewOfEverybodyWhoWaitedBefore() throws Exception {
        List<ActiveRule> all = rules;
        rules = all.stream().filter(rule -> !rule.rule().code().equals("E-ACT-01")).toList();
        story.restarts();
        story.hears(signUp(ALICE, MORNING)).hears(signUp(BOB, MORNING)).clock(MORNING + HOUR);
        rules = all;
        story.restarts().clock(MORNING + HOUR + 1);
        story.hears(updated(BOB, MORNING, MORNING + HOUR + 2)).clock(ASKED);
        assertThat(story.keys())
                .contains(NO_PROJECT, "no_project_after_signup:" + BOB)
                .doesNotHaveDuplicates();
    }

    @Test
    void movesWhatWaitsWithARuleThatIsRetuned() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(MORNING + HOUR);
        rules =
                rules.stream()
                        .map(active -> new ActiveRule(patient(active.rule()), active.liveSince()))
                        .toList();
        story.restarts().clock(ASKED);
        assertThat(story.keys()).containsExactly(WELCOME);
        story.clock(ASKED + HOUR);
        assertThat(story.keys()).containsExactly(WELCOME, NO_PROJECT);
    }

    private static Rule patient(Rule rule) {
        return rule.code().equals("E-ACT-01")
                ? Rules.withTrigger(
                        rule,
                        new Missing(
                                EventType.USER_CREATED,
                                EventType.PROJECT_CREATED,
                                Duration.ofHours(3)))
                : rule;
    }

    @Test
    void remindsOnceWhenNoProjectFollowsASignUp() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(ASKED - 1);
        assertThat(story.keys()).containsExactly(WELCOME);

        story.clock(ASKED);

        assertThat(story.keys()).containsExactly(WELCOME, NO_PROJECT);
        Candidate reminder = story.candidates().get(1);
        assertThat(reminder.rule()).isEqualTo("E-ACT-01");
        assertThat(reminder.dueAt()).isEqualTo(DUE);
        assertThat(reminder.expiresAt()).isEqualTo(DUE + DAY);
        assertThat(reminder.causedAt()).as("a deadline caused it").isZero();
        assertThat(reminder.decidedAt()).isEqualTo(ASKED);

        story.clock(MORNING + 30 * DAY);
        assertThat(story.keys()).containsExactly(WELCOME, NO_PROJECT);
        assertThat(story.retractions()).isEmpty();
        assertThat(story.timers()).as("nothing is watched any more").isZero();
    }

    @Test
    void remindsNobodyWhoHasAProjectExactlyAtTheDeadline() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(DUE - 1);
        story.hears(projectOf(ALICE, SHOP, DUE).fact()).clock(ASKED);
        assertThat(story.keys()).containsExactly(WELCOME);
        assertThat(story.retractions()).isEmpty();
    }

    @Test
    void countsAProjectCommittedLateByItsBusinessTime() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(DUE + 30 * SECOND);
        story.hears(projectOf(ALICE, SHOP, DUE).committedAt(DUE + 40 * SECOND).fact());
        story.clock(ASKED);
        assertThat(story.keys()).containsExactly(WELCOME);
    }

    @Test
    void endsAsResolvedWhenAProjectCameJustTooLateButBeforeTheQuestion() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(DUE);
        story.hears(projectOf(ALICE, SHOP, DUE + 1).fact()).clock(ASKED);
        assertThat(story.keys()).containsExactly(WELCOME, NO_PROJECT);
        assertThat(story.retractions())
                .containsExactly(new Retraction(NO_PROJECT, ALICE, ALICE, Retraction.RESOLVED));
    }

    @Test
    void withdrawsTheReminderWhenAProjectFollowsAfterAll() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(ASKED);
        story.hears(projectOf(ALICE, SHOP, MORNING + 5 * HOUR).fact());
        assertThat(story.retractions())
                .containsExactly(new Retraction(NO_PROJECT, ALICE, ALICE, Retraction.RESOLVED));

        story.hears(projectOf(ALICE, "another", MORNING + 6 * HOUR).fact());
        story.hears(signUp(ALICE, MORNING)).clock(MORNING + 7 * HOUR);
        assertThat(story.retractions()).hasSize(1);
        assertThat(story.keys()).containsExactly(WELCOME, NO_PROJECT);
    }

    @Test
    void saysNothingOfWithdrawingOnceTheReminderHasExpired() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(DUE + DAY);
        story.hears(projectOf(ALICE, SHOP, DUE + DAY + 1).fact());
        assertThat(story.retractions()).isEmpty();
    }

    @Test
    void mailsNobodyForWhatWasDueBeforeTheRuleWasLive() throws Exception {
        long signedUp = LIVE_SINCE - 2 * HOUR - 1;
        story.hears(signUp(ALICE, signedUp)).clock(LIVE_SINCE + DAY);
        assertThat(story.messages()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    @Test
    void mailsWhatIsDueExactlyWhenTheRuleGoesLive() throws Exception {
        story.hears(signUp(ALICE, LIVE_SINCE - 2 * HOUR));
        story.hears(signUp(BOB, LIVE_SINCE));
        story.clock(LIVE_SINCE + MINUTE);
        assertThat(story.keys()).containsExactlyInAnyOrder(NO_PROJECT, "welcome_signup:" + BOB);
    }

    @Test
    void resolvesExpiredDeadlinesOfASnapshotWithoutATimer() throws Exception {
        long snapshotAt = MORNING + 3 * DAY;
        story.wall(snapshotAt).hears(signUpInSnapshot(ALICE, MORNING, snapshotAt));
        assertThat(story.timers()).isZero();
        story.clock(snapshotAt + DAY);
        assertThat(story.messages()).isEmpty();
    }

    @Test
    void mailsWhatOnlyASnapshotTellsIfItHasNotExpired() throws Exception {
        long snapshotAt = MORNING + 3 * HOUR;
        story.wall(snapshotAt).hears(signUpInSnapshot(ALICE, MORNING, snapshotAt));
        story.clock(snapshotAt);
        assertThat(story.keys()).containsExactlyInAnyOrder(WELCOME, NO_PROJECT);
        assertThat(story.candidates()).allMatch(candidate -> candidate.causedAt() == 0);
    }

    @Test
    void asksAboutWhatWasStreamedEvenIfItIsTooLateByTheWallClock() throws Exception {
        story.wall(MORNING + 9 * DAY).hears(signUp(ALICE, MORNING)).clock(ASKED);
        assertThat(story.keys()).as("the policy ends them as stale").hasSize(2);
    }

    @Test
    void forgetsAPersonWhoIsDeletedBeforeTheDeadline() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(MORNING);
        story.hears(deleted(ALICE, MORNING + HOUR)).clock(MORNING + 5 * HOUR);
        assertThat(story.keys()).containsExactly(WELCOME);
        assertThat(story.retractions())
                .containsExactly(new Retraction(WELCOME, ALICE, ALICE, Retraction.RESOLVED));
        keepsNothing();
    }

    @Test
    void withdrawsEverythingWhenAPersonIsDeleted() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(ASKED);
        story.hears(deleted(ALICE, ASKED + 1));
        assertThat(story.retractions())
                .extracting(Retraction::key)
                .containsExactlyInAnyOrder(WELCOME, NO_PROJECT);
        story.clock(ASKED + 1 + HOUR);
        keepsNothing();
    }

    @Test
    void forgetsWhatItHearsOfAPersonWhoIsGone() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(MORNING);
        story.hears(deleted(ALICE, MORNING + HOUR));
        story.hears(projectOf(ALICE, SHOP, MORNING + HOUR).fact());
        story.clock(MORNING + 2 * HOUR - 1);
        assertThat(story.timers()).as("that they were there is remembered").isEqualTo(1);

        story.clock(MORNING + 2 * HOUR);
        keepsNothing();
        assertThat(story.side(DeadLetters.OUTPUT)).isEmpty();
    }

    @Test
    void buriesAProjectWhoseOwnerNeverComesAndStillTakesItIntoAccountLater() throws Exception {
        story.hears(projectOf(ALICE, SHOP, MORNING).position(70).fact());
        story.clock(MORNING + 10 * MINUTE - 1);
        assertThat(story.side(DeadLetters.OUTPUT)).isEmpty();

        story.clock(MORNING + 10 * MINUTE);
        assertThat(story.side(DeadLetters.OUTPUT))
                .singleElement()
                .satisfies(
                        letter -> {
                            assertThat(letter.reason()).isEqualTo("orphan");
                            assertThat(letter.topic()).isEqualTo(LOG);
                            assertThat(letter.table()).isEqualTo("projects");
                            assertThat(letter.offset()).isEqualTo(70);
                            assertThat(letter.key()).isNull();
                            assertThat(letter.value()).isNull();
                        });
        for (Fact fact : signUp(ALICE, MORNING)) {
            story.hears(fact);
        }
        story.clock(MORNING + DAY);
        assertThat(story.keys()).as("has a project in time").containsExactly(WELCOME);
        assertThat(story.side(DeadLetters.OUTPUT)).hasSize(1);
    }

    private void keepsNothing() throws Exception {
        assertThat(story.timers()).isZero();
        assertThat(story.stateEntries()).isZero();
    }

    @Test
    void endsTheSameInAnyOrderAndWithAnyRepetition() throws Exception {
        List<Fact> facts = new ArrayList<>(signUp(ALICE, MORNING));
        facts.add(projectOf(ALICE, SHOP, DUE + 1).fact());
        facts.addAll(signUp(BOB, MORNING));
        facts.add(projectOf(BOB, "other", DUE).fact());
        List<Message> inOrder = null;
        for (List<Fact> order : orders(facts)) {
            try (DetectionStory other =
                    new DetectionStory(
                            () ->
                                    new DetectUser(
                                            LOG,
                                            Rules.liveSince(LIVE_SINCE),
                                            Rules.measures(),
                                            ZoneOffset.UTC))) {
                other.hears(order).hears(order.subList(0, 4)).clock(ASKED);
                List<Message> outcome = sorted(other.messages());
                inOrder = Objects.requireNonNullElse(inOrder, outcome);
                assertThat(outcome).isEqualTo(inOrder);
            }
        }
        assertThat(inOrder).hasSize(4);
    }

    @Test
    void remindsOnceAcrossARestart() throws Exception {
        story.hears(signUp(ALICE, MORNING)).clock(MORNING).restarts();
        story.hears(signUp(ALICE, MORNING)).clock(ASKED).restarts();
        story.hears(projectOf(ALICE, SHOP, ASKED + HOUR).fact()).clock(ASKED + HOUR);
        assertThat(story.keys()).containsExactly(WELCOME, NO_PROJECT);
        assertThat(story.retractions()).extracting(Retraction::key).containsExactly(NO_PROJECT);
    }

    private static Fact deleted(String user, long at) {
        return Facts.deletion(CapturedTable.USERS, user, user, at).fact();
    }

    private static Candidate only(List<Candidate> candidates) {
        assertThat(candidates).hasSize(1);
        return candidates.get(0);
    }

    /** Rotations, forwards and backwards. */
    private static List<List<Fact>> orders(List<Fact> facts) {
        List<List<Fact>> orders = new ArrayList<>();
        for (int i = 0; i < facts.size(); i++) {
            List<Fact> rotated = new ArrayList<>(facts);
            Collections.rotate(rotated, i);
            orders.add(rotated);
            List<Fact> reversed = new ArrayList<>(rotated);
            Collections.reverse(reversed);
            orders.add(reversed);
        }
        return orders;
    }

    private static List<Message> sorted(List<Message> messages) {
        return messages.stream().sorted((a, b) -> a.toString().compareTo(b.toString())).toList();
    }
}
