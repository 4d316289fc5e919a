package io.seqpulse.lifecycle.detect;

import java.util.HashMap;
import java.util.Map;

/**
 * A trigger instance from the moment it is known until it can no longer be mailed: it first waits
 * for its deadline, then it is offered to its recipients and watched.
 *
 * <p>State, as {@link ProfileCodec} writes it.
 */
public class ScheduledTrigger {

    /** Never asked until enough was told of the subject: its row, or what happened to it before. */
    static final long WHEN_TOLD = Long.MAX_VALUE;

    public String rule;

    /**
     * What made it, as {@link Detector#name} says: another trigger of the same rule knows it not.
     */
    public String trigger;

    public String instance;
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

    /** Whether a later due time replaces this one, as {@link TriggerInstance.Deadline} says. */
    public boolean movable;

    /** When something happens to it next. */
    long nextAt() {
        return asked ? expiresAt : askAt;
    }
}
