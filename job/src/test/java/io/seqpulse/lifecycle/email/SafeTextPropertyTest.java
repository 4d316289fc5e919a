package io.seqpulse.lifecycle.email;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

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
}
