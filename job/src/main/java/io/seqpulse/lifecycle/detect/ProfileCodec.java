package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.codec.Codec;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.detect.EventHistory.TimedEvent;
import io.seqpulse.lifecycle.fact.Activity;
import io.seqpulse.lifecycle.fact.Deadlines;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.kpi.CohortStateCodec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Binary layout of {@link Profile} in state. */
public final class ProfileCodec implements Codec<Profile> {

    private static final long serialVersionUID = 1L;

    private static final int LAYOUT = 1;

    @Override
    public Class<Profile> type() {
        return Profile.class;
    }

    @Override
    public void write(Profile profile, DataOutput out) throws IOException {
        Compact.writeVersion(out, LAYOUT);
        profile.row.write(out);
        Deadlines.write(profile.timerAt, out);
        Compact.writeText(out, profile.name);
        Compact.writeText(out, profile.ownerId);
        Compact.writeText(out, profile.plan);
        out.writeBoolean(profile.inactive);
        out.writeBoolean(profile.toldWhole);
        Compact.writeNumber(out, profile.createdAt);
        Compact.writeNumber(out, profile.seenInactiveAt);
        Compact.writeNumber(out, profile.planSince);
        Compact.writeNumber(out, profile.ownerSince);
        Compact.writeSize(out, profile.happened.size());
        for (Map.Entry<EventType, EventHistory> all : profile.happened.entrySet()) {
            Compact.writeText(out, all.getKey().label());
            write(all.getValue(), out);
        }
        writeLogins(profile.logins, out);
        Compact.writeNumber(out, profile.deployedAt);
        Compact.writeText(out, profile.timezone);
        profile.activity.write(out);
        profile.untold.write(out);
        Deadlines.write(profile.tellAt, out);
        Compact.writeText(out, profile.toldOf);
        Compact.writeMap(out, profile.members, ProfileCodec::write);
        Compact.writeMap(out, profile.pending, ProfileCodec::write);
        Compact.writeNumbers(out, profile.handled);
        Compact.writeNumber(out, profile.strangerUntil);
        Compact.writeNumber(out, profile.askedAt);
        Deadlines.write(profile.nextAskAt, out);
        CohortStateCodec.write(profile.cohortState, out);
        out.writeBoolean(profile.told != null);
        if (profile.told != null) {
            write(profile.told, out);
        }
        Compact.writeFlag(out, profile.twoFactor);
    }

    @Override
    public Profile read(DataInput in) throws IOException {
        Compact.readVersion(in, "a profile", LAYOUT);
        Profile profile = new Profile();
        profile.row.read(in);
        profile.timerAt = Deadlines.read(in);
        profile.name = Compact.readText(in);
        profile.ownerId = Compact.readText(in);
        profile.plan = Compact.readText(in);
        profile.inactive = in.readBoolean();
        profile.toldWhole = in.readBoolean();
        profile.createdAt = Compact.readNumber(in);
        profile.seenInactiveAt = Compact.readNumber(in);
        profile.planSince = Compact.readNumber(in);
        profile.ownerSince = Compact.readNumber(in);
        for (int left = Compact.readSize(in); left > 0; left--) {
            String label = Compact.readText(in);
            EventType type =
                    EventType.of(label)
                            .orElseThrow(
                                    () ->
                                            new IOException(
                                                    "state has events of type '%s', which this version of the job does not know"
                                                            .formatted(label)));
            profile.happened.put(type, readHistory(in));
        }
        readLogins(profile.logins, in);
        profile.deployedAt = Compact.readNumber(in);
        profile.timezone = Compact.readText(in);
        profile.activity = Activity.read(in);
        profile.untold = Activity.read(in);
        profile.tellAt = Deadlines.read(in);
        profile.toldOf = Compact.readText(in);
        profile.members = Compact.readMap(in, ProfileCodec::readMember);
        profile.pending = Compact.readMap(in, ProfileCodec::readPending);
        profile.handled = Compact.readNumbers(in);
        profile.strangerUntil = Compact.readNumber(in);
        profile.askedAt = Compact.readNumber(in);
        profile.nextAskAt = Deadlines.read(in);
        profile.cohortState = CohortStateCodec.read(in);
        profile.told = in.readBoolean() ? readSummary(in) : null;
        profile.twoFactor = Compact.readFlag(in);
        return profile;
    }

    private static void writeLogins(Logins logins, DataOutput out) throws IOException {
        Compact.writeSize(out, logins.runs.size());
        for (Map.Entry<String, List<Logins.Run>> value : logins.runs.entrySet()) {
            Compact.writeText(out, value.getKey());
            Compact.writeSize(out, value.getValue().size());
            for (Logins.Run run : value.getValue()) {
                Compact.writeNumber(out, run.start());
                Compact.writeText(out, run.first());
                Compact.writeNumber(out, run.end() - run.start());
            }
        }
    }

