package io.seqpulse.lifecycle.email;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes text that users chose fit to stand in our mails (requirements.md, R9): one line, no control
 * or invisible characters, nothing a mail client would turn into a link, bounded length. Escaping
 * for HTML is the template engine's part.
 */
final class SafeText {

    /** Longest name of a person, project, branch or environment, in user-perceived characters. */
    static final int NAME_LENGTH = 60;

    /** Longest sentence, such as a verdict's summary. */
    static final int SENTENCE_LENGTH = 200;

    /** What is looked at at all; keeps the patterns below cheap whatever the input. */
    private static final int LONGEST_INPUT = 2_000;

    /** More code points than this in one user-perceived character are an attack on the layout. */
    private static final int LONGEST_GRAPHEME = 12;

    private static final char FIRST_STRONG_ISOLATE = '\u2068';
    private static final char POP_ISOLATE = '\u2069';

    private static final Pattern LINE_BREAKS = Pattern.compile("[\\p{Cc}\\p{Zl}\\p{Zp}]");
    // The joiner U+200D holds emoji together and is kept.
    private static final Pattern INVISIBLE =
            Pattern.compile("[\\p{Cf}\\p{Co}\\p{Cn}\\p{Cs}\\u115f\\u1160\\u3164&&[^\\u200d]]");
    private static final Pattern STACKED_MARKS = Pattern.compile("(\\p{M}{3})\\p{M}+");
    private static final Pattern WHITE_SPACE =
            Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern GRAPHEME = Pattern.compile("\\X");

