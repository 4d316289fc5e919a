package io.seqpulse.api.access;

import java.util.Locale;
import java.util.Set;

/**
 * The names by which the service may be addressed. A page of somebody else's that lets its own name
 * point at this machine comes with that name, and is refused.
 */
public final class HostNames {

    private final Set<String> names;

    /** Names in lower case, without port. */
    public HostNames(Set<String> names) {
        this.names = Set.copyOf(names);
    }

    /** Whether a {@code Host} header names this service. */
    public boolean contains(String header) {
        return header != null && names.contains(withoutPort(header).toLowerCase(Locale.ROOT));
    }

    private static String withoutPort(String header) {
        int end = header.startsWith("[") ? header.indexOf(']') + 1 : header.indexOf(':');
        return end <= 0 ? header : header.substring(0, end);
    }
}