    private static void readLogins(Logins logins, DataInput in) throws IOException {
        for (int left = Compact.readSize(in); left > 0; left--) {
            String name = Compact.readText(in);
            List<Logins.Run> runs = new ArrayList<>();
            for (int more = Compact.readSize(in); more > 0; more--) {
                long start = Compact.readNumber(in);
                String first = Compact.readText(in);
                runs.add(new Logins.Run(start, first, start + Compact.readNumber(in)));
            }
            logins.runs.put(name, runs);
        }
    }

    private static void write(ProjectSummary told, DataOutput out) throws IOException {
        Compact.writeText(out, told.owner());
        told.project().write(out);
    }

    private static ProjectSummary readSummary(DataInput in) throws IOException {
        return new ProjectSummary(Compact.readText(in), OwnedProject.read(in));
    }

    private static void write(EventHistory all, DataOutput out) throws IOException {
        EventRecordCodec.write(all.first, out);
        Compact.writeNumber(out, all.last - all.first.at());
        out.writeBoolean(all.atHand != null);
        if (all.atHand != null) {
            write(all.months, out);
            write(all.weeks, out);
            Compact.writeSize(out, all.atHand.size());
            for (TimedEvent one : all.atHand) {
                Compact.writeText(out, one.id());
                Compact.writeNumber(out, one.at() - all.first.at());
            }
        }
        out.writeBoolean(all.olderElsewhere);
    }

    private static EventHistory readHistory(DataInput in) throws IOException {
        EventHistory all = new EventHistory();
        all.first = EventRecordCodec.read(in);
        long firstAt = all.first.at();
        all.last = firstAt + Compact.readNumber(in);
        if (in.readBoolean()) {
            all.months = readCounts(in);
            all.weeks = readCounts(in);
            int size = Compact.readSize(in);
            all.atHand = new ArrayList<>(size + 2);
            for (int left = size; left > 0; left--) {
                all.atHand.add(
                        new TimedEvent(Compact.readText(in), firstAt + Compact.readNumber(in)));
            }
        }
        all.olderElsewhere = in.readBoolean();
        return all;
    }

    private static void write(PeriodCounts counts, DataOutput out) throws IOException {
        Compact.writeSize(out, counts.size());
        for (int place = 0; place < counts.size(); place++) {
            Compact.writeNumber(out, counts.periodAt(place));
            Compact.writeNumber(out, counts.countAt(place));
        }
    }

    private static PeriodCounts readCounts(DataInput in) throws IOException {
        PeriodCounts counts = new PeriodCounts();
        for (int left = Compact.readSize(in); left > 0; left--) {
            counts.add((int) Compact.readNumber(in), (int) Compact.readNumber(in));
        }
        return counts;
    }

    private static void write(Member member, DataOutput out) throws IOException {
        Compact.writeText(out, member.userId());
        Compact.writeText(out, member.address());
        Compact.writeText(out, member.role());
        out.writeBoolean(member.onCall());
        Compact.writeNumber(out, member.committedAt());
        member.position().write(out);
    }

    private static Member readMember(DataInput in) throws IOException {
        return new Member(
                Compact.readText(in),
                Compact.readText(in),
                Compact.readText(in),
                in.readBoolean(),
                Compact.readNumber(in),
                LogPosition.read(in));
    }

    private static void write(ScheduledTrigger pending, DataOutput out) throws IOException {
        Compact.writeText(out, pending.rule);
        Compact.writeText(out, pending.trigger);
        Compact.writeText(out, pending.instance);
        Compact.writeNumber(out, pending.dueAt);
        Compact.writeNumber(out, pending.askAt);
        Compact.writeNumber(out, pending.expiresAt);
        Compact.writeNumber(out, pending.forgetAt);
        Compact.writeNumber(out, pending.causedAt);
        Compact.writeTexts(out, pending.values);
        Compact.writeTexts(out, pending.out);
        out.writeBoolean(pending.asked);
        out.writeBoolean(pending.movable);
    }

    private static ScheduledTrigger readPending(DataInput in) throws IOException {
        ScheduledTrigger pending = new ScheduledTrigger();
        pending.rule = Compact.readText(in);
        pending.trigger = Compact.readText(in);
        pending.instance = Compact.readText(in);
        pending.dueAt = Compact.readNumber(in);
        pending.askAt = Compact.readNumber(in);
        pending.expiresAt = Compact.readNumber(in);
        pending.forgetAt = Compact.readNumber(in);
        pending.causedAt = Compact.readNumber(in);
        pending.values = Compact.readTexts(in);
        pending.out = Compact.readTexts(in);
        pending.asked = in.readBoolean();
        pending.movable = in.readBoolean();
        return pending;
    }
}
