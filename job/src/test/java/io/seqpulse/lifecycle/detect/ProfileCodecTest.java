package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;

import io.seqpulse.lifecycle.codec.Layouts;
import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Orphan;
import io.seqpulse.lifecycle.fact.Orphans;
import io.seqpulse.lifecycle.story.Facts;
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
