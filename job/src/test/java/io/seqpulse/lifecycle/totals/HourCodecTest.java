package io.seqpulse.lifecycle.totals;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.kpi.Count;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class HourCodecTest {

    private final HourCodec codec = new HourCodec();

    @Test
    void bringsAnEmptyOneBack() throws IOException {
        Layouts.assertComesBack(codec, new Hour());
    }

    @Test
    void bringsAFullOneBack() throws IOException {
        Layouts.assertComesBack(codec, full());
    }

    /** As the first version wrote it: three minutes, each with its two numbers. */
    @Test
    void readsLayout1() throws IOException {
        Layouts.assertReads(codec, "01030000020204063b0180f092cbdd08", full());
    }

    private static Hour full() {
        Hour hour = new Hour();
        hour.totals[0] = new Count(0, 1);
        hour.totals[2] = new Count(2, 3);
        hour.totals[59] = new Count(-1, 150_000_000_000L);
        return hour;
    }
}
