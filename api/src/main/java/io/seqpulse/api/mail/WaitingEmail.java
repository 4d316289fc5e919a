package io.seqpulse.api.mail;

import java.time.Instant;
import java.util.UUID;

/**
 * An email that is under way and not in the journal yet.
 *
 * @param stage who holds it: policy
 * @param reason what for: cap, expiry (the cap holds it until it expires), digest
 * @param since to the minute
 * @param until when it is asked again, or expires
 */
record WaitingEmail(
        String code, String stage, String reason, UUID projectId, Instant since, Instant until) {}
