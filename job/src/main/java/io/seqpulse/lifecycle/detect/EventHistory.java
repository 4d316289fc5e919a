package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The events of one kind that a subject has seen. Told in any order and any number of times, they
 * leave the same: the first is a minimum, counts are of ids.
 */
public final class EventHistory {

    /** As many are at hand; older ones are kept in {@link SpillStore}. */
    static final int AT_HAND = 64;

    /**
     * One event, told apart by its id.
     *
     * @param at business time, epoch milliseconds
     */
    record TimedEvent(String id, long at) {}

    /** The first of them, with what it said. */
    EventRecord first;

    /** Business time of the last one, epoch milliseconds. */
    long last;

    /** The latest; null, as the counts then are: there is but one, the first. */
    List<TimedEvent> atHand;

    PeriodCounts months;
    PeriodCounts weeks;

    /** Whether there are others in {@link SpillStore}. */
    boolean olderElsewhere;

    /** Takes an event; returns whether it is a new one, or an earlier first than was known. */
    boolean take(Event event, SpillStore older) {
        if (first == null) {
            first = EventRecord.of(event);
            last = event.at();
            return true;
        }
        EventRecord before = first;
        long lastBefore = last;
        last = Math.max(last, event.at());
        boolean earlier = isBefore(event, before);
        if (earlier || sameButRicher(before, event)) {
            first = EventRecord.of(event); // what is told again in other words is not new
        }
        if (atHand == null) {
            if (before.isTold(event)) {
                return false; // as every change of a user's row tells again that it was created
            }
            atHand = new ArrayList<>();
            atHand.add(new TimedEvent(before.id(), before.at()));
            months = new PeriodCounts();
            weeks = new PeriodCounts();
            count(before.at(), 1);
        }
        Long known = remember(event, older);
        if (known == null || known != event.at()) {
            if (known != null) {
                count(known, -1);
            }
            count(event.at(), 1);
        }
        if (known != null && known == lastBefore && event.at() < known) {
            last = atHand.stream().mapToLong(TimedEvent::at).max().orElse(last);
        }
        return earlier || known == null;
    }

    /** Returns the time it was remembered with before, or null if it is new. */
    private Long remember(Event event, SpillStore older) {
        TimedEvent told = new TimedEvent(event.id(), event.at());
        for (int i = atHand.size() - 1; i >= 0; i--) {
            if (atHand.get(i).id().equals(event.id())) {
                return atHand.set(i, told).at();
            }
        }
        if (olderElsewhere) {
            Long known = older.get(event.type().label(), event.id());
            if (known != null) {
                if (known != event.at()) {
                    older.put(event.type().label(), event.id(), event.at());
                }
                return known;
            }
        }
        atHand.add(told);
        if (atHand.size() > AT_HAND) {
            putAside(event.type(), older);
        }
        return null;
    }

    private void putAside(EventType type, SpillStore older) {
        atHand.sort(Comparator.comparingLong(TimedEvent::at));
        List<TimedEvent> oldest = atHand.subList(0, AT_HAND / 2);
        oldest.forEach(one -> older.put(type.label(), one.id(), one.at()));
        oldest.clear();
        olderElsewhere = true;
    }

    /** When one happened, by its id; null where it is not known. */
    Long timeOf(EventType type, String id, SpillStore older) {
        if (first.id().equals(id)) {
            return first.at();
        }
        if (atHand != null) {
            for (TimedEvent one : atHand) {
                if (one.id().equals(id)) {
                    return one.at();
                }
            }
        }
        return olderElsewhere ? older.get(type.label(), id) : null;
    }

    /** The latest UTC periods in which there were any, by number, ascending. */
    List<Integer> periods(Period period) {
        if (months == null) {
            return List.of(Periods.number(period, first.at()));
        }
        PeriodCounts counts = period == Period.MONTH ? months : weeks;
        List<Integer> periods = new ArrayList<>(counts.size());
        for (int place = 0; place < counts.size(); place++) {
            periods.add(counts.periodAt(place));
        }
        return periods;
    }

    /** How many there were in a UTC period, by its number. */
    int countIn(Period period, int number) {
        if (months == null) {
            return Periods.number(period, first.at()) == number ? 1 : 0;
        }
        return switch (period) {
            case MONTH -> months.of(number);
            case WEEK -> weeks.of(number);
        };
    }

    /** Business times of those in {@code [from, to)}, ascending. */
    List<Long> times(EventType type, long from, long to, SpillStore older) {
        List<Long> times = new ArrayList<>();
        if (atHand == null) {
            times.add(first.at());
        } else {
            atHand.forEach(one -> times.add(one.at()));
        }
        if (olderElsewhere) {
            times.addAll(older.all(type.label()).values());
        }
        times.removeIf(at -> at < from || at >= to);
        times.sort(null);
        return times;
    }

    /** Rows of one transaction share their time: the smaller id is first then, in any order. */
    private static boolean isBefore(Event event, EventRecord first) {
        return event.at() < first.at()
                || (event.at() == first.at() && event.id().compareTo(first.id()) < 0);
    }

    private static boolean sameButRicher(EventRecord first, Event event) {
        return first.isTold(event) && !first.values().equals(event.attributes());
    }

    private void count(long at, int change) {
        months.add(Periods.monthNumber(at), change);
        weeks.add(Periods.weekNumber(at), change);
    }
}
