package io.seqpulse.lifecycle.property;

import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What the histories of one run of the job share: when the log begins, since when each rule runs,
 * and when something was down. All times are milliseconds since the epoch.
 *
 * @param boundary first millisecond of a UTC month, around which the histories lie
 * @param snapshotAt when the connector took its first snapshot
 * @param liveSince rule → since when it runs
 * @param modes rule → its mode; absent: live
 * @param outages times {@code [from, to)} at which the job was down: what was due then is processed
 *     at {@code to}, on the wall
 * @param gapFrom the slot was gone {@code (gapFrom, gapTo]}: what was committed then is told by a
 *     snapshot at {@code gapTo}; both 0: it never was
 * @param refusalsTable whether the product has {@code quota_refusals}
 * @param journalCaptured whether the log tells of our own journal
 */
record Setting(
        long seed,
        long boundary,
        long snapshotAt,
        Map<String, Long> liveSince,
        Map<String, Mode> modes,
        List<Window> outages,
        long gapFrom,
        long gapTo,
        boolean refusalsTable,
        boolean journalCaptured) {

    static final long SECOND = 1_000;
    static final long MINUTE = 60 * SECOND;
    static final long HOUR = 60 * MINUTE;
    static final long DAY = 24 * HOUR;
    static final Duration COOLDOWN = Duration.ofHours(24);

    static final List<String> RULES =
            List.of("E-TRX-01", "E-ACT-01", "E-ACT-04", "E-ACT-05", "E-CONV-01", "E-CONV-03");

    /** A time {@code [from, to)}. */
    record Window(long from, long to) {
        @Override
        public String toString() {
            return "[" + Instant.ofEpochMilli(from) + ", " + Instant.ofEpochMilli(to) + ")";
        }
    }

    /** When something that could have been processed at that time on the wall was. */
    long up(long wall) {
        for (Window outage : outages) {
            if (wall >= outage.from() && wall < outage.to()) {
                return outage.to();
            }
        }
        return wall;
    }

    /** The share of people who are kept from each marketing email, in percent. */
    int holdout() {
        return seed % 3 == 0 ? 20 : 0;
    }

    boolean inGap(long commit) {
        return commit > gapFrom && commit <= gapTo;
    }

    /** Nothing that matters is due after this. */
    long end() {
        return boundary + 33 * DAY;
    }

    /** Long after, when everything may have been forgotten. */
    long longAfter() {
        return boundary + 140 * DAY;
    }

    static Setting random(long seed) {
        Random random = new Random(seed);
        YearMonth month = YearMonth.of(2026, 1).plusMonths(random.nextInt(60));
        long boundary = month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
        long snapshotAt =
                switch (random.nextInt(3)) {
                    case 0 -> boundary - 20 * DAY;
                    case 1 -> boundary - 3 * DAY + random.nextInt(6 * 24) * HOUR / 2;
                    default -> boundary - 8 * DAY + random.nextInt(24) * HOUR + random.nextInt(999);
                };
        Map<String, Long> liveSince = new HashMap<>();
        for (String rule : RULES) {
            liveSince.put(
                    rule,
                    switch (random.nextInt(6)) {
                        case 0, 1, 2 -> boundary - 70 * DAY;
                        case 3 -> snapshotAt;
                        case 4 -> boundary - 3 * DAY + random.nextInt((int) (5 * DAY));
                        default -> snapshotAt + random.nextInt((int) DAY);
                    });
        }
        Map<String, Mode> modes = new HashMap<>();
        if (random.nextInt(5) == 0) {
            modes.put(
                    RULES.get(random.nextInt(RULES.size())),
                    random.nextBoolean() ? Mode.SHADOW : Mode.DISABLED);
        }
        List<Window> outages = new ArrayList<>();
        if (random.nextInt(3) == 0) {
            outages.add(new Window(snapshotAt, snapshotAt + length(random)));
        }
        if (random.nextInt(2) == 0) {
            long from = boundary - DAY + random.nextInt((int) (2 * DAY));
            if (outages.isEmpty() || from > outages.get(0).to()) {
                outages.add(new Window(from, from + length(random)));
            }
        }
        long gapFrom = 0;
        long gapTo = 0;
        if (random.nextInt(4) == 0) {
            gapFrom = boundary + 30 * HOUR + random.nextInt((int) DAY);
            for (Window outage : outages) {
                gapFrom = Math.max(gapFrom, outage.to() + HOUR);
            }
            gapFrom = Math.max(gapFrom, snapshotAt + HOUR);
            gapTo = gapFrom + 1 + random.nextInt((int) (5 * HOUR));
        }
        return new Setting(
                seed,
                boundary,
                snapshotAt,
                liveSince,
                modes,
                outages,
                gapFrom,
                gapTo,
                random.nextInt(4) != 0,
                random.nextInt(3) != 0);
    }

    private static long length(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> 1 + random.nextInt((int) (10 * MINUTE));
            case 1 -> HOUR + random.nextInt((int) (6 * HOUR));
            default -> 20 * HOUR + random.nextInt((int) (12 * HOUR));
        };
    }

    String describe() {
        StringBuilder text = new StringBuilder("setting ").append(seed);
        text.append(": month begins ").append(Instant.ofEpochMilli(boundary));
        text.append(", snapshot ").append(Instant.ofEpochMilli(snapshotAt));
        text.append(", job down ").append(outages);
        if (gapTo != 0) {
            text.append(", slot gone ").append(new Window(gapFrom, gapTo));
        }
        text.append(refusalsTable ? "" : ", no quota_refusals");
        text.append(journalCaptured ? "" : ", journal not captured");
        text.append(", modes ").append(modes).append(", holdout ").append(holdout());
        liveSince.forEach(
                (rule, at) ->
                        text.append("\n  ")
                                .append(rule)
                                .append(" since ")
                                .append(Instant.ofEpochMilli(at)));
        return text.toString();
    }
}
