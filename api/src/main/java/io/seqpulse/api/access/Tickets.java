package io.seqpulse.api.access;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tickets that open the page once, within {@link #LIFETIME}: what may stand in an address, in a
 * terminal and in a browser's history, because it is worth nothing afterwards.
 */
final class Tickets {

    static final Duration LIFETIME = Duration.ofSeconds(60);

    /** Of those not yet used; more than anybody needs within their time. */
    private static final int MOST = 1_000;

    private final Clock clock;
    private final Map<String, Ticket> issued = new ConcurrentHashMap<>();

    private record Ticket(Caller caller, Instant expires) {}

    Tickets(Clock clock) {
        this.clock = clock;
    }

    /** A new one; empty where there are too many that nobody has used. */
    Optional<String> issue(Caller caller) {
        Instant now = clock.instant();
        issued.values().removeIf(ticket -> !now.isBefore(ticket.expires()));
        if (issued.size() >= MOST) {
            return Optional.empty();
        }
        String ticket = Access.random();
        issued.put(key(ticket), new Ticket(caller, now.plus(LIFETIME)));
        return Optional.of(ticket);
    }

    /** Whose ticket it is; it is used up by that. */
    Optional<Caller> use(String shown) {
        return Optional.ofNullable(issued.remove(key(shown)))
                .filter(ticket -> clock.instant().isBefore(ticket.expires()))
                .map(Ticket::caller);
    }

    /** They are found by their digests, so that finding one tells nothing of the others. */
    private static String key(String ticket) {
        return HexFormat.of().formatHex(AccessToken.digest(ticket));
    }
}
