package io.seqpulse.lifecycle.policy;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.account;
import static io.seqpulse.lifecycle.story.Facts.delivery;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Rules;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the recipient's own clock holds back: local times, and quiet hours. */
class LocalTimesTest {

    private static final String WELCOME = "E-TRX-01";
    private static final String NO_PROJECT = "E-ACT-01";
    private static final String QUOTA_80 = "E-CONV-01";
    private static final String QUOTA_REACHED = "E-CONV-03";
    private static final ZoneId PARIS = ZoneId.of("Europe/Paris");

    /** Monday, 0:00 UTC. */
    private static final long MONDAY = millis("2026-11-30T00:00:00Z");

    private static final LocalDateTime AT_EIGHT = LocalDateTime.parse("2026-11-30T08:00");

    private final List<Decision> decisions = new ArrayList<>();
    private Recipient recipient;
    private EmailPolicy policy;

    @BeforeEach
    void start() {
        policy = policy(QuietHours.NONE);
        recipient = new Recipient();
        livesIn("Europe/Paris", MONDAY - 365 * DAY);
    }

    private static EmailPolicy policy(QuietHours quiet) {
        return new EmailPolicy(Rules.all(), Duration.ofHours(24), PARIS, quiet);
    }

    // local times

    @ParameterizedTest
    @CsvSource({
        "Europe/Paris, 2026-10-24T08:00, 2026-10-24T06:00:00Z",
        "Europe/Paris, 2026-10-25T08:00, 2026-10-25T07:00:00Z",
        "Europe/Paris, 2026-10-25T02:30, 2026-10-25T00:30:00Z",
        "Europe/Paris, 2027-03-27T08:00, 2027-03-27T07:00:00Z",
        "Europe/Paris, 2027-03-28T08:00, 2027-03-28T06:00:00Z",
        "Europe/Paris, 2027-03-28T02:30, 2027-03-28T01:30:00Z",
        "America/New_York, 2026-10-31T08:00, 2026-10-31T12:00:00Z",
        "America/New_York, 2026-11-01T08:00, 2026-11-01T13:00:00Z",
        "America/New_York, 2026-11-01T01:30, 2026-11-01T05:30:00Z",
        "America/New_York, 2027-03-13T08:00, 2027-03-13T13:00:00Z",
        "America/New_York, 2027-03-14T08:00, 2027-03-14T12:00:00Z",
        "America/New_York, 2027-03-14T02:30, 2027-03-14T07:30:00Z",
        "Australia/Sydney, 2026-10-03T08:00, 2026-10-02T22:00:00Z",
        "Australia/Sydney, 2026-10-04T08:00, 2026-10-03T21:00:00Z",
        "Australia/Sydney, 2026-10-04T02:30, 2026-10-03T16:30:00Z",
        "Australia/Sydney, 2027-04-03T08:00, 2027-04-02T21:00:00Z",
        "Australia/Sydney, 2027-04-04T08:00, 2027-04-03T22:00:00Z",
        "Australia/Sydney, 2027-04-04T02:30, 2027-04-03T15:30:00Z",
        "Australia/Lord_Howe, 2026-10-03T08:00, 2026-10-02T21:30:00Z",
        "Australia/Lord_Howe, 2026-10-04T08:00, 2026-10-03T21:00:00Z",
        "Australia/Lord_Howe, 2026-10-04T02:15, 2026-10-03T15:45:00Z",
        "Australia/Lord_Howe, 2027-04-03T08:00, 2027-04-02T21:00:00Z",
        "Australia/Lord_Howe, 2027-04-04T08:00, 2027-04-03T21:30:00Z",
        "Australia/Lord_Howe, 2027-04-04T01:45, 2027-04-03T14:45:00Z",
        "Pacific/Kiritimati, 2027-01-31T08:00, 2027-01-30T18:00:00Z",
        "Pacific/Pago_Pago, 2028-02-29T08:00, 2028-02-29T19:00:00Z",
    })
    void goAtTheirMomentWhereTheRecipientLives(String zone, String local, String moment) {
        long at = millis(moment);
        long due = at - DAY;
        livesIn(zone, due - DAY);
        wants(at(LocalDateTime.parse(local), candidate(WELCOME, "k", due)));
        run(at - 1);
        assertThat(decisions).isEmpty();
        assertThat(policy.nextDeadline(recipient)).isEqualTo(at);
        run(at);
        assertThat(sent()).containsExactly("k");
        Candidate sent = decisions.get(0).candidate();
        assertThat(sent.dueAt()).isEqualTo(at);
        assertThat(sent.expiresAt()).as("a day, from when it was due").isEqualTo(at + DAY);
    }

