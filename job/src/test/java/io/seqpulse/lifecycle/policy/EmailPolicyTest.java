package io.seqpulse.lifecycle.policy;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SECOND;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.account;
import static io.seqpulse.lifecycle.story.Facts.at;
import static io.seqpulse.lifecycle.story.Facts.delivery;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Rules;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every way an email can go once a rule wants it, decided in plain Java. */
class EmailPolicyTest {

    private static final String WELCOME = "E-TRX-01";
    private static final String NO_PROJECT = "E-ACT-01";
    private static final String FIRST_VERDICT = "E-ACT-04";
    private static final String ALERT = "E-ACT-05";
    private static final String QUOTA_80 = "E-CONV-01";
    private static final String QUOTA_REACHED = "E-CONV-03";
    private static final String DUTY = Candidate.BARE_ADDRESS + "duty@example.org";
    private static final Duration COOLDOWN = Duration.ofHours(24);

    private final List<Decision> decisions = new ArrayList<>();
    private Recipient recipient;
    private EmailPolicy policy;

    @BeforeEach
    void start() {
        policy = new EmailPolicy(Rules.all(), COOLDOWN);
        recipient = new Recipient();
        hears(account(ALICE, MORNING - DAY).fact());
    }

    // what always passes

    @ParameterizedTest
    @CsvSource({WELCOME, FIRST_VERDICT, QUOTA_REACHED, NO_PROJECT, QUOTA_80})
    void decidesWhenTheClockHasPassedTheCandidate(String code) {
        wants(candidate(code, "k", MORNING));
        pass(MORNING - 1);
        assertThat(decisions).isEmpty();
        pass(MORNING);
        assertThat(sent()).containsExactly("k");
        assertThat(decisions.get(0).recipient()).containsEntry("name", "Alice Martin");
    }

    @Test
    void decidesAnAlertAtOnce() {
        wants(candidate(ALERT, "k", MORNING));
        assertThat(sent()).containsExactly("k");
        pass(MORNING);
        assertThat(sent()).containsExactly("k");
    }

    @Test
    void keepsAnUrgentMailUntilTheAccountIsKnownOrTheClockHasPassed() {
        recipient = new Recipient();
        wants(candidate(ALERT, "k", MORNING));
        assertThat(decisions).isEmpty();
        hears(account(ALICE, MORNING - DAY).with("is_active", "false").fact());
        pass(MORNING);
        assertThat(reasons()).containsExactly("k inactive");

        recipient = new Recipient();
        wants(candidate(ALERT, "other", MORNING));
        pass(MORNING);
        assertThat(sent()).containsExactly("other");
    }

    @Test
    void writesToABareAddressAtOnceAndToAnInactiveOwnersToo() {
        recipient = new Recipient();
        wants(to(DUTY, candidate(ALERT, "k", MORNING)));
        assertThat(sent()).containsExactly("k");
        assertThat(decisions.get(0).candidate().address()).isEqualTo("duty@example.org");
        assertThat(decisions.get(0).candidate().alsoTo()).containsExactly(ALICE);
        assertThat(decisions.get(0).recipient()).isEmpty();
    }

    /** To the millisecond, at the time at which it was due. */
    @Test
    void tellsOnlyNewPeopleWhatIsForThem() {
        Rule noPipeline = Rules.rule("E-ACT-02");
        assertThat(noPipeline.accountYoungerThan()).isEqualTo(Duration.ofDays(14));
        policy = new EmailPolicy(List.of(noPipeline), COOLDOWN);
        for (long age : List.of(14 * DAY - 1, 14 * DAY)) {
            recipient = new Recipient();
            hears(account(ALICE, MORNING - age).committedAt(MORNING - HOUR).fact());
            wants(candidate("E-ACT-02", "k" + age, MORNING));
            pass(MORNING + HOUR);
        }
        assertThat(sent()).containsExactly("k" + (14 * DAY - 1));
        assertThat(reasons()).containsExactly("k" + 14 * DAY + " not_new");
    }

    /** Of whoever is invited nothing is known: the inviter's account decides, and names them. */
    @Test
    void invitesInTheNameOfWhoeverInvites() {
        policy = new EmailPolicy(List.of(Rules.rule("E-TRX-02")), COOLDOWN);
        wants(to("mailto:zoe@example.org", candidate("E-TRX-02", "k", MORNING)));
        pass(MORNING);
        assertThat(sent()).containsExactly("k");
        assertThat(decisions.get(0).recipient()).containsEntry("name", "Alice Martin");

        hears(account(ALICE, MORNING + DAY).with("is_active", "false").fact());
        wants(to("mailto:zoe@example.org", candidate("E-TRX-02", "later", MORNING + DAY)));
        pass(MORNING + DAY);
        assertThat(reasons()).containsExactly("later inactive");
    }

