package io.seqpulse.lifecycle.deployment;

import static io.seqpulse.lifecycle.story.Facts.MORNING;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.fact.Activity.Figures;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.Orphan;
import io.seqpulse.lifecycle.fact.Orphans;
import io.seqpulse.lifecycle.fact.Source;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.EarliestTimes;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Relation;
import java.io.IOException;
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
        Source source = new Source(MORNING + 1, 789, LogPosition.at(4), Origin.SNAPSHOT);
        Deployment deployment = new Deployment();
        deployment.columns =
                new DeploymentRow(
                        null, "7", "prod", null, "running", MORNING * 1_000, EarliestTimes.NEVER);
        deployment.toldFinished = true;
        deployment.row.present = true;
        deployment.row.committedAt = MORNING;
        deployment.row.position = new LogPosition(2, 3);
        deployment.verdict = new Verdict("v", MORNING * 1_000 + 999, source, "ok", null, "fine");
        deployment.hints.put("h", new Hint("h", MORNING * 1_000, source, "high", null, "[]"));
        deployment.samples.put("pre", new Sample(MORNING, "180.5", null));
        deployment.row.orphans = new Orphans();
        deployment.row.orphans.named = List.of(new Orphan("sdh_hints", 6, 7));
        deployment.row.tombstone = new Tombstone(MORNING, LogPosition.at(10));
        deployment.activity.add(MORNING, Figures.ofVerdict("ok"));
        deployment.activityOf = "p1";
        deployment.timerAt = MORNING + 11;
        return deployment;
    }

    private static final String LAYOUT_1_COUNTED =
            """
            010000000000000000000000000000000000057601809afccab8681600989afccab8680102c401f8
            c1c21c00020000
            """;

    private static final String LAYOUT_1 =
            """
            0101809afccab868040201809afccab868140001018a010c0e0000969afccab86800053732004401
            8090abda89faaf0600010000010576ce9fabda89faaf06829afccab86895060800023c000b66696e
            6501056805688090abda89faaf06829afccab86895060800025a00075b5d014c809afccab8680d31
            38302e3500000000000188aff3010002000000077031
            """;
}
