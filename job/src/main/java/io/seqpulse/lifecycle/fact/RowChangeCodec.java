package io.seqpulse.lifecycle.fact;

import io.seqpulse.lifecycle.codec.Codec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Changes of rows between operators that are told nothing else; see {@link FactCodec}. */
public final class RowChangeCodec implements Codec<RowChange> {

    private static final long serialVersionUID = 1L;

    @Override
    public Class<RowChange> type() {
        return RowChange.class;
    }

    @Override
    public void write(RowChange change, DataOutput out) throws IOException {
        FactCodec.write(change, out);
    }

    @Override
    public RowChange read(DataInput in) throws IOException {
        return FactCodec.readRow(in);
    }
}