    @Test
    void decidesAKeyOnce() {
        wants(candidate(FIRST_VERDICT, "k", MORNING));
        wants(candidate(FIRST_VERDICT, "k", MORNING));
        pass(MORNING);
        wants(candidate(FIRST_VERDICT, "k", MORNING + HOUR));
        wants(candidate(ALERT, "k", MORNING + HOUR));
        pass(MORNING + DAY);
        assertThat(decisions).hasSize(1);
    }

    @Test
    void sendsTheNewestFigures() {
        wants(candidate(QUOTA_80, "k", MORNING));
        wants(with("used", "41", candidate(QUOTA_80, "k", MORNING + 1)));
        pass(MORNING);
        assertThat(decisions).isEmpty();
        pass(MORNING + 1);
        assertThat(decisions.get(0).candidate().values()).containsEntry("used", "41");
    }

    // what does not

    @Test
    void endsWhatExpiredOnEitherClockAsStale() {
        wants(candidate(WELCOME, "in log time", MORNING));
        policy.advanceTo(recipient, MORNING + DAY, MORNING, decisions::add);
        assertThat(reasons()).containsExactly("in log time stale");

        decisions.clear();
        wants(candidate(WELCOME, "in wall time", MORNING));
        policy.advanceTo(recipient, MORNING, MORNING + DAY, decisions::add);
        wants(candidate(WELCOME, "just in time", MORNING));
        policy.advanceTo(recipient, MORNING + DAY - 1, MORNING + DAY - 1, decisions::add);
        assertThat(reasons()).containsExactly("in wall time stale");
        assertThat(sent()).containsExactly("just in time");
    }

    @Test
    void endsAnExpiredAlertAsStaleAtOnce() {
        policy.take(
                recipient,
                Message.of(candidate(ALERT, "k", MORNING)),
                MORNING + DAY,
                decisions::add);
        assertThat(reasons()).containsExactly("k stale");
    }

    @ParameterizedTest
    @EnumSource(EmailCategory.class)
    void asksMarketingAndReportsOnlyForConsent(EmailCategory category) {
        Rule rule = in(category, Rules.rule(NO_PROJECT));
        policy = new EmailPolicy(List.of(rule), COOLDOWN);
        hears(
                Facts.row(CapturedTable.EMAIL_PREFERENCES, ALICE, ALICE, MORNING)
                        .with("marketing_opt_in", "false")
                        .with("product_updates_opt_in", "false")
                        .fact());
        wants(candidate(NO_PROJECT, "k", MORNING));
        pass(MORNING);
        assertThat(sent()).hasSize(category.capped() ? 0 : 1);
        assertThat(reasons()).hasSize(category.capped() ? 1 : 0);
    }

    @Test
    void keepsTheTwoConsentsApart() {
        Rule report = in(EmailCategory.REPORT, Rules.rule(QUOTA_80));
        policy = new EmailPolicy(List.of(report, Rules.rule(NO_PROJECT)), Duration.ZERO);
        hears(preferences(MORNING, "false"));
        wants(candidate(NO_PROJECT, "marketing", MORNING));
        wants(candidate(QUOTA_80, "report", MORNING));
        pass(MORNING);
        assertThat(reasons()).containsExactly("marketing opted_out");
        assertThat(sent()).containsExactly("report");
    }

    @Test
    void believesTheLastWordOnConsentInAnyOrder() {
        hears(preferences(MORNING, "true"), preferences(MORNING - HOUR, "false"));
        wants(candidate(NO_PROJECT, "wanted", MORNING));
        pass(MORNING);
        assertThat(sent()).containsExactly("wanted");

        hears(preferences(MORNING + HOUR, "false"));
        hears(
                Facts.deletion(CapturedTable.EMAIL_PREFERENCES, ALICE, ALICE, MORNING + 2 * HOUR)
                        .fact(),
                preferences(MORNING + HOUR, "false"));
        wants(candidate(NO_PROJECT, "wanted again", MORNING + 2 * DAY));
        pass(MORNING + 2 * DAY);
        assertThat(sent()).containsExactly("wanted", "wanted again");
    }

    /**
     * A decision waits for the clock, not for others to wait: what was read by then counts, also
     * what was committed after the time that is asked about. While a backlog is worked off, how
     * much that is depends on how far one way through the job is ahead of another.
     */
    @Test
    void takesAnOptOutIntoAccountThatIsReadBeforeTheDecision() {
        wants(candidate(NO_PROJECT, "read before", MORNING));
        hears(preferences(MORNING + HOUR, "false"));
        pass(MORNING);
        assertThat(reasons()).containsExactly("read before opted_out");

        hears(preferences(MORNING + 2 * HOUR, "true"));
        wants(candidate(NO_PROJECT, "read after", MORNING + 3 * HOUR));
        pass(MORNING + 3 * HOUR);
        hears(preferences(MORNING + 4 * HOUR, "false"));
        assertThat(sent()).containsExactly("read after");
    }

