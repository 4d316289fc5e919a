package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.fact.Activity;
import io.seqpulse.lifecycle.fact.ActivitySignal;
import io.seqpulse.lifecycle.fact.Columns.Projects;
import io.seqpulse.lifecycle.fact.Columns.Users;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Source;
import io.seqpulse.lifecycle.fact.SpillStore;
import io.seqpulse.lifecycle.fact.SubjectState;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.CohortState;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * What is remembered of one user or project: a fixed set of facts whatever the rules are, so that
 * adding or retuning a rule never migrates state. Facts arrive in any order and any number of times
 * and leave the same profile: firsts are minima, counts are of ids, changeable values belong to
 * their last writer.
 *
 * <p>State, as {@link ProfileCodec} writes it.
 */
public class Profile extends SubjectState {

    /** An owner hears that long after a quarter of an hour, before anything is asked about it. */
    private static final long TOLD_AFTER = Duration.ofSeconds(30).toMillis();

    /** A project's name; null where unknown. */
    String name;

    /** Id of a project's owner; null where unknown. */
    String ownerId;

    /** A project's plan; null where unknown. */
    String plan;

    /** Whether a user's account is not active, as far as the row says. */
    boolean inactive;

    /** A user's time zone, as the row says it; null where unknown. */
    String timezone;

    /**
     * Whether a user's account is protected by two factors; null where the log has never told. A
     * null in the row says that it is not.
     */
    Boolean twoFactor;

    /**
     * Whether all that has happened to the subject was told: the log told of its insertion, or a
     * snapshot showed it. Otherwise there may have been events that nobody has heard of, and
     * neither "the first" nor "none" nor "so many" can be said.
     */
    public boolean toldWhole;

    /** When the row says that the subject was created, epoch milliseconds; 0: unknown. */
    public long createdAt;

    /**
     * When a user who has never been active was last seen so, epoch milliseconds; 0: they never
     * were.
     */
    public long seenInactiveAt;

    /** When {@link #plan} last changed while we watched; 0: it has always been so. */
    public long planSince;

    /** When a project's owner last changed while we watched; 0: it has always been theirs. */
    public long ownerSince;

    /** What happened, by kind. */
    public Map<EventType, EventHistory> happened = new EnumMap<>(EventType.class);

    /** From where and with what a user logged in. */
    final Logins logins = new Logins();

    /**
     * When a deployment of a project that a user owned started last, epoch milliseconds; 0: never.
     * Reported as late as {@link io.seqpulse.lifecycle.fact.OwnedProject} says.
     */
    long deployedAt;

    /** What happened in a project lately. */
    Activity activity = new Activity();

    /** What of it the owner has not been told yet. */
    Activity untold = new Activity();

    /** When they are to be told, on the log's clock; or none. */
    long tellAt = Deadlines.NONE;

    /** Id of the user who was told; null: nobody was. */
    String toldOf;

    /** A user's projects; the host says where they are kept. */
    public OwnedActivity.Store owned = OwnedActivity.Store.NONE;

    /** The subject's own id; the host says it. */
    public String id = "";

    /** Row id → member: of a project those who belong to it, of a user what they belong to. */
    public Map<String, Member> members = new HashMap<>();

    /** Rule and trigger instance → what is still to be asked or watched. */
    public Map<String, ScheduledTrigger> pending = new HashMap<>();

    /** Rule and trigger instance that is over → when that may be forgotten. */
    public Map<String, Long> handled = new HashMap<>();

    /** When an unknown subject may be forgotten, epoch milliseconds; 0: it is known, or empty. */
    public long strangerUntil;

    /** Up to when detectors were asked without a fact, on the log's clock; 0: never. */
    public long askedAt;

    /** When a detector wants to be asked without a fact, on the log's clock; or none. */
    public long nextAskAt = Deadlines.NONE;

    /** What is counted of it; null: nothing. */
    public CohortState cohortState;

    /** What a project's owner was told last, whether it is still so or not; null: nothing. */
    public ProjectSummary told;

    /** A project's name; null where unknown. */
    public String name() {
        return name;
    }

    /** Id of a project's owner; null where unknown. */
    public String ownerId() {
        return ownerId;
    }

    /** A user's time zone, as the row says it; null where unknown. */
    public String timezone() {
        return timezone;
    }

    @Override
    public boolean isEmpty() {
        return row.isEmpty()
                && happened.isEmpty()
                && members.isEmpty()
                && deployedAt == 0
                && activity.isEmpty()
                && strangerUntil == 0
                && pending.isEmpty()
                && handled.isEmpty()
                && cohortState == null;
    }