    @Test
    void thatAreOverHoldNothingBack() {
        livesIn("Australia/Sydney", MONDAY - DAY); // where it has been eight for three hours
        wants(at(AT_EIGHT, candidate(WELCOME, "k", MONDAY)));
        run(MONDAY);
        assertThat(sent()).containsExactly("k");
        assertThat(decisions.get(0).candidate().dueAt()).isEqualTo(MONDAY);
        assertThat(decisions.get(0).candidate().expiresAt()).isEqualTo(MONDAY + DAY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "Mars/Olympus", "Europe/paris", "\u0000", "+25:00"})
    void areThoseOfTheConfiguredZoneWhereTheRowNamesNone(String zone) {
        livesIn(zone, MONDAY - DAY);
        wants(at(AT_EIGHT, candidate(WELCOME, "k", MONDAY)));
        assertThat(policy.nextDeadline(recipient)).isEqualTo(MONDAY + 7 * HOUR);
    }

    @Test
    void areThoseOfTheConfiguredZoneForABareAddress() {
        recipient = new Recipient();
        wants(at(AT_EIGHT, candidate(WELCOME, "k", MONDAY)));
        assertThat(policy.nextDeadline(recipient)).isEqualTo(MONDAY + 7 * HOUR);
    }

    @Test
    void moveWithWhoMovesWhileItWaits() {
        wants(at(AT_EIGHT, candidate(WELCOME, "later", MONDAY)));
        run(MONDAY + 6 * HOUR);
        livesIn("America/New_York", MONDAY + 6 * HOUR);
        run(MONDAY + 13 * HOUR - 1);
        assertThat(decisions).isEmpty();
        run(MONDAY + 13 * HOUR);
        assertThat(sent()).containsExactly("later");
        assertThat(decisions.get(0).candidate().expiresAt()).isEqualTo(MONDAY + 13 * HOUR + DAY);

        wants(at(AT_EIGHT.plusDays(1), candidate(WELCOME, "at once", MONDAY + DAY)));
        run(MONDAY + DAY + 8 * HOUR);
        livesIn("Europe/Paris", MONDAY + DAY + 8 * HOUR); // where it is nine by now
        assertThat(policy.nextDeadline(recipient)).isLessThanOrEqualTo(MONDAY + DAY + 8 * HOUR);
        run(MONDAY + DAY + 8 * HOUR);
        assertThat(sent()).containsExactly("later", "at once");
    }

    @Test
    void expireFromWhenTheyAreDueAndNotBefore() {
        wants(at(AT_EIGHT.plusDays(3), candidate(WELCOME, "in time", MONDAY)));
        run(MONDAY + 3 * DAY + 7 * HOUR);
        assertThat(sent()).containsExactly("in time");

        wants(at(AT_EIGHT.plusDays(9), candidate(WELCOME, "too late", MONDAY + 9 * DAY)));
        long moment = MONDAY + 9 * DAY + 7 * HOUR;
        policy.advanceTo(recipient, moment, moment + DAY, decisions::add);
        assertThat(reasons()).containsExactly("too late stale");
    }

