package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.Columns.Users;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Field;
import io.seqpulse.lifecycle.fact.RowChange;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * That two-factor authentication was switched, which no row says by itself: it is what differs from
 * the flag that was known before. The event's id is the new state and the time of the switch, so
 * that the same switch is told once however often the log tells its row.
 */
final class TwoFactorSwitch {

    /** By how much the clock that wrote a row's time may be ahead of the log's. */
    private static final Duration TOLERANCE = Duration.ofMinutes(5);

    private TwoFactorSwitch() {}

    /**
     * The switch that a row tells; none where the flag is as it was, or either is unknown.
     *
     * @param before what is known without the row
     */
    static Optional<Event> toldBy(RowChange change, Profile before) {
        if (change.table() != CapturedTable.USERS
                || !change.row().knows(Users.TWOFA_ENABLED)
                || before.twoFactor == null
                || !before.row.accepts(change)) {
            return Optional.empty();
        }
        boolean on = change.row().isTrue(Users.TWOFA_ENABLED);
        if (on == before.twoFactor) {
            return Optional.empty();
        }
        long committed = change.committedAt() * Fact.MICROS_PER_MILLI;
        long changed =
                (on ? time(change, Users.TWOFA_ENABLED_AT, before) : Optional.<Long>empty())
                        .or(() -> time(change, Users.UPDATED_AT, before))
                        .orElse(committed);
        String state = on ? "on" : "off";
        String changedAt = Instant.EPOCH.plus(changed, ChronoUnit.MICROS).toString();
        return Optional.of(
                Event.of(
                        EventType.TWOFA_CHANGED,
                        change.key(),
                        state + ":" + changedAt,
                        Math.min(changed, committed),
                        change.source(),
                        state,
                        changedAt));
    }

    /**
     * A time of the row at which it can have been switched: not before it was last seen otherwise,
     * as one that a product does not keep is, nor after its commit.
     */
    private static Optional<Long> time(RowChange change, Field<Long> column, Profile before) {
        long earliest = before.row.committedAt * Fact.MICROS_PER_MILLI;
        long latest = (change.committedAt() + TOLERANCE.toMillis()) * Fact.MICROS_PER_MILLI;
        return Optional.ofNullable(change.row().get(column))
                .filter(micros -> micros >= earliest && micros <= latest);
    }
}
