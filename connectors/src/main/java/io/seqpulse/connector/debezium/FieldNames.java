package io.seqpulse.connector.debezium;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The names of fields, each the same text in every record. They come in nearly the same order, too:
 * the one that followed last time is tried first. As many are remembered as there are places for;
 * of two that need the same place, the later one. What several threads do here at once costs time
 * and nothing else.
 */
final class FieldNames {

    /** What precedes the first. */
    static final Name NONE = new Name(new byte[0]);

    private static final int PLACES = 1 << 10;

    /** PostgreSQL's are no longer. */
    private static final int LONGEST = 63;

    private static final Name[] NAMES = new Name[PLACES];

    private FieldNames() {}

    /** A name in ASCII without escapes, and the one that followed it last. */
    static final class Name {
        private final byte[] bytes;
        private final String text;
        private Name follower;

        private Name(byte[] bytes) {
            this.bytes = bytes;
            this.text = new String(bytes, StandardCharsets.US_ASCII);
        }

        String text() {
            return text;
        }

        int length() {
            return bytes.length;
        }

        private boolean stands(byte[] json, int begin) {
            int end = begin + bytes.length;
            return end < json.length
                    && json[end] == '"'
                    && Arrays.equals(bytes, 0, bytes.length, json, begin, end);
        }
    }

    /**
     * The name that stands there, up to a quotation mark; null where it is too long, not ASCII, has
     * escapes or no end.
     *
     * @param before the name that stood before it
     */
    static Name at(byte[] json, int begin, Name before) {
        Name guess = before.follower;
        if (guess != null && guess.stands(json, begin)) {
            return guess;
        }
        int end = begin;
        int hash = 0;
        while (end < json.length && json[end] != '"') {
            byte c = json[end++];
            if (c < ' ' || c == '\\' || end - begin > LONGEST) {
                return null;
            }
            hash = 31 * hash + c;
        }
        int place = (hash ^ hash >>> 10 ^ hash >>> 20) & (PLACES - 1);
        Name name = NAMES[place];
        if (name == null || !name.stands(json, begin)) {
            name = new Name(Arrays.copyOfRange(json, begin, end));
            NAMES[place] = name;
        }
        before.follower = name;
        return name;
    }
}
