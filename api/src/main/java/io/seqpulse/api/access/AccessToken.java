package io.seqpulse.api.access;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Somebody's token. Only its digest is kept, and compared in constant time. */
public final class AccessToken {

    /** Shorter ones could be guessed. */
    static final int SHORTEST = 24;

    private static final String HMAC = "HmacSHA256";

    private final Caller caller;
    private final byte[] digest;

    private AccessToken(Caller caller, byte[] digest) {
        this.caller = caller;
        this.digest = digest;
    }

    /**
     * The token of an entry {@code name:role:token}.
     *
     * @throws IllegalArgumentException saying what is wrong with it, without the token
     */
    public static AccessToken parse(String entry) {
        String[] parts = entry.split(":", 3);
        if (parts.length < 3 || !parts[0].matches("[A-Za-z0-9._@-]{1,64}")) {
            throw new IllegalArgumentException("must be name:role:token");
        }
        Role role =
                Role.of(parts[1])
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "has no role viewer, support or operator"));
        if (parts[2].length() < SHORTEST) {
            throw new IllegalArgumentException(
                    "has a token of less than %s characters; make one with: openssl rand -hex 24"
                            .formatted(SHORTEST));
        }
        return new AccessToken(new Caller(parts[0], role), digest(parts[2]));
    }

    boolean matches(byte[] shown) {
        return MessageDigest.isEqual(digest, shown);
    }

    Caller caller() {
        return caller;
    }

    /** A signature that only who knows the token, or keeps its digest, can make. */
    byte[] sign(String text) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(digest, HMAC));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JVM has HMAC with SHA-256", impossible);
        }
    }

    static byte[] digest(String secret) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(secret.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JVM has SHA-256", impossible);
        }
    }

    @Override
    public String toString() {
        return "AccessToken[" + caller.name() + "]";
    }
}
