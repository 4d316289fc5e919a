package io.seqpulse.lifecycle.codec;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Texts of others as parts of keys and names of series: of a bounded length, and without what
 * separates the parts. What is fine already stays as it is; of anything else the beginning stays,
 * and a hash tells one from another.
 */
public final class BoundedText {

    private static final char BEFORE_HASH = '~';
    private static final int HASH_BYTES = 8;
    private static final int KEPT = 24;

    private BoundedText() {}

    /** Letters, digits, {@code _}, {@code -} and {@code .} of ASCII, at most so many. */
    public static String name(String text, int longest) {
        boolean fine = !text.isEmpty() && text.length() <= longest;
        for (int i = 0; fine && i < text.length(); i++) {
            fine = isOfName(text.charAt(i));
        }
        return fine ? text : hashed(text);
    }

    /** Any text without control characters, of at most so many bytes of UTF-8. */
    public static String line(String text, int longest) {
        boolean fine = text.length() <= longest && text.indexOf(BEFORE_HASH) < 0;
        int bytes = 0;
        for (int i = 0; fine && i < text.length(); i++) {
            char c = text.charAt(i);
            bytes += c < 0x80 ? 1 : 3;
            fine = !Character.isISOControl(c) && !Character.isSurrogate(c) && bytes <= longest;
        }
        return fine ? text : hashed(text);
    }

    private static String hashed(String text) {
        StringBuilder kept = new StringBuilder();
        for (int i = 0; i < text.length() && kept.length() < KEPT; i++) {
            char c = text.charAt(i);
            kept.append(isOfName(c) ? c : '_');
        }
        return kept.append(BEFORE_HASH).append(hash(text)).toString();
    }

    private static boolean isOfName(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '_'
                || c == '-'
                || c == '.';
    }

    private static String hash(String text) {
        // not an encoding, which would take all lone surrogates for the same
        ByteBuffer bytes = ByteBuffer.allocate(2 * text.length());
        bytes.asCharBuffer().put(text);
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes.array());
            return HexFormat.of().formatHex(hash, 0, HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
