package io.seqpulse.lifecycle.email;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebAddressTest {

    @ParameterizedTest
    @CsvSource({
        "https://mail.example.org, https://mail.example.org",
        "https://mail.example.org/, https://mail.example.org",
        "HTTPS://mail.example.org:8443/life//, https://mail.example.org:8443/life",
        "https://exämple.example, https://xn--exmple-cua.example",
        "https://straße.example/désabonner, https://xn--strae-oqa.example/d%C3%A9sabonner",
        "https://mail.example.org/a%20b, https://mail.example.org/a%20b",
        "http://localhost:8090, http://localhost:8090",
        "http://127.0.0.1:8090/x, http://127.0.0.1:8090/x",
        "http://[::1]:8090, http://[::1]:8090",
        "https://[2001:db8::1], https://[2001:db8::1]"
    })
    void isAsciiForAOneClickHeader(String url, String expected) {
        assertThat(WebAddress.oneClick("public.url", url)).isEqualTo(expected);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "mail.example.org",
                "ftp://mail.example.org",
                "https://",
                "https:///path",
                "https://user:secret@mail.example.org",
                "https://mail.example.org:99999",
                "https://mail.example.org:x",
                "https://mail example.org",
                "https://mail.example.org/a b",
                "https://mail.example.org/\u2028",
                "https://mail.example.org/\r\nBcc: eve@example.org",
                "https://mail.example.org/%zz",
                "https://mail.example.org?tenant=1",
                "https://mail.example.org/#top",
                "https://a\u200Cb.example",
                "http://mail.example.org",
                "http://localhost.example.org",
                "http://127.0.0.1.example.org"
            })
    void isRefusedWithItsKeyWhereItCannotBeOne(String url) {
        assertThatThrownBy(() -> WebAddress.oneClick("public.url", url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("public.url is ");
    }

    @ParameterizedTest
    @CsvSource({
        "http://app.example.org, http://app.example.org",
        "https://app.example.org/#, https://app.example.org/#",
        "https://app.exämple.org/é/, https://app.xn--exmple-cua.org/%C3%A9"
    })
    void aPageMayBeInTheClear(String url, String expected) {
        assertThat(WebAddress.page("frontend.url", url)).isEqualTo(expected);
    }
}
