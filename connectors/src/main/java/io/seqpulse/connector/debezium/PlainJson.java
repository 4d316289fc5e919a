package io.seqpulse.connector.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Reads JSON as Debezium writes it, in one pass over its bytes. It accepts less than the library
 * does: what is rare, JSON or not, is {@link Unusual}. What it accepts it reads as the library
 * does, which it leaves single values to that are not plain. For one thread.
 */
final class PlainJson {

    /** The library bounds the length of a text; what may be too long is left to it. */
    private static final int MOST_BYTES = 1_000_000;

    /** Of one value; the library bounds that of the whole. */
    private static final int MOST_DEPTH = 100;

    /** Longer numbers are no ids, times or counts. */
    private static final int MOST_DIGITS = 18;

    /** Nanoseconds have more, but nobody asks for them. */
    private static final int MOST_PASSED = 100;

    /** An array that the update did not touch. */
    private static final String UNTOUCHED = "[\"" + DebeziumEnvelope.UNAVAILABLE + "\"]";

    private static final char REPLACEMENT = '\ufffd';

    private final byte[] json;
    private int at;

    /** Whether the object that was begun last has had no field yet. */
    private boolean first;

    /** The field that was read last. */
    private FieldNames.Name name = FieldNames.NONE;

    /** The integer that was passed last. */
    private long integer;

    /** Whether what was passed last has escapes in its text, or anything but ASCII. */
    private boolean escaped;

    private boolean wide;

    /** Something else has to read this. */
    static final class Unusual extends Exception {
        private static final long serialVersionUID = 1L;

        private Unusual() {
            super(null, null, false, false);
        }
    }

    PlainJson(byte[] json) throws Unusual {
        this.json = json;
        require(json.length <= MOST_BYTES);
    }

    static void require(boolean usual) throws Unusual {
        if (!usual) {
            throw new Unusual();
        }
    }

    /** What the next value, or whatever comes, begins with; 0 at the end. */
    byte next() {
        byte next = current();
        while (next <= ' ' && (next == ' ' || next == '\n' || next == '\r' || next == '\t')) {
            at++;
            next = current();
        }
        return next;
    }

    private byte current() {
        return byteAt(at);
    }

    private byte byteAt(int index) {
        return index < json.length ? json[index] : 0;
    }

    private void expect(char expected) throws Unusual {
        require(next() == expected);
        at++;
    }

    /** Nothing may come any more. */
    void end() throws Unusual {
        require(next() == 0 && at == json.length);
    }

    void beginObject() throws Unusual {
        expect('{');
        first = true;
    }

    /** The name of the object's next field; null where the object ends. */
    String nextName() throws Unusual {
        byte next = next();
        at++;
        if (next == '}') {
            first = false;
            return null;
        }
        if (!first) {
            require(next == ',');
            next = next();
            at++;
        }
        first = false;
        require(next == '"');
        name = FieldNames.at(json, at, name);
        require(name != null);
        at += name.length() + 1;
        expect(':');
        return name.text();
    }

    /** A text. */
    String text() throws Unusual {
        require(next() == '"');
        int begin = at;
        passText();
        return escaped ? byLibrary(begin).textValue() : decoded(begin + 1, at - 1);
    }

    /** An integer. */
    long integer() throws Unusual {
        next();
        require(passInteger(MOST_DIGITS));
        return integer;
    }

    /** Any value as {@link DebeziumEnvelope#text} gives it. */
    String anyAsText() throws Unusual {
        byte next = next();
        int begin = at;
        switch (next) {
            case '"' -> {
                return text();
            }
            case 'n' -> {
                passWord("null");
                return null;
            }
            case 't' -> passWord("true");
            case 'f' -> passWord("false");
            case '[' -> {
                if (passPlainTexts()) {
                    String texts = decoded(begin, at);
                    return texts.equals(UNTOUCHED) ? DebeziumEnvelope.UNAVAILABLE : texts;
                }
                at = begin;
                passNested();
                return DebeziumEnvelope.text(byLibrary(begin));
            }
            case '{' -> {
                passNested();
                return DebeziumEnvelope.text(byLibrary(begin));
            }
            default -> {
                if (!passInteger(MOST_DIGITS)) {
                    passNumber();
                    return DebeziumEnvelope.text(byLibrary(begin));
                }
            }
        }
        return decoded(begin, at);
    }

