package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ReplyClassifierTest {

    /** Those that RFC 3463 and its registry give to a mailbox or domain of the recipient. */
    private static final Set<String> NAMES_THE_ADDRESS =
            Set.of("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1");

    private static final int[] CODES = {
        400, 421, 432, 450, 451, 452, 454, 455, 499, 500, 501, 502, 503, 504, 511, 521, 530, 534,
        535, 538, 550, 551, 552, 553, 554, 555, 556, 599
    };

    /** What servers in the field answer; the file names the source of each. */
    @ParameterizedTest
    @CsvFileSource(resources = "/replies.csv", numLinesToSkip = 1)
    void readsWhatRealServersAnswer(Stage stage, String reply, ReplyClass expected, String source) {
        assertThat(classify(stage, reply)).as("%s, of %s", reply, source).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "END_OF_MESSAGE, 250 2.0.0 taken, ACCEPTED",
        "END_OF_MESSAGE, 250 ok, ACCEPTED",
        "SENDER, 552 5.3.4 too large, MESSAGE_REFUSED",
        "SENDER, 530 5.7.0 login first, CONFIGURATION",
        "SENDER, 553 5.1.8 no such sender domain, CONFIGURATION",
        "CONNECT, 535 5.7.8 wrong password, CONFIGURATION",
        "CONNECT, 454 4.7.0 login later, CONFIGURATION",
        "CONNECT, 421 too many connections, CONFIGURATION",
        "END_OF_MESSAGE, 552 too large, MESSAGE_REFUSED",
        "MESSAGE, 503 5.5.1 no valid recipients, TRANSIENT"
    })
    void readsAnAnswer(Stage stage, String reply, ReplyClass expected) {
        assertThat(classify(stage, reply)).isEqualTo(expected);
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

    /** Every code, and what is none. */
    @ParameterizedTest
    @EnumSource(value = Stage.class, mode = EnumSource.Mode.EXCLUDE, names = "CONNECT")
    void onlyTwoHundredsAtTheEndAccept(Stage stage) {
        boolean end = stage == Stage.END_OF_MESSAGE;
        for (int code = -1; code < 1_000; code++) {
            ReplyClass found = ReplyClassifier.classify(stage, code, code + " 2.0.0 taken");
            boolean accepted = end && code / 100 == 2;
            assertThat(found == ReplyClass.ACCEPTED)
                    .as("%s at %s", code, stage)
                    .isEqualTo(accepted);
            if (!accepted && (code < 400 || code >= 600)) {
                assertThat(found)
                        .as("%s at %s", code, stage)
                        .isEqualTo(end ? ReplyClass.UNCONFIRMED : ReplyClass.TRANSIENT);
            } else {
                assertThat(found).as("%s at %s", code, stage).isNotEqualTo(ReplyClass.UNCONFIRMED);
            }
        }
    }

    /** Every code, with every enhanced one and without, at every stage, with texts of all kinds. */
    @Test
    void blamesAnAddressOnlyWhereTheCodeNamesIt() {
        List<String> texts =
                List.of(
                        "",
                        "no such user",
                        "relay access denied",
                        "Sender verify failed",
                        "blocked using zen.example.org",
                        "quota exceeded",
                        "receiving mail at a rate that prevents additional messages");
        List<String> enhanced =
                Stream.concat(
                                Stream.of("", "4.2.2 ", "2.1.5 "),
                                Stream.iterate(0, subject -> subject <= 9, subject -> subject + 1)
                                        .flatMap(
                                                subject ->
                                                        IntStream.of(
                                                                        0, 1, 2, 3, 4, 5, 6, 7, 8,
                                                                        9, 10, 11, 26, 57, 90, 133)
                                                                .boxed()
                                                                .map(
                                                                        d ->
                                                                                "5." + subject + "."
                                                                                        + d + " ")))
                        .toList();
        for (Stage stage : Stage.values()) {
            for (int code : CODES) {
                for (String status : enhanced) {
                    for (String text : texts) {
                        String reply = code + " " + status + text;
                        ReplyClass found = classify(stage, reply);
                        boolean late = stage.compareTo(Stage.SENDER) > 0;
                        if (code < 500 && stage != Stage.CONNECT) {
                            assertThat(found).as(reply).isEqualTo(ReplyClass.TRANSIENT);
                        }
                        if (found == ReplyClass.ADDRESS_REFUSED) {
                            assertThat(late).as("%s at %s", reply, stage).isTrue();
                            assertThat(NAMES_THE_ADDRESS).as(reply).contains(status.strip());
                        }
                        if (late) {
                            assertThat(found).as(reply).isNotEqualTo(ReplyClass.CONFIGURATION);
                        }
                        if (status.startsWith("5.7.") && late && code >= 500 && code != 503) {
                            assertThat(found).as(reply).isEqualTo(ReplyClass.REFUSED);
                        }
                        assertThat(found).isNotEqualTo(ReplyClass.ACCEPTED);
                    }
                }
            }
        }
    }

    @Test
    void findsTheEnhancedCodeOnlyWhereItBelongs() {
        assertThat(ReplyClassifier.enhancedCode("550 5.1.1 no")).isEqualTo("5.1.1");
        assertThat(ReplyClassifier.enhancedCode("550-5.1.1 no\n550 5.1.1 really"))
                .isEqualTo("5.1.1");
        assertThat(ReplyClassifier.enhancedCode("550 #5.1.0 Address rejected.")).isEqualTo("5.1.0");
        assertThat(ReplyClassifier.enhancedCode("553 sorry (#5.7.1)")).isEqualTo("5.7.1");
        assertThat(ReplyClassifier.enhancedCode("511 no mailbox (#5.1.1 - chkuser)"))
                .isEqualTo("5.1.1");
        assertThat(ReplyClassifier.enhancedCode("550 host 5.1.1.2 says no")).isEmpty();
        assertThat(ReplyClassifier.enhancedCode("550 5.1.1.2 is listed")).isEmpty();
        assertThat(ReplyClassifier.enhancedCode("550 10.1.1.2 is blocked")).isEmpty();
        assertThat(ReplyClassifier.enhancedCode("450 5.1.1 contradicts itself")).isEmpty();
        assertThat(ReplyClassifier.enhancedCode("550 4.2.2 contradicts itself")).isEmpty();
        assertThat(ReplyClassifier.enhancedCode(null)).isEmpty();
    }

    private static ReplyClass classify(Stage stage, String reply) {
        return ReplyClassifier.classify(stage, Integer.parseInt(reply.substring(0, 3)), reply);
    }
}