    @Test
    void areAskedAgainWhenTheyCome() {
        wants(at(AT_EIGHT, candidate(NO_PROJECT, "opted out", MONDAY)));
        wants(at(AT_EIGHT, candidate(WELCOME, "closed", MONDAY)));
        run(MONDAY + HOUR);
        hears(account(ALICE, MONDAY + HOUR).with("is_active", "false").fact());
        hears(refusal(MONDAY + HOUR));
        run(MONDAY + 7 * HOUR);
        assertThat(reasons()).containsExactly("closed inactive", "opted out inactive");
        livesIn("Europe/Paris", MONDAY + 8 * HOUR);
        wants(at(AT_EIGHT.plusDays(1), candidate(NO_PROJECT, "refused", MONDAY + DAY)));
        run(MONDAY + DAY + 7 * HOUR);
        assertThat(reasons()).endsWith("refused opted_out");
        assertThat(sent()).isEmpty();
    }

    @Test
    void areNotWaitedForInShadowButNoted() {
        policy =
                new EmailPolicy(
                        List.of(Rules.rule(WELCOME).withMode(Mode.SHADOW)),
                        Duration.ofHours(24),
                        PARIS,
                        QuietHours.NONE);
        wants(at(AT_EIGHT, candidate(WELCOME, "k", MONDAY)));
        run(MONDAY + 7 * HOUR - 1);
        assertThat(decisions).isEmpty();
        run(MONDAY + 7 * HOUR);
        assertThat(reasons()).containsExactly("k shadow");
        assertThat(decisions.get(0).candidate().dueAt()).isEqualTo(MONDAY + 7 * HOUR);
    }

    @Test
    void leaveWhatWaitsToBeWithdrawnOrSuperseded() {
        wants(at(AT_EIGHT, candidate(WELCOME, "settled", MONDAY)));
        wants(at(AT_EIGHT, candidate(QUOTA_80, "weaker", MONDAY)));
        run(MONDAY);
        policy.take(
                recipient,
                Message.of(new Retraction("settled", ALICE, ALICE, Retraction.RESOLVED)),
                MONDAY,
                decisions::add);
        wants(candidate(QUOTA_REACHED, "stronger", MONDAY + HOUR));
        run(MONDAY + DAY);
        assertThat(sent()).containsExactly("stronger");
        assertThat(reasons()).containsExactly("settled resolved", "weaker superseded");
        assertThat(recipient.waiting).isEmpty();
    }

    @Test
    void comeBeforeTheCap() {
        wants(candidate(NO_PROJECT, "first", MONDAY));
        wants(at(AT_EIGHT, candidate(QUOTA_80, "second", MONDAY)));
        run(MONDAY + 7 * HOUR);
        assertThat(sent()).containsExactly("first");
        assertThat(held()).containsExactly("second cap until 2026-12-01T00:00:00Z");
        hears(delivery(ALICE, "first", NO_PROJECT, "sent", MONDAY).fact());
        run(MONDAY + DAY);
        assertThat(sent()).containsExactly("first", "second");
    }

    @Test
    void areStillWaitedForByWhatTheCapHeldBackIfItsRecipientMoves() {
        wants(candidate(NO_PROJECT, "first", MONDAY));
        run(MONDAY);
        wants(at(AT_EIGHT.plusDays(1), candidate(QUOTA_80, "second", MONDAY + 6 * HOUR)));
        hears(delivery(ALICE, "first", NO_PROJECT, "sent", MONDAY).fact());
        run(MONDAY + DAY + 6 * HOUR);
        livesIn("America/New_York", MONDAY + DAY + 6 * HOUR);
        assertThat(held()).containsExactly("second local_time until 2026-12-01T13:00:00Z");
        run(MONDAY + DAY + 13 * HOUR - 1);
        assertThat(sent()).containsExactly("first");
        run(MONDAY + DAY + 13 * HOUR);
        assertThat(sent()).containsExactly("first", "second");
    }