    /** Passes over any value, which must be JSON all the same. */
    void pass() throws Unusual {
        byte next = next();
        int begin = at;
        switch (next) {
            case '"' -> {
                passText();
                if (wide) {
                    byLibrary(begin);
                }
            }
            case 'n' -> passWord("null");
            case 't' -> passWord("true");
            case 'f' -> passWord("false");
            case '[', '{' -> {
                passNested();
                byLibrary(begin);
            }
            default -> {
                if (!passInteger(MOST_PASSED)) {
                    passNumber();
                    byLibrary(begin);
                }
            }
        }
    }

    private void passWord(String word) throws Unusual {
        for (int i = 0; i < word.length(); i++) {
            require(current() == word.charAt(i));
            at++;
        }
    }

    private void passText() throws Unusual {
        escaped = false;
        wide = false;
        int end = at + 1;
        for (byte c = byteAt(end); c != '"'; c = byteAt(++end)) {
            if (c < ' ') {
                require(c < 0);
                wide = true;
            } else if (c == '\\') {
                escaped = true;
                end = endOfEscape(end);
            }
        }
        at = end + 1;
    }

    /** Where the last character of an escape stands. */
    private int endOfEscape(int begin) throws Unusual {
        byte c = byteAt(begin + 1);
        if (c != 'u') {
            require("\"\\/bfnrt".indexOf(c) >= 0);
            return begin + 1;
        }
        for (int i = begin + 2; i < begin + 6; i++) {
            require(Character.digit(byteAt(i), 16) >= 0);
        }
        return begin + 5;
    }

    /** Whether it is an array of nothing but plain texts, written without white space. */
    private boolean passPlainTexts() throws Unusual {
        boolean anyWide = false;
        do {
            at++;
            if (current() != '"') {
                return false;
            }
            passText();
            if (escaped) {
                return false;
            }
            anyWide |= wide;
        } while (current() == ',');
        wide = anyWide;
        at++;
        return byteAt(at - 1) == ']';
    }

    private void passNested() throws Unusual {
        int depth = 0;
        do {
            switch (next()) {
                case 0 -> throw new Unusual();
                case '"' -> {
                    passText();
                    continue;
                }
                case '[', '{' -> require(++depth <= MOST_DEPTH);
                case ']', '}' -> depth--;
                default -> {}
            }
            at++;
        } while (depth > 0);
    }

    /** Passes over an integer as numbers are written; where there is none, over nothing. */
    private boolean passInteger(int mostDigits) {
        boolean negative = current() == '-';
        int begin = negative ? at + 1 : at;
        int end = begin;
        long value = 0;
        byte c = byteAt(end);
        while (c >= '0' && c <= '9') {
            value = value * 10 + c - '0';
            c = byteAt(++end);
        }
        boolean padded = byteAt(begin) == '0' && end > at + 1;
        if (end == begin
                || end - begin > mostDigits
                || padded
                || c == '.'
                || c == 'e'
                || c == 'E') {
            return false;
        }
        integer = negative ? -value : value;
        at = end;
        return true;
    }

    private void passNumber() throws Unusual {
        int end = at;
        for (byte c = byteAt(end);
                c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
                c = byteAt(end)) {
            end++;
        }
        require(end > at);
        at = end;
    }

    private String decoded(int begin, int end) throws Unusual {
        if (!wide) {
            return new String(json, begin, end - begin, StandardCharsets.ISO_8859_1);
        }
        String text = new String(json, begin, end - begin, StandardCharsets.UTF_8);
        require(text.indexOf(REPLACEMENT) < 0); // what is no UTF-8 is replaced without a word
        return text;
    }

    private JsonNode byLibrary(int begin) throws Unusual {
        try {
            return DebeziumEnvelope.JSON.readTree(json, begin, at - begin);
        } catch (IOException | NumberFormatException e) {
            throw new Unusual();
        }
    }
}
