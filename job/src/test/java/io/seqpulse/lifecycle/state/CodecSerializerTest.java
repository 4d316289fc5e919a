package io.seqpulse.lifecycle.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

/** What Flink needs of a serializer to bring state back from a savepoint. */
class CodecSerializerTest {

    /** Texts of one layout. */
    public static class Texts implements Codec<String> {
        private static final long serialVersionUID = 1L;

        @Override
        public Class<String> type() {
            return String.class;
        }

        @Override
        public void write(String value, DataOutput out) throws IOException {
            Compact.writeText(out, value);
        }

        @Override
        public String read(DataInput in) throws IOException {
            return Compact.readText(in);
        }
    }

    /** Texts of another. */
    public static final class OtherTexts extends Texts {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void comesBackFromItsSnapshot() throws IOException {
        TypeSerializer<String> serializer = serializer(new Texts());
        TypeSerializerSnapshot<String> restored = restored(bytes(serializer));
        assertThat(restored.restoreSerializer())
                .isEqualTo(serializer)
                .hasSameHashCodeAs(serializer);
        assertThat(
                        serializer
                                .snapshotConfiguration()
                                .resolveSchemaCompatibility(restored)
                                .isCompatibleAsIs())
                .isTrue();
    }

    @Test
    void isNotTakenForAnotherCodecs() throws IOException {
        TypeSerializer<String> other = serializer(new OtherTexts());
        assertThat(other).isNotEqualTo(serializer(new Texts()));
        assertThat(
                        other.snapshotConfiguration()
                                .resolveSchemaCompatibility(
                                        restored(bytes(serializer(new Texts()))))
                                .isIncompatible())
                .isTrue();
    }

    @Test
    void saysWhichCodecIsMissing() throws IOException {
        String snapshot = new String(bytes(serializer(new Texts())), StandardCharsets.ISO_8859_1);
        byte[] renamed =
                snapshot.replace("CodecSerializerTest$Texts", "CodecSerializerTest$Gonee")
                        .getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> restored(renamed))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("CodecSerializerTest$Gonee, which is not there");
    }

    @Test
    void copiesByWritingAndReading() throws IOException {
        TypeSerializer<String> serializer = serializer(new Texts());
        assertThat(serializer.copy("Nadia")).isEqualTo("Nadia");
        DataOutputSerializer from = new DataOutputSerializer(16);
        serializer.serialize("Nadia", from);
        DataOutputSerializer to = new DataOutputSerializer(16);
        serializer.copy(new DataInputDeserializer(from.getCopyOfBuffer()), to);
        assertThat(to.getCopyOfBuffer()).isEqualTo(from.getCopyOfBuffer());
    }

    private static TypeSerializer<String> serializer(Codec<String> codec) {
        return new CodecType<>(codec).createSerializer(new SerializerConfigImpl());
    }

    private static byte[] bytes(TypeSerializer<String> serializer) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
        return out.getCopyOfBuffer();
    }

    private static TypeSerializerSnapshot<String> restored(byte[] snapshot) throws IOException {
        return TypeSerializerSnapshot.readVersionedSnapshot(
                new DataInputDeserializer(snapshot), CodecSerializerTest.class.getClassLoader());
    }
}
