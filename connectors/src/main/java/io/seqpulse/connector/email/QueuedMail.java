package io.seqpulse.connector.email;

import java.util.UUID;

/**
 * A row of the journal that a sender has leased.
 *
 * @param id the row
 * @param token proves the lease; whoever no longer holds it may not send
 * @param dedupeKey the row's key
 * @param address where it goes, as it stands in the database at the time of the lease
 * @param recipient whom the cap counts: a user's id, or the lower-cased address of no user
 * @param payload the stored content, JSON; null if there is none
 * @param failures attempts that failed before
 * @param refusedBefore whether the last of these was refused for good
 * @param unconfirmed deliveries before that went as far as the message's end and had no answer
 */
record QueuedMail(
        UUID id,
        UUID token,
        String dedupeKey,
        String emailType,
        EmailCategory category,
        String address,
        String recipient,
        String payload,
        int failures,
        boolean refusedBefore,
        int unconfirmed) {}