    @Test
    void areToldOfWhatTheyHoldBack() {
        wants(at(AT_EIGHT, candidate(WELCOME, "k", MONDAY)));
        assertThat(held()).containsExactly("k local_time until 2026-11-30T07:00:00Z");
        livesIn("America/New_York", MONDAY);
        assertThat(held()).containsExactly("k local_time until 2026-11-30T13:00:00Z");
        run(MONDAY + 13 * HOUR);
        assertThat(held()).isEmpty();
    }

    // quiet hours

    @Test
    void keepMarketingUntilTheMorningAndNothingElse() {
        policy = policy(QuietHours.parse("22:00-08:00"));
        long night = MONDAY + 23 * HOUR; // midnight in Paris
        wants(candidate(WELCOME, "welcome", night));
        wants(candidate(QUOTA_REACHED, "limit", night));
        wants(candidate(NO_PROJECT, "reminder", night));
        run(night);
        assertThat(sent()).containsExactly("limit", "welcome");
        assertThat(held()).containsExactly("reminder quiet_hours until 2026-12-01T07:00:00Z");
        run(night + 8 * HOUR - 1);
        assertThat(sent()).hasSize(2);
        run(night + 8 * HOUR);
        assertThat(sent()).containsExactly("limit", "welcome", "reminder");
        assertThat(held()).isEmpty();
        assertThat(recipient.quietAt).isZero();
    }

    @Test
    void areThoseOfWhereTheRecipientLivesNow() {
        policy = policy(QuietHours.parse("22:00-08:00"));
        long night = MONDAY + 23 * HOUR;
        wants(candidate(NO_PROJECT, "k", night));
        run(night + HOUR);
        livesIn("America/New_York", night + HOUR); // where it is evening
        run(night + HOUR);
        assertThat(sent()).containsExactly("k");
    }

    @Test
    void endWithTheMostImportantOfTheNight() {
        policy = policy(QuietHours.parse("22:00-08:00"));
        long night = MONDAY + 23 * HOUR;
        wants(candidate(QUOTA_80, "weaker", night));
        wants(candidate(NO_PROJECT, "stronger", night + 5 * HOUR));
        run(night + 8 * HOUR);
        assertThat(sent()).containsExactly("stronger");
        hears(delivery(ALICE, "stronger", NO_PROJECT, "sent", night + 8 * HOUR).fact());
        run(night + 32 * HOUR);
        assertThat(sent()).containsExactly("stronger", "weaker");
    }

    @Test
    void letNothingThroughThatHasExpiredMeanwhile() {
        policy = policy(QuietHours.parse("22:00-08:00"));
        long night = MONDAY + 22 * HOUR;
        wants(expiring(night + 2 * HOUR, candidate(NO_PROJECT, "k", night)));
        run(night);
        assertThat(held()).containsExactly("k expiry until 2026-12-01T00:00:00Z");
        run(night + 2 * HOUR - 1);
        assertThat(decisions).isEmpty();
        run(night + 2 * HOUR);
        assertThat(reasons()).containsExactly("k quiet_hours");
        assertThat(decisions.get(0).candidate().expiresAt()).isEqualTo(night + 2 * HOUR);
    }

    @Test
    void areNotBlamedForWhatTheCapHeldBack() {
        policy = policy(QuietHours.parse("22:00-08:00"));
        long noon = MONDAY + 11 * HOUR;
        wants(candidate(NO_PROJECT, "first", noon));
        run(noon);
        hears(delivery(ALICE, "first", NO_PROJECT, "sent", noon).fact());
        wants(expiring(noon + 13 * HOUR, candidate(QUOTA_80, "second", noon + HOUR)));
        run(noon + 2 * DAY);
        assertThat(reasons()).containsExactly("second capped");
    }

