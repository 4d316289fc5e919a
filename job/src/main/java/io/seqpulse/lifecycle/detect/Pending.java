package io.seqpulse.lifecycle.detect;

import java.util.HashMap;
import java.util.Map;

/**
 * An occasion of a rule from when it is known until it can no longer be mailed: first waiting to be
 * asked whether it holds, then given out to its recipients and watched.
 *
 * <p>State, as {@link ProfileCodec} writes it.
 */
public class Pending {

    /** Never asked until the subject itself is known. */
    static final long WHEN_KNOWN = Long.MAX_VALUE;

    public String rule;
    public String occasion;
    public long dueAt;
    public long askAt;
    public long expiresAt;
    public long forgetAt;

    /** Commit time of the change that caused it; 0 when a deadline or a snapshot did. */
    public long causedAt;

    public Map<String, String> values = new HashMap<>();

    /** Recipient → dedupe key, once given out. */
    public Map<String, String> out = new HashMap<>();

    public boolean asked;

    /** When something happens to it next. */
    long nextAt() {
        return asked ? expiresAt : askAt;
    }
}
