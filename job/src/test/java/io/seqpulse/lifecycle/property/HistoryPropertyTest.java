package io.seqpulse.lifecycle.property;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Generated histories through the real operators, against an oracle that reads only the history.
 * Another run: {@code -Dtest=HistoryPropertyTest -Dlifecycle.seed=7 -Dlifecycle.histories=50000}.
 */
class HistoryPropertyTest {

    private static final int HISTORIES = Integer.getInteger("lifecycle.histories", 5_000);
    private static final long SEED = Long.getLong("lifecycle.seed", 20_261_121L);
    private static final int ENOUGH_TO_HAVE_TRIED_ALL = 5_000;
    private static final int HISTORIES_WITH_RESTORES = 300;
    private static final int TRANSACTIONS_A_RESTORE = 80;
    private static final int HISTORIES_WITH_LOSSES = 300;
    private static final int HISTORIES_A_MUTANT = 3_000;
    private static final int HISTORIES_OF_NO_MUTANT = 100;

    /** What a run must have tried, at least, in histories of a thousand. */
    private static final Map<String, Integer> TRIED =
            Map.ofEntries(
                    Map.entry("E-TRX-01 sent", 150),
                    Map.entry("E-ACT-01 sent", 40),
                    Map.entry("E-ACT-04 sent", 150),
                    Map.entry("E-ACT-05 sent", 100),
                    Map.entry("E-CONV-01 sent", 50),
                    Map.entry("E-CONV-03 sent", 30),
                    Map.entry("reason capped", 1),
                    Map.entry("reason disabled", 2),
                    Map.entry("reason holdout", 4),
                    Map.entry("reason inactive", 30),
                    Map.entry("reason opted_out", 8),
                    Map.entry("reason resolved", 60),
                    Map.entry("reason shadow", 2),
                    Map.entry("reason stale", 8),
                    Map.entry("reason superseded", 20),
                    Map.entry("deferred by the cap", 10),
                    Map.entry("digest sent", 10),
                    Map.entry("intent at a boundary", 200),
                    Map.entry("intent 1 ms before a boundary", 100),
                    Map.entry("intent 1 ms after a boundary", 100),
                    Map.entry("intent 1 s before a boundary", 100),
                    Map.entry("intent 1 s after a boundary", 100),
                    Map.entry("intent quota at the end of a month", 25),
                    Map.entry("intent project at the deadline", 80),
                    Map.entry("intent activated while the slot was gone", 2),
                    Map.entry("intent deleted while the slot was gone", 60),
                    Map.entry("intent new owner", 40),
                    Map.entry("intent plan changed", 80));

    @Test
    void decidesWhatTheCatalogueSaysWhateverBefallsTheLog() throws Exception {
        HistoryCheck check = new HistoryCheck(SEED);
        String difference = timed("histories", check, HISTORIES);
        assertThat(difference).isNull();
        check.counts().forEach((name, count) -> System.out.println("  " + name + ": " + count));
        if (check.histories() >= ENOUGH_TO_HAVE_TRIED_ALL) {
            TRIED.forEach(
                    (name, share) ->
                            assertThat(check.counts().getOrDefault(name, 0))
                                    .as("histories with: %s", name)
                                    .isGreaterThanOrEqualTo(share * check.histories() / 1_000));
        }
    }

    @Test
    void decidesTheSameAcrossRestores() throws Exception {
        HistoryCheck check = new HistoryCheck(SEED + 1).restoringEvery(TRANSACTIONS_A_RESTORE);
        assertThat(timed("histories with restores", check, HISTORIES_WITH_RESTORES)).isNull();
    }

