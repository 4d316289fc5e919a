package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SECOND;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.micros;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.story.Facts;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a user's row says that two-factor authentication was switched, and since when. */
class TwoFactorSwitchTest {

    private static final long CREATED = MORNING - DAY;
    private static final long LATER = MORNING + MINUTE;

    private final Profile profile = new Profile();
    private final List<Event> told = new ArrayList<>();

    @Test
    void isNoSwitchWhereNothingWasKnownBefore() {
        hears(row("true", CREATED));
        hears(row("true", MORNING));
        assertThat(told).isEmpty();
        assertThat(profile.twoFactor).isTrue();
    }

    @Test
    void isToldWithTheTimeAtWhichItWasEnabledToTheMicrosecond() {
        hears(row("false", MORNING));
        hears(
                row("true", LATER)
                        .with("twofa_enabled_at", Long.toString(LATER * 1_000 - 999_877))
                        .with("updated_at", micros(LATER)));
        Event on = only();
        assertThat(on.type()).isEqualTo(EventType.TWOFA_CHANGED);
        assertThat(on.key()).isEqualTo(ALICE);
        assertThat(on.id()).isEqualTo("on:2026-11-10T09:00:59.000123Z");
        assertThat(on.atMicros()).isEqualTo(LATER * 1_000 - 999_877);
        assertThat(on.value("state")).isEqualTo("on");
        assertThat(on.value("changed_at")).isEqualTo("2026-11-10T09:00:59.000123Z");
        assertThat(on.committedAt()).isEqualTo(LATER);
        assertThat(on.snapshot()).isFalse();
    }

    /** The time at which it was enabled is left where it is. */
    @Test
    void isToldWithTheLastChangeOfTheRowWhenItIsSwitchedOff() {
        hears(row("true", MORNING));
        hears(
                row("false", LATER)
                        .with("twofa_enabled_at", micros(LATER - 2 * SECOND))
                        .with("updated_at", micros(LATER - SECOND)));
        Event off = only();
        assertThat(off.id()).isEqualTo("off:2026-11-10T09:00:59Z");
        assertThat(off.value("state")).isEqualTo("off");
        assertThat(off.at()).isEqualTo(LATER - SECOND);
    }

    /** One time, the other, the commit's. */
    @Test
    void isDatedByTheFirstTimeThatCanBe() {
        hears(row("false", MORNING));
        hears(
                row("true", LATER)
                        .with("twofa_enabled_at", micros(MORNING - 1))
                        .with("updated_at", micros(LATER - 1)));
        assertThat(only().at()).as("enabled once before").isEqualTo(LATER - 1);

        hears(row("false", LATER + 1).with("updated_at", micros(CREATED)));
        assertThat(told.get(1).at()).as("not kept by the product").isEqualTo(LATER + 1);
        assertThat(told.get(1).id()).isEqualTo("off:2026-11-10T09:01:00.001Z");

        hears(row("true", LATER + 2).with("twofa_enabled_at", null).with("updated_at", null));
        assertThat(told.get(2).id()).isEqualTo("on:2026-11-10T09:01:00.002Z");
    }

    @Test
    void neverHappenedAfterItsCommit() {
        hears(row("false", MORNING));
        hears(row("true", LATER).with("twofa_enabled_at", micros(LATER + SECOND)));
        assertThat(only().at()).isEqualTo(LATER);
        assertThat(only().value("changed_at")).isEqualTo("2026-11-10T09:01:01Z");

        hears(row("false", LATER + MINUTE).with("updated_at", micros(LATER + 365 * DAY)));
        assertThat(told.get(1).value("changed_at")).isEqualTo("2026-11-10T09:02:00Z");
    }

    @Test
    void isToldOnceHoweverOftenTheRowsAre() {
        for (int time = 0; time < 3; time++) {
            hears(row("false", MORNING));
            hears(row("true", LATER));
            hears(row("true", LATER).updated());
        }
        assertThat(told).hasSize(1);
        assertThat(profile.twoFactor).isTrue();
    }

