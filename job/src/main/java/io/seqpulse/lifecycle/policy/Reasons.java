package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.catalogue.Experiment;
import java.util.Set;

/** Why an email was not sent, as the journal says it (DESIGN D7). */
public final class Reasons {

    public static final String OPTED_OUT = "opted_out";

    /** It expired while the cap held it back. */
    public static final String CAPPED = "capped";

    /** It expired while quiet hours held it back. */
    public static final String QUIET_HOURS = "quiet_hours";

    public static final String SUPERSEDED = "superseded";
    public static final String RESOLVED = "resolved";

    /** It goes to somebody else now, who has the key. */
    public static final String MOVED = "moved";

    /** It expired before it could be decided. */
    public static final String STALE = "stale";

    public static final String SHADOW = "shadow";
    public static final String DISABLED = "disabled";
    public static final String INACTIVE = "inactive";

    /** It is for people who have come lately, and this one has not. */
    public static final String NOT_NEW = "not_new";

    /** The person is among those who get no such email, for comparison. */
    public static final String HOLDOUT = Experiment.HELD_OUT;

    /** It failed: it could not be written. */
    public static final String INVALID_CONTENT = "invalid_content";

    /** Outcomes that leave the key free, so that a later change of mind still reaches people. */
    private static final Set<String> NOT_TERMINAL = Set.of(OPTED_OUT, SHADOW, DISABLED);

    private Reasons() {}

    /** Whether nothing else will ever be sent under the key. */
    static boolean takesKey(String reason) {
        return !NOT_TERMINAL.contains(reason);
    }

    /** The dedupe key of a journalled one. */
    static String dedupeKey(String journalKey) {
        int mark = journalKey.indexOf('#');
        return mark < 0 ? journalKey : journalKey.substring(0, mark);
    }

    /** The key an outcome is journalled under: a terminal one takes the dedupe key itself. */
    public static String journalKey(String dedupeKey, String reason) {
        return takesKey(reason) ? dedupeKey : dedupeKey + "#" + reason;
    }
}
