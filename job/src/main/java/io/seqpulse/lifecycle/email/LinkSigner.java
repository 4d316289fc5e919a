package io.seqpulse.lifecycle.email;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs what a link may do, and tells a link of ours from a forged one.
 *
 * <p>A token is {@code base64url(fields) + "." + base64url(HMAC-SHA256(base64url(fields)))}, the
 * fields separated by line feeds: version, purpose, recipient, and what the purpose needs. It does
 * not expire: whoever finds an old mail can still unsubscribe from it. Thread-safe.
 */
public final class LinkSigner {

    /** The secret's least length in characters. */
    public static final int SHORTEST_SECRET = 32;

    private static final String VERSION = "1";
    private static final String UNSUBSCRIBE = "unsubscribe";
    private static final String PREFERENCES = "preferences";
    private static final String MUTE = "mute";

    private static final String ALGORITHM = "HmacSHA256";
    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();
    private static final Base64.Decoder DECODER = Base64.getUrlDecoder();

    private final SecretKeySpec key;

    /**
     * @throws IllegalArgumentException if the secret is too short
     */
    public LinkSigner(String secret) {
        if (secret == null || secret.length() < SHORTEST_SECRET) {
            throw new IllegalArgumentException(
                    "the link secret must have at least " + SHORTEST_SECRET + " characters");
        }
        key = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM);
    }

    /** The token that stands for the link; the same link has the same token. */
    public String sign(SignedLink link) {
        String payload = ENCODER.encodeToString(utf8(String.join("\n", fields(link))));
        return payload + "." + ENCODER.encodeToString(hmac(payload));
    }

    /** What the token asks for; empty if we did not sign it as it stands. Constant-time. */
    public Optional<SignedLink> verify(String token) {
        int dot = token == null ? -1 : token.indexOf('.');
        if (dot < 0) {
            return Optional.empty();
        }
        String payload = token.substring(0, dot);
        try {
            byte[] signature = DECODER.decode(token.substring(dot + 1));
            if (!MessageDigest.isEqual(signature, hmac(payload))) {
                return Optional.empty();
            }
            String fields = new String(DECODER.decode(payload), StandardCharsets.UTF_8);
            return parsed(fields.split("\n", -1));
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }

    /**
     * A name for an address that only we can compute, so that links carry no address. Case and
     * surrounding white space do not matter.
     */
    public String addressHash(String address) {
        byte[] hash = hmac("address\n" + address.strip().toLowerCase(Locale.ROOT));
        return ENCODER.encodeToString(Arrays.copyOf(hash, 16));
    }

    private static List<String> fields(SignedLink link) {
        List<String> fields;
        if (link instanceof SignedLink.Unsubscribe it) {
            fields = List.of(VERSION, UNSUBSCRIBE, it.recipient(), it.category(), it.dedupeKey());
        } else if (link instanceof SignedLink.Mute it) {
            String length = it.length().toString();
            fields = List.of(VERSION, MUTE, it.recipient(), it.projectId(), length);
        } else {
            fields = List.of(VERSION, PREFERENCES, link.recipient());
        }
        if (fields.stream().anyMatch(field -> field.indexOf('\n') >= 0)) {
            throw new IllegalArgumentException("a signed link has no room for a line feed");
        }
        return fields;
    }

    private static Optional<SignedLink> parsed(String[] fields) {
        if (fields.length < 3 || !fields[0].equals(VERSION)) {
            return Optional.empty();
        }
        try {
            return switch (fields[1] + "/" + fields.length) {
                case UNSUBSCRIBE + "/5" ->
                        Optional.of(new SignedLink.Unsubscribe(fields[2], fields[3], fields[4]));
                case MUTE + "/5" ->
                        Optional.of(
                                new SignedLink.Mute(
                                        fields[2], fields[3], Duration.parse(fields[4])));
                case PREFERENCES + "/3" -> Optional.of(new SignedLink.Preferences(fields[2]));
                default -> Optional.empty();
            };
        } catch (DateTimeParseException noDuration) {
            return Optional.empty();
        }
    }

    private byte[] hmac(String text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return mac.doFinal(utf8(text));
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every Java has " + ALGORITHM, missing);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
