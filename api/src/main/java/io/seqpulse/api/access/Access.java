package io.seqpulse.api.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Who is who: by a token, or by the session a token was exchanged for. Sessions end after {@link
 * #SESSION} and with the service.
 */
public final class Access {

    /** How long a session lasts. */
    public static final Duration SESSION = Duration.ofHours(12);

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String BEARER = "Bearer ";

    private final List<AccessToken> tokens;
    private final Cache<String, Caller> sessions =
            Caffeine.newBuilder().expireAfterWrite(SESSION).maximumSize(10_000).build();

    /** Knows these tokens and no others. */
    public Access(List<AccessToken> tokens) {
        this.tokens = List.copyOf(tokens);
    }

    /** Whose token an {@code Authorization} header shows; every token is compared, always. */
    public Optional<Caller> byToken(String authorization) {
        if (authorization == null
                || !authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return Optional.empty();
        }
        byte[] shown = AccessToken.digest(authorization.substring(BEARER.length()).strip());
        Caller found = null;
        for (AccessToken token : tokens) {
            if (token.matches(shown)) {
                found = token.caller();
            }
        }
        return Optional.ofNullable(found);
    }

    /** Whose session a cookie names. */
    public Optional<Caller> bySession(String session) {
        return session == null
                ? Optional.empty()
                : Optional.ofNullable(sessions.getIfPresent(key(session)));
    }

    /** Begins a session; what is returned belongs into a cookie. */
    public String begin(Caller caller) {
        byte[] random = new byte[32];
        RANDOM.nextBytes(random);
        String session = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        sessions.put(key(session), caller);
        return session;
    }

    /** Ends a session. */
    public void end(String session) {
        if (session != null) {
            sessions.invalidate(key(session));
        }
    }

    /** Sessions are found by their digests, so that finding one tells nothing of the others. */
    private static String key(String session) {
        return HexFormat.of().formatHex(AccessToken.digest(session));
    }
}
