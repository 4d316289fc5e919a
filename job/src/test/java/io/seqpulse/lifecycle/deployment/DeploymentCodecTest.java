package io.seqpulse.lifecycle.deployment;

import static io.seqpulse.lifecycle.story.Facts.MORNING;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.detect.Happening;
import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Orphan;
import io.seqpulse.lifecycle.fact.Orphans;
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

    /** As the version that began to count wrote it. */
    @Test
    void readsLayout2() throws IOException {
        Layouts.assertReads(codec, LAYOUT_2, counted());
    }

    @Test
    void bringsWhatIsCountedBack() throws IOException {
        Layouts.assertComesBack(codec, counted());
    }

    private static Deployment counted() {
        Deployment deployment = new Deployment();
        deployment.verdictMicros = 999;
        deployment.deletedVerdict = "v";
        deployment.verdictDeletion = new Departure(MORNING, 11);
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
        Happening happening = new Happening("id", MORNING, MORNING + 1, true, values);
        Deployment deployment = new Deployment();
        deployment.row.put("env", "prod");
        deployment.row.put("branch", null);
        deployment.toldFinished = true;
        deployment.committedAt = MORNING;
        deployment.position = 2;
        deployment.seen = 3;
        deployment.verdict = happening;
        deployment.verdictPosition = 4;
        deployment.hints.put("h", happening);
        deployment.hintPositions.put("h", 5L);
        deployment.samples.put("pre", happening);
        deployment.orphans = new Orphans();
        deployment.orphans.named = List.of(new Orphan("sdh_hints", 6, 7));
        deployment.departure = new Departure(MORNING, 10);
        deployment.timerAt = MORNING + 11;
        return deployment;
    }

    private static final String LAYOUT_2 =
            """
            020000ffffffffffffffffff01ffffffffffffffffff01ffffffffffffffffff0100ffffffffffff
            ffffff01000000000000ce0f057601809afccab86816989afccab86801029a02f8c1c21c0002
            """;

    private static final String LAYOUT_1 =
            """
            010206560a0001809afccab868040601076964809afccab86802010218bc011a0008010568076964
            809afccab86802010218bc011a000105680a016c076964809afccab86802010218bc011a00010194
            010c0e000001809afccab86814969afccab868
            """;
}
