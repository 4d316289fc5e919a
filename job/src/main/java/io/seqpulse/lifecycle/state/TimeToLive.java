package io.seqpulse.lifecycle.state;

import java.time.Duration;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;

/** How long state is kept that nothing ends: from when it was written last. */
public final class TimeToLive {

    /** So many entries are compacted between two looks at the clock. */
    private static final int ENTRIES_PER_LOOK = 10_000;

    private TimeToLive() {}

    /** Gives what the descriptor describes that time to live, and returns the descriptor. */
    public static <D extends StateDescriptor<?, ?>> D of(Duration kept, D descriptor) {
        descriptor.enableTimeToLive(
                StateTtlConfig.newBuilder(kept)
                        .setUpdateType(StateTtlConfig.UpdateType.OnCreateAndWrite)
                        .setStateVisibility(StateTtlConfig.StateVisibility.NeverReturnExpired)
                        .cleanupInRocksdbCompactFilter(ENTRIES_PER_LOOK)
                        .build());
        return descriptor;
    }
}
