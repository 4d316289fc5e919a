package io.seqpulse.api.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who is who: by a token, or by the session that a token or a ticket was exchanged for.
 *
 * <p>A session is signed with the token it stems from, so it outlives a restart of the service, and
 * ends when that token is taken out of the settings or given a lower role. It ends after {@link
 * #SESSION} in any case, and when somebody signs out; that is remembered until the service stops.
 */
public final class Access {

    /** How long a session lasts. */
    public static final Duration SESSION = Duration.ofHours(12);

    /** How long a ticket can be used. */
    public static final Duration TICKET = Tickets.LIFETIME;

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String BEARER = "Bearer ";
    private static final String TICKET_SCHEME = "Ticket ";
    private static final String LAYOUT = "1";

    private final List<AccessToken> tokens;
    private final Clock clock;
    private final Tickets tickets;
    private final Map<String, Instant> ended = new ConcurrentHashMap<>();

    /** Knows these tokens and no others. */
    public Access(List<AccessToken> tokens, Clock clock) {
        this.tokens = List.copyOf(tokens);
        this.clock = clock;
        this.tickets = new Tickets(clock);
    }

    /** Whose token an {@code Authorization} header shows; every token is compared, always. */
    public Optional<Caller> byToken(String authorization) {
        Optional<byte[]> shown = credentials(authorization, BEARER).map(AccessToken::digest);
        Caller found = null;
        if (shown.isPresent()) {
            for (AccessToken token : tokens) {
                if (token.matches(shown.get())) {
                    found = token.caller();
                }
            }
        }
        return Optional.ofNullable(found);
    }

    /** Whether an {@code Authorization} header shows a ticket, good or not. */
    public static boolean isTicket(String authorization) {
        return credentials(authorization, TICKET_SCHEME).isPresent();
    }

    /** Whose ticket an {@code Authorization} header shows; it is used up by that. */
    public Optional<Caller> byTicket(String authorization) {
        return credentials(authorization, TICKET_SCHEME).flatMap(tickets::use);
    }

    private static Optional<String> credentials(String authorization, String scheme) {
        return authorization != null
                        && authorization.regionMatches(true, 0, scheme, 0, scheme.length())
                ? Optional.of(authorization.substring(scheme.length()).strip())
                : Optional.empty();
    }

    /**
     * A ticket to begin a session with, as somebody with this role.
     *
     * @param role at most the caller's own
     * @return empty where too many wait to be used
     */
    public Optional<String> ticket(Caller caller, Role role) {
        if (!caller.role().covers(role)) {
            throw new IllegalArgumentException(caller.role() + " cannot lend " + role);
        }
        return tickets.issue(new Caller(caller.name(), role));
    }

    /** Begins a session; what is returned belongs into a cookie. */
    public String begin(Caller caller) {
        AccessToken token =
                tokens.stream()
                        .filter(known -> isOf(known, caller))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("no token of " + caller));
        String signed =
                String.join(
                        ".",
                        LAYOUT,
                        encoded(caller.name().getBytes(StandardCharsets.UTF_8)),
                        caller.role().label(),
                        Long.toString(clock.instant().plus(SESSION).getEpochSecond()),
                        random());
        return signed + "." + encoded(token.sign(signed));
    }

    private static boolean isOf(AccessToken token, Caller caller) {
        return token.caller().name().equals(caller.name())
                && token.caller().role().covers(caller.role());
    }

    /** The session that a cookie names; empty when it is none, or has ended. */
    public Optional<Session> bySession(String cookie) {
        return read(cookie).filter(this::lives);
    }

    /** Whether a session still goes on. */
    public boolean lives(Session session) {
        return clock.instant().isBefore(session.expires()) && !ended.containsKey(session.id());
    }

    private Optional<Session> read(String cookie) {
        String[] parts = cookie == null ? new String[0] : cookie.split("\\.", -1);
        if (parts.length != 6 || !parts[0].equals(LAYOUT)) {
            return Optional.empty();
        }
        try {
            Base64.Decoder decoder = Base64.getUrlDecoder();
            String name = new String(decoder.decode(parts[1]), StandardCharsets.UTF_8);
            byte[] signature = decoder.decode(parts[5]);
            String signed = cookie.substring(0, cookie.lastIndexOf('.'));
            Instant expires = Instant.ofEpochSecond(Long.parseLong(parts[3]));
            return Role.of(parts[2])
                    .map(role -> new Caller(name, role))
                    .filter(caller -> isSigned(caller, signed, signature))
                    .map(caller -> new Session(parts[4], caller, expires));
        } catch (IllegalArgumentException | DateTimeException forged) {
            return Optional.empty();
        }
    }

    private boolean isSigned(Caller caller, String signed, byte[] signature) {
        boolean found = false;
        for (AccessToken token : tokens) {
            if (isOf(token, caller) && MessageDigest.isEqual(token.sign(signed), signature)) {
                found = true;
            }
        }
        return found;
    }

    /** Ends a session. */
    public void end(Session session) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        ended.values().removeIf(expires -> expires.isBefore(now));
        ended.put(session.id(), session.expires());
    }

    static String random() {
        byte[] random = new byte[32];
        RANDOM.nextBytes(random);
        return encoded(random);
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