    @Test
    void leavesTheKeyFreeForWhoChangesTheirMind() {
        hears(preferences(MORNING, "false"));
        wants(candidate(QUOTA_80, "k", MORNING));
        pass(MORNING);
        hears(preferences(MORNING + HOUR, "true"));
        wants(candidate(QUOTA_80, "k", MORNING + 2 * HOUR));
        pass(MORNING + 2 * HOUR);
        assertThat(reasons()).containsExactly("k opted_out");
        assertThat(sent()).containsExactly("k");
    }

    @ParameterizedTest
    @EnumSource(EmailCategory.class)
    void writesToAnInactiveAccountAboutItsSecurityOnly(EmailCategory category) {
        policy = new EmailPolicy(List.of(in(category, Rules.rule(WELCOME))), COOLDOWN);
        hears(account(ALICE, MORNING).with("is_active", "false").fact());
        wants(candidate(WELCOME, "k", MORNING));
        pass(MORNING);
        boolean security = category == EmailCategory.SECURITY;
        assertThat(sent()).hasSize(security ? 1 : 0);
        assertThat(reasons()).isEqualTo(security ? List.of() : List.of("k inactive"));
    }

    @ParameterizedTest
    @CsvSource({"SHADOW,shadow", "DISABLED,disabled"})
    void journalsWhatARuleThatIsNotLiveWouldHaveSent(Mode mode, String reason) {
        policy = new EmailPolicy(List.of(Rules.rule(NO_PROJECT).withMode(mode)), COOLDOWN);
        wants(candidate(NO_PROJECT, "k", MORNING));
        pass(MORNING);
        assertThat(reasons()).containsExactly("k " + reason);
        assertThat(Reasons.journalKey("k", reason)).isEqualTo("k#" + reason);

        policy = new EmailPolicy(Rules.all(), COOLDOWN);
        wants(candidate(NO_PROJECT, "k", MORNING + HOUR));
        pass(MORNING + HOUR);
        assertThat(sent()).as("live now").containsExactly("k");
    }

    @Test
    void endsAsDisabledWhenTheRuleHasLeftTheCatalogue() {
        wants(candidate("E-OLD-01", "k", MORNING));
        pass(MORNING);
        assertThat(reasons()).containsExactly("k disabled");
    }

    @Test
    void writesTheKeyItselfForWhatIsFinal() {
        for (String reason :
                List.of(
                        Reasons.CAPPED,
                        Reasons.SUPERSEDED,
                        Reasons.RESOLVED,
                        Reasons.STALE,
                        Reasons.INACTIVE)) {
            assertThat(Reasons.journalKey("k", reason)).isEqualTo("k");
        }
        assertThat(Reasons.journalKey("k", Reasons.OPTED_OUT)).isEqualTo("k#opted_out");
        assertThat(Reasons.dedupeKey("k#opted_out")).isEqualTo("k");
    }

    // the cap

    @Test
    void sendsOneMarketingMailInTwentyFourHoursAndDefersTheOthers() {
        wants(candidate(NO_PROJECT, "first", MORNING));
        pass(MORNING);
        wants(candidate(QUOTA_80, "second", MORNING + HOUR));
        pass(MORNING + HOUR);
        hears(delivery(ALICE, "first", NO_PROJECT, "sent", MORNING + 2 * SECOND).fact());
        pass(MORNING + 2 * SECOND + DAY - 1);
        assertThat(sent()).containsExactly("first");
        assertThat(policy.nextDeadline(recipient)).isEqualTo(MORNING + 2 * SECOND + DAY);

        pass(MORNING + 2 * SECOND + DAY);
        assertThat(sent()).containsExactly("first", "second");
        assertThat(reasons()).isEmpty();
    }

    /** Somebody else's line of the journal may say so; its commit was later than any sending. */
    @Test
    void isNotCappedForEverByAMailSentInTheYear9999() {
        hears(
                delivery(ALICE, "theirs", NO_PROJECT, "sent", at("9999-12-31T23:59:59Z"))
                        .committedAt(MORNING)
                        .fact());
        wants(candidate(QUOTA_80, "ours", MORNING + HOUR));
        pass(MORNING + DAY - 1);
        assertThat(sent()).isEmpty();
        pass(MORNING + DAY);
        assertThat(sent()).containsExactly("ours");
    }

    @Test
    void neverCapsWhatIsNotMarketing() {
        wants(candidate(NO_PROJECT, "marketing", MORNING));
        wants(candidate(WELCOME, "transactional", MORNING));
        wants(candidate(FIRST_VERDICT, "service", MORNING));
        wants(candidate(ALERT, "alert", MORNING));
        pass(MORNING);
        assertThat(sent())
                .containsExactlyInAnyOrder("marketing", "transactional", "service", "alert");
    }

