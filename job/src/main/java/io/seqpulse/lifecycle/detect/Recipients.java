package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Who gets an email of a rule, and under which suffix of its key: each recipient once. */
final class Recipients {

    private Recipients() {}

    /**
     * Recipient → suffix of the dedupe key, the main recipient first and without one.
     *
     * @param subjectId the user or project the rule is about
     * @param values what the trigger's instance says
     */
    static Map<String, String> of(
            Rule rule, String subjectId, Profile profile, Map<String, String> values) {
        Map<String, String> suffixes = new LinkedHashMap<>();
        for (Audience audience : rule.audience()) {
            switch (audience) {
                case USER -> suffixes.putIfAbsent(subjectId, "");
                case OWNER -> {
                    if (profile.ownerId != null) {
                        suffixes.putIfAbsent(profile.ownerId, "");
                    }
                }
                case ACTOR -> {
                    if (values.get("user_id") != null) {
                        suffixes.putIfAbsent(values.get("user_id"), "");
                    }
                }
                case INVITEE -> {
                    String address = address(values.get("invitee_email"));
                    if (!address.isEmpty()) {
                        suffixes.putIfAbsent(address, "");
                    }
                }
                case ADMINS ->
                        profile.members.values().stream()
                                .filter(m -> "admin".equals(m.role()) && m.userId() != null)
                                .map(Member::userId)
                                .sorted()
                                .forEach(id -> suffixes.putIfAbsent(id, ":" + id));
                case ON_CALL ->
                        profile.members.values().stream()
                                .filter(Member::onCall)
                                .map(Recipients::recipient)
                                .filter(r -> !r.isEmpty())
                                .sorted()
                                .forEach(r -> suffixes.putIfAbsent(r, ":" + suffix(r)));
            }
        }
        return suffixes;
    }

    private static String recipient(Member member) {
        if (member.userId() != null) {
            return member.userId();
        }
        return address(member.address());
    }

    /** Empty where there is none. */
    private static String address(String text) {
        String address = text == null ? "" : text.strip();
        return address.isEmpty() ? "" : Candidate.BARE_ADDRESS + address.toLowerCase(Locale.ROOT);
    }

    /** No address in a key: a bare one stands there as a hash. */
    private static String suffix(String recipient) {
        if (!recipient.startsWith(Candidate.BARE_ADDRESS)) {
            return recipient;
        }
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(recipient.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
