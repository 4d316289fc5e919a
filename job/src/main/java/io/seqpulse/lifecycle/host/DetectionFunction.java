package io.seqpulse.lifecycle.host;

import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Detection;
import io.seqpulse.lifecycle.detect.Events;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.detect.Profile;
import io.seqpulse.lifecycle.detect.ProfileCodec;
import io.seqpulse.lifecycle.fact.Departure;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import io.seqpulse.lifecycle.fact.Orphans;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.fact.Subject;
import io.seqpulse.lifecycle.kpi.Cohorts;
import io.seqpulse.lifecycle.kpi.Ledger;
import io.seqpulse.lifecycle.kpi.Overflow;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.RecentState;
import io.seqpulse.lifecycle.state.SweptFunction;
import io.seqpulse.lifecycle.state.TimeToLive;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.util.Collector;

/**
 * Hosts the detectors of one kind of subject: moves the profile in and out of state and keeps one
 * timer a key, on the log's clock. What is decided is decided in {@link Detection}.
 */
public abstract class DetectionFunction extends SweptFunction<Fact, Message> {

    /**
     * Events are counted for this month and the one before; kept for more, in case the clock is.
     */
    private static final Duration EVENTS_KEPT = Duration.ofDays(100);

    /** As long as deployments are remembered. */
    private static final Duration VERDICTS_KEPT = Duration.ofDays(402);

    /** What concerns nothing but figures. */
    private static final Set<FactKind> FOR_FIGURES =
            Collections.unmodifiableSet(
                    EnumSet.of(
                            FactKind.PROJECT_OWNED,
                            FactKind.PROJECT_LEFT,
                            FactKind.DEPLOYMENT_GONE,
                            FactKind.VERDICT_KEPT,
                            FactKind.VERDICT_GONE,
                            FactKind.EMAIL_SENT,
                            FactKind.EMAIL_UNSENT));

    private final Subject subject;
    private final String topic;
    private final List<ActiveRule> rules;
    private final Cohorts cohorts;

    private transient DeadLetters deadLetters;
    private transient Detection detection;
    private transient RecentState<Profile> profiles;
    private transient MapState<String, Long> olderEvents;
    private transient Events older;
    private transient Overflow olderMoments;

    /**
     * @param topic the change log, named in dead letters
     * @param cohorts what is counted of such subjects
     */
    protected DetectionFunction(
            Subject subject, String topic, List<ActiveRule> rules, Cohorts cohorts) {
        this.subject = subject;
        this.topic = topic;
        this.rules = List.copyOf(rules);
        this.cohorts = cohorts;
    }

