package io.seqpulse.connector.email;

import io.seqpulse.connector.jdbc.JdbcSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/**
 * Journals every email exactly once, before the checkpoint that covers it, and sends each
 * journalled one at least once; marketing and reports at most once.
 *
 * <p>The journal, {@code public.email_deliveries}, is the authority: a key in it is never taken
 * twice. Writing only inserts, so that an outage of the mail server delays mail and neither the
 * pipeline nor its checkpoints; an outage of the database is waited for. An entry that the table
 * does not take costs no other. Senders lease rows from the journal, re-check what may have
 * changed, and fence each mail immediately before it is ended. The one moment no SMTP client can
 * close, between the server's acceptance and our note of it, is settled by category: security,
 * alert, transactional and service mail is sent again with the same Message-ID; marketing and
 * reports are marked {@code failed} with reason {@code unconfirmed}.
 */
public final class EmailSink implements Sink<EmailCommand> {

    private static final long serialVersionUID = 1L;

    private final JdbcSettings journal;
    private final ProductTables tables;
    private final SmtpSettings transport;
    private final String from;
    private final String replyTo;
    private final Duration cooldown;
    private final boolean sending;
    private final SendableCodes codes;

    private EmailSink(Builder builder) {
        journal = Objects.requireNonNull(builder.journal, "journal settings are missing");
        tables = Objects.requireNonNull(builder.tables, "the product's tables are missing");
        transport = Objects.requireNonNull(builder.transport, "transport settings are missing");
        from = Objects.requireNonNull(builder.from, "email from is missing");
        replyTo = builder.replyTo;
        cooldown = builder.cooldown;
        sending = builder.sending;
        codes = builder.codes;
        checkAddress("from", from);
        if (replyTo != null) {
            checkAddress("reply-to", replyTo);
        }
        if (cooldown.isNegative()) {
            throw new IllegalArgumentException("marketing cooldown is negative: " + cooldown);
        }
    }

    /** A sink to be described. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Checks an address of our own.
     *
     * @param name what it is, for the message
     * @return the address as it was given
     * @throws IllegalArgumentException saying what is wrong with it
     */
    public static String checkAddress(String name, String address) {
        MimeMessages.mailbox(name, address);
        return address;
    }

    @Override
    public SinkWriter<EmailCommand> createWriter(WriterInitContext context) throws IOException {
        return EmailSinkWriter.open(this, context);
    }

    JdbcSettings journal() {
        return journal;
    }

    ProductTables tables() {
        return tables;
    }

    SmtpSettings transport() {
        return transport;
    }

    String from() {
        return from;
    }

    String replyTo() {
        return replyTo;
    }

    Duration cooldown() {
        return cooldown;
    }

    boolean sending() {
        return sending;
    }

    SendableCodes codes() {
        return codes;
    }

    /** Describes an {@link EmailSink}; {@link #build} checks it. */
    public static final class Builder {

        private JdbcSettings journal;
        private ProductTables tables;
        private SmtpSettings transport;
        private String from;
        private String replyTo;
        private Duration cooldown = Duration.ofHours(24);
        private boolean sending = true;
        private SendableCodes codes = SendableCodes.ALL;

        private Builder() {}

        /** The database with the journal. Required. */
        public Builder journal(JdbcSettings journal) {
            this.journal = journal;
            return this;
        }

        /** What is asked of the product about recipients. Required. */
        public Builder tables(ProductTables tables) {
            this.tables = tables;
            return this;
        }

        /** How mail leaves. Required. */
        public Builder transport(SmtpSettings transport) {
            this.transport = transport;
            return this;
        }

        /** Who mails are from, such as {@code SEQPULSE <hello@example.org>}. Required. */
        public Builder from(String from) {
            this.from = from;
            return this;
        }

        /** Where answers go; null, the default: to {@link #from}. */
        public Builder replyTo(String replyTo) {
            this.replyTo = replyTo == null || replyTo.isBlank() ? null : replyTo;
            return this;
        }

        /**
         * How long after a marketing email or report a recipient gets no other; 24 hours if not
         * set.
         */
        public Builder cooldown(Duration cooldown) {
            this.cooldown = Objects.requireNonNull(cooldown, "cooldown");
            return this;
        }

        /**
         * Of what is queued, sends only these codes; every code if not called. A queued mail of
         * another ends for the reason given for its code, or as {@code disabled}, and leaves its
         * key free.
         *
         * @param heldBack code → reason: {@code shadow}, {@code disabled} or {@code held}
         */
        public Builder sendOnly(Set<String> codes, Map<String, String> heldBack) {
            this.codes = SendableCodes.of(codes, heldBack);
            return this;
        }

        /**
         * Journals without sending: no sender is started, no mail server spoken to, and what an
         * earlier run left queued stays queued.
         */
        public Builder journalOnly() {
            sending = false;
            return this;
        }

        /**
         * The sink.
         *
         * @throws NullPointerException naming what is missing
         * @throws IllegalArgumentException naming what is wrong
         */
        public EmailSink build() {
            return new EmailSink(this);
        }
    }
}
