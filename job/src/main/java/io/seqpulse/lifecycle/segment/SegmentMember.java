package io.seqpulse.lifecycle.segment;

import io.seqpulse.lifecycle.detect.Periods;
import io.seqpulse.lifecycle.detect.Standing;
import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Resnapshot;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * What is remembered of one user to know their segments. Facts only change what is remembered;
 * which segments that makes is asked when the log's clock has passed them, and whenever time alone
 * changes it.
 *
 * <p>Activity is a deployment started on an owned project, and a project created: logins are not
 * captured yet. So somebody who only works on other people's projects cannot be called silent.
 *
 * <p>State, as {@link SegmentMemberCodec} writes it.
 */
public class SegmentMember {

    private static final long NEW = Duration.ofDays(14).toMillis();
    private static final long ACTIVE = Standing.ACTIVE.toMillis();
    private static final long SILENT = ACTIVE;
    private static final long SILENT_LONG = Duration.ofDays(30).toMillis();
    private static final long SENSITIVE = Duration.ofDays(90).toMillis();

    /** Whether the user's row is known. */
    public boolean known;

    public boolean active;

    /** When the account was created, epoch milliseconds. */
    public long createdAt;

    public boolean twofaEnabled;

    /** When two-factor authentication was changed last, epoch milliseconds; 0: never. */
    public long twofaChangedAt;

    public long committedAt = Long.MIN_VALUE;
    public long position = Long.MIN_VALUE;

    /** Where the log told of the row last, be it nothing new. */
    public long seen = Long.MIN_VALUE;

    /** Project id → what matters of it, of those that the user owns. */
    public Map<String, OwnedProject> projects = new HashMap<>();

    /** Row id of a membership of somebody's project → where the log told of it last. */
    public Map<String, Long> memberships = new HashMap<>();

    /** What they were last counted for. */
    public Set<Segment> counted = EnumSet.noneOf(Segment.class);

    /** When they were counted, epoch milliseconds: it never goes back. */
    public long countedAt = Long.MIN_VALUE;

    /** When to count them because of what was told since, epoch milliseconds; 0: nothing was. */
    public long askAt;

    /** The deletion of the row remembered last, or null. */
    public Departure departure;

    /** The one registered timer, epoch milliseconds; 0: none. */
    public long timerAt;

    /** Takes a fact about the user, or about what is theirs. */
    void take(Fact fact) {
        switch (fact.kind()) {
            case USER_STANDING -> takeRow(fact);
            case ACCOUNT_DELETED -> {
                if (!known || committedAt <= fact.committedAt()) {
                    depart(new Departure(fact.committedAt(), fact.position()));
                }
            }
            case PROJECT_STANDING ->
                    projects.put(
                            fact.id(),
                            new OwnedProject(
                                    fact.value(Standing.PLAN),
                                    fact.at(),
                                    number(fact, Standing.DEPLOYED_AT),
                                    (int) number(fact, Standing.NEAR_LIMIT_IN),
                                    Standing.weeks(fact.value(Standing.DROPS))));
            case PROJECT_STANDING_ENDED -> projects.remove(fact.id());
            case MEMBERSHIP -> memberships.merge(fact.id(), fact.position(), Math::max);
            case MEMBERSHIP_ENDED -> memberships.remove(fact.id());
            default -> throw new IllegalArgumentException(fact.kind() + " makes no segment");
        }
        ask(fact.committedAt());
    }

    private void takeRow(Fact fact) {
        if (departure != null && !departure.precedes(fact)) {
            return;
        }
        seen = Math.max(seen, fact.position());
        boolean older =
                fact.committedAt() < committedAt
                        || (fact.committedAt() == committedAt && fact.position() < position);
        if (known && older) {
            return;
        }
        boolean enabled = "true".equals(fact.value("twofa_enabled"));
        if (known && !fact.snapshot() && enabled != twofaEnabled) {
            twofaChangedAt = Math.max(twofaChangedAt, fact.committedAt());
        }
        twofaChangedAt = Math.max(twofaChangedAt, number(fact, "twofa_enabled_at"));
        twofaEnabled = enabled;
        active = !"false".equals(fact.value("is_active"));
        createdAt = fact.at();
        known = true;
        committedAt = fact.committedAt();
        position = fact.position();
    }

    /** Takes what a new snapshot no longer shows for gone; returns whether there was any. */
    boolean sweep(Resnapshot resnapshot) {
        boolean lacked =
                memberships
                        .values()
                        .removeIf(at -> resnapshot.lacks(FactKind.MEMBERSHIP.table(), at));
        if (known && resnapshot.lacks(FactKind.USER_STANDING.table(), seen)) {
            depart(resnapshot.departure());
            lacked = true;
        }
        if (lacked) {
            ask(resnapshot.at());
        }
        return lacked;
    }

