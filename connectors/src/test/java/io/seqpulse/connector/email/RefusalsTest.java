package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.connector.email.Refusals.Meaning;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RefusalsTest {

    private static final String NO_RELAY = "554 5.7.1 <%s>: Relay access denied; id %s";
    private static final String UNKNOWN = "550 5.1.1 no such user";

    private final Refusals refusals = new Refusals();

    @ParameterizedTest
    @EnumSource(names = {"ADDRESS_REFUSED", "MESSAGE_REFUSED"})
    void believesARefusalTheSecondTimeIfTheServerTookAnothersMailMeanwhile(ReplyClass reply) {
        assertThat(refusals.refused(mail("ada@example.org", 0, false), reply, UNKNOWN))
                .isEqualTo(Meaning.UNCLEAR);
        refusals.accepted();
        assertThat(refusals.refused(mail("ada@example.org", 1, true), reply, UNKNOWN))
                .isEqualTo(Meaning.THEIRS);
    }

    @Test
    void believesNoFirstRefusalEvenOfAServerThatTookAMailJustBefore() {
        refusals.accepted();

        assertThat(refused("ada@example.org", ReplyClass.ADDRESS_REFUSED))
                .isEqualTo(Meaning.UNCLEAR);
    }

    @Test
    void believesNoSecondRefusalIfTheServerTookAMailBeforeBothOnly() {
        refusals.accepted();
        refused("ada@example.org", ReplyClass.ADDRESS_REFUSED);

        assertThat(
                        refusals.refused(
                                mail("ada@example.org", 1, true),
                                ReplyClass.ADDRESS_REFUSED,
                                UNKNOWN))
                .isEqualTo(Meaning.UNCLEAR);
    }

    @Test
    void givesAMailAnotherTryAtOnceOnlyOnce() {
        UUID ada = UUID.randomUUID();
        UUID bob = UUID.randomUUID();

        assertThat(refusals.forgives(List.of(ada))).containsExactly(ada);
        assertThat(refusals.forgives(List.of(ada, bob))).containsExactly(bob);
    }

    @Test
    void doesNotCountWhatFailedForAnotherReasonBefore() {
        refusals.accepted();

        assertThat(
                        refusals.refused(
                                mail("ada@example.org", 5, false),
                                ReplyClass.ADDRESS_REFUSED,
                                UNKNOWN))
                .isEqualTo(Meaning.UNCLEAR);
    }

    @Test
    void believesNothingWhileEverybodyIsRefused() {
        refusals.accepted();
        for (int i = 0; i < 50; i++) {
            refusals.refused(
                    mail("u" + i + "@example.org", 1, true), ReplyClass.ADDRESS_REFUSED, UNKNOWN);
        }

        assertThat(
                        refusals.refused(
                                mail("ada@example.org", 9, true),
                                ReplyClass.ADDRESS_REFUSED,
                                UNKNOWN))
                .isEqualTo(Meaning.UNCLEAR);
    }

    @Test
    void believesInTimeWhereThereIsNobodyElse() {
        for (int failures = 0; failures < 3; failures++) {
            assertThat(
                            refusals.refused(
                                    mail("ada@example.org", failures, failures > 0),
                                    ReplyClass.ADDRESS_REFUSED,
                                    UNKNOWN))
                    .isEqualTo(Meaning.UNCLEAR);
        }
        assertThat(
                        refusals.refused(
                                mail("ada@example.org", 3, true),
                                ReplyClass.ADDRESS_REFUSED,
                                UNKNOWN))
                .isEqualTo(Meaning.THEIRS);
    }

    @Test
    void oneRecipientIsNeverEverybody() {
        for (int failures = 0; failures < 100; failures++) {
            assertThat(
                            refusals.refused(
                                    mail("ada@example.org", failures, true),
                                    ReplyClass.REFUSED,
                                    NO_RELAY.formatted("ada@example.org", "A1")))
                    .isEqualTo(Meaning.UNCLEAR);
        }
    }

    @Test
    void threeRecipientsOfTwoDomainsRefusedWithTheSameWordsAreUs() {
        assertThat(refusedToRelay("ada@example.org", "4F1Z")).isEqualTo(Meaning.UNCLEAR);
        assertThat(refusedToRelay("bob@example.org", "4F2A")).isEqualTo(Meaning.UNCLEAR);
        assertThat(refusedToRelay("eve@example.com", "4F77")).isEqualTo(Meaning.OURS);
    }

    @Test
    void aDomainThatDoesNotWantUsIsNotEverybodyAtOnce() {
        for (int i = 0; i < 4; i++) {
            assertThat(refusedToRelay("u" + i + "@example.org", "4F1Z" + i))
                    .isEqualTo(Meaning.UNCLEAR);
        }
        assertThat(refusedToRelay("u4@example.org", "4F2A")).isEqualTo(Meaning.OURS);
    }

    @Test
    void differentWordsAreUsToo() {
        String letters = "abcdefghij";
        for (int i = 0; i < 9; i++) {
            assertThat(
                            refusals.refused(
                                    mail("u@d" + i + ".org", 0, false),
                                    ReplyClass.REFUSED,
                                    "550 reason " + letters.charAt(i)))
                    .isEqualTo(Meaning.UNCLEAR);
        }
        assertThat(refusals.refused(mail("u@d9.org", 0, false), ReplyClass.REFUSED, "550 reason j"))
                .isEqualTo(Meaning.OURS);
    }

    @Test
    void aMailThatIsTakenBeginsAnew() {
        QueuedMail ada = mail("ada@example.org", 0, false);
        QueuedMail bob = mail("bob@example.com", 0, false);
        refusals.refused(ada, ReplyClass.REFUSED, "550 no");
        refusals.refused(bob, ReplyClass.REFUSED, "550 no");

        assertThat(refusals.accepted()).containsExactly(ada.id(), bob.id());
        assertThat(refusals.accepted()).isEmpty();
        assertThat(
                        refusals.refused(
                                mail("eve@example.net", 0, false), ReplyClass.REFUSED, "550 no"))
                .isEqualTo(Meaning.UNCLEAR);
    }

    private Meaning refused(String address, ReplyClass reply) {
        return refusals.refused(mail(address, 0, false), reply, UNKNOWN);
    }

    private Meaning refusedToRelay(String address, String session) {
        return refusals.refused(
                mail(address, 0, false), ReplyClass.REFUSED, NO_RELAY.formatted(address, session));
    }

    private static QueuedMail mail(String address, int failures, boolean refusedBefore) {
        return new QueuedMail(
                UUID.nameUUIDFromBytes(address.getBytes(StandardCharsets.UTF_8)),
                UUID.randomUUID(),
                address,
                "E-TEST-01",
                EmailCategory.SERVICE,
                address,
                address,
                "{}",
                failures,
                refusedBefore,
                0);
    }
}