    @Test
    void letsTheMostImportantGoFirstAmongThoseThatWait() {
        wants(candidate(QUOTA_80, "a later one", MORNING));
        wants(candidate(NO_PROJECT, "b first", MORNING));
        pass(MORNING);
        assertThat(sent()).containsExactly("b first");

        wants(candidate(NO_PROJECT, "c again", MORNING + HOUR));
        pass(MORNING + HOUR);
        hears(delivery(ALICE, "b first", NO_PROJECT, "sent", MORNING).fact());
        pass(MORNING + DAY);
        assertThat(sent()).containsExactly("b first", "c again");
        hears(delivery(ALICE, "c again", NO_PROJECT, "sent", MORNING + DAY).fact());
        pass(MORNING + 2 * DAY);
        assertThat(sent()).containsExactly("b first", "c again", "a later one");
    }

    @Test
    void endsAsCappedWhatExpiresWhileItWaits() {
        wants(candidate(NO_PROJECT, "first", MORNING));
        pass(MORNING);
        hears(delivery(ALICE, "first", NO_PROJECT, "sent", MORNING).fact());
        wants(candidate(NO_PROJECT, "second", MORNING - HOUR, MORNING + 1));
        pass(MORNING + 1);
        assertThat(policy.nextDeadline(recipient)).isEqualTo(MORNING - HOUR + DAY);
        pass(MORNING - HOUR + DAY - 1);
        assertThat(reasons()).isEmpty();
        pass(MORNING - HOUR + DAY);
        assertThat(reasons()).containsExactly("second capped");
        pass(MORNING + 3 * DAY);
        assertThat(sent()).containsExactly("first");
    }

    @Test
    void asksAgainForConsentWhenTheWindowOpens() {
        wants(candidate(NO_PROJECT, "first", MORNING));
        pass(MORNING);
        wants(candidate(QUOTA_80, "second", MORNING + HOUR));
        pass(MORNING + HOUR);
        hears(preferences(MORNING + 2 * HOUR, "false"));
        pass(MORNING + DAY);
        assertThat(reasons()).containsExactly("second opted_out");
        assertThat(recipient.waiting).isEmpty();
    }

    @Test
    void goesOnToTheNextWhenTheFirstIsNotWantedAnyMore() {
        Rule report = in(EmailCategory.REPORT, Rules.rule(QUOTA_80));
        policy = new EmailPolicy(List.of(report, Rules.rule(NO_PROJECT)), COOLDOWN);
        wants(candidate(NO_PROJECT, "first", MORNING));
        pass(MORNING);
        wants(candidate(NO_PROJECT, "second", MORNING + 2 * HOUR));
        wants(candidate(QUOTA_80, "report", MORNING + HOUR));
        pass(MORNING + 2 * HOUR);
        hears(preferences(MORNING + 3 * HOUR, "false"));
        pass(MORNING + DAY);
        assertThat(reasons()).containsExactly("second opted_out");
        assertThat(sent()).containsExactly("first", "report");
    }

    @Test
    void opensTheWindowWhenTheReservedMailDidNotGo() {
        for (String status : List.of("failed", "suppressed")) {
            start();
            decisions.clear();
            wants(candidate(NO_PROJECT, "first", MORNING));
            pass(MORNING);
            wants(candidate(QUOTA_80, "second", MORNING + 1));
            pass(MORNING + 1);
            hears(delivery(ALICE, "first", NO_PROJECT, "queued", MORNING + 1).fact());
            pass(MORNING + MINUTE);
            assertThat(sent()).containsExactly("first");

            hears(
                    delivery(ALICE, "first", NO_PROJECT, status, MORNING + 1)
                            .committedAt(MORNING + HOUR)
                            .fact());
            assertThat(policy.nextDeadline(recipient)).isEqualTo(MORNING + HOUR);
            pass(MORNING + HOUR);
            assertThat(sent()).as(status).containsExactly("first", "second");
        }
    }

    @Test
    void freesTheKeyOfWhatTheSenderFoundOptedOut() {
        wants(candidate(QUOTA_80, "k", MORNING));
        pass(MORNING);
        hears(
                delivery(ALICE, "k", QUOTA_80, "queued", MORNING + 1).fact(),
                delivery(ALICE, "k#opted_out", QUOTA_80, "suppressed", MORNING + 1)
                        .with("reason", "opted_out")
                        .committedAt(MORNING + 2)
                        .fact());
        wants(candidate(QUOTA_80, "k", MORNING + HOUR));
        pass(MORNING + HOUR);
        assertThat(sent()).containsExactly("k", "k");
    }

