package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.fact.Activity.Figures;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Orphan;
import io.seqpulse.lifecycle.fact.Orphans;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.fact.SpillStore;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.CohortState;
import io.seqpulse.lifecycle.kpi.Cohorts;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.ProjectCohorts;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.InMemory;
import io.seqpulse.lifecycle.story.Rules;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProfileCodecTest {

    private final ProfileCodec codec = new ProfileCodec();

    @Test
    void bringsAnEmptyProfileBack() throws IOException {
        Layouts.assertComesBack(codec, new Profile());
    }

    @Test
    void bringsAFullProfileBack() throws IOException {
        Layouts.assertComesBack(codec, full());
    }

    /** As the first version wrote it. */
    @Test
    void readsLayout1() throws IOException {
        Layouts.assertReads(codec, LAYOUT_1, full());
    }

    @Test
    void readsWhatIsCountedInLayout1() throws IOException {
        Layouts.assertReads(codec, LAYOUT_1_COUNTED, counted("warning"));
    }

    @Test
    void bringsWhatIsCountedBack() throws IOException {
        Layouts.assertComesBack(codec, counted("ok"));
    }

    /** With everything that a ledger can hold. */
    private static Profile counted(String verdict) {
        Profile profile = new Profile();
        profile.cohortState = new CohortState();
        profile.cohortState.owner(SHOP);
        Cohorts cohorts = new ProjectCohorts(Rules.measures());
        SpillStore none = new NoOverflow();
        for (Fact fact :
                List.of(
                        Facts.project(SHOP, MORNING).atMicros(MORNING * 1_000 + 1).fact(),
                        Facts.project(SHOP, MORNING)
                                .with("plan", "pro")
                                .committedAt(MORNING + DAY)
                                .fact(),
                        Facts.started(SHOP, "d", MORNING + 1).fact(),
                        Facts.verdict(SHOP, "d", verdict, MORNING + 2).fact(),
                        Facts.email(true, SHOP, "e", MORNING + 3)
                                .with("email_type", "E-CONV-01")
                                .fact())) {
            cohorts.take(profile.cohortState, fact, none);
        }
        profile.cohortState.contributed.become(
                Map.of(
                        new Figure(Relation.COHORT, "first_deployment_72h", MORNING / 60_000),
                        new Count(1, 1)),
                increment -> {});
        return profile;
    }

    /** For so few that all are at hand. */
    private record NoOverflow() implements SpillStore {
        @Override
        public Long get(String kind, String id) {
            return null;
        }

        @Override
        public void put(String kind, String id, long atMicros) {
            throw new IllegalStateException(id);
        }

        @Override
        public void remove(String kind, String id) {}

        @Override
        public Map<String, Long> all(String kind) {
            return Map.of();
        }
    }

    @Test
    void bringsBackWhatTheOwnerOfAProjectWasTold() throws IOException {
        Layouts.assertComesBack(codec, told());
    }

    private static Profile told() {
        Profile profile = new Profile();
        profile.row.present = true;
        profile.told =
                new ProjectSummary(
                        "u1",
                        new OwnedProject("free", MORNING, MORNING + DAY, 24_322, List.of(2_966)));
        return profile;
    }

    private static Profile full() {
        Profile profile = new Profile();
        profile.name = "Shop";
        profile.ownerId = "u1";
        profile.inactive = true;
        profile.timezone = "Europe/Paris";
        profile.twoFactor = true;
        profile.row.present = true;
        profile.row.committedAt = MORNING;
        profile.row.position = new LogPosition(17, 18);
        profile.planSince = MORNING - DAY;
        profile.ownerSince = MORNING - 2 * DAY;
        SpillStore none = new InMemory();
        profile.observe(Facts.of(EventType.PROJECT_CREATED, SHOP, SHOP, MORNING).fact(), none);
        for (int i = 0; i < 3; i++) {
            profile.observe(
                    Facts.of(EventType.DEPLOYMENT_STARTED, SHOP, "d-" + i, MORNING + i * 20 * DAY)
                            .fact(),
                    none);
        }
        profile.happened.get(EventType.DEPLOYMENT_STARTED).olderElsewhere = true;
        profile.members.put(
                "m", new Member(null, "a@b.example", "admin", true, MORNING, LogPosition.at(3)));
        profile.observe(
                Facts.of(EventType.LOGGED_IN, SHOP, "l-1", MORNING)
                        .with("login_id", "l-1")
                        .with("country", "FR")
                        .with("device", "Firefox on Linux")
                        .fact(),
                none);
        profile.deployedAt = MORNING + 2;
        profile.timezone = "Europe/Paris";
        profile.activity.add(MORNING, Figures.DEPLOYMENT);
        profile.activity.add(MORNING + DAY, Figures.ofVerdict("warning"));
        profile.untold.add(MORNING + DAY, Figures.CRITICAL_HINT);
        profile.tellAt = MORNING + DAY + 1;
        profile.toldOf = "u2";
        ScheduledTrigger pending = new ScheduledTrigger();
        pending.rule = "E-ACT-01";
        pending.trigger = "missing/USER_CREATED/PROJECT_CREATED";
        pending.instance = "";
        pending.dueAt = MORNING;
        pending.askAt = ScheduledTrigger.WHEN_TOLD;
        pending.expiresAt = MORNING + 3;
        pending.forgetAt = MORNING + 4;
        pending.causedAt = MORNING - 1;
        pending.values.put("month", "2026-11");
        pending.out.put(SHOP, "key");
        pending.asked = true;
        pending.movable = true;
        profile.pending.put("E-ACT-01|", pending);
        profile.handled.put("E-TRX-01|", MORNING + 5);
        profile.strangerUntil = MORNING + 6;
        profile.askedAt = MORNING + 11;
        profile.nextAskAt = MORNING + 12;
        profile.row.orphans = new Orphans();
        profile.row.orphans.named = List.of(new Orphan("sdh_hints", 6, Long.MAX_VALUE));
        profile.row.orphans.unnamed = Map.of("sdh_hints", 8L);
        profile.row.orphans.unnamedUntil = MORNING + 7;
        profile.row.tombstone = new Tombstone(MORNING, LogPosition.at(9));
        profile.timerAt = MORNING + 10;
        return profile;
    }

    private static final String LAYOUT_1 =
            """
            0101809afccab868220201809afccab868120001018a010cfeffffffffffffffff01018a01108e9a
            fccab868949afccab8680b53686f70077531000100000080aac9f8b76880ba96a6b7680370015709
            e000000040008000000000000003809afccab8680000000000007409642d30809afccab868000000
            8080f3df19010284fc020486fc020203ae2e02b42e02b82e020309642d300009642d3180c0f9ef0c
            09642d328080f3df1901156c6f676765645f696e096c2d31809afccab868000003136c6f67696e5f
            6964096c2d3111636f756e7472790746520f6465766963652346697265666f78206f6e204c696e75
            7800000002536465766963652f46495245464f585f4f4e5f4c494e55587e31346433333066326139
            32323132363701809afccab868096c2d310017636f756e7472792f465201809afccab868096c2d31
            00849afccab8681b4575726f70652f50617269730288aff3010200000000c001000002000001c8b0
            f3010000000002828aaf9db96807753201056d00196140622e6578616d706c655001809afccab868
            06000115452d4143542d30317c9a014b6d697373696e672f555345525f435245415445442f50524f
            4a4543545f4352454154454403809afccab868feffffffffffffffff01869afccab868889afccab8
            68fe99fccab868012011323032362d313101015709e000000040008000000000000003096b657901
            010115452d5452582d30317c8a9afccab8688c9afccab868969afccab868989afccab868000001
            """;

    private static final String LAYOUT_1_COUNTED =
            """
            0100000000000000000000000000000000000000000000000000000001018090abda89faaf060105
            64d09fabda89faaf0600010564a0afabda89faaf0600010565a40100f0beabda89faaf06015709e0
            000000400080000000000000032a01018090e6b78dffaf060100cc01f8c1c21c0202013400010564
            a0afabda89faaf060000ff
            """;
}
