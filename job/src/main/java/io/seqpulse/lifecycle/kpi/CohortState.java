package io.seqpulse.lifecycle.kpi;

import io.seqpulse.lifecycle.fact.SpillStore;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * What a user or project keeps for the KPIs: the facts that cohorts ask about, and what it has
 * added to the figures. Times are in microseconds since the epoch, as the database compares them.
 *
 * <p>State, as {@link CohortStateCodec} writes it.
 */
public final class CohortState {

    static final String STARTS = "start";
    static final String VERDICTS = "verdict";

    /** Whether the row is there. */
    boolean born;

    /** When it was created, if it is there. */
    long createdMicros;

    /**
     * Of a user: the projects they own now, by creation. Of a project: its deployments, by start.
     */
    final EarliestTimes starts = new EarliestTimes(STARTS);

    /** Of a project: the verdicts of its deployments, by the deployment's id. */
    final EarliestTimes verdicts = new EarliestTimes(VERDICTS);

    /** Of a project: how long its critical verdicts stood. */
    final Recoveries recoveries = new Recoveries();

    /** Delivery → email that was sent about it. */
    Map<String, SentEmail> emails = new HashMap<>();

    /** Of a project: the user who was told that it is theirs, or null. */
    String owner;

    /** Of a project: its plan, or null. */
    String plan;

    /** Of a project: whether its plan was free when it was first seen. */
    boolean startedFree;

    /** Of a project: when it came to be pro, as far as that was seen. */
    TreeSet<Long> upgrades = new TreeSet<>();

    /** What it has added to the figures. */
    public final Contributions contributed = new Contributions();

    /** Of a project: the user who was told that it is theirs, or null. */
    public String owner() {
        return owner;
    }

    /** Of a project: notes who was told that it is theirs. */
    public void owner(String told) {
        owner = told;
    }

    /** When it was created, in microseconds since the epoch, if its row is there. */
    public long createdMicros() {
        return createdMicros;
    }

    /** Whether there is nothing to remember. */
    public boolean isEmpty() {
        return !born
                && owner == null
                && starts.isEmpty()
                && verdicts.isEmpty()
                && emails.isEmpty()
                && recoveries.isEmpty()
                && contributed.isEmpty();
    }

    /** Lets go of what is kept elsewhere; what was contributed stands until it is taken back. */
    public void clear(SpillStore more) {
        starts.clear(more);
        verdicts.clear(more);
        recoveries.clear(more);
    }

    /** Tells what has changed of the figures that are not among {@link #contributed}. */
    public void tellChanges(Consumer<Increment> out) {
        recoveries.tell(out);
    }
}
