package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Orphan;
import io.seqpulse.lifecycle.fact.Orphans;
import io.seqpulse.lifecycle.kpi.Cohorts;
import io.seqpulse.lifecycle.kpi.Count;
import io.seqpulse.lifecycle.kpi.Figure;
import io.seqpulse.lifecycle.kpi.Ledger;
import io.seqpulse.lifecycle.kpi.Overflow;
import io.seqpulse.lifecycle.kpi.ProjectCohorts;
import io.seqpulse.lifecycle.kpi.Relation;
import io.seqpulse.lifecycle.story.Facts;
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

    /** As the version that began to count wrote it. */
    @Test
    void readsLayout2() throws IOException {
        Layouts.assertReads(codec, LAYOUT_2, counted("not told"));
    }

    /** As the version that began to measure how long critical verdicts stand wrote it. */
    @Test
    void readsLayout2WithLedgerOfLayout2() throws IOException {
        Layouts.assertReads(codec, LAYOUT_2_LEDGER_2, counted("warning"));
    }

    @Test
    void bringsWhatIsCountedBack() throws IOException {
        Layouts.assertComesBack(codec, counted("ok"));
    }

    /** With everything that a ledger can hold. */
    private static Profile counted(String verdict) {
        Profile profile = new Profile();
        profile.ledger = new Ledger();
        profile.ledger.owner(SHOP);
        Cohorts cohorts = new ProjectCohorts(Rules.measures());
        Overflow none = new NoOverflow();
        for (Fact fact :
                List.of(
                        Facts.project(SHOP, MORNING).fact().atMicros(MORNING * 1_000 + 1),
                        Facts.project(SHOP, MORNING)
                                .with("plan", "pro")
                                .committedAt(MORNING + DAY)
                                .fact(),
                        Facts.started(SHOP, "d", MORNING + 1).fact(),
                        Facts.verdict(SHOP, "d", verdict, MORNING + 2).fact(),
                        Facts.of(FactKind.EMAIL_SENT, SHOP, "e", MORNING + 3)
                                .with("email_type", "E-CONV-01")
                                .fact())) {
            cohorts.take(profile.ledger, fact, none);
        }
        profile.ledger.contributed.become(
                Map.of(
                        new Figure(Relation.COHORT, "first_deployment_72h", MORNING / 60_000),
                        new Count(1, 1)),
                increment -> {});
        return profile;
    }

    /** For so few that all are at hand. */
    private record NoOverflow() implements Overflow {
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
        profile.known = true;
        profile.told = new Standing("u1", "free", MORNING, MORNING + DAY, 24_322, List.of(2_966));
        return profile;
    }

    private static Profile full() {
        Profile profile = new Profile();
        profile.values.put("name", "Shop");
        profile.values.put("plan", null);
        profile.known = true;
        profile.committedAt = MORNING;
        profile.position = 17;
        profile.seen = 18;
        profile.planSince = MORNING - DAY;
        profile.ownerSince = MORNING - 2 * DAY;
        Events none = new Elsewhere();
        profile.observe(Facts.of(FactKind.PROJECT_CREATED, SHOP, SHOP, MORNING).fact(), none);
        for (int i = 0; i < 3; i++) {
            profile.observe(
                    Facts.of(FactKind.DEPLOYMENT_STARTED, SHOP, "d-" + i, MORNING + i * 20 * DAY)
                            .fact(),
                    none);
        }
        profile.happened.get(FactKind.DEPLOYMENT_STARTED).olderElsewhere = true;
        profile.members.put("m", new Member(null, "a@b.example", "admin", true, MORNING, 3));
        Pending pending = new Pending();
        pending.rule = "E-ACT-01";
        pending.occasion = "";
        pending.dueAt = MORNING;
        pending.askAt = Pending.WHEN_KNOWN;
        pending.expiresAt = MORNING + 3;
        pending.forgetAt = MORNING + 4;
        pending.causedAt = MORNING - 1;
        pending.values.put("month", "2026-11");
        pending.out.put(SHOP, "key");
        pending.asked = true;
        profile.pending.put("E-ACT-01|", pending);
        profile.handled.put("E-TRX-01|", MORNING + 5);
        profile.strangerUntil = MORNING + 6;
        profile.orphans = new Orphans();
        profile.orphans.named = List.of(new Orphan("sdh_hints", 6, Long.MAX_VALUE));
        profile.orphans.unnamed = Map.of("sdh_hints", 8L);
        profile.orphans.unnamedUntil = MORNING + 7;
        profile.departure = new Departure(MORNING, 9);
        profile.timerAt = MORNING + 10;
        return profile;
    }

    private static final String LAYOUT_2 =
            """
            020000ffffffffffffffffff01ffffffffffffffffff01ffffffffffffffffff0100000000000000
            00000001018090abda89faaf06010564d09fabda89faaf0600010564a0afabda89faaf0600010565
            8601f0beabda89faaf06015709e0000000400080000000000000034e01018090e6b78dffaf060100
            f801f8c1c21c020200
            """;

    private static final String LAYOUT_2_LEDGER_2 =
            """
            020000ffffffffffffffffff01ffffffffffffffffff01ffffffffffffffffff0100000000000000
            00000002018090abda89faaf06010564d09fabda89faaf0600010564a0afabda89faaf0600010565
            8601f0beabda89faaf06015709e0000000400080000000000000034e01018090e6b78dffaf060100
            f801f8c1c21c0202011770726f64756374696f6e00010564a0afabda89faaf060000
            """;

    private static final String LAYOUT_1 =
            """
            01021c0b53686f702a0001809afccab868222480aac9f8b76880ba96a6b7680270015709e0000000
            40008000000000000003809afccab8680000000000007609642d30809afccab8680000008080f3df
            19010284fc020486fc020203ae2e02b42e02b82e020309642d300009642d3180c0f9ef0c09642d32
            8080f3df190101056d00196140622e6578616d706c65b20101809afccab868060115452d4143542d
            30317c800103809afccab868feffffffffffffffff01869afccab868889afccab868fe99fccab868
            014411323032362d313101015709e000000040008000000000000003096b6579010115452d545258
            2d30317c8a9afccab8688c9afccab868010194010cfeffffffffffffffff01019401108e9afccab8
            6801809afccab86812949afccab868
            """;
}
