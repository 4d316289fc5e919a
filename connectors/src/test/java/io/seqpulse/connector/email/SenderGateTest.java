package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.email.SenderGate.Cause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SenderGateTest {

    private final AtomicLong clock = new AtomicLong(7);
    private final SenderGate gate = new SenderGate(clock::get);

    @ParameterizedTest
    @CsvSource({
        // what closed it, what a mail then hears, whether that opens it
        "CONNECTION, ACCEPTED, END_OF_MESSAGE, true",
        "SENDER, ACCEPTED, END_OF_MESSAGE, true",
        "SENDER, TRANSIENT, SENDER, false",
        "SENDER, TRANSIENT, RECIPIENT, true",
        "SENDER, ADDRESS_REFUSED, RECIPIENT, true",
        "SENDER, UNCONFIRMED, END_OF_MESSAGE, false",
        "REFUSALS, ACCEPTED, END_OF_MESSAGE, true",
        "REFUSALS, REFUSED, RECIPIENT, false",
        "REFUSALS, TRANSIENT, RECIPIENT, false",
        "REFUSALS, ADDRESS_REFUSED, RECIPIENT, false",
        "REFUSALS, UNCONFIRMED, END_OF_MESSAGE, false",
        "UNCONFIRMED, ACCEPTED, END_OF_MESSAGE, true",
        "UNCONFIRMED, TRANSIENT, END_OF_MESSAGE, true",
        "UNCONFIRMED, REFUSED, END_OF_MESSAGE, true",
        "UNCONFIRMED, TRANSIENT, MESSAGE, false",
        "UNCONFIRMED, ADDRESS_REFUSED, RECIPIENT, false",
        "UNCONFIRMED, UNCONFIRMED, END_OF_MESSAGE, false"
    })
    void opensOnlyOnWhatProvesThatTheServerWorks(
            Cause cause, ReplyClass reply, Stage stage, boolean opens) {
        if (cause == Cause.UNCONFIRMED) {
            confirmNothing();
        } else {
            gate.stop(cause, "550");
        }

        assertThat(gate.heard(new Attempt(reply, stage, null, ""))).isEqualTo(opens);
        assertThat(gate.isOpen()).isEqualTo(opens);
    }

    private void confirmNothing() {
        gate.unconfirmed("ada@example.org", "no answer");
        gate.unconfirmed("bob@example.org", "no answer");
        gate.unconfirmed("ada@example.org", "no answer");
    }

    /** Any run of mails, confirmed or not, to one, two or three mailboxes. */
    @Test
    void closesOnThreeUnconfirmedMailsOfTwoMailboxesWithNoneTakenBetween() {
        Random dice = new Random(7);
        for (int run = 0; run < 2_000; run++) {
            SenderGate each = new SenderGate(clock::get);
            int mailboxes = 1 + dice.nextInt(3);
            List<String> inARow = new ArrayList<>();
            for (int mail = 0; mail < 12 && each.isOpen(); mail++) {
                String recipient = "u" + dice.nextInt(mailboxes) + "@example.org";
                switch (dice.nextInt(4)) {
                    case 0 -> {
                        each.heard(attempt(ReplyClass.ACCEPTED, Stage.END_OF_MESSAGE));
                        inARow.clear();
                    }
                    case 1 -> each.heard(attempt(ReplyClass.TRANSIENT, Stage.RECIPIENT));
                    default -> {
                        each.heard(attempt(ReplyClass.UNCONFIRMED, Stage.END_OF_MESSAGE));
                        boolean upperCase = dice.nextBoolean();
                        each.unconfirmed(
                                upperCase ? recipient.toUpperCase(Locale.ROOT) : recipient,
                                "no answer");
                        inARow.add(recipient);
                    }
                }
                assertThat(each.isOpen())
                        .as("%s", inARow)
                        .isEqualTo(inARow.size() < 3 || Set.copyOf(inARow).size() < 2);
            }
            assertThat(each.confirmsNothing()).isEqualTo(!each.isOpen());
            assertThat(each.halt().isEmpty()).isEqualTo(each.isOpen());
        }
    }

    @Test
    void aServerThatConfirmsNothingIsAskedByMailWithPausesUpToFiveMinutes() {
        confirmNothing();
        assertThat(gate.needsMail()).isTrue();
        assertThat(gate.halt().orElseThrow().because())
                .isEqualTo("no mail is confirmed: no answer");
        assertThat(gate.pause()).isEqualTo(Duration.ofSeconds(1));
        for (int i = 0; i < 20; i++) {
            gate.unconfirmed("cyd@example.org", "no answer");
            gate.triedInVain();
        }
        assertThat(gate.pause()).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void whatElseHappensToAServerThatConfirmsNothingProvesNothing() {
        confirmNothing();
        gate.stop(Cause.CONNECTION, "Connection refused");
        assertThat(gate.halt().orElseThrow().because())
                .isEqualTo("no connection: Connection refused");
        assertThat(gate.needsMail()).as("to be let in is not enough").isTrue();
        assertThat(gate.heard(attempt(ReplyClass.TRANSIENT, Stage.RECIPIENT))).isFalse();
        gate.unconfirmed("ada@example.org", "no answer");
        assertThat(gate.halt().orElseThrow().because()).startsWith("no mail is confirmed");

        assertThat(gate.heard(attempt(ReplyClass.ACCEPTED, Stage.END_OF_MESSAGE))).isTrue();
        assertThat(gate.confirmsNothing()).isFalse();
        gate.unconfirmed("ada@example.org", "no answer");
        gate.unconfirmed("bob@example.org", "no answer");
        assertThat(gate.isOpen()).as("the row begins anew").isTrue();
    }

    private static Attempt attempt(ReplyClass reply, Stage stage) {
        return new Attempt(reply, stage, null, "");
    }

    @Test
    void aServerThatComesAndGoesIsToldOnceAMinuteAndAskedLessAndLessOften() {
        try (LogEvents log = LogEvents.of(Level.WARN)) {
            for (int i = 0; i < 600; i++) {
                gate.stop(Cause.CONNECTION, "Connection refused");
                pass(Duration.ofMillis(250));
                gate.resume();
                pass(Duration.ofMillis(250));
            }
            assertThat(log.messages()).hasSize(5);
            assertThat(gate.pause()).isEqualTo(Duration.ofMinutes(1));
        }
    }

    @Test
    void anOutageAfterASteadyMinuteIsANewOne() {
        try (LogEvents log = LogEvents.of(Level.WARN)) {
            gate.stop(Cause.CONNECTION, "Connection refused");
            gate.triedInVain();
            gate.stop(Cause.CONNECTION, "Connection refused");
            gate.triedInVain();
            assertThat(gate.pause()).isEqualTo(Duration.ofSeconds(4));
            gate.resume();
            pass(Duration.ofMinutes(1));
            gate.stop(Cause.SENDER, "553 5.7.1 sender not verified");

            assertThat(gate.pause()).isEqualTo(Duration.ofSeconds(1));
            assertThat(log.messages()).hasSize(2);
            assertThat(log.messages().get(1)).contains("our address is refused: 553 5.7.1");
        }
    }

    @Test
    void tellsNoAddress() {
        try (LogEvents log = LogEvents.of(Level.WARN)) {
            gate.stop(Cause.REFUSALS, "554 5.7.1 <ada@example.org>: Relay access denied");

            assertThat(log.messages().get(0))
                    .contains("554 5.7.1 <…>: Relay access denied")
                    .doesNotContain("ada");
        }
    }

    @Test
    void nothingThatAServerSaysSteersATerminal() {
        assertThat(SenderGate.shown("554 no\u001b[2J\u009b2J\u202e\r\n\u2028later"))
                .isEqualTo("554 no [2J 2J later");
    }

    @Test
    void mailIsHaltedUntilAMailIsTakenOrTheServerStaysOpen() {
        assertThat(gate.halt()).isEmpty();
        gate.stop(Cause.CONNECTION, "Connection refused");
        pass(Duration.ofSeconds(30));
        assertThat(gate.halt())
                .contains(
                        new SenderGate.Halt(
                                Duration.ofSeconds(30), "no connection: Connection refused"));

        gate.resume();
        pass(Duration.ofSeconds(1));
        gate.stop(Cause.CONNECTION, "421 busy\r\nask <ada@example.org>");
        assertThat(gate.halt().orElseThrow().lasts()).isEqualTo(Duration.ofSeconds(31));
        assertThat(gate.halt().orElseThrow().because())
                .isEqualTo("no connection: 421 busy ask <…>");

        gate.resume();
        assertThat(gate.halt()).isPresent();
        pass(Duration.ofSeconds(10));
        assertThat(gate.halt()).isEmpty();

        gate.stop(Cause.CONNECTION, "Connection refused");
        gate.resume();
        gate.heard(new Attempt(ReplyClass.ACCEPTED, Stage.END_OF_MESSAGE, null, "250"));
        assertThat(gate.halt()).isEmpty();
    }

    @Test
    void mailIsHaltedWhereSeveralArePutOffAndNoneIsTaken() {
        gate.putOff("ada@example.org", "450 greylisted");
        gate.putOff("Ada@example.org", "450 greylisted");
        gate.putOff("bob@example.org", "450 greylisted");
        pass(Duration.ofHours(5));
        assertThat(gate.halt()).as("two recipients may have two mailboxes that are full").isEmpty();

        gate.putOff("cyd@example.org", "452 4.5.3 quota of bob@example.org reached");
        assertThat(gate.isOpen()).isTrue();
        assertThat(gate.halt()).isEmpty();
        pass(Duration.ofMinutes(2));
        assertThat(gate.halt())
                .contains(
                        new SenderGate.Halt(
                                Duration.ofMinutes(2),
                                "no mail is taken: 452 4.5.3 quota of … reached"));

        gate.heard(new Attempt(ReplyClass.TRANSIENT, Stage.RECIPIENT, null, "450"));
        assertThat(gate.halt()).isPresent();
        gate.heard(new Attempt(ReplyClass.ACCEPTED, Stage.END_OF_MESSAGE, null, "250"));
        assertThat(gate.halt()).isEmpty();
    }

    /** On a quiet evening nobody else's mail may come that the server takes. */
    @Test
    void mailsThatHadTheirEndHaltNothing() {
        for (String recipient : List.of("ada@example.org", "bob@example.org", "cyd@example.org")) {
            gate.putOff(recipient, "452 mailbox full");
        }
        pass(Duration.ofMinutes(1));
        assertThat(gate.halt()).isPresent();
        gate.ended("Bob@example.org");
        assertThat(gate.halt()).as("one is refused for good").isEmpty();

        gate.putOff("bob@example.org", "452 mailbox full");
        pass(Duration.ofMinutes(1));
        assertThat(gate.halt().orElseThrow().lasts()).isEqualTo(Duration.ofMinutes(1));
        pass(Duration.ofHours(6));
        assertThat(gate.halt()).as("nobody's mail is tried any more").isEmpty();
    }

    @Test
    void whatIsShownIsBounded() {
        gate.stop(Cause.SENDER, "5".repeat(5_000));

        assertThat(gate.halt().orElseThrow().because()).hasSizeLessThan(300).endsWith("…");
    }

    @Test
    void aLimitIsForgottenAfterAMinute() {
        gate.limitTo(1);
        assertThat(gate.limit(4)).isEqualTo(1);
        pass(Duration.ofMinutes(1));
        assertThat(gate.limit(4)).isEqualTo(4);
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }
}
