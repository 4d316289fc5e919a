package io.seqpulse.lifecycle.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.HexFormat;

/** What a codec writes, and what it must always be able to read. */
public final class Layouts {

    private Layouts() {}

    /** Asserts that a value comes back as it was. */
    public static <T> void assertComesBack(Codec<T> codec, T value) throws IOException {
        assertReads(codec, hex(codec, value), value);
    }

    /** Asserts that bytes, in hexadecimal digits, are that value to the last of them. */
    public static <T> void assertReads(Codec<T> codec, String hex, T value) throws IOException {
        byte[] bytes = HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        try {
            assertThat(codec.read(in)).usingRecursiveComparison().isEqualTo(value);
            assertThat(in.available()).as("bytes left").isZero();
        } catch (AssertionError | IOException | RuntimeException another) {
            throw new AssertionError("now written as " + hex(codec, value), another);
        }
    }

    /** The bytes of a value, in hexadecimal digits. */
    public static <T> String hex(Codec<T> codec, T value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        codec.write(value, new DataOutputStream(bytes));
        return HexFormat.of().formatHex(bytes.toByteArray());
    }
}
