package io.seqpulse.connector.debezium;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;

/**
 * Tells the clock messages of {@code lifecycle.emit_clock()} from those that somebody else wrote
 * into the database's log, which whoever is connected may do under any prefix. The function signs
 * what it writes; a message of before it did is believed if it was handled before, too.
 *
 * @param key that of {@code lifecycle.clock_key}
 * @param signsFromMicros since when messages are signed, in microseconds since the epoch
 */
@SuppressWarnings("ArrayRecordComponent") // a key, never compared
public record ClockKey(byte[] key, long signsFromMicros) implements Serializable {

    private static final String BEFORE = ",\"mac\":\"";
    private static final String AFTER = "\"}";
    private static final int DIGITS = 64;
    private static final int SIGNATURE = BEFORE.length() + DIGITS + AFTER.length();

    public ClockKey {
        Objects.requireNonNull(key, "key");
    }

    /** Whether the message is the function's. */
    public boolean admits(ClockMessage message) {
        boolean unsigned =
                message.commitMicros() < signsFromMicros
                        && message.envelopeMillis() < Math.floorDiv(signsFromMicros, 1_000L);
        return unsigned || isSigned(message.content());
    }

    /** A JSON object whose last member is the signature of the rest. */
    private boolean isSigned(String content) {
        int end = content.length() - SIGNATURE;
        if (end < 0 || !content.startsWith(BEFORE, end) || !content.endsWith(AFTER)) {
            return false;
        }
        String given = content.substring(end + BEFORE.length(), content.length() - AFTER.length());
        String signed = content.substring(0, end) + "}";
        return MessageDigest.isEqual(
                signature(signed).getBytes(StandardCharsets.US_ASCII),
                given.getBytes(StandardCharsets.UTF_8));
    }

    private String signature(String signed) {
        MessageDigest sha256 = sha256();
        sha256.update(key);
        byte[] inner = sha256.digest(signed.getBytes(StandardCharsets.UTF_8));
        sha256.update(key);
        return HexFormat.of().formatHex(sha256.digest(inner));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has it", e);
        }
    }

    /** Tells nothing. */
    @Override
    public String toString() {
        return "ClockKey[signsFromMicros=" + signsFromMicros + "]";
    }
}
