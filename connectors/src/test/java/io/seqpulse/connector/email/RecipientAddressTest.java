package io.seqpulse.connector.email;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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

    @Test
    void writesAnInternationalDomainInAscii() {
        assertThat(RecipientAddress.parse("ada@exämple.org"))
                .hasValueSatisfying(
                        address ->
                                assertThat(address.getAddress())
                                        .isEqualTo("ada@xn--exmple-cua.org"));
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
                "adä@example.org",
                "ada@exa mple.org",
                "ada@[127.0.0.1]",
                ".ada@example.org",
                "ada..b@example.org"
            })
    void refusesWhatIsNotOneMailbox(String text) {
        assertThat(RecipientAddress.parse(text)).isEmpty();
    }

    @Test
    void refusesWhatIsTooLong() {
        assertThat(RecipientAddress.parse("a".repeat(250) + "@example.org")).isEmpty();
    }
}