    @Test
    void mailsNothingOfThePastAndLosesNothingWhenItsStateIsLost() throws Exception {
        HistoryCheck check = new HistoryCheck(SEED + 2).losingState();
        assertThat(timed("histories with a lost state", check, HISTORIES_WITH_LOSSES)).isNull();
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void noticesAMistake(Mutant mutant) throws Exception {
        long from = System.nanoTime();
        String difference = mutant.firstDifference(SEED, HISTORIES_A_MUTANT);
        assertThat(difference).as("mutant: %s", mutant).isNotNull().doesNotContain("Exception");
        System.out.printf(
                "mutant '%s' caught in %.1f s: %s%n",
                mutant,
                seconds(from),
                difference.lines().limit(2).collect(Collectors.joining("\n    ")));
    }

    /** What catches a mutant is its mistake, not the way it is made. */
    @Test
    void noticesNoMistakeWhereThereIsNone() throws Exception {
        String right = "Math.floorDiv(epochMillis, MILLIS_PER_DAY)";
        Mutant unchanged = new Mutant("no mistake", "detect/Periods.java", right, right);
        assertThat(unchanged.firstDifference(SEED, HISTORIES_OF_NO_MUTANT)).isNull();
    }

    static Stream<Mutant> mutants() {
        return Stream.of(
                new Mutant(
                        "exactly at the deadline is too late (< for <=)",
                        "detect/MissingDetector.java",
                        "followedBy.at() <= pending.dueAt",
                        "followedBy.at() < pending.dueAt"),
                new Mutant(
                        "the threshold must be passed (<= for <)",
                        "detect/ReachedDetector.java",
                        "number) < trigger.atLeast()",
                        "number) <= trigger.atLeast()"),
                new Mutant(
                        "what is due as the rule goes live is history (<= for <)",
                        "detect/Detection.java",
                        "instance.dueAt() < rule.active().liveSince()",
                        "instance.dueAt() <= rule.active().liveSince()"),
                new Mutant(
                        "hints that came with a verdict are waited for",
                        "detect/HappenedDetector.java",
                        "values.containsKey(EventType.HINTED)",
                        "values.isEmpty()"),
                new Mutant(
                        "months of Paris",
                        "detect/Periods.java",
                        "Math.floorDiv(epochMillis, MILLIS_PER_DAY)",
                        "Math.floorDiv(epochMillis + 3_600_000, MILLIS_PER_DAY)"),
                new Mutant(
                        "the month of the commit",
                        "detect/ReachedDetector.java",
                        "fact instanceof Event ? fact.at() : fact.committedAt()",
                        "fact.committedAt()"),
                new Mutant(
                        "a repeated deployment counts twice",
                        "detect/EventHistory.java",
                        "Long known = remember(event, older);",
                        "remember(event, older); Long known = null;"),
                new Mutant(
                        "a decided key is decided again",
                        "policy/EmailPolicy.java",
                        "if (recipient.decided.containsKey(candidate.key())) {",
                        "if (recipient.decided.isEmpty() && candidate == null) {"),
                new Mutant(
                        "no cap",
                        "policy/EmailPolicy.java",
                        "return Math.max(opensAt, recipient.releasedAt);",
                        "return 0;"),
                new Mutant(
                        "what a new snapshot lacks is kept",
                        "state/ReconcileOperator.java",
                        "            reconcile(boundary);",
                        ""),
                new Mutant(
                        "what a new snapshot shows is let go of",
                        "fact/SnapshotBoundary.java",
                        "seen.told() < fromOffset",
                        "seen.told() < toOffset"),
                new Mutant(
                        "what a new snapshot lacks is let go of before all of it has come",
                        "state/ReconcileOperator.java",
                        "waiting.getValue().at() <= mark.getTimestamp()",
                        "mark.getTimestamp() > Long.MIN_VALUE"),
                new Mutant(
                        "a row that says nothing new was not seen",
                        "detect/Profile.java",
                        "row.put(change);",
                        "if (news) { row.put(change); }"),
                new Mutant(
                        "members that are gone stay",
                        "parent/ForeignKey.java",
                        "row.isMissingFrom(boundary, table.label())",
                        "row.position == null"),
                new Mutant(
                        "a deletion is forgotten at once",
                        "fact/TrackedRow.java",
                        "return tombstone != null && !tombstone.precedes(fact);",
                        "return false;"),
                new Mutant(
                        "first seen is first happened",
                        "detect/Detection.java",
                        "return profile.toldWhole",
                        "return profile.row.present",
                        true),
                new Mutant(
                        "whoever is found active has just become so",
                        "detect/Profile.java",
                        "return createdAt;",
                        "return event.at();",
                        true),
                new Mutant(
                        "nobody becomes active while the slot is gone",
                        "detect/Profile.java",
                        "Math.max(createdAt, event.committedAt())",
                        "createdAt"));
    }

    private static String timed(String what, HistoryCheck check, int histories) throws Exception {
        long from = System.nanoTime();
        String difference = check.firstDifference(histories);
        System.out.printf(
                "%d %s from seed %d in %.1f s%n",
                check.histories(), what, check.seed(), seconds(from));
        return difference;
    }

    private static double seconds(long from) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from) / 1_000.0;
    }
}