    @Test
    void isToldEachTimeItIsSwitched() {
        hears(row("false", MORNING));
        for (int minute = 1; minute <= 4; minute++) {
            hears(row(minute % 2 == 1 ? "true" : "false", MORNING + minute * MINUTE));
        }
        assertThat(told)
                .extracting(event -> event.value("state"))
                .containsExactly("on", "off", "on", "off");
        assertThat(told).extracting(Event::id).doesNotHaveDuplicates();
    }

    @Test
    void isNotTakenBackByAnOlderRow() {
        hears(row("true", LATER));
        hears(row("false", MORNING));
        assertThat(told).isEmpty();
        assertThat(profile.twoFactor).isTrue();
    }

    @Test
    void isNotForgottenWhereTheLogDoesNotTellTheFlag() {
        hears(row("false", MORNING));
        hears(Facts.account(ALICE, CREATED).committedAt(MORNING + 1));
        assertThat(told).isEmpty();
        hears(row("true", LATER));
        assertThat(told).hasSize(1);
    }

    /** Told, and yet not set: nobody is asked for a second factor. */
    @Test
    void isOffWhereTheRowHasANull() {
        hears(row(null, MORNING));
        hears(row("false", MORNING + 1));
        assertThat(told).isEmpty();
        hears(row("true", LATER));
        hears(row(null, LATER + 1));
        assertThat(told).extracting(event -> event.value("state")).containsExactly("on", "off");
    }

    /** It was switched while nobody listened. */
    @Test
    void isToldBySnapshotsAsTheirColumnsSay() {
        hears(row("false", MORNING - 3 * DAY));
        hears(
                row("true", LATER)
                        .with("twofa_enabled_at", micros(MORNING - 2 * DAY))
                        .with("updated_at", micros(MORNING - DAY))
                        .snapshotAt(LATER));
        assertThat(only().at()).isEqualTo(MORNING - 2 * DAY);
        assertThat(only().snapshot()).isTrue();
        hears(row("true", LATER + DAY).snapshotAt(LATER + DAY));
        assertThat(told).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void isNoSwitchOfWhoCameAnewUnderTheSameId(String flag) {
        hears(row("false", MORNING));
        hears(row("true", LATER));
        told.clear();
        profile.delete(
                Tombstone.of(Facts.account(ALICE, CREATED).committedAt(LATER + SECOND).fact()));
        hears(row("false", MORNING));
        assertThat(told).as("about the one before").isEmpty();
        hears(row(flag, LATER + MINUTE));
        assertThat(told).isEmpty();
    }

    @Test
    void concernsUsersOnly() {
        hears(row("false", MORNING));
        assertThat(TwoFactorSwitch.toldBy(Facts.project(SHOP, LATER).fact(), profile)).isEmpty();
    }

    @Test
    void keepsTheZoneUntilAnotherIsTold() {
        hears(row("false", MORNING).with("timezone", "Europe/Paris"));
        hears(row("false", MORNING + 1));
        assertThat(profile.timezone()).isEqualTo("Europe/Paris");
        hears(row("false", MORNING - 1).with("timezone", "Asia/Tokyo"));
        assertThat(profile.timezone()).as("an older row").isEqualTo("Europe/Paris");
        assertThat(profile.describe(row("false", LATER).with("timezone", null).fact())).isTrue();
        assertThat(profile.timezone()).isNull();
    }

    private static Facts<RowChange> row(String twoFactor, long committedAt) {
        return Facts.account(ALICE, CREATED)
                .with("twofa_enabled", twoFactor)
                .committedAt(committedAt);
    }

    private void hears(Facts<RowChange> row) {
        RowChange change = row.fact();
        if (!profile.row.isOver(change)) {
            TwoFactorSwitch.toldBy(change, profile).ifPresent(told::add);
            profile.describe(change);
        }
    }

    private Event only() {
        assertThat(told).hasSize(1);
        return told.get(0);
    }
}
