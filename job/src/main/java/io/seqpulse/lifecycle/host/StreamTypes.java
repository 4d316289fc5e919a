package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.MessageCodec;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactCodec;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.RowChangeCodec;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.IncrementCodec;
import io.seqpulse.lifecycle.state.CodecType;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/** What goes from operator to operator. */
public final class StreamTypes {

    public static final TypeInformation<Fact> FACT = new CodecType<>(new FactCodec());
    public static final TypeInformation<RowChange> ROW = new CodecType<>(new RowChangeCodec());
    public static final TypeInformation<Message> MESSAGE = new CodecType<>(new MessageCodec());
    public static final TypeInformation<Increment> INCREMENT =
            new CodecType<>(new IncrementCodec());

    private StreamTypes() {}
}
