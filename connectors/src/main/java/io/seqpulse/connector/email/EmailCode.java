package io.seqpulse.connector.email;

import java.util.regex.Pattern;

/** How the code of an email is written, such as {@code E-ACT-01}: the one definition of it. */
public final class EmailCode {

    /** As a regular expression, of Java and of JavaScript alike. */
    public static final String PATTERN = "E-[A-Z]{2,6}-[0-9]{2}";

    private static final Pattern CODE = Pattern.compile(PATTERN);

    private EmailCode() {}

    /** Whether a text is one. */
    public static boolean matches(String text) {
        return CODE.matcher(text).matches();
    }
}
