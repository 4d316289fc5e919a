package io.seqpulse.connector.email;

/** Why a mail failed, as it stands in the journal. */
final class Reasons {

    static final String INVALID_ADDRESS = "invalid_address";
    static final String INVALID_CONTENT = "invalid_content";
    static final String ADDRESS_REFUSED = "address_refused";
    static final String MESSAGE_REFUSED = "message_refused";
    static final String UNDELIVERED = "undelivered";
    static final String UNCONFIRMED = "unconfirmed";

    /** The journal's own table would not take it as it is. */
    static final String NOT_JOURNALLED = "not_journalled";

    private Reasons() {}
}
