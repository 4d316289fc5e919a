package io.seqpulse.connector.email;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads mail servers' answers: the stage at which one came, its reply code, its enhanced status
 * code (RFC 2034, RFC 3463 and the registry of RFC 5248) and, only where these say nothing, its
 * text. Pure.
 *
 * <p>Servers refuse <em>us</em> in answer to {@code RCPT} and to the final dot, too: relaying,
 * block lists, a sender that does not verify, our account's quota. So a recipient is to blame only
 * where the code names the address; what names nobody is {@link ReplyClass#REFUSED}.
 */
final class ReplyClassifier {

    /** Stands for "the connection was lost before an answer came". */
    static final int NO_REPLY = -1;

    private static final Pattern ENHANCED =
            Pattern.compile("^\\d{3}[ -]#?([245]\\.\\d{1,3}\\.\\d{1,3})(?![\\d.])");

    /** As qmail and its descendants write it: {@code 553 sorry, … (#5.7.1)}. */
    private static final Pattern ENHANCED_AT_THE_END =
            Pattern.compile("\\(#([245]\\.\\d{1,3}\\.\\d{1,3})\\b");

    /** Bad mailbox, bad domain, bad syntax, moved, no mail for that domain (RFC 7505). */
    private static final Set<String> NAMES_THE_ADDRESS =
            Set.of("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10");

    private static final String MAILBOX_DISABLED = "5.2.1";
    private static final String MAILBOX_FULL = "5.2.2";

    /** Too large for the mailbox or the system. */
    private static final Set<String> TOO_LARGE = Set.of("5.2.3", "5.3.4");

    /** Codes that say no more than the reply code does. */
    private static final Set<String> SAY_NOTHING = Set.of("", "5.0.0", "5.1.0", "5.5.0");

    private static final Pattern IN_A_HURRY =
            Pattern.compile(
                    "\\b(rate|quickly|too (many|much)|limits?|exceed\\w*|temporar\\w*|later|throttl\\w*)\\b");

    private static final Pattern NO_SUCH_MAILBOX =
            Pattern.compile(
                    "no such (user|recipient|mailbox|address|person)|(user|recipient|mailbox|address"
                            + "|account)( name)? (is )?(unknown|unavailable|not found|not known|disabled"
                            + "|inactive|suspended)|unknown (user|recipient|mailbox|address|local)"
                            + "|unrouteable address|no mailbox here|does ?n[o']t exist"
                            + "|does ?n[o']t have an? |not a valid (user|mailbox|recipient)"
                            + "|invalid (recipient|mailbox|user)");

    /** What a refusal of ours says, also where it quotes that of a recipient. */
    private static final Pattern ABOUT_US =
            Pattern.compile(
                    "\\b(sender|relay\\w*|verif\\w*|block\\w*|black\\w*|spam\\w*|polic\\w*|quota|limits?"
                            + "|exceed\\w*|auth\\w*|den\\w*|reputation|listed|client|host|dns|spf|dkim"
                            + "|dmarc|tls|banned|mail from|envelope from|your)\\b");

    private ReplyClassifier() {}

    /**
     * The enhanced status code of an answer, such as {@code 5.1.1}, or "" where there is none.
     * Where its class contradicts the reply code, the reply code is right, and there is none.
     */
    static String enhancedCode(String reply) {
        String text = reply == null ? "" : reply;
        Matcher start = ENHANCED.matcher(text);
        Matcher end = ENHANCED_AT_THE_END.matcher(text);
        String found = start.find() ? start.group(1) : end.find() ? end.group(1) : "";
        return found.isEmpty() || found.charAt(0) != text.charAt(0) ? "" : found;
    }

    /** Whether a code says that what was asked for is done. */
    static boolean isPositive(int code) {
        return code >= 200 && code < 300;
    }

    /** Whether a code says no, for now or for good. */
    static boolean isRefusal(int code) {
        return code >= 400 && code < 600;
    }

    /**
     * What an answer means. A message is accepted by 2xx to its end alone. What is neither that nor
     * a refusal answers something else: the two sides are out of step, and the server has not
     * spoken of this mail.
     *
     * @param code the reply code, or {@link #NO_REPLY}
     * @param reply the answer as it came, or ""
     */
    static ReplyClass classify(Stage stage, int code, String reply) {
        if (stage == Stage.CONNECT) {
            return ReplyClass.CONFIGURATION;
        }
        if (stage == Stage.END_OF_MESSAGE && isPositive(code)) {
            return ReplyClass.ACCEPTED;
        }
        if (!isRefusal(code)) {
            return stage == Stage.END_OF_MESSAGE ? ReplyClass.UNCONFIRMED : ReplyClass.TRANSIENT;
        }
        // 503: the two sides disagree on where the session stands; another one will do.
        if (code < 500 || code == 503) {
            return ReplyClass.TRANSIENT;
        }
        String enhanced = enhancedCode(reply);
        String text = reply.toLowerCase(Locale.ROOT);
        if (stage == Stage.SENDER) {
            // Our address is the same in every mail; only a size limit is about this one.
            return code == 552 || TOO_LARGE.contains(enhanced)
                    ? ReplyClass.MESSAGE_REFUSED
                    : ReplyClass.CONFIGURATION;
        }
        return refusal(stage, code, enhanced, text);
    }

    private static ReplyClass refusal(Stage stage, int code, String enhanced, String text) {
        // A full mailbox mostly empties. Without an enhanced code, 552 means that only in answer to
        // RCPT; later it is the message that is too large.
        if (enhanced.equals(MAILBOX_FULL)
                || (code == 552 && enhanced.isEmpty() && stage == Stage.RECIPIENT)) {
            return ReplyClass.TRANSIENT;
        }
        if (enhanced.equals(MAILBOX_DISABLED) && IN_A_HURRY.matcher(text).find()) {
            return ReplyClass.TRANSIENT;
        }
        if (enhanced.startsWith("5.6.")
                || TOO_LARGE.contains(enhanced)
                || (code == 552 && enhanced.isEmpty())) {
            return ReplyClass.MESSAGE_REFUSED;
        }
        if (NAMES_THE_ADDRESS.contains(enhanced) || enhanced.equals(MAILBOX_DISABLED)) {
            return text.contains("sender") ? ReplyClass.REFUSED : ReplyClass.ADDRESS_REFUSED;
        }
        boolean silent =
                SAY_NOTHING.contains(enhanced)
                        && (code == 550 || code == 551 || code == 553 || code == 554);
        if (silent && NO_SUCH_MAILBOX.matcher(text).find() && !ABOUT_US.matcher(text).find()) {
            return ReplyClass.MESSAGE_REFUSED;
        }
        return ReplyClass.REFUSED;
    }
}
