package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplyClassifierTest {

    @ParameterizedTest
    @CsvSource({
        "END_OF_MESSAGE, 250 2.0.0 taken, ACCEPTED",
        "END_OF_MESSAGE, 250 ok, ACCEPTED",
        // not now
        "SENDER, 421 4.3.2 shutting down, TRANSIENT",
        "RECIPIENT, 450 4.2.0 greylisted, TRANSIENT",
        "RECIPIENT, 451 later, TRANSIENT",
        "RECIPIENT, 452 4.2.2 mailbox full, TRANSIENT",
        "MESSAGE, 454 4.7.0 throttled, TRANSIENT",
        "END_OF_MESSAGE, 451 4.7.1 try later, TRANSIENT",
        "END_OF_MESSAGE, 421 closing, TRANSIENT",
        "RECIPIENT, 552 mailbox full, TRANSIENT",
        "RECIPIENT, 552 5.2.2 mailbox full, TRANSIENT",
        "RECIPIENT, 550 5.2.2 over quota, TRANSIENT",
        "END_OF_MESSAGE, 552 5.2.2 over quota, TRANSIENT",
        // the address
        "RECIPIENT, 550 no such user, ADDRESS_REFUSED",
        "RECIPIENT, 550 5.1.1 no such user, ADDRESS_REFUSED",
        "RECIPIENT, 550-5.1.1 no such user, ADDRESS_REFUSED",
        "RECIPIENT, 551 not local, ADDRESS_REFUSED",
        "RECIPIENT, 553 bad name, ADDRESS_REFUSED",
        "RECIPIENT, 501 5.1.3 bad syntax, ADDRESS_REFUSED",
        "RECIPIENT, 554 5.1.10 null MX, ADDRESS_REFUSED",
        "RECIPIENT, 550 5.0.0 unknown, ADDRESS_REFUSED",
        "RECIPIENT, 550 5.2.1 disabled, ADDRESS_REFUSED",
        "END_OF_MESSAGE, 550 5.1.1 no such user, ADDRESS_REFUSED",
        // this mail, for other reasons
        "RECIPIENT, 550 5.7.1 looks like spam, MESSAGE_REFUSED",
        "RECIPIENT, 554 5.7.1 blocked, MESSAGE_REFUSED",
        "RECIPIENT, 554 refused, MESSAGE_REFUSED",
        "RECIPIENT, 550 5.4.1 relay denied, MESSAGE_REFUSED",
        "SENDER, 552 5.3.4 too large, MESSAGE_REFUSED",
        "MESSAGE, 554 no valid recipients, MESSAGE_REFUSED",
        "END_OF_MESSAGE, 550 5.7.1 spam, MESSAGE_REFUSED",
        "END_OF_MESSAGE, 552 too large, MESSAGE_REFUSED",
        "END_OF_MESSAGE, 554 5.6.0 bad content, MESSAGE_REFUSED",
        // us
        "CONNECT, 535 5.7.8 wrong password, CONFIGURATION",
        "CONNECT, 454 4.7.0 login later, CONFIGURATION",
        "CONNECT, 421 too many connections, CONFIGURATION",
        "SENDER, 530 5.7.0 login first, CONFIGURATION",
        "SENDER, 550 5.7.1 sender not verified, CONFIGURATION",
        "SENDER, 553 5.1.8 no such sender domain, CONFIGURATION",
        "RECIPIENT, 530 login first, CONFIGURATION",
        "RECIPIENT, 534 5.7.9 mechanism too weak, CONFIGURATION",
        "RECIPIENT, 550 5.1.8 bad sender, CONFIGURATION",
        "END_OF_MESSAGE, 535 expired, CONFIGURATION"
    })
    void readsAnAnswer(Stage stage, String reply, ReplyClass expected) {
        int code = Integer.parseInt(reply.substring(0, 3));

        assertThat(ReplyClassifier.classify(stage, code, ReplyClassifier.enhancedCode(reply)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "CONNECT, CONFIGURATION",
        "SENDER, TRANSIENT",
        "RECIPIENT, TRANSIENT",
        "MESSAGE, TRANSIENT",
        "END_OF_MESSAGE, UNCONFIRMED"
    })
    void readsALostConnection(Stage stage, ReplyClass expected) {
        assertThat(ReplyClassifier.classify(stage, ReplyClassifier.NO_REPLY, ""))
                .isEqualTo(expected);
    }

    @Test
    void findsTheEnhancedCodeOnlyWhereItBelongs() {
        assertThat(ReplyClassifier.enhancedCode("550 5.1.1 no")).isEqualTo("5.1.1");
        assertThat(ReplyClassifier.enhancedCode("550-5.1.1 no\n550 5.1.1 really"))
                .isEqualTo("5.1.1");
        assertThat(ReplyClassifier.enhancedCode("550 host 5.1.1.2 says no")).isEmpty();
        assertThat(ReplyClassifier.enhancedCode("550 10.1.1.2 is blocked")).isEmpty();
        assertThat(ReplyClassifier.enhancedCode(null)).isEmpty();
    }
}
