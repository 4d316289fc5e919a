package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.catalogue.Trigger;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.FactKind;
import java.util.List;
import java.util.Map;

/** One way of noticing that something happened, or did not. Pure: no clock, no state of its own. */
interface Detector {

    /** What a detector says of an occasion once the clock has passed it. */
    enum Answer {
        /** It is as the rule needs. */
        HOLDS,
        /** It never was. */
        VOID,
        /** It was when it was due, and is no longer. */
        RESOLVED
    }

    /** Whether facts of a kind can make an occasion, or change whether one holds or its figures. */
    boolean isMovedBy(FactKind kind);

    /**
     * The occasions that a fact makes or changes, which the profile has just taken; asked only of
     * facts that move it.
     */
    List<Occasion> occasions(Profile profile, Fact fact, Events older);

    /**
     * The one occasion that a fact can make, where that can be told without looking; else null.
     * What is over or given out need not be looked for again with every fact.
     */
    default String onlyOccasion(Fact fact) {
        return null;
    }

    /** Whether an occasion is still as the rule needs. */
    Answer ask(Profile profile, Pending pending);

    /** Figures that the text needs as they are now; empty where the occasion's own suffice. */
    default Map<String, String> figures(Profile profile, Pending pending) {
        return Map.of();
    }

    /**
     * The detector of a trigger.
     *
     * @throws IllegalArgumentException if this version has none; the catalogue's loader says so
     *     first
     */
    static Detector of(Trigger trigger) {
        if (trigger instanceof Trigger.Happened happened) {
            return new HappenedDetector(happened);
        }
        if (trigger instanceof Trigger.Missing missing) {
            return new MissingDetector(missing);
        }
        if (trigger instanceof Trigger.Reached reached) {
            return new ReachedDetector(reached);
        }
        throw new IllegalArgumentException("no detector for " + trigger);
    }
}
