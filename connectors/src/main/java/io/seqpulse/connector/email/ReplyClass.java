package io.seqpulse.connector.email;

/** What an answer of the mail server, or its absence, means for a mail. */
public enum ReplyClass {
    /** The server has taken responsibility for the mail. */
    ACCEPTED,
    /** Not now: worth another try later. */
    TRANSIENT,
    /** The answer's code names the address: there is no such mailbox, and there will be none. */
    ADDRESS_REFUSED,
    /** The answer is about this mail or its one recipient; no other mail is affected. */
    MESSAGE_REFUSED,
    /**
     * Refused without saying whose fault it is: ours (relaying, a block list, our account's quota)
     * as well as theirs (a policy of the recipient's).
     */
    REFUSED,
    /** The server cannot carry an address outside ASCII. */
    UNSUPPORTED_ADDRESS,
    /** We are set up wrongly, or the server is out of reach: no mail would get through. */
    CONFIGURATION,
    /** The message was ended but no answer came: it may or may not have been taken. */
    UNCONFIRMED
}
