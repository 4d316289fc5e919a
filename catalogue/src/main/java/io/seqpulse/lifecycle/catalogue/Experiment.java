package io.seqpulse.lifecycle.catalogue;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * How a rule is tried out on people. Who is in which group follows from the rule's code and the
 * person alone, so that every process, now and later, finds the same.
 *
 * @param holdout share of people who get no email, in hundredths of a percent; 0: nobody
 * @param subjects names of the subjects it is sent with, each to an equal share of people: the
 *     first is the template's own; empty: it has just that
 */
public record Experiment(int holdout, List<String> subjects) implements Serializable {

    /** Everybody gets the same email. */
    public static final Experiment NONE = new Experiment(0, List.of());

    /** The variant of people who get none. */
    public static final String HELD_OUT = "holdout";

    /** Keeps the groups of subjects apart from that of people who are held out. */
    private static final String SUBJECT = "subject:";

    private static final Pattern VARIANT = Pattern.compile("[a-z][a-z0-9]{0,15}");
    private static final int WHOLE = 10_000;

    public Experiment {
        subjects = List.copyOf(subjects);
    }

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

    /**
     * The subject a person gets the email with; null where there is only one.
     *
     * @param code the rule's
     * @param person the recipient: a user's id, or {@code mailto:} and a bare address
     */
    public String subject(String code, String person) {
        if (subjects.isEmpty()) {
            return null;
        }
        long hash = hash(SUBJECT + code + ":" + person);
        return subjects.get((int) Long.remainderUnsigned(hash, subjects.size()));
    }

    /** The subjects that have files of their own. */
    public List<String> otherSubjects() {
        return subjects.isEmpty() ? List.of() : subjects.subList(1, subjects.size());
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
