package io.seqpulse.connector.email;

/** What an answer of the mail server, or its absence, means for a mail. */
public enum ReplyClass {
    /** The server has taken responsibility for the mail. */
    ACCEPTED,
    /** Not now: worth another try later. */
    TRANSIENT,
    /** There is no such recipient, and there will be none. */
    ADDRESS_REFUSED,
    /** This mail will never be taken; the address is not to blame. */
    MESSAGE_REFUSED,
    /** We are set up wrongly, or the server is out of reach: no mail would get through. */
    CONFIGURATION,
    /** The message was ended but no answer came: it may or may not have been taken. */
    UNCONFIRMED
}
