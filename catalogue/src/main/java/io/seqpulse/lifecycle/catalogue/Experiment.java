package io.seqpulse.lifecycle.catalogue;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.regex.Pattern;

/**
 * How a rule is tried out on people. Who is in which group follows from the rule's code and the
 * person alone, so that every process, now and later, finds the same.
 *
 * @param holdout share of people who get no email, in hundredths of a percent; 0: nobody
 */
public record Experiment(int holdout) implements Serializable {

    /** Everybody gets the same email. */
    public static final Experiment NONE = new Experiment(0);

    /** The variant of people who get none. */
    public static final String HELD_OUT = "holdout";

    private static final Pattern VARIANT = Pattern.compile("[a-z][a-z0-9]{0,15}");
    private static final int WHOLE = 10_000;

    /** Whether a text may be the name of a variant. */
    public static boolean isVariant(String text) {
        return VARIANT.matcher(text).matches();
    }

    /**
     * Whether a person is among those who get no email, for comparison.
     *
     * @param code the rule's
     * @param person the recipient: a user's id, or {@code mailto:} and a bare address
     */
    public boolean holdsOut(String code, String person) {
        return holdout > 0 && Long.remainderUnsigned(hash(code + ":" + person), WHOLE) < holdout;
    }

    /** The first eight bytes of the text's SHA-256, as a number without sign. */
    private static long hash(String text) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            long hash = 0;
            for (int i = 0; i < Long.BYTES; i++) {
                hash = hash << Byte.SIZE | digest[i] & 0xff;
            }
            return hash;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