    @Test
    void knowsTheCapFromTheJournalWhenItRemembersNothingElse() {
        recipient = new Recipient();
        hears(
                delivery(ALICE, "newer", QUOTA_80, "sent", MORNING - HOUR)
                        .snapshotAt(MORNING)
                        .fact(),
                delivery(ALICE, "older", NO_PROJECT, "sent", MORNING - 3 * DAY)
                        .snapshotAt(MORNING)
                        .fact(),
                delivery(ALICE, "service", FIRST_VERDICT, "sent", MORNING)
                        .snapshotAt(MORNING)
                        .fact(),
                delivery(ALICE, "not ours", "E-RET-99", "sent", MORNING)
                        .snapshotAt(MORNING)
                        .fact());
        wants(candidate(QUOTA_80, "k", MORNING));
        pass(MORNING);
        assertThat(policy.nextDeadline(recipient)).isEqualTo(MORNING - HOUR + DAY);
        pass(MORNING - HOUR + DAY - 1);
        assertThat(sent()).isEmpty();
        pass(MORNING - HOUR + DAY);
        assertThat(sent()).containsExactly("k");
    }

    @ParameterizedTest
    @CsvSource({"queued", "sent", "failed", "suppressed"})
    void leavesAKeyAloneThatTheJournalHas(String status) {
        hears(delivery(ALICE, "taken", FIRST_VERDICT, status, MORNING).fact());
        wants(candidate(FIRST_VERDICT, "taken", MORNING));
        pass(MORNING);
        assertThat(decisions).isEmpty();
    }

    @Test
    void stopsWaitingWithWhatTheJournalHasAlready() {
        wants(candidate(NO_PROJECT, "first", MORNING));
        pass(MORNING);
        wants(candidate(QUOTA_80, "second", MORNING + 1));
        pass(MORNING + 1);
        hears(delivery(ALICE, "second", QUOTA_80, "sent", MORNING + 2).fact());
        pass(MORNING + 3 * DAY);
        assertThat(sent()).containsExactly("first");
        assertThat(recipient.waiting).isEmpty();
    }

    @Test
    void takesNoKeyForAMailThatMovedToAnotherOwner() {
        hears(
                delivery(ALICE, "k", FIRST_VERDICT, "suppressed", MORNING)
                        .with("reason", "moved")
                        .fact());
        wants(candidate(FIRST_VERDICT, "k", MORNING));
        pass(MORNING);
        assertThat(sent()).containsExactly("k");
    }

    @Test
    void remembersNothingOfAJournalLineLongPast() {
        hears(
                delivery(ALICE, "old", FIRST_VERDICT, "sent", MORNING - 41 * DAY)
                        .snapshotAt(MORNING)
                        .fact());
        assertThat(recipient.decided).isEmpty();
    }

    @Test
    void makesNothingOfAJournalLineWithoutKeyOrStatus() {
        hears(
                Facts.row(CapturedTable.EMAIL_DELIVERIES, ALICE, "j1", MORNING)
                        .with("status", "sent")
                        .fact(),
                Facts.row(CapturedTable.EMAIL_DELIVERIES, ALICE, "j2", MORNING)
                        .with("dedupe_key", "k")
                        .fact());
        assertThat(recipient.decided).isEmpty();
        assertThat(recipient.marketingSentAt).isZero();
    }

    // supersession

    @Test
    void letsTheLimitSupersedeADeferredWarningOfTheSameProject() {
        wants(candidate(NO_PROJECT, "first", MORNING));
        pass(MORNING);
        wants(candidate(QUOTA_80, "80", MORNING + 1));
        wants(about("another project", candidate(QUOTA_80, "80 elsewhere", MORNING + 1)));
        pass(MORNING + 1);
        wants(candidate(QUOTA_REACHED, "reached", MORNING + HOUR));
        pass(MORNING + HOUR);
        assertThat(sent()).containsExactly("first", "reached");
        assertThat(reasons()).containsExactly("80 superseded");
        assertThat(recipient.waiting).containsOnlyKeys("80 elsewhere");
    }

    @ParameterizedTest
    @CsvSource({"a weaker,b stronger", "b weaker,a stronger"})
    void sendsOneMailWhenBothComeAtOnce(String weaker, String stronger) {
        wants(candidate(QUOTA_80, weaker, MORNING));
        wants(candidate(QUOTA_REACHED, stronger, MORNING));
        pass(MORNING);
        assertThat(sent()).containsExactly(stronger);
        assertThat(reasons()).containsExactly(weaker + " superseded");
    }

    @Test
    void aStrongerEmailTakesTheWeakerOneBackThatIsQueued() {
        wants(candidate(QUOTA_80, "80", MORNING));
        pass(MORNING);
        assertThat(sent()).containsExactly("80");

        wants(about("another project", candidate(QUOTA_REACHED, "elsewhere", MORNING + HOUR)));
        pass(MORNING + HOUR);
        assertThat(withdrawals()).isEmpty();
        wants(candidate(QUOTA_REACHED, "reached", MORNING + 2 * HOUR));
        pass(MORNING + 2 * HOUR);

        assertThat(sent()).containsExactly("80", "elsewhere", "reached");
        assertThat(withdrawals())
                .containsExactly(new Retraction("80", ALICE, ALICE, Reasons.SUPERSEDED));
    }

