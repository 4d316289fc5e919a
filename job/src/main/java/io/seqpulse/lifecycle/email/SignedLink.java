package io.seqpulse.lifecycle.email;

import java.time.Duration;

/**
 * What a link asks for that works without logging in. A recipient is {@code user:<id>}, or {@code
 * address:<hash>} (see {@link LinkSigner#addressHash}) for somebody who is no user.
 */
public sealed interface SignedLink {

    /** Who asks. */
    String recipient();

    /**
     * No more mails of a category.
     *
     * @param category {@code marketing} or {@code report}
     * @param dedupeKey of the mail the link stood in
     */
    record Unsubscribe(String recipient, String category, String dedupeKey) implements SignedLink {}

    /** To see and change what one receives. */
    record Preferences(String recipient) implements SignedLink {}

    /** No alerts of a project for a while, counted from the click. */
    record Mute(String recipient, String projectId, Duration length) implements SignedLink {}
}
