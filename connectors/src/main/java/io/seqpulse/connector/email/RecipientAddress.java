package io.seqpulse.connector.email;

import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Reads recipients' addresses strictly: one bare mailbox, nothing that could address another. */
final class RecipientAddress {

    private static final int LONGEST = 254;

    private RecipientAddress() {}

    /**
     * The mailbox, or nothing if the text is not exactly one: empty, without {@code @}, with
     * control characters, a list, a group, or with a display name. An international domain is put
     * into its ASCII form, and refused if it has none; a local part may be outside ASCII, which not
     * every server takes.
     */
    static Optional<InternetAddress> parse(String text) {
        if (text == null || text.isEmpty()) {
            return Optional.empty();
        }
        int at = text.lastIndexOf('@');
        if (at <= 0 || at == text.length() - 1 || !isSafe(text)) {
            return Optional.empty();
        }
        try {
            Optional<String> domain = HostName.inAscii(text.substring(at + 1));
            if (domain.isEmpty()) {
                return Optional.empty();
            }
            String mailbox = text.substring(0, at) + "@" + domain.get();
            InternetAddress[] parsed = InternetAddress.parse(mailbox, true);
            if (mailbox.getBytes(StandardCharsets.UTF_8).length > LONGEST
                    || parsed.length != 1
                    || parsed[0].isGroup()
                    || parsed[0].getPersonal() != null
                    || !mailbox.equals(parsed[0].getAddress())) {
                return Optional.empty();
            }
            parsed[0].validate();
            return Optional.of(parsed[0]);
        } catch (AddressException notAnAddress) {
            return Optional.empty();
        }
    }

    private static boolean isSafe(String text) {
        return text.codePoints()
                        .allMatch(
                                c ->
                                        c > ' '
                                                && ",;:<>()[]\\\"".indexOf(c) < 0
                                                && !Character.isISOControl(c)
                                                && !Character.isSpaceChar(c)
                                                && Character.getType(c) != Character.SURROGATE
                                                && Character.getType(c) != Character.UNASSIGNED
                                                && Character.getType(c) != Character.PRIVATE_USE)
                && text.substring(0, text.lastIndexOf('@'))
                        .codePoints()
                        .noneMatch(c -> Character.getType(c) == Character.FORMAT);
    }
}
