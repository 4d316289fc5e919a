package io.seqpulse.lifecycle.property;

import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.policy.Decision;
import io.seqpulse.lifecycle.policy.Reasons;
import io.seqpulse.lifecycle.property.History.Transaction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Histories through the real operators, from a log with the faults a log has. The clock ticks
 * whenever a timer is due and so at every time that matters: clock messages at which nothing is due
 * change nothing, so they are left out.
 */
final class JobRun {

    /** A clock message committed at a time has the watermark this much before it, rounded up. */
    private static final long CLOCK_BEHIND = 2;

    /**
     * The job's state is lost, and the beginning of its log too: the job reads what is left of the
     * log, and then a new snapshot.
     *
     * @param at when, between two commits
     * @param retainedFrom what was committed before is no longer in the log
     */
    record Loss(long at, long retainedFrom) {}

    /** A decision as it left the policy. */
    record Decided(Decision decision, long wall, boolean written) {}

    private final Setting setting;
    private final List<History> histories;
    private final Random random;
    private final ChangeLogWriter log;
    private final FakeJournal journal;
    private final Operators operators;
    private final List<Decided> decisions = new ArrayList<>();
    private final double faults;
    private final int restores;
    private final Loss loss;
    private final List<LogRecord> written = new ArrayList<>();

    private long clock = Long.MIN_VALUE;
    private long wall = Long.MIN_VALUE;
    private int checkpoints;

    /**
     * @param logSeed decides what befalls the log, and in which order channels are read
     * @param faults probability of a repetition or a new snapshot after a transaction
     * @param restores one checkpoint and restore in so many transactions; 0: none
     * @param loss null: the state is never lost
     */
    JobRun(
            Setting setting,
            List<ActiveRule> rules,
            List<History> histories,
            long logSeed,
            double faults,
            int restores,
            Loss loss)
            throws Exception {
        this.setting = setting;
        this.histories = histories;
        this.random = new Random(logSeed);
        this.log = new ChangeLogWriter(random);
        Map<String, Long> deleted = new HashMap<>();
        for (History history : histories) {
            for (Transaction transaction : history.transactions()) {
                transaction.changes().stream()
                        .filter(c -> c.operation() == 'd' && c.table().equals("users"))
                        .forEach(c -> deleted.put(c.id(), transaction.commit()));
            }
        }
        this.journal = new FakeJournal(setting, user -> deleted.getOrDefault(user, Long.MAX_VALUE));
        this.operators = new Operators(rules, Setting.COOLDOWN, random, this::take);
        this.faults = faults;
        this.restores = restores;
        this.loss = loss;
    }

    /** What became of every email. */
    FakeJournal run() throws Exception {
        try (operators) {
            List<Transaction> transactions =
                    histories.stream()
                            .flatMap(history -> history.transactions().stream())
                            .sorted(Comparator.comparingLong(Transaction::commit))
                            .toList();
            int next = 0;
            while (next < transactions.size()
                    && transactions.get(next).commit() <= setting.snapshotAt()) {
                log.apply(transactions.get(next++));
            }
            snapshot(setting.snapshotAt(), false);
            boolean gapPassed = setting.gapTo() == 0;
            boolean lost = loss == null;
            while (true) {
                long told = next < transactions.size() ? transactions.get(next).commit() : END;
                long commit = Math.min(told, journal.nextCommit());
                if (!gapPassed && commit > setting.gapFrom()) {
                    tickUntil(setting.gapFrom(), setting.gapFrom());
                    if (journal.nextCommit() <= setting.gapFrom()) {
                        continue;
                    }
                    while (Math.min(told, journal.nextCommit()) <= setting.gapTo()) {
                        if (told <= journal.nextCommit()) {
                            log.apply(transactions.get(next++));
                        } else {
                            log.apply(journal.commitNext());
                        }
                        told = next < transactions.size() ? transactions.get(next).commit() : END;
                    }
                    if (setting.gapFrom() > clock) {
                        clock = setting.gapFrom();
                        operators.watermark(clock); // may still be on its way
                    }
                    log.loseSlot();
                    snapshot(setting.gapTo(), false);
                    tick(setting.gapTo());
                    gapPassed = true;
                    continue;
                }
                if (!lost && commit > loss.at()) {
                    tickUntil(loss.at() - CLOCK_BEHIND, loss.at());
                    if (journal.nextCommit() <= loss.at()) {
                        continue;
                    }
                    loseState();
                    lost = true;
                    continue;
                }
                tickUntil(Math.min(commit, setting.end()) - CLOCK_BEHIND, commit);
                if (Math.min(told, journal.nextCommit()) < commit) {
                    continue; // a tick sent a mail, and the journal has something to say earlier
                }
                if (commit == END) {
                    break;
                }
                Transaction transaction =
                        told <= journal.nextCommit()
                                ? transactions.get(next++)
                                : journal.commitNext();
                stream(transaction);
                told = next < transactions.size() ? transactions.get(next).commit() : END;
                misfortune(transaction.commit(), Math.min(told, journal.nextCommit()));
            }
            tick(setting.longAfter());
            if (operators.nextTimer() != Long.MAX_VALUE) {
                throw new AssertionError("a timer is left when nothing can be due any more");
            }
        }
        journal.close();
        return journal;
    }

