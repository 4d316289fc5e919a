package io.seqpulse.quickstart;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Finds many texts in many bytes in one pass, plain or in base 64. */
final class TextSearch {

    /** Every form has at least as many bytes. */
    private static final int PREFIX = 8;

    private record Form(String text, byte[] bytes) {}

    private final Map<Long, List<Form>> forms = new HashMap<>();
    private final boolean[] prefixesEnd = new boolean[1 << 16];

    /**
     * @param texts of ten characters or more
     */
    TextSearch(Collection<String> texts) {
        for (String text : texts) {
            add(text, text.getBytes(StandardCharsets.UTF_8));
            for (int shift = 0; shift < 3; shift++) {
                byte[] shifted = ("x".repeat(shift) + text).getBytes(StandardCharsets.UTF_8);
                String encoded = Base64.getEncoder().withoutPadding().encodeToString(shifted);
                // its first and last characters depend on what stands beside
                String inner = encoded.substring(shift == 0 ? 0 : 4, encoded.length() - 2);
                add(text, inner.getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    private void add(String text, byte[] bytes) {
        long prefix = 0;
        for (int i = 0; i < PREFIX; i++) {
            prefix = prefix << 8 | (bytes[i] & 0xff);
        }
        forms.computeIfAbsent(prefix, p -> new ArrayList<>()).add(new Form(text, bytes));
        prefixesEnd[(int) prefix & 0xffff] = true;
    }

    /** Text → the places where it stands; texts that stand nowhere are absent. */
    Map<String, Set<String>> in(Map<String, byte[]> places) {
        Map<String, Set<String>> found = new TreeMap<>();
        places.forEach((place, bytes) -> search(place, bytes, found));
        return found;
    }

    private void search(String place, byte[] bytes, Map<String, Set<String>> found) {
        long window = 0;
        for (int i = 0; i < bytes.length; i++) {
            window = window << 8 | (bytes[i] & 0xff);
            if (prefixesEnd[(int) window & 0xffff] && i >= PREFIX - 1) {
                for (Form form : forms.getOrDefault(window, List.of())) {
                    if (stands(form.bytes(), bytes, i - PREFIX + 1)) {
                        found.computeIfAbsent(form.text(), t -> new TreeSet<>()).add(place);
                    }
                }
            }
        }
    }

    private static boolean stands(byte[] wanted, byte[] bytes, int at) {
        if (at + wanted.length > bytes.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (bytes[at + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }
}
