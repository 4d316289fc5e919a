package io.seqpulse.lifecycle.state;

import io.seqpulse.lifecycle.codec.Codec;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.util.FlinkException;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.flink.util.InstantiationUtil;

/**
 * A {@link Codec} as Flink wants it. Every value carries the version of its layout, so state of any
 * version is read as it is, value by value, and needs no migration.
 */
public final class CodecSerializer<T> extends TypeSerializer<T> {

    private static final long serialVersionUID = 1L;

    private final Codec<T> codec;

    CodecSerializer(Codec<T> codec) {
        this.codec = codec;
    }

    @Override
    public void serialize(T value, DataOutputView out) throws IOException {
        codec.write(value, out);
    }

    @Override
    public T deserialize(DataInputView in) throws IOException {
        return codec.read(in);
    }

    @Override
    public T deserialize(T reuse, DataInputView in) throws IOException {
        return codec.read(in);
    }

    @Override
    public T copy(T value) {
        DataOutputSerializer out = new DataOutputSerializer(256);
        try {
            codec.write(value, out);
            return codec.read(new DataInputDeserializer(out.getSharedBuffer(), 0, out.length()));
        } catch (IOException e) {
            throw new FlinkRuntimeException("what was just written cannot be read", e);
        }
    }

    @Override
    public T copy(T value, T reuse) {
        return copy(value);
    }

    @Override
    public void copy(DataInputView from, DataOutputView to) throws IOException {
        codec.write(codec.read(from), to);
    }

    /** None: values are made by reading them. */
    @Override
    public T createInstance() {
        return null;
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public boolean isImmutableType() {
        return false;
    }

    /** It has no state of its own. */
    @Override
    public TypeSerializer<T> duplicate() {
        return this;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CodecSerializer<?> serializer
                && serializer.codec.getClass().equals(codec.getClass());
    }

    @Override
    public int hashCode() {
        return codec.getClass().hashCode();
    }

    @Override
    public TypeSerializerSnapshot<T> snapshotConfiguration() {
        return new Snapshot<>(codec);
    }

    /** What a savepoint says of it: which codec it was. */
    public static final class Snapshot<T> implements TypeSerializerSnapshot<T> {

        private static final int VERSION = 1;

        private Codec<T> codec;

        /** For Flink, which reads the rest. */
        public Snapshot() {}

        Snapshot(Codec<T> codec) {
            this.codec = codec;
        }

        @Override
        public int getCurrentVersion() {
            return VERSION;
        }

        @Override
        public void writeSnapshot(DataOutputView out) throws IOException {
            out.writeUTF(codec.getClass().getName());
        }

        @Override
        @SuppressWarnings("unchecked")
        public void readSnapshot(int version, DataInputView in, ClassLoader classes)
                throws IOException {
            if (version != VERSION) {
                throw new IOException("a serializer's snapshot has unknown version " + version);
            }
            String name = in.readUTF();
            try {
                codec = (Codec<T>) InstantiationUtil.instantiate(name, Codec.class, classes);
            } catch (FlinkException e) {
                throw new IOException("state was written by " + name + ", which is not there", e);
            }
        }

        @Override
        public TypeSerializer<T> restoreSerializer() {
            return new CodecSerializer<>(codec);
        }

        @Override
        public TypeSerializerSchemaCompatibility<T> resolveSchemaCompatibility(
                TypeSerializerSnapshot<T> old) {
            return old instanceof Snapshot<T> before
                            && before.codec.getClass().equals(codec.getClass())
                    ? TypeSerializerSchemaCompatibility.compatibleAsIs()
                    : TypeSerializerSchemaCompatibility.incompatible();
        }
    }
}
