package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Detection;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.OwnedActivity;
import io.seqpulse.lifecycle.detect.OwnedActivityCodec;
import io.seqpulse.lifecycle.detect.Profile;
import io.seqpulse.lifecycle.detect.ProfileCodec;
import io.seqpulse.lifecycle.fact.ActivitySignal;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.ProjectSignal;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.Signal;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.fact.SpillStore;
import io.seqpulse.lifecycle.fact.Tombstone;
import io.seqpulse.lifecycle.kpi.CohortState;
import io.seqpulse.lifecycle.kpi.Cohorts;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.TimeToLive;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;

/** Hosts the detectors of one kind of subject; {@link Detection} decides. */
public abstract class DetectionFunction extends SubjectFunction<Fact, Profile, Message> {

    /**
     * Detectors look back at most to the previous month; events are kept longer to tolerate a clock
     * that runs ahead.
     */
    private static final Duration EVENTS_KEPT = Duration.ofDays(100);

    /** As long as deployments are remembered. */
    private static final Duration VERDICTS_KEPT = Duration.ofDays(402);

    private final Subject subject;
    private final List<ActiveRule> rules;
    private final Cohorts cohorts;
    private final ZoneId zone;

    private transient Detection detection;
    private transient MapState<String, Long> olderEvents;
    private transient SpillStore older;
    private transient SpillStore olderMoments;
    private transient OwnedActivity.Store owned;

    /**
     * @param topic the change log, named in dead letters
     * @param cohorts what is counted of such subjects
     * @param zone of whoever has none
     */
    protected DetectionFunction(
            Subject subject, String topic, List<ActiveRule> rules, Cohorts cohorts, ZoneId zone) {
        super(topic);
        this.zone = zone;
        this.subject = subject;
        this.rules = List.copyOf(rules);
        this.cohorts = cohorts;
    }

    @Override
    public void open(OpenContext context) throws Exception {
        super.open(context);
        detection = detection();
        MapStateDescriptor<String, Long> counted =
                TimeToLive.of(
                        EVENTS_KEPT,
                        new MapStateDescriptor<>("older-events", Types.STRING, Types.LONG));
        olderEvents = getRuntimeContext().getMapState(counted);
        older = new SpillState("events", olderEvents);
        owned =
                new OwnedActivityState(
                        getRuntimeContext()
                                .getMapState(
                                        new MapStateDescriptor<>(
                                                "owned-activity",
                                                Types.STRING,
                                                new CodecType<>(new OwnedActivityCodec()))));
        olderMoments =
                new SpillState(
                        "KPI state",
                        getRuntimeContext()
                                .getMapState(
                                        new MapStateDescriptor<>(
                                                "older-moments", Types.STRING, Types.LONG)),
                        getRuntimeContext()
                                .getMapState(
                                        TimeToLive.of(
                                                VERDICTS_KEPT,
                                                new MapStateDescriptor<>(
                                                        "older-verdicts",
                                                        Types.STRING,
                                                        Types.LONG))));
    }

    /** What decides. */
    protected Detection detection() {
        return new Detection(subject, rules, zone);
    }

    @Override
    protected Profile create() {
        return new Profile();
    }

    @Override
    protected ValueStateDescriptor<Profile> stateDescriptor() {
        return new ValueStateDescriptor<>("profile", new CodecType<>(new ProfileCodec()));
    }

    /** Whether a row is the subject's own. */
    protected abstract boolean isOwn(RowChange change);

    /** Takes a row that is not the subject's own. */
    protected abstract void takeOther(Detection detection, Profile profile, RowChange change);

    /** Whether the fact refers to the subject's row, which must be there before. */
    protected abstract boolean needsSubject(Fact fact);

    /** What this subject's row means to others; called when it has been taken. */
    protected void signal(Profile profile, RowChange row, Effects<Message> effects) {}

    /** What the end of this subject means to others; called with what was counted of it. */
    protected void signalEnd(
            String id, CohortState cohortState, Tombstone tombstone, Effects<Message> effects) {}

    @Override
    protected void apply(String id, Profile profile, Fact fact, Effects<Message> effects)
            throws Exception {
        attach(id, profile);
        if (profile.row.isOver(fact)) {
            return;
        }
        if (fact instanceof Signal signal) {
            takeSignal(id, profile, signal, effects);
        } else if (fact instanceof Event event) {
            detection.take(id, profile, event, older, wallClock(), effects::emit);
            awaitRow(profile, event);
            count(id, profile, event, effects);
        } else {
            takeRow(id, profile, (RowChange) fact, effects);
        }
    }