    /** Forgets the row; projects are forgotten as each of them goes. */
    private void depart(Departure end) {
        known = false;
        active = false;
        createdAt = 0;
        twofaEnabled = false;
        twofaChangedAt = 0;
        committedAt = Long.MIN_VALUE;
        position = Long.MIN_VALUE;
        seen = Long.MIN_VALUE;
        memberships.clear();
        departure = end;
    }

    private void ask(long at) {
        askAt = askAt == 0 ? at : Math.min(askAt, at);
    }

    /** The segments now, which {@link #counted} is from then on. */
    Set<Segment> count(long now) {
        if (departure != null && now >= departure.forgetAt()) {
            departure = null;
        }
        countedAt = Math.max(countedAt, now);
        askAt = 0;
        counted = segments(countedAt);
        return counted;
    }

    private Set<Segment> segments(long now) {
        Set<Segment> segments = EnumSet.noneOf(Segment.class);
        if (!known || !active) {
            return segments;
        }
        add(segments, Segment.NEW_USER, now < createdAt + NEW);
        add(
                segments,
                Segment.SECURITY_SENSITIVE,
                twofaEnabled || (twofaChangedAt != 0 && now < twofaChangedAt + SENSITIVE));
        boolean free = true;
        boolean deployed = false;
        boolean proDeployed = false;
        boolean nearLimit = false;
        boolean dropped = false;
        int month = Periods.monthNumber(now);
        Integer lastWeek = Periods.weekNumber(now) - 1;
        for (OwnedProject project : projects.values()) {
            boolean recent = project.deployedAt() != 0 && now < project.deployedAt() + ACTIVE;
            free &= project.isFree();
            deployed |= recent;
            proDeployed |= recent && project.isPro();
            nearLimit |= project.isFree() && project.nearLimitIn() == month;
            dropped |= project.drops().contains(lastWeek);
        }
        long silentSince = silentSince();
        add(segments, Segment.FREE_ACTIVE, free && deployed);
        add(segments, Segment.FREE_NEAR_LIMIT, nearLimit);
        add(segments, Segment.PRO_ACTIVE, proDeployed);
        add(
                segments,
                Segment.AT_RISK,
                dropped || (silentSince != 0 && now >= silentSince + SILENT));
        add(segments, Segment.AT_RISK_SEVERE, silentSince != 0 && now >= silentSince + SILENT_LONG);
        return segments;
    }

    private static void add(Set<Segment> segments, Segment segment, boolean in) {
        if (in) {
            segments.add(segment);
        }
    }

    /** Since when nothing was heard of them, epoch milliseconds; 0: that cannot be known. */
    private long silentSince() {
        if (projects.isEmpty()) {
            return memberships.isEmpty() ? createdAt : 0;
        }
        long last = createdAt;
        for (OwnedProject project : projects.values()) {
            last = Math.max(last, project.lastActivity());
        }
        return last;
    }

    /** When to count them next, on the log's clock; 0: nothing that is known changes it. */
    long nextTime() {
        long[] next = {Long.MAX_VALUE};
        if (askAt != 0) {
            next[0] = askAt;
        }
        if (departure != null) {
            next[0] = Math.min(next[0], departure.forgetAt());
        }
        if (known && active) {
            boundaries(at -> next[0] = at > countedAt ? Math.min(next[0], at) : next[0]);
        }
        return next[0] == Long.MAX_VALUE ? 0 : next[0];
    }

    /** All times at which time alone may change a segment. */
    private void boundaries(LongConsumer at) {
        at.accept(createdAt + NEW);
        if (!twofaEnabled && twofaChangedAt != 0) {
            at.accept(twofaChangedAt + SENSITIVE);
        }
        long silentSince = silentSince();
        if (silentSince != 0) {
            at.accept(silentSince + SILENT);
            at.accept(silentSince + SILENT_LONG);
        }
        for (OwnedProject project : projects.values()) {
            if (project.deployedAt() != 0) {
                at.accept(project.deployedAt() + ACTIVE);
            }
            if (project.nearLimitIn() != 0) {
                at.accept(Periods.startOfMonth(project.nearLimitIn()));
                at.accept(Periods.startOfMonth(project.nearLimitIn() + 1));
            }
            for (int week : project.drops()) {
                at.accept(Periods.startOfWeek(week + 1));
                at.accept(Periods.startOfWeek(week + 2));
            }
        }
    }

    /** Whether there is nothing to remember. */
    boolean isEmpty() {
        return !known
                && projects.isEmpty()
                && memberships.isEmpty()
                && counted.isEmpty()
                && askAt == 0
                && departure == null;
    }

    private static long number(Fact fact, String attribute) {
        String value = fact.value(attribute);
        return value == null ? 0 : Long.parseLong(value);
    }
}
