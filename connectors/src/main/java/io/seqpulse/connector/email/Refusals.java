package io.seqpulse.connector.email;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Tells a refusal that is about one recipient from one that is about us, by what else the server
 * refuses and takes. Thread-safe.
 *
 * <p>A mail ends by a refusal only when it has been refused before and the server meanwhile took
 * somebody else's; until then it is put off. Where nobody is named, several recipients refused in a
 * row with the same words mean us.
 */
final class Refusals {

    /** What a refusal is taken for. */
    enum Meaning {
        /** It is about this mail: end it. */
        THEIRS,
        /** Nobody can tell yet: put it off. */
        UNCLEAR,
        /** It is about us: put it off, and stop sending. */
        OURS
    }

    /** Recipients refused with the same words before they are taken to be about us. */
    private static final int SAME_WORDS = 3;

    /** The same where all of them are of one domain, which may just not want us. */
    private static final int SAME_WORDS_OF_ONE_DOMAIN = 5;

    /** The same whatever the words. */
    private static final int ANY_WORDS = 10;

    /** Attempts after which a mail that was the only one to be refused is to blame itself. */
    private static final int ALONE = 3;

    private static final int REMEMBERED = 10_000;

    private final Map<String, Set<String>> byWords = new HashMap<>();
    private final Set<String> unclear = new HashSet<>();
    private final Set<String> recipients = new HashSet<>();
    private final Set<UUID> mails = new LinkedHashSet<>();

    /** Mails that were refused before the server took somebody else's. */
    private final Set<UUID> outlived = new LinkedHashSet<>();

    /** Mails that were given another try at once because the server took somebody else's. */
    private final Set<UUID> forgiven = new LinkedHashSet<>();

    /** A mail was refused for good. */
    synchronized Meaning refused(QueuedMail mail, ReplyClass reply, String detail) {
        String recipient = mail.address().toLowerCase(Locale.ROOT);
        boolean alone = recipients.isEmpty() || recipients.equals(Set.of(recipient));
        if (recipients.size() < REMEMBERED) {
            recipients.add(recipient);
            mails.add(mail.id());
        }
        if (reply == ReplyClass.REFUSED) {
            unclear.add(recipient);
            Set<String> same =
                    byWords.computeIfAbsent(words(detail, recipient), any -> new HashSet<>());
            same.add(recipient);
            boolean severalDomains = same.stream().map(Refusals::domain).distinct().count() > 1;
            return unclear.size() >= ANY_WORDS
                            || same.size() >= SAME_WORDS_OF_ONE_DOMAIN
                            || (same.size() >= SAME_WORDS && severalDomains)
                    ? Meaning.OURS
                    : Meaning.UNCLEAR;
        }
        boolean again =
                mail.refusedBefore() && (outlived.contains(mail.id()) || mail.failures() >= ALONE);
        return alone && again ? Meaning.THEIRS : Meaning.UNCLEAR;
    }

    /**
     * The server took a mail, so what it refused before was not because of us.
     *
     * @return the mails refused since it took the last one
     */
    synchronized List<UUID> accepted() {
        List<UUID> refused = List.copyOf(mails);
        remember(outlived, refused);
        byWords.clear();
        unclear.clear();
        recipients.clear();
        mails.clear();
        return refused;
    }

    /** Those of the mails that were not given another try at once before: each has one. */
    synchronized List<UUID> forgives(List<UUID> refused) {
        List<UUID> first = refused.stream().filter(mail -> !forgiven.contains(mail)).toList();
        remember(forgiven, first);
        return first;
    }

    private static void remember(Set<UUID> known, List<UUID> more) {
        known.addAll(more);
        Iterator<UUID> oldest = known.iterator();
        while (known.size() > REMEMBERED) {
            oldest.next();
            oldest.remove();
        }
    }

    /** An answer without what differs from one recipient and one session to the next. */
    private static String words(String detail, String recipient) {
        String local = recipient.substring(0, Math.max(0, recipient.lastIndexOf('@')));
        String text =
                detail.toLowerCase(Locale.ROOT)
                        .replace(recipient, " ")
                        .replace(domain(recipient), " ")
                        .replaceAll("\\b" + Pattern.quote(local) + "\\b", " ")
                        .replaceAll("\\S*\\d\\S*", " ")
                        .replaceAll("[^\\p{L}]+", " ");
        String code = detail.substring(0, Math.min(3, detail.length()));
        return code + " " + ReplyClassifier.enhancedCode(detail) + text.stripTrailing();
    }

    private static String domain(String address) {
        return address.substring(address.lastIndexOf('@') + 1);
    }
}