    /** What the profile itself does not hold. */
    private void attach(String id, Profile profile) {
        profile.id = id;
        profile.owned = subject == Subject.USER ? owned : OwnedActivity.Store.NONE;
    }

    private void takeRow(String id, Profile profile, RowChange change, Effects<Message> effects)
            throws Exception {
        if (!isOwn(change)) {
            takeOther(detection, profile, change);
            awaitRow(profile, change);
        } else if (!change.deleted()) {
            detection.take(id, profile, change, older, wallClock(), effects::emit);
            if (profile.row.isSaidBy(change)) {
                count(id, profile, change, effects);
            }
            signal(profile, change, effects);
        } else if (!profile.row.outlived(change.position())) {
            detection.end(profile, effects::emit);
            forgetting(id, profile, effects, () -> profile.delete(Tombstone.of(change)));
        }
    }

    /** It concerns figures, and what was mailed of what is deleted since. */
    private void takeSignal(String id, Profile profile, Signal signal, Effects<Message> effects) {
        if (signal instanceof ActivitySignal activity) {
            detection.take(profile, activity);
            return;
        }
        if (signal instanceof ProjectSignal project) {
            detection.take(id, profile, project, older, wallClock(), effects::emit);
            return;
        }
        count(id, profile, signal, effects);
        detection.takeDeletion(profile, signal, effects::emit);
        if (profile.cohortState != null) {
            Detection.limitStranger(profile, signal.committedAt());
        }
    }

    private void awaitRow(Profile profile, Fact fact) {
        if (!profile.row.present && needsSubject(fact)) {
            profile.row.await(fact, clock());
        }
    }

    @Override
    protected void advanceTo(String id, Profile profile, long now, Effects<Message> effects)
            throws Exception {
        attach(id, profile);
        forgetting(
                id,
                profile,
                effects,
                () -> {
                    detection.askByTime(profile, Math.max(now, clock()), older, wallClock());
                    detection.advanceTo(id, profile, now, older, effects::emit);
                });
    }

    @Override
    protected boolean reconcile(
            String id, Profile profile, SnapshotBoundary boundary, Effects<Message> effects)
            throws Exception {
        attach(id, profile);
        if (!detection.isMissingFrom(profile, boundary)) {
            return false;
        }
        detection.end(profile, effects::emit);
        forgetting(id, profile, effects, () -> profile.delete(boundary.tombstone()));
        return true;
    }

    /** Does what may forget the profile, and clears what was kept of it elsewhere. */
    private void forgetting(String id, Profile profile, Effects<Message> effects, Runnable change)
            throws Exception {
        boolean hadOlder = profile.hasOlderEvents();
        CohortState before = profile.cohortState;
        change.run();
        if (hadOlder && !profile.hasOlderEvents()) {
            olderEvents.clear();
        }
        if (before != null && profile.cohortState == null) {
            close(id, before, profile, effects);
        }
    }

    @Override
    protected long nextDeadline(Profile profile) {
        return Detection.nextDeadline(profile);
    }

    private void count(String id, Profile profile, Fact fact, Effects<Message> effects) {
        CohortState state = profile.cohortState == null ? new CohortState() : profile.cohortState;
        if (cohorts.take(state, fact, olderMoments)) {
            state.contributed.become(cohorts.figures(id, state), effects.kpis());
        }
        state.tellChanges(effects.kpis());
        profile.cohortState = state.isEmpty() ? null : state;
    }

    @Override
    protected String counts() {
        return cohorts.measures().definition() + " " + detection().definition();
    }

    @Override
    protected void recount(String id, Profile profile, long now, Effects<Message> effects) {
        attach(id, profile);
        if (profile.cohortState != null) {
            profile.cohortState.contributed.become(
                    cohorts.figures(id, profile.cohortState), effects.kpis());
        }
        detection.adopt(profile, now);
    }

    /** Takes back what was counted of a subject that was deleted or forgotten. */
    private void close(String id, CohortState before, Profile profile, Effects<Message> effects) {
        before.contributed.become(Map.of(), effects.kpis());
        before.clear(olderMoments);
        before.tellChanges(effects.kpis());
        if (profile.row.tombstone != null) {
            signalEnd(id, before, profile.row.tombstone, effects);
        }
    }
}