    private static final Pattern OTHER_DOTS = Pattern.compile("[\\u2024\\u3002\\uff0e\\uff61]");
    private static final Pattern OTHER_SLASHES = Pattern.compile("[\\u2044\\u2215\\uff0f]");
    private static final Pattern URL =
            Pattern.compile(
                    "[a-z][a-z0-9+.-]{0,30}:/\\S*"
                            + "|\\b(?:https?|mailto|javascript|data|tel|sms):\\S*"
                            + "|\\bwww\\d{0,2}\\.\\S*"
                            + "|\\b\\d{1,3}(?:\\.\\d{1,3}){3}[:/]\\S*",
                    Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    private static final Pattern DOMAIN =
            Pattern.compile(
                    "(?:[^\\s@]{1,64}@)?"
                            + "(?<![\\p{L}\\p{N}])(?:[\\p{L}\\p{N}][\\p{L}\\p{N}-]*\\.)+"
                            + "(\\p{L}[\\p{L}\\p{N}-]*)([:/?#]\\S*)?");
    private static final Pattern LEFT_OVERS = Pattern.compile("^[\\s,;:|/–—-]+|[\\s,;:|/–—-]+$");

    /**
     * Two-letter domains are the countries'; of the others, those that mail clients link and people
     * abuse.
     */
    private static final String GENERIC_DOMAINS =
            """
            uk eu su ac com net org info biz name pro edu gov mil int mobi app dev page cloud
            tech xyz online site website web shop store top click link live club work works
            world zone space host press icu vip win bid loan men date download review stream
            trade party science racing accountant faith cricket one fun monster buzz bond sbs
            cfd cyou rest quest lol zip mov email support help services agency digital network
            systems solutions software finance money bank credit today news blog wiki design
            studio team run gle goog google amazon aws paris bzh onion
            """;

    private static final Set<String> TOP_LEVEL_DOMAINS =
            Stream.concat(
                            Arrays.stream(Locale.getISOCountries()),
                            Arrays.stream(GENERIC_DOMAINS.strip().split("\\s+")))
                    .map(domain -> domain.toLowerCase(Locale.ROOT))
                    .collect(Collectors.toUnmodifiableSet());

    private static final Pattern PERSON =
            Pattern.compile("\\p{L}[\\p{L}\\p{M}'’.\\- \\u200d]*", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Set<String> TITLES =
            Set.of("m", "mr", "mrs", "ms", "miss", "mme", "mlle", "dr", "pr", "prof", "sir", "me");

    private SafeText() {}

    /** A name in at most {@value #NAME_LENGTH} characters, or null if nothing is left of it. */
    static String name(String raw) {
        return line(raw, NAME_LENGTH);
    }

    /**
     * A sentence in at most {@value #SENTENCE_LENGTH} characters, or null if nothing is left of it.
     */
    static String sentence(String raw) {
        return line(raw, SENTENCE_LENGTH);
    }

    /**
     * How to address somebody: the first name, else the first word of the name, where it looks like
     * one; null where neither does and a greeting without a name is more natural.
     */
    static String firstName(String firstName, String name) {
        String given = person(clean(firstName));
        if (given != null) {
            return isolated(shortened(given, NAME_LENGTH));
        }
        String full = clean(name);
        if (full == null) {
            return null;
        }
        String first = person(full.split(" ", 2)[0]);
        return first == null ? null : isolated(shortened(first, NAME_LENGTH));
    }

    /**
     * What to call somebody whom a stranger may know: as {@link #firstName}, or else the whole
     * name, where it is made of nothing but names.
     */
    static String personName(String firstName, String name) {
        String first = firstName(firstName, name);
        if (first != null) {
            return first;
        }
        String full = person(clean(name));
        return full == null ? null : isolated(shortened(full, NAME_LENGTH));
    }

    private static String person(String text) {
        if (text == null || text.length() < 2 || !PERSON.matcher(text).matches()) {
            return null;
        }
        String bare = text.toLowerCase(Locale.ROOT).replace(".", "");
        return bare.length() < 2 || TITLES.contains(bare) ? null : text;
    }

    private static String line(String raw, int longest) {
        if (raw != null && raw.length() <= longest && isPlain(raw)) {
            return raw;
        }
        String text = clean(raw);
        return text == null ? null : isolated(shortened(text, longest));
    }

    /**
     * Whether nothing below would change it: letters and digits of Western Europe, single spaces,
     * and punctuation without which there is no link. A full stop ends a word, and no host's first.
     */
    private static boolean isPlain(String raw) {
        char before = ' ';
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (before == '.' && c != ' ') {
                return false;
            }
            boolean plain =
                    switch (c) {
                        case ' ' -> before != ' ';
                        case '.' -> isLetter(before) && before != 'w' && before != 'W';
                        case '-', '_', '/', ',', '\'', '(', ')', '%', '#', '&' -> true;
                        default -> isLetter(c) || c >= '0' && c <= '9';
                    };
            if (!plain) {
                return false;
            }
            before = c;
        }
        return before != ' ';
    }

    private static boolean isLetter(char c) {
        return c >= 'a' && c <= 'z'
                || c >= 'A' && c <= 'Z'
                || c >= 'À' && c <= 'ÿ' && c != '×' && c != '÷';
    }

    /** One clean line, still of any length; null if nothing is left. */
    private static String clean(String raw) {
        if (raw == null || isPlain(raw) && raw.length() <= LONGEST_INPUT) {
            return raw;
        }
        String text = raw.length() > LONGEST_INPUT ? raw.substring(0, LONGEST_INPUT) : raw;
        text = LINE_BREAKS.matcher(text).replaceAll(" ");
        text = INVISIBLE.matcher(text).replaceAll("");
        text = Normalizer.normalize(text, Normalizer.Form.NFC);
        text = STACKED_MARKS.matcher(text).replaceAll("$1");
        text = withoutLinks(text);
        text = WHITE_SPACE.matcher(text).replaceAll(" ").strip();
        return text.codePoints().anyMatch(SafeText::isVisible) ? text : null;
    }

    private static boolean isVisible(int codePoint) {
        return codePoint != 0x200d && !Character.isWhitespace(codePoint);
    }

    /** Each link gives way to a space, so that what stood around it cannot join to a new one. */
    private static String withoutLinks(String text) {
        String plain = OTHER_SLASHES.matcher(text).replaceAll("/");
        plain = OTHER_DOTS.matcher(plain).replaceAll(".");
        String stripped = URL.matcher(plain).replaceAll(" ");
        stripped =
                DOMAIN.matcher(stripped)
                        .replaceAll(m -> isLink(m) ? " " : Matcher.quoteReplacement(m.group()));
        return stripped.equals(plain) ? text : LEFT_OVERS.matcher(stripped).replaceAll("");
    }

    private static boolean isLink(MatchResult match) {
        String tld = match.group(1).toLowerCase(Locale.ROOT);
        String rest = match.group(2);
        return (rest != null && rest.length() > 1)
                || match.group().contains("@")
                || tld.startsWith("xn--")
                || TOP_LEVEL_DOMAINS.contains(tld);
    }

    private static String shortened(String text, int longest) {
        StringBuilder kept = new StringBuilder();
        Matcher graphemes = GRAPHEME.matcher(text);
        int count = 0;
        int endOfLastButOne = 0;
        while (graphemes.find()) {
            String grapheme = graphemes.group();
            if (grapheme.codePointCount(0, grapheme.length()) > LONGEST_GRAPHEME) {
                continue;
            }
            if (count == longest) {
                return kept.substring(0, endOfLastButOne).stripTrailing() + "…";
            }
            endOfLastButOne = kept.length();
            kept.append(grapheme);
            count++;
        }
        return kept.isEmpty() ? null : kept.toString();
    }

    /** Right-to-left text is isolated, so that it does not reorder what stands beside it. */
    private static String isolated(String text) {
        if (text == null || !text.codePoints().anyMatch(SafeText::isRightToLeft)) {
            return text;
        }
        return FIRST_STRONG_ISOLATE + text + POP_ISOLATE;
    }

    private static boolean isRightToLeft(int codePoint) {
        byte direction = Character.getDirectionality(codePoint);
        return direction == Character.DIRECTIONALITY_RIGHT_TO_LEFT
                || direction == Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC;
    }
}