    /** Forgets everything but what only the host knows. */
    void forget() {
        name = null;
        ownerId = null;
        plan = null;
        inactive = false;
        timezone = null;
        twoFactor = null;
        row.clear();
        toldWhole = false;
        createdAt = 0;
        seenInactiveAt = 0;
        planSince = 0;
        ownerSince = 0;
        happened.clear();
        logins.runs.clear();
        deployedAt = 0;
        activity = new Activity();
        untold = new Activity();
        tellAt = Deadlines.NONE;
        owned.clear();
        members.clear();
        pending.clear();
        handled.clear();
        strangerUntil = 0;
        askedAt = 0;
        nextAskAt = Deadlines.NONE;
        cohortState = null;
    }

    /** Forgets everything but what only the host knows, and that the subject was there. */
    public void delete(Tombstone deletion) {
        forget();
        row.delete(deletion);
    }

    /** The first event of a kind, or null where none is known. */
    EventRecord first(EventType type) {
        EventHistory all = happened.get(type);
        return all == null ? null : all.first;
    }

    /** How many distinct events of a kind there were in a UTC period, by its number. */
    int countIn(Period period, EventType type, int number) {
        EventHistory all = happened.get(type);
        return all == null ? 0 : all.countIn(period, number);
    }

    /** Whether the subject has events that are not at hand. */
    public boolean hasOlderEvents() {
        for (EventHistory all : happened.values()) {
            if (all.olderElsewhere) {
                return true;
            }
        }
        return false;
    }

    /**
     * Takes the subject's row, unless a later version is remembered; returns whether it says
     * anything new.
     */
    boolean describe(RowChange change) {
        toldWhole |= change.origin().tellsAll();
        if (!row.accepts(change)) {
            return false;
        }
        boolean changed =
                change.table() == CapturedTable.PROJECTS
                        ? describeProject(change)
                        : describeUser(change);
        boolean news = !row.present || changed;
        createdAt = change.at();
        row.put(change);
        return news;
    }

    private boolean describeUser(RowChange change) {
        boolean before = inactive;
        inactive = change.row().isFalse(Users.IS_ACTIVE);
        if (inactive && !happened.containsKey(EventType.USER_ACTIVATED)) {
            seenInactiveAt = change.committedAt();
        }
        String zoneBefore = timezone;
        timezone = change.row().get(Users.TIMEZONE, timezone);
        if (change.row().knows(Users.TWOFA_ENABLED)) {
            twoFactor = change.row().isTrue(Users.TWOFA_ENABLED);
        }
        return inactive != before || !Objects.equals(zoneBefore, timezone);
    }

    private boolean describeProject(RowChange change) {
        String nameBefore = name;
        String ownerBefore = ownerId;
        String planBefore = plan;
        name = change.row().get(Projects.NAME, name);
        ownerId = change.row().get(Projects.OWNER_ID, ownerId);
        plan = change.row().get(Projects.PLAN, plan);
        long changedAt = changedAt(change);
        boolean replanned = !Objects.equals(planBefore, plan);
        if (planBefore != null && replanned) {
            planSince = changedAt;
        }
        boolean moved = !Objects.equals(ownerBefore, ownerId);
        if (ownerBefore != null && moved) {
            ownerSince = changedAt;
        }
        return replanned || moved || !Objects.equals(nameBefore, name);
    }

    /**
     * When what the row says became so: of a row that a snapshot shows when it was changed last,
     * where that is later than what was known, or at the latest when the snapshot was taken.
     */
    private long changedAt(RowChange change) {
        Long updatedMicros = change.snapshot() ? change.row().get(Projects.UPDATED_AT) : null;
        if (updatedMicros == null) {
            return change.committedAt();
        }
        long updatedAt = Math.floorDiv(updatedMicros, Fact.MICROS_PER_MILLI);
        return updatedAt > row.committedAt && updatedAt < change.committedAt()
                ? updatedAt
                : change.committedAt();
    }

    /** Takes an event; returns whether it is a new one, or an earlier first than was known. */
    boolean observe(Event event, SpillStore older) {
        EventRecord first = first(event.type());
        if (event.type() == EventType.USER_ACTIVATED && first != null && event.at() >= first.at()) {
            return false; // it is active still
        }
        if (event.type() == EventType.LOGGED_IN) {
            logins.take(event);
        }
        return happened.computeIfAbsent(event.type(), type -> new EventHistory())
                .take(event, older);
    }

    /** Takes what a project tells its owner of itself. */
    void observe(OwnedProject project) {
        deployedAt = Math.max(deployedAt, project.deployedAt());
    }

    /** Takes by how much a project's activity has changed, as its deployments tell. */
    void observe(ActivitySignal signal) {
        activity.add(signal.change());
        untold.add(signal.change());
        activity.forgetBefore(signal.committedAt());
        untold.forgetBefore(signal.committedAt());
        if (tellAt == Deadlines.NONE) {
            tellAt = Activity.endOfQuarter(signal.committedAt()) + TOLD_AFTER;
        }
    }

