package io.seqpulse.lifecycle.codec;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * The pieces that values are written in.
 *
 * <p>A text is one of: nothing (0), a UUID (1 and its 16 bytes), a word that this job uses itself
 * (an even number, by {@link Words}), or its length in UTF-8 (an odd number) and that. Whole
 * numbers take seven bits a byte, the lowest first; negative ones are folded between the positive.
 */
public final class Compact {

    private static final int NULL = 0;
    private static final int CANONICAL_UUID = 1;
    private static final int FIRST_WORD = 2;
    private static final int FIRST_LENGTH = 3;
    private static final int UUID_LENGTH = 36;
    private static final int LONGEST = 1 << 28;

    private Compact() {}

    /** Writes which version of a layout follows. */
    public static void writeVersion(DataOutput out, int version) throws IOException {
        out.writeByte(version);
    }

    /**
     * Reads which version of a layout follows.
     *
     * @param what is read, for the message
     * @param latest the latest one known
     * @throws IOException if it is a later one
     */
    public static int readVersion(DataInput in, String what, int latest) throws IOException {
        int version = in.readByte();
        if (version < 1 || version > latest) {
            throw new IOException(
                    "%s in state has layout %s, and this version of the job reads 1 to %s: start the version that wrote it, or a later one"
                            .formatted(what, version, latest));
        }
        return version;
    }

    /** Writes a whole number. */
    public static void writeNumber(DataOutput out, long number) throws IOException {
        writeBits(out, (number << 1) ^ (number >> 63));
    }

    /** Reads a whole number. */
    public static long readNumber(DataInput in) throws IOException {
        long bits = readBits(in);
        return (bits >>> 1) ^ -(bits & 1);
    }

    /** Writes a point in time, or null. */
    public static void writeTime(DataOutput out, Long time) throws IOException {
        out.writeBoolean(time != null);
        if (time != null) {
            writeNumber(out, time);
        }
    }

    /** Reads a point in time, or null. */
    public static Long readTime(DataInput in) throws IOException {
        return in.readBoolean() ? (Long) readNumber(in) : null;
    }

    /** Writes a flag, or null. */
    public static void writeFlag(DataOutput out, Boolean flag) throws IOException {
        out.writeByte(flag == null ? -1 : flag ? 1 : 0);
    }

    /** Reads a flag, or null. */
    public static Boolean readFlag(DataInput in) throws IOException {
        byte flag = in.readByte();
        return flag < 0 ? null : (Boolean) (flag == 1);
    }

    /** Writes how many there are of what follows. */
    public static void writeSize(DataOutput out, int size) throws IOException {
        writeBits(out, size);
    }

    /** Reads how many there are of what follows. */
    public static int readSize(DataInput in) throws IOException {
        long size = readBits(in);
        if (size < 0 || size > LONGEST) {
            throw new IOException("state is damaged: a size of " + size);
        }
        return (int) size;
    }

    private static void writeBits(DataOutput out, long bits) throws IOException {
        long rest = bits;
        while ((rest & ~0x7FL) != 0) {
            out.writeByte((int) (rest | 0x80));
            rest >>>= 7;
        }
        out.writeByte((int) rest);
    }

    private static long readBits(DataInput in) throws IOException {
        long bits = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte next = in.readByte();
            bits |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return bits;
            }
        }
        throw new IOException("state is damaged: a number without an end");
    }

    /** Writes a text, or null. */
    public static void writeText(DataOutput out, String text) throws IOException {
        if (text == null) {
            out.writeByte(NULL);
            return;
        }
        int word = Words.number(text);
        if (word >= 0) {
            writeBits(out, FIRST_WORD + 2L * word);
        } else if (isCanonicalUuid(text)) {
            out.writeByte(CANONICAL_UUID);
            out.writeLong((hex(text, 0, 8) << 32) | (hex(text, 9, 13) << 16) | hex(text, 14, 18));
            out.writeLong((hex(text, 19, 23) << 48) | hex(text, 24, 36));
        } else {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            writeBits(out, FIRST_LENGTH + 2L * bytes.length);
            out.write(bytes, 0, bytes.length);
        }
    }

    /** Reads a text, or null. */
    public static String readText(DataInput in) throws IOException {
        long head = readBits(in);
        if (head == NULL) {
            return null;
        }
        if (head == CANONICAL_UUID) {
            return new UUID(in.readLong(), in.readLong()).toString();
        }
        if ((head & 1) == 0) {
            return Words.word((head - FIRST_WORD) / 2);
        }
        long length = (head - FIRST_LENGTH) / 2;
        if (length < 0 || length > LONGEST) {
            throw new IOException("state is damaged: a text of " + length + " bytes");
        }
        byte[] bytes = new byte[(int) length];
        in.readFully(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static boolean isCanonicalUuid(String text) {
        if (text.length() != UUID_LENGTH) {
            return false;
        }
        for (int i = 0; i < UUID_LENGTH; i++) {
            char c = text.charAt(i);
            boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
            boolean right = dash ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            if (!right) {
                return false;
            }
        }
        return true;
    }

    private static long hex(String text, int from, int to) {
        long bits = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            bits = (bits << 4) | (c <= '9' ? c - '0' : c - 'a' + 10);
        }
        return bits;
    }

    /** Writes one value of a map. */
    @FunctionalInterface
    public interface Writing<V> {
        void write(V value, DataOutput out) throws IOException;
    }

    /** Reads one value of a map. */
    @FunctionalInterface
    public interface Reading<V> {
        V read(DataInput in) throws IOException;
    }

    /** Writes values by name. */
    public static <V> void writeMap(DataOutput out, Map<String, V> values, Writing<V> value)
            throws IOException {
        writeSize(out, values.size());
        for (Map.Entry<String, V> entry : values.entrySet()) {
            writeText(out, entry.getKey());
            value.write(entry.getValue(), out);
        }
    }

    /** Reads values by name, into a map that may be changed. */
    public static <V> Map<String, V> readMap(DataInput in, Reading<V> value) throws IOException {
        return readMap(in, readSize(in), value);
    }

    private static <V> Map<String, V> readMap(DataInput in, int size, Reading<V> value)
            throws IOException {
        Map<String, V> values = mapOf(size);
        for (int i = 0; i < size; i++) {
            values.put(readText(in), value.read(in));
        }
        return values;
    }

    /** Writes texts by name; both may be null. */
    public static void writeTexts(DataOutput out, Map<String, String> texts) throws IOException {
        writeMap(out, texts, (text, to) -> writeText(to, text));
    }

    /** Reads texts by name, into a map that may be changed. */
    public static Map<String, String> readTexts(DataInput in) throws IOException {
        return readMap(in, Compact::readText);
    }

    /** Reads texts by name, into a map that is not changed. */
    public static Map<String, String> readFixedTexts(DataInput in) throws IOException {
        int size = readSize(in);
        return size == 0 ? Map.of() : readMap(in, size, Compact::readText);
    }

    /** Writes numbers by name. */
    public static void writeNumbers(DataOutput out, Map<String, Long> numbers) throws IOException {
        writeMap(out, numbers, (number, to) -> writeNumber(to, number));
    }

    /** Reads numbers by name, into a map that may be changed. */
    public static Map<String, Long> readNumbers(DataInput in) throws IOException {
        return readMap(in, Compact::readNumber);
    }

    /** An empty map with room for that many. */
    public static <K, V> Map<K, V> mapOf(int size) {
        return new HashMap<>(Math.max(4, size * 4 / 3 + 1));
    }
}
