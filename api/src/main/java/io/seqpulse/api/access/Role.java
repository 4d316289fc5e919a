package io.seqpulse.api.access;

import io.javalin.security.RouteRole;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a caller may see; each role may see what those before it may. */
public enum Role implements RouteRole {
    /** Anybody who reaches the service. */
    ANYONE,
    /** KPIs, and what became of each email. */
    VIEWER,
    /** Mails as sent. */
    SUPPORT,
    /** How the pipeline is. */
    OPERATOR;

    /** The name as it is configured. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether this one may do what is another's to do. */
    public boolean covers(Role needed) {
        return compareTo(needed) >= 0;
    }

    /** The role of that name. */
    public static Optional<Role> of(String label) {
        return Arrays.stream(values())
                .filter(role -> role != ANYONE && role.label().equals(label))
                .findFirst();
    }
}
