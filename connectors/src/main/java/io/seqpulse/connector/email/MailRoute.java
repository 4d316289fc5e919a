package io.seqpulse.connector.email;

import jakarta.mail.MessagingException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;

/** The way out for mails. Thread-safe. */
interface MailRoute extends AutoCloseable {

    /**
     * Sends a mail, asking the fence immediately before the message is ended.
     *
     * @return what became of it; problems with the connection are outcomes too, not exceptions
     */
    Attempt send(MimeMessage message, InternetAddress recipient, Fence fence);

    /**
     * Finds out whether mail could leave now.
     *
     * @throws MessagingException if not
     */
    void probe() throws MessagingException;

    /** How many connections are open. */
    int connections();

    /** Ends all connections at once; mails on their way fail. */
    @Override
    void close();
}