    @Test
    void holdBackByTheWallClockWhenTheLogIsBehind() {
        policy = policy(QuietHours.parse("22:00-08:00"));
        long noon = MONDAY + 11 * HOUR;
        wants(candidate(NO_PROJECT, "k", noon));
        policy.advanceTo(recipient, noon, noon + 12 * HOUR, decisions::add);
        assertThat(sent()).isEmpty();
        assertThat(policy.nextDeadline(recipient)).isEqualTo(MONDAY + DAY + 7 * HOUR);
        run(MONDAY + DAY + 7 * HOUR);
        assertThat(sent()).containsExactly("k");
    }

    @Test
    void askNobodyTwiceAtOneMoment() {
        policy =
                new EmailPolicy(Rules.all(), Duration.ZERO, PARIS, QuietHours.parse("00:00-23:59"));
        for (int i = 0; i < 5; i++) {
            wants(candidate(NO_PROJECT, "k" + i, MONDAY + i * MINUTE));
        }
        run(MONDAY + 4 * HOUR);
        assertThat(sent()).isEmpty();
        run(MONDAY + 23 * HOUR);
        assertThat(sent()).hasSize(5);
    }

    private void livesIn(String zone, long at) {
        hears(account(ALICE, at).with("timezone", zone).fact());
    }

    private void hears(RowChange change) {
        policy.take(recipient, change);
    }

    private void wants(Candidate candidate) {
        policy.take(recipient, Message.of(candidate), candidate.decidedAt(), decisions::add);
    }

    /** From deadline to deadline, as timers do; nobody is asked in between. */
    private void run(long until) {
        long last = Long.MIN_VALUE;
        for (int asked = 0; ; asked++) {
            long next = policy.nextDeadline(recipient);
            if (next == Deadlines.NONE || next > until) {
                return;
            }
            assertThat(asked).as("asked again and again at %s", next).isLessThan(100);
            last = Math.max(last, next);
            policy.advanceTo(recipient, last, last, decisions::add);
        }
    }

    private List<String> sent() {
        return decisions.stream()
                .filter(d -> d.withdrawal() == null && d.suppressedFor() == null)
                .map(d -> d.candidate().key())
                .toList();
    }

    private List<String> reasons() {
        return decisions.stream()
                .filter(d -> d.suppressedFor() != null)
                .map(d -> d.candidate().key() + " " + d.suppressedFor())
                .toList();
    }

    /** Key, reason and end of what is held back. */
    private List<String> held() {
        return policy.held(recipient).entrySet().stream()
                .map(
                        row -> {
                            String[] series = row.getKey().series().split("\n");
                            Count until = row.getValue();
                            return "%s %s until %s"
                                    .formatted(
                                            series[0],
                                            series[3],
                                            Instant.ofEpochMilli(until.numerator()));
                        })
                .sorted()
                .toList();
    }

    private static RowChange refusal(long at) {
        return Facts.row(CapturedTable.EMAIL_PREFERENCES, ALICE, ALICE, at)
                .with("marketing_opt_in", "false")
                .with("product_updates_opt_in", "true")
                .fact();
    }

    /** Due and found at a time, to be sent within a day. */
    private static Candidate candidate(String rule, String key, long at) {
        long lasts = rule.equals(QUOTA_80) ? 30 * DAY : DAY;
        return new Candidate(rule, key, key, ALICE, ALICE, SHOP, at, at + lasts, 0, at, Map.of());
    }

    private static Candidate at(LocalDateTime local, Candidate c) {
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
                c.values(),
                c.alsoTo(),
                local);
    }

    private static Candidate expiring(long expiresAt, Candidate c) {
        return new Candidate(
                c.rule(),
                c.key(),
                c.instance(),
                c.recipient(),
                c.userId(),
                c.projectId(),
                c.dueAt(),
                expiresAt,
                c.causedAt(),
                c.decidedAt(),
                c.values());
    }

    private static long millis(String instant) {
        return Instant.parse(instant).toEpochMilli();
    }
}
