package io.seqpulse.connector.email;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads mail servers' answers: reply code, enhanced status code (RFC 3463) and the stage at which
 * it came. Pure.
 */
final class ReplyClassifier {

    /** Stands for "the connection was lost before an answer came". */
    static final int NO_REPLY = -1;

    private static final Pattern ENHANCED =
            Pattern.compile("^\\d{3}[ -]([245]\\.\\d{1,3}\\.\\d{1,3})\\b");

    private ReplyClassifier() {}

    /**
     * The enhanced status code of a reply line, such as {@code 5.1.1}, or "" where there is none.
     */
    static String enhancedCode(String reply) {
        Matcher matcher = ENHANCED.matcher(reply == null ? "" : reply);
        return matcher.find() ? matcher.group(1) : "";
    }

    /**
     * What an answer means.
     *
     * @param code the reply code, or {@link #NO_REPLY}
     * @param enhanced the enhanced status code, or ""
     */
    static ReplyClass classify(Stage stage, int code, String enhanced) {
        if (stage == Stage.CONNECT) {
            return ReplyClass.CONFIGURATION;
        }
        if (code <= 0) {
            return stage == Stage.END_OF_MESSAGE ? ReplyClass.UNCONFIRMED : ReplyClass.TRANSIENT;
        }
        if (code < 400) {
            return stage == Stage.END_OF_MESSAGE ? ReplyClass.ACCEPTED : ReplyClass.TRANSIENT;
        }
        if (code < 500) {
            return ReplyClass.TRANSIENT;
        }
        if (code == 530 || code == 534 || code == 535 || code == 538) {
            return ReplyClass.CONFIGURATION;
        }
        // 5.2.2: the mailbox is full, which mostly passes. Without an enhanced code, 552 means that
        // only in answer to RCPT; later it is the message that is too large.
        if (enhanced.equals("5.2.2")
                || (code == 552 && enhanced.isEmpty() && stage == Stage.RECIPIENT)) {
            return ReplyClass.TRANSIENT;
        }
        if (isAboutOurAddress(enhanced)) {
            return ReplyClass.CONFIGURATION;
        }
        if (stage == Stage.SENDER) {
            // Our address is the same in every mail; only a size limit is about this one.
            return code == 552 ? ReplyClass.MESSAGE_REFUSED : ReplyClass.CONFIGURATION;
        }
        if (isAboutTheirAddress(enhanced)) {
            return ReplyClass.ADDRESS_REFUSED;
        }
        boolean plain = enhanced.isEmpty() || enhanced.equals("5.0.0");
        if (stage == Stage.RECIPIENT && plain && (code == 550 || code == 551 || code == 553)) {
            return ReplyClass.ADDRESS_REFUSED;
        }
        return ReplyClass.MESSAGE_REFUSED;
    }

    private static boolean isAboutOurAddress(String enhanced) {
        return enhanced.equals("5.1.7") || enhanced.equals("5.1.8");
    }

    private static boolean isAboutTheirAddress(String enhanced) {
        return enhanced.startsWith("5.1.") || enhanced.equals("5.2.1");
    }
}