    @Test
    void takesBackWhatTheJournalAloneKnowsToBeQueued() {
        hears(delivery(ALICE, "80", QUOTA_80, "queued", MORNING).with("project_id", SHOP).fact());
        hears(delivery(ALICE, "79", QUOTA_80, "queued", MORNING).with("project_id", SHOP).fact());
        hears(delivery(ALICE, "79", QUOTA_80, "sent", MORNING + 1).fact());

        wants(candidate(QUOTA_REACHED, "reached", MORNING + HOUR));
        pass(MORNING + HOUR);

        assertThat(withdrawals()).extracting(Retraction::key).containsExactly("80");
    }

    @Test
    void leavesSomebodyElsesQueuedRowWithoutATypeAlone() {
        hears(delivery(ALICE, "x", null, "queued", MORNING).with("project_id", SHOP).fact());

        wants(candidate(QUOTA_REACHED, "reached", MORNING + HOUR));
        pass(MORNING + HOUR);

        assertThat(sent()).containsExactly("reached");
        assertThat(withdrawals()).isEmpty();
    }

    @Test
    void aQueuedEmailThatMayNoLongerBeSentLeavesItsKeyFree() {
        wants(candidate(QUOTA_REACHED, "k", MORNING));
        pass(MORNING);
        hears(delivery(ALICE, "k#disabled", QUOTA_REACHED, "suppressed", MORNING + 1).fact());
        wants(candidate(QUOTA_REACHED, "k", MORNING + HOUR));
        pass(MORNING + HOUR);
        assertThat(sent()).containsExactly("k", "k");
    }

    /** State was lost, and the journal tells what it was told already. */
    @Test
    void noDigestTellsAgainWhatTheJournalHas() {
        recipient = new Recipient();
        for (int i = 1; i <= 8; i++) {
            wants(to(DUTY, alert(i, MORNING + i)));
        }
        for (int i = 1; i <= 8; i++) {
            String status = i <= 5 ? "sent" : "suppressed";
            hears(delivery(DUTY, "alert " + i, ALERT, status, MORNING - HOUR).fact());
        }
        pass(MORNING + 2 * HOUR);
        assertThat(digests()).isEmpty();
        assertThat(reasons()).isEmpty();
    }

    @Test
    void supersedesNothingWithWhatIsNotSentItself() {
        policy =
                new EmailPolicy(
                        List.of(
                                Rules.rule(QUOTA_80),
                                Rules.rule(QUOTA_REACHED).withMode(Mode.SHADOW)),
                        COOLDOWN);
        wants(candidate(QUOTA_80, "80", MORNING));
        wants(candidate(QUOTA_REACHED, "reached", MORNING));
        pass(MORNING);
        assertThat(sent()).containsExactly("80");
        assertThat(reasons()).containsExactly("reached shadow");
    }

    // retractions

    @Test
    void endsAsResolvedWhatIsRetractedWhileItWaits() {
        wants(candidate(NO_PROJECT, "first", MORNING));
        pass(MORNING);
        wants(candidate(QUOTA_80, "deferred", MORNING + 1));
        pass(MORNING + 1);
        retracts("deferred", Retraction.RESOLVED);
        wants(candidate(FIRST_VERDICT, "undecided", MORNING + 2));
        retracts("undecided", Retraction.RESOLVED);
        pass(MORNING + 3 * DAY);
        assertThat(sent()).containsExactly("first");
        assertThat(reasons()).containsExactly("deferred resolved", "undecided resolved");
        assertThat(withdrawals()).isEmpty();
    }

    @Test
    void withdrawsFromTheQueueWhatIsRetractedAfterItWasDecided() {
        wants(candidate(FIRST_VERDICT, "k", MORNING));
        pass(MORNING);
        retracts("k", Retraction.RESOLVED);
        assertThat(withdrawals())
                .containsExactly(new Retraction("k", ALICE, ALICE, Retraction.RESOLVED));
        wants(candidate(FIRST_VERDICT, "k", MORNING + 1));
        pass(MORNING + 1);
        assertThat(sent()).as("its key is taken").containsExactly("k");
    }

    @Test
    void forgetsWhatMovedToAnotherOwnerAndTakesItWhenItComesBack() {
        wants(candidate(FIRST_VERDICT, "k", MORNING));
        pass(MORNING);
        retracts("k", Retraction.MOVED);
        wants(candidate(FIRST_VERDICT, "waiting", MORNING + 1));
        retracts("waiting", Retraction.MOVED);
        pass(MORNING + 1);
        assertThat(withdrawals()).extracting(Retraction::key).containsExactly("k");
        assertThat(reasons()).as("the new owner has the line in the journal").isEmpty();

        wants(candidate(FIRST_VERDICT, "k", MORNING + 2));
        pass(MORNING + 2);
        assertThat(sent()).containsExactly("k", "k");
    }

    // floods of alerts

