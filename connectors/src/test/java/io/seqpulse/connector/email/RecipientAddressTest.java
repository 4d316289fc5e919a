package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipientAddressTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ada@example.org",
                "a.b+c_d-e@sub.example.org",
                "o'hara@example.org",
                "a@localhost"
            })
    void readsOneMailbox(String text) {
        assertThat(RecipientAddress.parse(text))
                .hasValueSatisfying(
                        address -> {
                            assertThat(address.getAddress()).isEqualTo(text);
                            assertThat(address.getPersonal()).isNull();
                        });
    }

    /** IDNA 2008: each of the first four was another domain by that of 2003. */
    @ParameterizedTest
    @CsvSource({
        "ada@straße.de, ada@xn--strae-oqa.de",
        "ada@βόλος.com, ada@xn--nxasmm1c.com",
        "'ada@\u0DC1\u0DCA\u200D\u0DBB\u0DD3.com', ada@xn--10cl1a0b660p.com",
        "'ada@\u0646\u0627\u0645\u0647\u200C\u0627\u06CC.com', ada@xn--mgba3gch31f060k.com",
        "ada@exämple.org, ada@xn--exmple-cua.org",
        "ada@EXÄMPLE.org, ada@xn--exmple-cua.org",
        "ada@例え。テスト, ada@xn--r8jz45g.xn--zckzah",
        "jörg@example.org, jörg@example.org"
    })
    void writesAnInternationalDomainInAscii(String text, String expected) {
        assertThat(RecipientAddress.parse(text))
                .hasValueSatisfying(
                        address -> assertThat(address.getAddress()).isEqualTo(expected));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                " ",
                "ada",
                "@example.org",
                "ada@",
                "ada@@example.org",
                "ada@example.org,bob@example.org",
                "ada@example.org, bob@example.org",
                "ada@example.org bob@example.org",
                "ada@example.org;bob@example.org",
                "Ada <ada@example.org>",
                "<ada@example.org>",
                "team: ada@example.org;",
                "ada@example.org\r\nBcc: bob@example.org",
                "ada@example.org\n",
                "ada@example.org\0",
                "ada(comment)@example.org",
                "\"ada\"@example.org",
                "ada@exa mple.org",
                "ada@[127.0.0.1]",
                ".ada@example.org",
                "ada..b@example.org"
            })
    void refusesWhatIsNotOneMailbox(String text) {
        assertThat(RecipientAddress.parse(text)).isEmpty();
    }

    @Test
    void refusesWhatIsNoText() {
        assertThat(RecipientAddress.parse("a\uD800da@example.org")).isEmpty();
        assertThat(RecipientAddress.parse("ada@\uDE00\uFFFF.org")).isEmpty();
    }

    @Test
    void refusesWhatIsTooLong() {
        assertThat(RecipientAddress.parse("a".repeat(250) + "@example.org")).isEmpty();
    }
}
