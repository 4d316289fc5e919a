package io.seqpulse.lifecycle.email;

import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.OptionalLong;

/** The arithmetic behind the figures in a mail; exact and pure. */
final class Figures {

    /** Deployments a free project may start in a UTC calendar month. */
    static final int FREE_MONTHLY_DEPLOYMENTS = 50;

    private static final long DAY = Duration.ofDays(1).toMillis();

    private Figures() {}

    /**
     * In how many days a project reaches its quota if it goes on as it did this month, rounded up:
     * {@code ceil((limit − used) / (used / days elapsed))}. Days elapsed are counted from the start
     * of the UTC month, parts of days included, and are at least 1 (requirements.md, R14).
     *
     * @return 0 when the quota is used up; empty when the month ends before that, or {@code now} is
     *     not in {@code month}, or nothing was used
     */
    static OptionalLong daysToLimit(int used, int limit, YearMonth month, Instant now) {
        if (used >= limit) {
            return OptionalLong.of(0);
        }
        Instant start = startOf(month);
        Instant end = startOf(month.plusMonths(1));
        if (used <= 0 || now.isBefore(start) || !now.isBefore(end)) {
            return OptionalLong.empty();
        }
        long elapsed = Math.max(DAY, Duration.between(start, now).toMillis());
        long millisToLimit = ceilDiv((limit - used) * elapsed, used);
        if (!now.plusMillis(millisToLimit).isBefore(end)) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(ceilDiv((limit - used) * elapsed, used * DAY));
    }

    /** The UTC calendar month an instant lies in. */
    static YearMonth monthOf(Instant now) {
        return YearMonth.from(now.atOffset(ZoneOffset.UTC));
    }

    /** When a UTC calendar month begins. */
    static Instant startOf(YearMonth month) {
        return month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    private static long ceilDiv(long dividend, long divisor) {
        return -Math.floorDiv(-dividend, divisor);
    }
}
