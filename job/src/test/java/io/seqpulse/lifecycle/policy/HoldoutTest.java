package io.seqpulse.lifecycle.policy;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.account;
import static io.seqpulse.lifecycle.story.Facts.delivery;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.Experiment;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Rules;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is kept from getting an email, for comparison. */
class HoldoutTest {

    private static final String NO_PROJECT = "E-ACT-01";
    private static final String QUOTA_80 = "E-CONV-01";

    /** So large a share that Alice is among them. */
    private static final Experiment WITH_ALICE = new Experiment(10_000, List.of());

    private final List<Decision> decisions = new ArrayList<>();
    private Recipient recipient;
    private EmailPolicy policy;

    @BeforeEach
    void start() {
        policy = policy(Rules.rule(NO_PROJECT));
        recipient = new Recipient();
        policy.take(recipient, account(ALICE, MORNING - DAY).fact());
    }

    private static EmailPolicy policy(Rule heldOut) {
        return new EmailPolicy(
                List.of(Rules.withExperiment(heldOut, WITH_ALICE), Rules.rule(QUOTA_80)),
                Duration.ofHours(24));
    }

    @Test
    void isToldWhenTheMailWouldHaveGoneAndTakesTheKeyForEver() {
        wants(candidate(NO_PROJECT, "k", MORNING));
        pass(MORNING);
        assertThat(outcomes()).containsExactly("k holdout");
        assertThat(Reasons.journalKey("k", Reasons.HOLDOUT)).isEqualTo("k");
        wants(candidate(NO_PROJECT, "k", MORNING + HOUR));
        pass(MORNING + DAY);
        assertThat(decisions).hasSize(1);
        assertThat(recipient.queued).isEmpty();
    }

    @Test
    void takesNoOnesPlace() {
        wants(candidate(NO_PROJECT, "kept back", MORNING));
        wants(candidate(QUOTA_80, "other", MORNING));
        pass(MORNING);
        assertThat(outcomes()).containsExactly("kept back holdout", "other sent");
    }

    @Test
    void waitsAsTheMailWouldHaveAndIsNoneIfThatWouldNotHaveGone() {
        wants(candidate(QUOTA_80, "first", MORNING));
        pass(MORNING);
        policy.take(recipient, delivery(ALICE, "first", QUOTA_80, "sent", MORNING).fact());
        wants(candidate(NO_PROJECT, "settled", MORNING + HOUR));
        wants(candidate(NO_PROJECT, "waits", MORNING + 2 * HOUR));
        pass(MORNING + 2 * HOUR);
        assertThat(outcomes()).containsExactly("first sent");
        policy.take(
                recipient,
                Message.of(new Retraction("settled", ALICE, ALICE, Retraction.RESOLVED)),
                MORNING + 3 * HOUR,
                decisions::add);
        pass(MORNING + DAY);
        assertThat(outcomes()).containsExactly("first sent", "settled resolved", "waits holdout");
    }

    @Test
    void isNoReasonWhereThereIsAnother() {
        policy = policy(Rules.rule(NO_PROJECT).withMode(Mode.SHADOW));
        wants(candidate(NO_PROJECT, "shadowed", MORNING));
        pass(MORNING);
        policy = policy(Rules.rule(NO_PROJECT));
        policy.take(
                recipient, Facts.account(ALICE, MORNING + HOUR).with("is_active", "false").fact());
        wants(candidate(NO_PROJECT, "closed", MORNING + HOUR));
        pass(MORNING + HOUR);
        assertThat(outcomes()).containsExactly("shadowed shadow", "closed inactive");
    }

    @Test
    void goesByThePersonAndTheRule() {
        Experiment half = new Experiment(5_000, List.of());
        policy =
                new EmailPolicy(
                        List.of(Rules.withExperiment(Rules.rule(NO_PROJECT), half)), Duration.ZERO);
        for (int i = 0; i < 50; i++) {
            String person = "u" + i;
            recipient = new Recipient();
            decisions.clear();
            for (int day = 0; day < 3; day++) {
                long at = MORNING + day * DAY;
                wants(
                        new Candidate(
                                NO_PROJECT,
                                person + day,
                                person,
                                person,
                                person,
                                null,
                                at,
                                at + DAY,
                                0,
                                at,
                                Map.of()));
                pass(at);
            }
            String expected = half.holdsOut(NO_PROJECT, person) ? "holdout" : "sent";
            assertThat(outcomes()).hasSize(3).allMatch(outcome -> outcome.endsWith(" " + expected));
        }
    }

    private void wants(Candidate candidate) {
        policy.take(recipient, Message.of(candidate), candidate.decidedAt(), decisions::add);
    }

    private void pass(long now) {
        policy.advanceTo(recipient, now, now, decisions::add);
    }

    private List<String> outcomes() {
        return decisions.stream()
                .map(
                        d ->
                                d.candidate().key()
                                        + " "
                                        + (d.suppressedFor() == null ? "sent" : d.suppressedFor()))
                .toList();
    }

    private static Candidate candidate(String rule, String key, long at) {
        return new Candidate(rule, key, key, ALICE, ALICE, SHOP, at, at + 3 * DAY, 0, at, Map.of());
    }
}
