package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Binary layout of {@link OwnedActivity} in state. */
public final class OwnedActivityCodec implements Codec<OwnedActivity> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 1;

    @Override
    public Class<OwnedActivity> type() {
        return OwnedActivity.class;
    }

    @Override
    public void write(OwnedActivity activity, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        activity.write(out);
    }

    @Override
    public OwnedActivity read(DataInput in) throws IOException {
        Compact.readVersion(in, "a project's activity", LAYOUT);
        return OwnedActivity.read(in);
    }
}
