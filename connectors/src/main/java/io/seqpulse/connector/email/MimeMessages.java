package io.seqpulse.connector.email;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.internet.MimeUtility;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Puts journalled contents on the wire format: {@code multipart/alternative} in UTF-8 with a
 * Message-ID that depends on the dedupe key alone, so that a mail sent again is recognisable.
 * Whatever a content holds, it adds no header of its own making and no recipient.
 */
final class MimeMessages {

    /** The content cannot be sent by anybody, ever. */
    static final class InvalidContent extends Exception {
        private static final long serialVersionUID = 1L;

        InvalidContent(String message) {
            super(message);
        }
    }

    private static final ObjectMapper JSON =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /** Member of a payload: ids of the users who are written to on the same occasion. */
    static final String ALSO_TO = "also_to";

    private static final Pattern USER_ID =
            Pattern.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}");
    private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z][A-Za-z0-9-]{0,75}");
    private static final Set<String> OURS =
            Set.of(
                    "from",
                    "sender",
                    "to",
                    "cc",
                    "bcc",
                    "reply-to",
                    "return-path",
                    "received",
                    "subject",
                    "date",
                    "message-id",
                    "mime-version",
                    "auto-submitted",
                    "feedback-id");
    private static final int MESSAGE_ID_CHARS = 32;

    private final Session session = Session.getInstance(new Properties());
    private final Session international = Session.getInstance(headersInUtf8());
    private final InternetAddress from;
    private final InternetAddress replyTo;
    private final String idempotencyHeader;
    private final Clock clock;

    /**
     * Messages of one sender.
     *
     * @param from who they are from, with or without a name
     * @param replyTo where answers go, or null
     * @param idempotencyHeader the provider's, or null
     * @throws IllegalArgumentException if one of them is no single address
     */
    MimeMessages(String from, String replyTo, String idempotencyHeader, Clock clock) {
        this.from = mailbox("from", from);
        this.replyTo = replyTo == null ? null : mailbox("reply-to", replyTo);
        this.idempotencyHeader = idempotencyHeader;
        this.clock = clock;
    }

    /** For a recipient whose address no ASCII header can hold. */
    private static Properties headersInUtf8() {
        Properties properties = new Properties();
        properties.put("mail.mime.allowutf8", "true");
        return properties;
    }

    /**
     * A content as it is stored with its journal row, and beside it, under {@value #ALSO_TO}, the
     * users who are written to on the same occasion. What is no canonical UUID is no user's id, and
     * is left out: who reads them takes them for such.
     */
    static String payload(EmailContent content, List<String> alsoTo) {
        try {
            ObjectNode payload = JSON.valueToTree(content);
            List<String> users = alsoTo.stream().filter(USER_ID.asMatchPredicate()).toList();
            if (!users.isEmpty()) {
                payload.set(ALSO_TO, JSON.valueToTree(users));
            }
            return JSON.writeValueAsString(payload);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("strings that are no JSON", impossible);
        }
    }

    /**
     * One mailbox of our own, read once at the start, with its domain in ASCII.
     *
     * @throws IllegalArgumentException if it is not one, or no server could be told of it in ASCII
     */
    static InternetAddress mailbox(String name, String text) {
        try {
            InternetAddress[] parsed = InternetAddress.parse(text == null ? "" : text, true);
            if (parsed.length != 1 || parsed[0].isGroup()) {
                throw new IllegalArgumentException(complaint(name));
            }
            InternetAddress mailbox =
                    RecipientAddress.parse(parsed[0].getAddress())
                            .orElseThrow(() -> new IllegalArgumentException(complaint(name)));
            if (!HostName.isAscii(mailbox.getAddress())) {
                throw new IllegalArgumentException(
                        complaint(name) + "; what stands before its @ must be ASCII");
            }
            String personal = parsed[0].getPersonal();
            if (personal != null && !personal.isBlank()) {
                oneLine("email " + name, personal);
                mailbox.setPersonal(personal, StandardCharsets.UTF_8.name());
            }
            return mailbox;
        } catch (AddressException | UnsupportedEncodingException | InvalidContent unreadable) {
            throw new IllegalArgumentException(complaint(name), unreadable);
        }
    }

    private static String complaint(String name) {
        return "email " + name + " must be one address, such as SEQPULSE <hello@example.org>";
    }

    /** The Message-ID of a key; what stands behind a {@code #} is no part of it. */
    String messageId(String dedupeKey) {
        int hash = dedupeKey.indexOf('#');
        String key = hash < 0 ? dedupeKey : dedupeKey.substring(0, hash);
        String address = from.getAddress();
        return "<" + digest(key) + "@" + address.substring(address.lastIndexOf('@') + 1) + ">";
    }

    /**
     * The message of a mail.
     *
     * @throws InvalidContent if the payload is unreadable, or a subject or header is not one line
     */
    MimeMessage message(QueuedMail mail, InternetAddress recipient) throws InvalidContent {
        EmailContent content = content(mail.payload());
        String messageId = messageId(mail.dedupeKey());
        try {
            MimeMessage message =
                    new MimeMessage(
                            HostName.isAscii(recipient.getAddress()) ? session : international) {
                        @Override
                        protected void updateMessageID() throws MessagingException {
                            setHeader("Message-ID", messageId);
                        }
                    };
            for (Map.Entry<String, String> header : content.headers().entrySet()) {
                message.setHeader(checkedName(header.getKey()), encoded(header));
            }
            message.setFrom(from);
            if (replyTo != null) {
                message.setReplyTo(new InternetAddress[] {replyTo});
            }
            message.setRecipient(MimeMessage.RecipientType.TO, recipient);
            message.setSubject(
                    oneLine("subject", content.subject()), StandardCharsets.UTF_8.name());
            message.setSentDate(Date.from(clock.instant()));
            message.setHeader("Auto-Submitted", "auto-generated");
            message.setHeader(
                    "Feedback-ID",
                    oneLine("email type", mail.emailType())
                            + ":"
                            + mail.category().label()
                            + ":seqpulse");
            if (idempotencyHeader != null) {
                message.setHeader(
                        idempotencyHeader, messageId.substring(1, messageId.indexOf('@')));
            }
            message.setContent(
                    new MimeMultipart(
                            "alternative",
                            part("plain", content.text(), content.language()),
                            part("html", content.html(), content.language())));
            message.saveChanges();
            return message;
        } catch (MessagingException | UnsupportedEncodingException unusable) {
            throw new InvalidContent(unusable.getMessage());
        }
    }

    private static EmailContent content(String payload) throws InvalidContent {
        if (payload == null) {
            throw new InvalidContent("there is no content");
        }
        try {
            JsonNode json = JSON.readTree(payload);
            EmailContent content = JSON.treeToValue(json, EmailContent.class);
            if (content == null
                    || content.subject() == null
                    || content.html() == null
                    || content.text() == null) {
                throw new InvalidContent("the content has no subject, html or text");
            }
            return content;
        } catch (JsonProcessingException unreadable) {
            throw new InvalidContent("the content is unreadable");
        }
    }

    private static MimeBodyPart part(String subtype, String text, String language)
            throws MessagingException {
        MimeBodyPart part = new MimeBodyPart();
        part.setText(text, StandardCharsets.UTF_8.name(), subtype);
        if (language != null && language.matches("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")) {
            part.setHeader("Content-Language", language);
        }
        return part;
    }

    private static String checkedName(String name) throws InvalidContent {
        String lower = name.toLowerCase(Locale.ROOT);
        if (!HEADER_NAME.matcher(name).matches()
                || OURS.contains(lower)
                || lower.startsWith("content-")
                || lower.startsWith("resent-")) {
            throw new InvalidContent("a content may not set this header");
        }
        return name;
    }

    private static String encoded(Map.Entry<String, String> header)
            throws InvalidContent, UnsupportedEncodingException {
        String value = oneLine("header " + header.getKey(), header.getValue());
        return MimeUtility.encodeText(value, StandardCharsets.UTF_8.name(), null);
    }

    private static String oneLine(String what, String text) throws InvalidContent {
        if (text == null || text.isBlank()) {
            throw new InvalidContent(what + " is empty");
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
                throw new InvalidContent(what + " holds a control character");
            }
        }
        return text;
    }

    private static String digest(String key) {
        try {
            byte[] sha256 =
                    MessageDigest.getInstance("SHA-256")
                            .digest(key.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha256).substring(0, MESSAGE_ID_CHARS);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
