package io.seqpulse.lifecycle.email;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;

class SafeTextPropertyTest {

    private static final Pattern FORBIDDEN =
            Pattern.compile("[\\p{Cc}\\u202a-\\u202e]|https?:|www\\.|\\.com\\b");

    @Property
    void nothingForbiddenEverPasses(@ForAll String a, @ForAll String b) {
        for (String raw :
                new String[] {
                    a, a + "http://evil.com" + b, a + "www.evil.com/" + b, a + "\r\n" + b
                }) {
            String name = SafeText.name(raw);
            if (name != null) {
                assertThat(name).doesNotContainPattern(FORBIDDEN);
                assertThat(name.codePointCount(0, name.length())).isLessThanOrEqualTo(60 * 12 + 2);
            }
        }
    }

    /** What is invisible goes, but first it keeps a text from being taken for a plain one. */
    @Property(tries = 5_000)
    void plainTextIsTreatedAsAnyOther(
            @ForAll
                    @CharRange(from = ' ', to = '~')
                    @CharRange(from = '\u00a0', to = '\u017f')
                    @Chars({' ', '.', 'w', 'W', 'd', 'e', '1', ':', '/', '@', '\'', '\u0301'})
                    String text) {
        assertThat(SafeText.name(text)).isEqualTo(SafeText.name("\u200b" + text));
        assertThat(SafeText.sentence(text)).isEqualTo(SafeText.sentence("\u200b" + text));
        assertThat(SafeText.firstName(text, text))
                .isEqualTo(SafeText.firstName("\u200b" + text, "\u200b" + text));
    }
}
