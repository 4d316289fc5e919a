package io.seqpulse.connector.email;

/** How far a mail had come on its connection. */
public enum Stage {
    /** Connection, greeting, encryption and login. */
    CONNECT,
    /** {@code MAIL FROM}: our own address. */
    SENDER,
    /** {@code RCPT TO}: the recipient's address. */
    RECIPIENT,
    /** {@code DATA} and the message up to, not including, its end. */
    MESSAGE,
    /** The final dot was on its way. */
    END_OF_MESSAGE
}