    @Override
    public void open(OpenContext context) {
        detection = new Detection(subject, rules);
        deadLetters = new DeadLetters(topic, getRuntimeContext().getMetricGroup());
        profiles = new RecentState<>(getRuntimeContext().getState(swept()));
        MapStateDescriptor<String, Long> counted =
                TimeToLive.of(
                        EVENTS_KEPT,
                        new MapStateDescriptor<>("older-events", Types.STRING, Types.LONG));
        olderEvents = getRuntimeContext().getMapState(counted);
        older = new EventState(olderEvents);
        olderMoments =
                new MomentState(
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

    @Override
    public RecentState<Profile> recentState() {
        return profiles;
    }

    /** Whether the fact says that its subject is gone. */
    protected abstract boolean ends(Fact fact);

    /** Whether the fact is of a row that refers to the subject's, which must be there before. */
    protected abstract boolean needsSubject(Fact fact);

    /** What this subject's facts mean to others; called when the fact has been taken. */
    protected void signal(Profile profile, Fact fact, ReadOnlyContext context) {}

    /** What the end of this subject means to others; called with what was counted of it. */
    protected void signalEnd(String id, Ledger ledger, Departure departure, SideOutputs side) {}

    /** Takes a fact that is neither an event nor the subject's row; returns whether it was one. */
    protected abstract boolean takeSpecial(Detection detection, Profile profile, Fact fact);

    @Override
    public void processElement(Fact fact, ReadOnlyContext context, Collector<Message> out)
            throws Exception {
        Profile profile = profiles.value(context.getCurrentKey());
        if (profile == null) {
            profile = new Profile();
        }
        if (profile.isOver(fact)) {
            return;
        }
        if (ends(fact)) {
            if (!profile.outlived(fact)) {
                detection.end(profile, out::collect);
                boolean hadOlder = profile.hasOlderEvents();
                Ledger ledger = profile.ledger;
                profile.depart(new Departure(fact.committedAt(), fact.position()));
                clearOlder(hadOlder, profile);
                close(context.getCurrentKey(), ledger, profile, context::output);
                save(context.getCurrentKey(), profile);
            }
            return;
        }
        if (FOR_FIGURES.contains(fact.kind())) {
            count(context.getCurrentKey(), profile, fact, context::output);
            if (profile.ledger != null) {
                Detection.limitStranger(profile, fact.committedAt());
            }
            save(context.getCurrentKey(), profile);
            return;
        }
        if (!takeSpecial(detection, profile, fact)) {
            long wall = context.timerService().currentProcessingTime();
            detection.take(context.getCurrentKey(), profile, fact, older, wall, out::collect);
        }
        awaitSubject(profile, fact, context.timerService().currentWatermark());
        count(context.getCurrentKey(), profile, fact, context::output);
        signal(profile, fact, context);
        save(context.getCurrentKey(), profile);
    }

    /** A row that is older than what is remembered says nothing of the present. */
    private void count(String id, Profile profile, Fact fact, SideOutputs side) {
        boolean row = fact.kind() == FactKind.ACCOUNT || fact.kind() == FactKind.PROJECT;
        if (row && !profile.isSaidBy(fact)) {
            return;
        }
        Ledger ledger = profile.ledger == null ? new Ledger() : profile.ledger;
        if (cohorts.take(ledger, fact, olderMoments)) {
            ledger.contributed.become(
                    cohorts.figures(id, ledger),
                    increment -> side.output(KpiOutputs.INCREMENTS, increment));
        }
        ledger.tellChanges(increment -> side.output(KpiOutputs.INCREMENTS, increment));
        profile.ledger = ledger.isEmpty() ? null : ledger;
    }

    @Override
    protected String counts() {
        return cohorts.measures().definition();
    }

    @Override
    protected void recount(String currentKey, SideOutputs side) throws Exception {
        Profile profile = profiles.value(currentKey);
        if (profile != null && profile.ledger != null) {
            profile.ledger.contributed.become(
                    cohorts.figures(currentKey, profile.ledger),
                    increment -> side.output(KpiOutputs.INCREMENTS, increment));
            profiles.update(currentKey, profile);
        }
    }

    /** Takes back what was counted of a subject that has just ended, or was forgotten. */
    private void close(String id, Ledger before, Profile profile, SideOutputs side) {
        if (before == null || profile.ledger != null) {
            return;
        }
        before.contributed.become(
                Map.of(), increment -> side.output(KpiOutputs.INCREMENTS, increment));
        before.clear(olderMoments);
        before.tellChanges(increment -> side.output(KpiOutputs.INCREMENTS, increment));
        if (profile.departure != null) {
            signalEnd(id, before, profile.departure, side);
        }
    }

    private void awaitSubject(Profile profile, Fact fact, long now) {
        if (profile.known) {
            profile.orphans = null;
        } else if (needsSubject(fact)) {
            if (profile.orphans == null) {
                profile.orphans = new Orphans();
            }
            profile.orphans.await(fact, now);
        }
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Message> out)
            throws Exception {
        Profile profile = profiles.value(context.getCurrentKey());
        if (profile == null || profile.timerAt != timestamp) {
            return;
        }
        profile.timerAt = 0;
        if (profile.orphans != null) {
            long wall = context.timerService().currentProcessingTime();
            deadLetters.giveUp(
                    profile.orphans,
                    timestamp,
                    wall,
                    letter -> context.output(DeadLetters.OUTPUT, letter));
        }
        boolean hadOlder = profile.hasOlderEvents();
        Ledger ledger = profile.ledger;
        detection.passTime(context.getCurrentKey(), profile, timestamp, out::collect);
        clearOlder(hadOlder, profile);
        close(context.getCurrentKey(), ledger, profile, context::output);
        save(context.getCurrentKey(), profile);
    }

    @Override
    protected ValueStateDescriptor<Profile> swept() {
        return new ValueStateDescriptor<>("profile", new CodecType<>(new ProfileCodec()));
    }

    @Override
    protected void sweep(
            String currentKey, Resnapshot resnapshot, Collector<Message> out, SideOutputs side)
            throws Exception {
        Profile profile = profiles.value(currentKey);
        if (profile == null) {
            return;
        }
        boolean hadOlder = profile.hasOlderEvents();
        Ledger ledger = profile.ledger;
        if (detection.sweep(profile, resnapshot, out::collect)) {
            clearOlder(hadOlder, profile);
            close(currentKey, ledger, profile, side);
            save(currentKey, profile);
        }
    }

    /** What the profile has forgotten is not kept elsewhere. */
    private void clearOlder(boolean hadOlder, Profile profile) {
        if (hadOlder && !profile.hasOlderEvents()) {
            olderEvents.clear();
        }
    }

    private void save(String key, Profile profile) throws Exception {
        long next = detection.nextTime(profile).orElse(0);
        profile.timerAt = moveTimer(key, profile.timerAt, next);
        if (profile.isEmpty()) {
            profiles.clear(key);
        } else {
            profiles.update(key, profile);
        }
    }
}