    private static final long END = Long.MAX_VALUE;

    List<Decided> decisions() {
        return decisions;
    }

    private void stream(Transaction transaction) throws Exception {
        log.apply(transaction);
        pass(transaction.commit() + 1);
        deliver(log.stream(transaction));
        advance(transaction.commit() - CLOCK_BEHIND);
    }

    private void loseState() throws Exception {
        pass(loss.at() + 1);
        operators.restore(null);
        operators.expectOrphans();
        clock = Long.MIN_VALUE;
        for (LogRecord record : List.copyOf(written)) {
            long committedAt = record.change().commitMillis();
            if (committedAt >= loss.retainedFrom()) {
                operators.accept(record);
                operators.drain();
                if (!record.change().fromSnapshot()) {
                    advance(committedAt - CLOCK_BEHIND);
                }
            }
        }
        log.loseSlot();
        snapshot(loss.at(), false);
        tick(loss.at());
    }

    private void snapshot(long at, boolean incremental) throws Exception {
        pass(at + 1);
        List<LogRecord> records = log.snapshot(at * 1_000, incremental);
        if (restores > 0 && !records.isEmpty()) {
            int half = random.nextInt(records.size());
            deliver(records.subList(0, half));
            operators.restore(operators.snapshot(++checkpoints));
            deliver(records.subList(half, records.size()));
            operators.restore(operators.snapshot(++checkpoints));
        } else {
            deliver(records);
        }
    }

    /**
     * What may happen to a log at any time and must change nothing. A snapshot lies between two
     * commits: where the next one is of the same millisecond or the one after, only microseconds
     * can tell them apart.
     *
     * @param next when something is committed next
     */
    private void misfortune(long now, long next) throws Exception {
        if (random.nextDouble() < faults) {
            if (random.nextInt(12) == 0) {
                long micros = next > now + 1 ? (now + 1) * 1_000 : ChangeLogWriter.after(now);
                deliver(log.snapshot(micros, random.nextBoolean()));
            } else {
                for (int times = 1 + random.nextInt(2); times > 0; times--) {
                    deliver(log.repeatSuffix());
                }
            }
        }
        if (restores > 0 && random.nextInt(restores) == 0) {
            operators.restore(operators.snapshot(++checkpoints));
        }
    }

    private void deliver(List<LogRecord> records) throws Exception {
        boolean oneByOne = random.nextBoolean();
        written.addAll(loss == null ? List.of() : records);
        for (LogRecord record : records) {
            operators.accept(record);
            if (oneByOne) {
                operators.drain();
            }
        }
        operators.drain();
    }

    /**
     * A tick for each timer that is due until then, unless the journal has something to say first.
     *
     * @param journalUntil what the journal commits later does not matter
     */
    private void tickUntil(long time, long journalUntil) throws Exception {
        for (long next = operators.nextTimer(); next <= time; next = operators.nextTimer()) {
            if (next <= clock && clock >= time) {
                return;
            }
            if (journal.nextCommit() <= journalUntil
                    && journal.nextCommit() - CLOCK_BEHIND < next) {
                return;
            }
            tick(Math.max(next, clock + 1));
        }
    }

    private void tick(long time) throws Exception {
        pass(time + CLOCK_BEHIND);
        advance(time);
    }

    private void advance(long watermark) throws Exception {
        if (watermark > clock) {
            clock = watermark;
            operators.watermark(watermark);
            operators.drain();
        }
    }

    private void pass(long time) throws Exception {
        wall = Math.max(wall, setting.up(time));
        operators.setWall(wall);
    }

    private void take(Decision decision) {
        boolean written = false;
        if (decision.withdrawal() != null) {
            journal.withdraw(
                    wall,
                    decision.withdrawal().key(),
                    decision.withdrawal().userId(),
                    decision.withdrawal().reason());
        } else {
            Candidate candidate = decision.candidate();
            String reason = decision.suppressedFor();
            written =
                    journal.write(
                            wall,
                            candidate.rule(),
                            reason == null
                                    ? candidate.key()
                                    : Reasons.journalKey(candidate.key(), reason),
                            candidate.recipient(),
                            candidate.userId(),
                            reason,
                            reason == null ? candidate.values().get("used") : null,
                            candidate.decidedAt());
        }
        decisions.add(new Decided(decision, wall, written));
    }
}
