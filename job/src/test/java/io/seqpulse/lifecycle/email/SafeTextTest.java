package io.seqpulse.lifecycle.email;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTextTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Checkout API",
                "billing-worker",
                "api_v2.1",
                "Node.js",
                "config.yaml",
                "Café №5 – été",
                "日本語プロジェクト",
                "👩‍👩‍👧 famille",
                "R&D <core>",
                "50% off",
                "a/b testing",
                "C#",
                "O'Neil's",
                "ratio 3:2"
            })
    void leavesOrdinaryNamesAlone(String name) {
        assertThat(SafeText.name(name)).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Win at https://evil.com/x?y=1 now | Win at now",
                "HTTP://EVIL.COM | ",
                "hxxp://evil.com | ",
                "http:evil.com | ",
                "www.evil.com | ",
                "see WWW.evil.co.uk/a | see",
                "evil.com/login | ",
                "evil.com | ",
                "login.evil.io now | now",
                "evil.unknowntld/path | ",
                "evil.unknowntld:8080/ | ",
                "évil.fr | ",
                "evil。com | ",
                "evil．com／login | ",
                "xn--evl-ema.xn--p1ai | ",
                "mallory@evil.com | ",
                "javascript:alert(1) | ",
                "10.0.0.1/admin | ",
                "hhttp://x ttp://evil.com | ",
                "Nadia, visit: evil.com | Nadia, visit"
            })
    void takesOutWhatAMailClientWouldLink(String raw, String expected) {
        assertThat(SafeText.name(raw)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "Checkout API",
                "a  b",
                " a",
                "a ",
                " ",
                "",
                "-",
                "_x-",
                "A1 b2 C3",
                "O'Brien, Élodie (R&D #1)",
                "release/2026.11",
                "Europe/Paris",
                "The error rate rose.",
                "rose. www",
                "It goes down now.",
                "www.",
                "www1. x",
                "rose.fr",
                "1.2.3.4/",
                ". fr",
                "a..",
                "5 × 7 ÷ 3"
            })
    void plainTextIsTreatedAsAnyOther(String name) {
        assertThat(SafeText.name(name)).isEqualTo(SafeText.name(name + "\u200b"));
        assertThat(SafeText.sentence(name)).isEqualTo(SafeText.sentence(name + "\u200b"));
    }

    @Test
    void keepsOneLineAndNothingInvisible() {
        assertThat(SafeText.name("a\r\nBcc: x\u0000y\u2028z\tend")).isEqualTo("a Bcc: x y z end");
        assertThat(SafeText.name("pay\u202Eevas\u2066x\u200B\uFEFF\u00AD")).isEqualTo("payevasx");
        assertThat(SafeText.name("h\u200Bttp://evil.com ok")).isEqualTo("ok");
        assertThat(SafeText.name(" \u200D\u200B ")).isNull();
        assertThat(SafeText.name(null)).isNull();
        assertThat(SafeText.name("a\uD800b")).isEqualTo("ab");
    }

    @Test
    void shortensByWhatPeopleSeeAsCharacters() {
        assertThat(SafeText.name("x".repeat(60))).isEqualTo("x".repeat(60));
        assertThat(SafeText.name("x".repeat(61))).isEqualTo("x".repeat(59) + "…");
        assertThat(SafeText.name("👩‍👩‍👧".repeat(61))).isEqualTo("👩‍👩‍👧".repeat(59) + "…");
        assertThat(SafeText.name("🇫🇷".repeat(60))).isEqualTo("🇫🇷".repeat(60));
        assertThat(SafeText.sentence("y".repeat(300))).hasSize(200).endsWith("…");
    }

    @Test
    void stackedMarksDoNotRunOverTheLines() {
        assertThat(SafeText.name("Z" + "\u0336".repeat(500) + "algo")).hasSizeLessThan(10);
    }

    @Test
    void rightToLeftNamesDoNotReorderWhatStandsBesideThem() {
        assertThat(SafeText.name("مشروع")).isEqualTo("\u2068مشروع\u2069");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "Nassir, -, Nassir",
                "Jean-Pierre, X Y, Jean-Pierre",
                "Anne Sophie, -, Anne Sophie",
                "-, Nadia Benali, Nadia",
                "'', Élodie, Élodie",
                "-, D'Arcy Smith, D'Arcy",
                "-, M. Dupont, -",
                "-, Dr Who, -",
                "-, user1234, -",
                "-, 42 Crew, -",
                "-, J. Doe, -",
                "<b>, Nadia B, Nadia",
                "-, devops@acme.com, -",
                "-, -, -"
            })
    void greetsByFirstNameOnlyWhereThereIsOne(String first, String name, String expected) {
        assertThat(SafeText.firstName(first, name)).isEqualTo(expected);
    }

    @Test
    @Timeout(5)
    void isQuickWhateverComes() {
        for (String nasty : new String[] {"a-", "a.", "a@", "www", "\u0301", "http:/", "é.é-"}) {
            SafeText.name(nasty.repeat(40_000));
        }
    }
}
