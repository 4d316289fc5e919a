package io.seqpulse.connector.email;

import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.net.IDN;
import java.util.Optional;

/** Reads recipients' addresses strictly: one bare mailbox, nothing that could address another. */
final class RecipientAddress {

    private static final int LONGEST = 254;

    private RecipientAddress() {}

    /**
     * The mailbox, or nothing if the text is not exactly one: empty, without {@code @}, with
     * control characters, a list, a group, or with a display name. An international domain is put
     * into its ASCII form; a local part that is not ASCII is refused, as few servers take it.
     */
    static Optional<InternetAddress> parse(String text) {
        if (text == null || text.isEmpty() || text.length() > LONGEST) {
            return Optional.empty();
        }
        int at = text.lastIndexOf('@');
        if (at <= 0 || at == text.length() - 1 || !isSafe(text, at)) {
            return Optional.empty();
        }
        try {
            String domain = IDN.toASCII(text.substring(at + 1));
            String mailbox = text.substring(0, at) + "@" + domain;
            InternetAddress[] parsed = InternetAddress.parse(mailbox, true);
            if (parsed.length != 1
                    || parsed[0].isGroup()
                    || parsed[0].getPersonal() != null
                    || !mailbox.equals(parsed[0].getAddress())) {
                return Optional.empty();
            }
            parsed[0].validate();
            return Optional.of(parsed[0]);
        } catch (AddressException | IllegalArgumentException notAnAddress) {
            return Optional.empty();
        }
    }

    private static boolean isSafe(String text, int at) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c == 0x7f || ",;:<>()[]\\\"".indexOf(c) >= 0) {
                return false;
            }
            if (i < at && c > 0x7f) {
                return false;
            }
        }
        return true;
    }
}
