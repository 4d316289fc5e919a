package io.seqpulse.lifecycle.deployment;

import static io.seqpulse.lifecycle.story.Facts.MORNING;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.detect.EventRecord;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Orphan;
import io.seqpulse.lifecycle.fact.Orphans;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Relation;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeploymentCodecTest {

    private final DeploymentCodec codec = new DeploymentCodec();

    @Test
    void bringsAnEmptyDeploymentBack() throws IOException {
        Layouts.assertComesBack(codec, new Deployment());
    }

    @Test
    void bringsAFullDeploymentBack() throws IOException {
        Layouts.assertComesBack(codec, full());
    }

    /** As the first version wrote it. */
    @Test
    void readsLayout1() throws IOException {
        Layouts.assertReads(codec, LAYOUT_1, full());
    }

    @Test
    void readsWhatIsCountedInLayout1() throws IOException {
        Layouts.assertReads(codec, LAYOUT_1_COUNTED, counted());
    }

    @Test
    void bringsWhatIsCountedBack() throws IOException {
        Layouts.assertComesBack(codec, counted());
    }

    private static Deployment counted() {
        Deployment deployment = new Deployment();
        deployment.verdictMicros = 999;
        deployment.deletedVerdict = "v";
        deployment.verdictDeletion = new Tombstone(MORNING, LogPosition.at(11));
        deployment.finishedSeenAt = MORNING + 12;
        deployment.contributed.become(
                Map.of(
                        new Figure(Relation.ACTIVITY, "verdict_ok", MORNING / 60_000),
                        new Count(0, 1)),
                increment -> {});
        return deployment;
    }

    private static Deployment full() {
        Map<String, String> values = new HashMap<>();
        values.put("severity", "high");
        values.put("title", null);
        EventRecord record = new EventRecord("id", MORNING, MORNING + 1, true, values);
        Deployment deployment = new Deployment();
        deployment.values.put("env", "prod");
        deployment.values.put("branch", null);
        deployment.toldFinished = true;
        deployment.row.present = true;
        deployment.row.committedAt = MORNING;
        deployment.row.position = new LogPosition(2, 3);
        deployment.verdict = record;
        deployment.verdictPosition = LogPosition.at(4);
        deployment.hints.put("h", record);
        deployment.hintPositions.put("h", LogPosition.at(5));
        deployment.samples.put("pre", record);
        deployment.row.orphans = new Orphans();
        deployment.row.orphans.named = List.of(new Orphan("sdh_hints", 6, 7));
        deployment.row.tombstone = new Tombstone(MORNING, LogPosition.at(10));
        deployment.timerAt = MORNING + 11;
        return deployment;
    }

    private static final String LAYOUT_1_COUNTED =
            """
            01000000000000000000ffffffffffffffffff0100000000ce0f057601809afccab8681600989afc
            cab86801029a02f8c1c21c0002
            """;

    private static final String LAYOUT_1 =
            """
            0101809afccab868040201809afccab8681400010194010c0e0000969afccab8680206560a000100
            0001076964809afccab86802010218bc011a000800010568076964809afccab86802010218bc011a
            000105680a00016c076964809afccab86802010218bc011a000000000000
            """;
}
