package io.seqpulse.connector.email;

import java.util.Map;

/**
 * A rendered mail, ready to be put on the wire to any recipient address.
 *
 * @param language language tag of the text, {@code fr} or {@code en}
 * @param subject one line, no control characters
 * @param html the HTML part
 * @param text the plain-text part
 * @param headers additional headers by name, such as {@code List-Unsubscribe}; values are one line
 */
public record EmailContent(
        String language, String subject, String html, String text, Map<String, String> headers) {

    public EmailContent {
        headers = headers == null ? Map.of() : headers;
    }
}