    @Test
    void tellsTheSixthAlertOfAnHourAndLaterOnesInOneDigest() {
        for (int i = 1; i <= 8; i++) {
            wants(alert(i, MORNING + i * MINUTE));
        }
        assertThat(sent()).containsExactly("alert 1", "alert 2", "alert 3", "alert 4", "alert 5");
        long hourOver = MORNING + MINUTE + HOUR;
        assertThat(policy.nextDeadline(recipient)).isEqualTo(hourOver);
        pass(hourOver - 1);
        assertThat(digests()).isEmpty();

        pass(hourOver);
        pass(hourOver + DAY);

        assertThat(reasons())
                .containsExactly("alert 6 superseded", "alert 7 superseded", "alert 8 superseded");
        assertThat(sent()).hasSize(5);
        assertThat(digests()).hasSize(1);
        Decision digest = digests().get(0);
        assertThat(digest.suppressedFor()).isNull();
        assertThat(digest.candidate().key()).isEqualTo("alert 6:digest");
        assertThat(digest.candidate().expiresAt()).isEqualTo(MORNING + 8 * MINUTE + DAY);
        assertThat(digest.candidate().values().get("alerts"))
                .isEqualTo(
                        "[{\"deployment_number\":\"6\"},{\"deployment_number\":\"7\"},"
                                + "{\"deployment_number\":\"8\"}]");
        assertThat(digest.recipient()).containsEntry("name", "Alice Martin");
    }

    @Test
    void aDigestToABareAddressSaysWhoseItMayBe() {
        recipient = new Recipient();
        for (int i = 1; i <= 6; i++) {
            wants(to(DUTY, alert(i, MORNING + i * MINUTE)));
        }
        pass(MORNING + MINUTE + HOUR);
        assertThat(digests())
                .singleElement()
                .satisfies(d -> assertThat(d.candidate().alsoTo()).containsExactly(ALICE));
    }

    @Test
    void countsTheAlertsOfEachProjectAndHourByThemselves() {
        for (int i = 1; i <= 5; i++) {
            wants(alert(i, MORNING));
            wants(about("another project", alert(10 + i, MORNING)));
        }
        wants(alert(6, MORNING + HOUR));
        assertThat(sent()).hasSize(11);
        pass(MORNING + 3 * HOUR);
        assertThat(recipient.alertHours).isEmpty();
    }

    @Test
    void tellsAnOverdueDigestOnceThoughAnAlertCameBeforeTheClock() {
        for (int i = 1; i <= 6; i++) {
            wants(alert(i, MORNING));
        }
        wants(alert(7, MORNING + HOUR + MINUTE));
        pass(MORNING + HOUR + MINUTE);
        assertThat(digests()).hasSize(1);
        wants(alert(8, MORNING + HOUR + 2 * MINUTE));
        assertThat(sent()).contains("alert 8");
        pass(MORNING + 3 * HOUR);
        assertThat(digests()).hasSize(1);
        assertThat(recipient.alertHours).isEmpty();
    }

    @Test
    void tellsNothingInADigestOfWhatWasRetracted() {
        for (int i = 1; i <= 7; i++) {
            wants(alert(i, MORNING));
        }
        retracts("alert 6", Retraction.RESOLVED);
        pass(MORNING + HOUR);
        assertThat(digests())
                .singleElement()
                .satisfies(d -> assertThat(d.candidate().key()).isEqualTo("alert 7:digest"));

        for (int i = 11; i <= 16; i++) {
            wants(alert(i, MORNING + 5 * HOUR));
        }
        for (int i = 11; i <= 16; i++) {
            retracts("alert " + i, Retraction.RESOLVED);
        }
        pass(MORNING + 7 * HOUR);
        assertThat(digests()).hasSize(1);
    }

    @Test
    void leavesTheKeyOfAnAlertThatGoesToANewOwnerBeforeItsDigest() {
        for (int i = 1; i <= 6; i++) {
            wants(alert(i, MORNING));
        }
        retracts("alert 6", Retraction.MOVED);
        pass(MORNING + 2 * HOUR);
        assertThat(digests()).isEmpty();
        assertThat(reasons()).isEmpty();
        assertThat(recipient.decided).doesNotContainKey("alert 6");
    }

    @Test
    void sendsNoDigestToAnAccountThatWasClosedMeanwhile() {
        for (int i = 1; i <= 6; i++) {
            wants(alert(i, MORNING));
        }
        hears(account(ALICE, MORNING + MINUTE).with("is_active", "false").fact());
        pass(MORNING + HOUR);
        assertThat(reasons()).endsWith("alert 6:digest inactive");
        assertThat(sent()).hasSize(5);
    }

    // what is forgotten

    @Test
    void forgetsKeysWhenNoRepetitionCanBringThemBack() {
        wants(candidate(FIRST_VERDICT, "k", MORNING));
        pass(MORNING);
        long next = policy.nextDeadline(recipient);
        assertThat(next).isEqualTo(MORNING + DAY + 40 * DAY);
        pass(next);
        assertThat(recipient.decided).isEmpty();
        assertThat(policy.nextDeadline(recipient)).isEqualTo(Deadlines.NONE);
    }

