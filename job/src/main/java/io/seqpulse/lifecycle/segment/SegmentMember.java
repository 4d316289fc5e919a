package io.seqpulse.lifecycle.segment;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.detect.Periods;
import io.seqpulse.lifecycle.detect.ProjectSummary;
import io.seqpulse.lifecycle.fact.Columns.Users;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.fact.ProjectSignal;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.fact.SubjectState;
import io.seqpulse.lifecycle.fact.Tombstone;
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
public class SegmentMember extends SubjectState {

    private static final long NEW = Duration.ofDays(14).toMillis();
    private static final long ACTIVE = ProjectSummary.ACTIVE.toMillis();
    private static final long SILENT = ACTIVE;
    private static final long SILENT_LONG = Duration.ofDays(30).toMillis();
    private static final long SENSITIVE = Duration.ofDays(90).toMillis();

    public boolean active;

    /** When the account was created, epoch milliseconds. */
    public long createdAt;

    public boolean twofaEnabled;

    /** When two-factor authentication was changed last, epoch milliseconds; 0: never. */
    public long twofaChangedAt;

    /** Project id → what matters of it, of those that the user owns. */
    public Map<String, OwnedProject> projects = new HashMap<>();

    /** Row id of a membership of somebody's project → where the log told of it last. */
    public Map<String, LogPosition> memberships = new HashMap<>();

    /** What they were last counted for. */
    public Set<Segment> counted = EnumSet.noneOf(Segment.class);

    /** When they were counted, epoch milliseconds: it never goes back. */
    public long countedAt = Long.MIN_VALUE;

    /** When to count them because of what was told since, epoch milliseconds; or none. */
    public long askAt = Deadlines.NONE;

    /** Takes a fact about the user, or about what is theirs. */
    void take(Fact fact) {
        if (fact instanceof ProjectSignal signal) {
            takeProject(signal);
        } else if (fact instanceof RowChange change && change.table() == CapturedTable.USERS) {
            takeUser(change);
        } else if (fact instanceof RowChange change
                && change.table() == CapturedTable.PROJECT_MEMBERS) {
            takeMembership(change);
        } else {
            throw new IllegalArgumentException(fact.table() + " makes no segment");
        }
        ask(fact.committedAt());
    }

    /** No project was created after the log told of it. */
    private void takeProject(ProjectSignal signal) {
        OwnedProject told = signal.project();
        if (told == null) {
            projects.remove(signal.id());
            return;
        }
        long createdAt = Math.min(told.createdAt(), signal.committedAt());
        projects.put(
                signal.id(),
                new OwnedProject(
                        told.plan(),
                        createdAt,
                        told.deployedAt(),
                        told.nearLimitIn(),
                        told.drops()));
    }

    private void takeMembership(RowChange change) {
        if (change.deleted()) {
            memberships.computeIfPresent(
                    change.id(), (id, told) -> told.isAfter(change.position()) ? told : null);
        } else {
            memberships.merge(
                    change.id(),
                    change.position(),
                    (one, other) -> other.isBefore(one) ? one : other);
        }
    }

    private void takeUser(RowChange change) {
        if (!change.deleted()) {
            takeRow(change);
        } else if (!row.outlived(change.position())) {
            delete(Tombstone.of(change));
        }
    }

    private void takeRow(RowChange change) {
        if (!row.accepts(change)) {
            return;
        }
        boolean enabled = change.row().isTrue(Users.TWOFA_ENABLED);
        long changedAt = change.row().millisOrZero(Users.TWOFA_ENABLED_AT);
        if (row.present && enabled != twofaEnabled) {
            // a snapshot does not say when it was switched off, but by then it was
            boolean said = change.snapshot() && changedAt > row.committedAt;
            twofaChangedAt = Math.max(twofaChangedAt, said ? changedAt : change.committedAt());
        }
        twofaChangedAt = Math.max(twofaChangedAt, changedAt);
        twofaEnabled = enabled;
        active = !change.row().isFalse(Users.IS_ACTIVE);
        // nobody is new for ever, nor active, because a clock was ahead
        boolean ahead = change.at() > change.committedAt();
        createdAt = !ahead ? change.at() : row.present ? createdAt : change.committedAt();
        row.put(change);
    }

    /** Takes what a new snapshot no longer shows for gone; returns whether there was any. */
    boolean reconcile(SnapshotBoundary boundary) {
        boolean lacked =
                memberships
                        .values()
                        .removeIf(at -> boundary.lacks(CapturedTable.PROJECT_MEMBERS.label(), at));
        if (row.isMissingFrom(boundary, CapturedTable.USERS.label())) {
            delete(boundary.tombstone());
            lacked = true;
        }
        if (lacked) {
            ask(boundary.at());
        }
        return lacked;
    }

    /** Forgets the row; projects are forgotten as each of them goes. */
    private void delete(Tombstone end) {
        active = false;
        createdAt = 0;
        twofaEnabled = false;
        twofaChangedAt = 0;
        memberships.clear();
        row.delete(end);
    }

    private void ask(long at) {
        askAt = Deadlines.earliest(askAt, at);
    }

    /** The segments now, which {@link #counted} is from then on. */
    Set<Segment> count(long now) {
        countedAt = Math.max(countedAt, now);
        askAt = Deadlines.NONE;
        counted = segments(countedAt);
        return counted;
    }

    private Set<Segment> segments(long now) {
        Set<Segment> segments = EnumSet.noneOf(Segment.class);
        if (!row.present || !active) {
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

    /** When to count them next, on the log's clock. */
    @Override
    public long nextDeadline() {
        long[] next = {Deadlines.earliest(askAt, super.nextDeadline())};
        if (row.present && active) {
            boundaries(at -> next[0] = at > countedAt ? Math.min(next[0], at) : next[0]);
        }
        return next[0];
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

    @Override
    public boolean isEmpty() {
        return row.isEmpty()
                && projects.isEmpty()
                && memberships.isEmpty()
                && counted.isEmpty()
                && askAt == Deadlines.NONE;
    }
}