    /** Takes what an owner is told of a project's activity. */
    void observeOwned(ActivitySignal signal) {
        if (signal.change() == null) {
            owned.remove(signal.id());
            return;
        }
        OwnedActivity known = owned(signal.id());
        known.name = signal.projectName();
        known.activity.add(signal.change());
        known.activity.forgetBefore(signal.committedAt());
        owned.put(signal.id(), known);
    }

    /**
     * Takes what an owner is told of a project's plan. That it is theirs no more, its activity says
     * as well, on another way: whichever comes last must not undo what came back meanwhile.
     *
     * @param told null: it is theirs no more
     */
    void observeOwned(String project, OwnedProject told) {
        OwnedActivity known = owned(project);
        String now = told == null ? null : told.plan();
        if (!Objects.equals(known.plan, now)) {
            known.plan = now;
            owned.put(project, known);
        }
    }

    private OwnedActivity owned(String project) {
        OwnedActivity known = owned.get(project);
        return known == null ? new OwnedActivity() : known;
    }

    /**
     * What owners have to be told of the project's activity: the changes once it is time, all of it
     * one who is new, and who was the owner that it is theirs no more.
     *
     * @param now the log's clock
     */
    public List<ActivitySignal> activityToTell(long now) {
        List<ActivitySignal> told = new ArrayList<>(2);
        Source source = new Source(now, row.position, Origin.CHANGED);
        boolean moved = !Objects.equals(ownerId, toldOf);
        if (moved && toldOf != null) {
            told.add(new ActivitySignal(toldOf, id, source, null, null));
        }
        if (moved || now >= tellAt) {
            Activity change = moved ? activity.minus(new Activity()) : untold;
            if (ownerId != null && !change.isEmpty()) {
                told.add(new ActivitySignal(ownerId, id, source, name, change));
            }
            untold = new Activity();
            tellAt = Deadlines.NONE;
            toldOf = ownerId;
        }
        return told;
    }

    /** When the owner has to be told of activity, on the log's clock; or none. */
    public long tellActivityAt() {
        return tellAt;
    }

    /**
     * The subject's own place in a window, the same for ever.
     *
     * @param window in milliseconds; 0: all have the same
     */
    long place(long window) {
        CRC32C hash = new CRC32C();
        hash.update(id.getBytes(StandardCharsets.UTF_8));
        return window == 0 ? 0 : hash.getValue() % window;
    }

    /** When the last event of some kinds happened, epoch milliseconds; 0: none has. */
    long lastOf(List<EventType> types) {
        long last = 0;
        for (EventType type : types) {
            EventHistory all = happened.get(type);
            if (all != null) {
                last = Math.max(last, all.last);
            }
            if (type == EventType.DEPLOYMENT_STARTED) {
                last = Math.max(last, deployedAt);
            }
        }
        return last;
    }

    /** When an event happened, by its id; null where it is not known. */
    Long timeOf(EventType type, String id, SpillStore older) {
        EventHistory all = happened.get(type);
        return all == null ? null : all.timeOf(type, id, older);
    }

    /** When the first event of a kind at or after a time happened; null where there is none. */
    Long firstSince(EventType type, long at, SpillStore older) {
        List<Long> times = times(type, at, Long.MAX_VALUE, older);
        return times.isEmpty() ? null : times.get(0);
    }

    /** The latest UTC periods, by number, in which there were events of a kind. */
    List<Integer> periodsOf(Period period, EventType type) {
        EventHistory all = happened.get(type);
        return all == null ? List.of() : all.periods(period);
    }

    /**
     * Whether a login has something that none of the user's earlier ones had, of which there was
     * one.
     */
    boolean isUnfamiliar(List<String> attributes, ScheduledTrigger login) {
        EventRecord first = first(EventType.LOGGED_IN);
        return first != null
                && !first.id().equals(login.instance)
                && logins.isUnfamiliar(attributes, login.instance, login.values);
    }

    /** An event at the time at which it happened, as far as that is known here better. */
    Event timed(Event event) {
        return event.type() == EventType.USER_ACTIVATED && row.present
                ? event.atMillis(activatedAt(event))
                : event;
    }

    /**
     * Since when an account is active that is found so. One that was never seen otherwise has been
     * since it was created, as far as anybody knows, whichever change of its row is the first that
     * is heard of.
     */
    private long activatedAt(Event event) {
        if (seenInactiveAt == 0 || event.origin() == Origin.INSERTED) {
            return createdAt;
        }
        boolean known = event.at() > seenInactiveAt && event.at() < event.committedAt();
        return known ? event.at() : Math.max(createdAt, event.committedAt());
    }

    /** Business times of the events of a kind in {@code [from, to)}, ascending. */
    List<Long> times(EventType type, long from, long to, SpillStore older) {
        EventHistory all = happened.get(type);
        return all == null ? List.of() : all.times(type, from, to, older);
    }
}