    @Test
    void mayForgetABareAddressButNotAKnownPerson() {
        assertThat(policy.isForgettable(recipient, MORNING)).isFalse();
        recipient = new Recipient();
        assertThat(policy.isForgettable(recipient, Long.MIN_VALUE)).isTrue();
        wants(to(DUTY, candidate(ALERT, "k", MORNING)));
        assertThat(policy.isForgettable(recipient, MORNING)).isFalse();
        for (long next = policy.nextDeadline(recipient);
                next != Deadlines.NONE;
                next = policy.nextDeadline(recipient)) {
            pass(next);
        }
        assertThat(policy.isForgettable(recipient, MORNING + 60 * DAY)).isTrue();
    }

    @Test
    void saysWhenAPersonIsGone() {
        RowChange gone = Facts.deletion(CapturedTable.USERS, ALICE, ALICE, MORNING).fact();
        assertThat(policy.take(recipient, gone)).isTrue();
        assertThat(policy.take(recipient, account(ALICE, MORNING).fact())).isFalse();
    }

    private void hears(RowChange... facts) {
        for (RowChange fact : facts) {
            policy.take(recipient, fact);
        }
    }

    private void wants(Candidate candidate) {
        policy.take(recipient, Message.of(candidate), candidate.decidedAt(), decisions::add);
    }

    private void retracts(String key, String reason) {
        policy.take(
                recipient,
                Message.of(new Retraction(key, ALICE, ALICE, reason)),
                MORNING,
                decisions::add);
    }

    private void pass(long now) {
        policy.advanceTo(recipient, now, now, decisions::add);
    }

    /** Digests that are sent. */
    private List<Decision> digests() {
        return decisions.stream()
                .filter(d -> "digest".equals(d.variant()) && d.suppressedFor() == null)
                .toList();
    }

    private List<String> sent() {
        return decisions.stream()
                .filter(d -> d.withdrawal() == null && d.suppressedFor() == null)
                .filter(d -> d.variant() == null)
                .map(d -> d.candidate().key())
                .toList();
    }

    private List<String> reasons() {
        return decisions.stream()
                .filter(d -> d.suppressedFor() != null)
                .map(d -> d.candidate().key() + " " + d.suppressedFor())
                .toList();
    }

    private List<Retraction> withdrawals() {
        return decisions.stream().map(Decision::withdrawal).filter(w -> w != null).toList();
    }

    private static RowChange preferences(long at, String marketing) {
        return Facts.row(CapturedTable.EMAIL_PREFERENCES, ALICE, ALICE, at)
                .with("marketing_opt_in", marketing)
                .with("product_updates_opt_in", "true")
                .fact();
    }

    private static Candidate alert(int number, long at) {
        return with(
                "deployment_number",
                Integer.toString(number),
                candidate(ALERT, "alert " + number, at));
    }

    /** Due and found when it says, to be sent within a day; the quota's within thirty. */
    private static Candidate candidate(String rule, String key, long at) {
        return rule.equals(QUOTA_80)
                ? new Candidate(
                        rule, key, key, ALICE, ALICE, SHOP, at, at + 30 * DAY, at, at, Map.of())
                : candidate(rule, key, at, at);
    }

    private static Candidate candidate(String rule, String key, long dueAt, long decidedAt) {
        return new Candidate(
                rule, key, key, ALICE, ALICE, SHOP, dueAt, dueAt + DAY, 0, decidedAt, Map.of());
    }

    private static Candidate to(String recipient, Candidate c) {
        return new Candidate(
                c.rule(),
                c.key(),
                c.instance(),
                recipient,
                c.userId(),
                c.projectId(),
                c.dueAt(),
                c.expiresAt(),
                c.causedAt(),
                c.decidedAt(),
                c.values(),
                List.of(c.recipient()),
                c.localDue());
    }

    private static Candidate about(String project, Candidate c) {
        return new Candidate(
                c.rule(),
                c.key(),
                c.instance(),
                c.recipient(),
                c.userId(),
                project,
                c.dueAt(),
                c.expiresAt(),
                c.causedAt(),
                c.decidedAt(),
                c.values());
    }

    private static Candidate with(String name, String value, Candidate c) {
        return new Candidate(
                c.rule(),
                c.key(),
                c.instance(),
                c.recipient(),
                c.userId(),
                c.projectId(),
                c.dueAt(),
                c.expiresAt(),
                c.causedAt(),
                c.decidedAt(),
                Map.of(name, value));
    }

    private static Rule in(EmailCategory category, Rule rule) {
        return new Rule(
                rule.code(),
                rule.name(),
                category,
                rule.mode(),
                rule.subject(),
                rule.trigger(),
                rule.fallback(),
                rule.expires(),
                rule.audience(),
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
}
