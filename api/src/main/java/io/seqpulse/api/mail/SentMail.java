package io.seqpulse.api.mail;

/**
 * A mail as it was, or would have been, sent.
 *
 * @param recipient its address, masked already by the query that read it
 */
public record SentMail(
        String recipient, String language, String subject, String html, String text) {}
