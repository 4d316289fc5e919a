package io.seqpulse.connector.email;

/**
 * What the {@link EmailSink} takes: exactly one of the two is set.
 *
 * @param entry a line to journal, or null
 * @param withdrawal a queued email to withdraw, or null
 */
public record EmailCommand(JournalEntry entry, Withdrawal withdrawal) {

    public static EmailCommand journal(JournalEntry entry) {
        return new EmailCommand(entry, null);
    }

    public static EmailCommand withdraw(Withdrawal withdrawal) {
        return new EmailCommand(null, withdrawal);
    }
}
