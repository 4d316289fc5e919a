package io.seqpulse.lifecycle.property;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.CatalogueResolution;
import io.seqpulse.lifecycle.catalogue.Experiment;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Candidate;
import io.seqpulse.lifecycle.detect.Periods;
import io.seqpulse.lifecycle.detect.Retraction;
import io.seqpulse.lifecycle.property.FakeJournal.Mail;
import io.seqpulse.lifecycle.property.FakeJournal.Row;
import io.seqpulse.lifecycle.property.History.Transaction;
import io.seqpulse.lifecycle.property.JobRun.Decided;
import io.seqpulse.lifecycle.property.JobRun.Loss;
import io.seqpulse.lifecycle.story.Rules;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * The property: whatever happens in the product and to its log, the job decides what the catalogue
 * says. Histories run together, as they would in one database; one that fails runs again alone.
 */
public final class HistoryCheck {

    private static final Catalogue CATALOGUE = CatalogueLoader.load(null);
    private static final int TOGETHER = 50;
    private static final double FAULTS = 0.03;

    /** What no snapshot shows any more counts all the same, for those who saw it. */
    private static final Set<String> COUNTED = Set.of("projects", "deployments");

    private static final Set<String> COUNTING = Set.of("E-ACT-01", "E-CONV-01", "E-CONV-03");

    private final long seed;
    private final Map<String, Integer> counts = new TreeMap<>();
    private int histories;
    private int restoreEvery;
    private boolean losing;

    /**
     * @param seed decides everything
     */
    public HistoryCheck(long seed) {
        this.seed = seed;
    }

    /** Restores the job from a checkpoint once in so many transactions. */
    public HistoryCheck restoringEvery(int transactions) {
        restoreEvery = transactions;
        return this;
    }

    /**
     * Loses the job's state and the beginning of its log once, and takes a new snapshot. Then what
     * waited is decided at other times and what was deleted is not known any more, so that not
     * every line is as it would have been; but whoever gets a mail would have got it, and nobody
     * goes without.
     */
    public HistoryCheck losingState() {
        losing = true;
        return this;
    }

    /**
     * Runs at least so many histories, each through two logs.
     *
     * @return the first difference, or null
     */
    public String firstDifference(int atLeast) throws Exception {
        for (int batch = 0; histories < atLeast; batch++) {
            long batchSeed = mix(seed, batch);
            Setting setting = Setting.random(batchSeed);
            List<History> together = new ArrayList<>();
            for (int i = 0; i < TOGETHER; i++) {
                together.add(
                        HistoryGenerator.generate(
                                setting, "h" + (histories + i), mix(batchSeed, i)));
            }
            histories += TOGETHER;
            String difference = difference(setting, together, batchSeed);
            if (difference != null) {
                return "seed " + seed + ", batch " + batch + ": " + difference;
            }
        }
        return null;
    }

    /** What the histories came to, by name. */
    public Map<String, Integer> counts() {
        return counts;
    }

    /** What decides everything. */
    public long seed() {
        return seed;
    }

    /** How many histories ran. */
    public int histories() {
        return histories;
    }

    private String difference(Setting setting, List<History> together, long logSeed)
            throws Exception {
        Map<String, List<String>> expected = new HashMap<>();
        for (History history : together) {
            FakeJournal journal = new Oracle(setting, history).run();
            if (losing) {
                String found = differenceOfLoss(setting, history, journal.rows(), logSeed);
                if (found != null) {
                    return found;
                }
                continue;
            }
            expected.put(history.id(), FakeJournal.lines(journal.rows().values(), journal.mails()));
            count(history, journal);
        }
        if (losing) {
            return null;
        }
        for (int log = 0; log < 2; log++) {
            String found = difference(setting, together, expected, mix(logSeed, log), log);
            if (found == null) {
                continue;
            }
            for (History history : together) {
                String alone =
                        difference(setting, List.of(history), expected, mix(logSeed, log), log);
                if (alone != null) {
                    return "a history alone: "
                            + shrunk(setting, history, mix(logSeed, log), log, alone);
                }
            }
            return "only together: " + found;
        }
        return null;
    }

    private String differenceOfLoss(
            Setting setting, History history, Map<String, Row> expected, long logSeed)
            throws Exception {
        Random random = new Random(mix(logSeed, history.seed()));
        List<Long> commits = history.transactions().stream().map(Transaction::commit).toList();
        long around = commits.get(random.nextInt(commits.size()));
        long at = Math.max(around, setting.snapshotAt()) + 1 + random.nextInt((int) Setting.HOUR);
        long retained = random.nextInt((int) (2 * Setting.DAY));
        Loss loss = new Loss(at, at - (random.nextInt(4) == 0 ? 10 * retained : retained));
        JobRun run = new JobRun(setting, rules(setting), List.of(history), logSeed, 0, 0, loss);
        Map<String, Row> rows = run.run().rows();
        Set<String> taken = new HashSet<>();
        history.transactions().stream()
                .flatMap(transaction -> transaction.changes().stream())
                .filter(change -> change.table().equals("email_deliveries"))
                .forEach(change -> taken.add(change.text("dedupe_key")));
        taken.addAll(expected.keySet());
        boolean deletes =
                history.transactions().stream()
                        .flatMap(transaction -> transaction.changes().stream())
                        .anyMatch(c -> c.operation() == 'd' && COUNTED.contains(c.table()));
        List<String> wrong = new ArrayList<>();
        rows.forEach(
                (key, row) -> {
                    boolean known = !deletes || !COUNTING.contains(row.rule());
                    if (known && row.reason() == null && !isDecided(key, taken)) {
                        wrong.add("mailed for the past: " + key);
                    }
                });
        expected.forEach(
                (key, row) -> {
                    if (row.reason() == null
                            && !isDecided(key, rows.keySet())
                            && !isCrossedByThen(setting, row.rule(), key)) {
                        wrong.add("lost: " + key);
                    }
                });
        if (wrong.isEmpty()) {
            counts.merge("lost the state", 1, Integer::sum);
            return null;
        }
        return "%s\nstate lost at %s, log from %s\n%s\ndecisions:%s"
                .formatted(
                        String.join("\n", wrong),
                        Instant.ofEpochMilli(loss.at()),
                        Instant.ofEpochMilli(loss.retainedFrom()),
                        describe(setting, List.of(history)),
                        decisions(run, history));
    }

    /**
     * Whether the rule began in the month that is counted: then deployments committed late may move
     * the one that reached the threshold before that, for those who see them all at once.
     */
    private static boolean isCrossedByThen(Setting setting, String rule, String key) {
        if (!rule.startsWith("E-CONV")) {
            return false;
        }
        String month = key.replaceFirst("^.*:", "");
        return setting.liveSince().get(rule) > Periods.startOfMonth(Periods.monthNumber(month));
    }

    /**
     * Which alerts go together may change, and who else belongs to a project by then; whether there
     * was something to tell may not.
     */
    private static boolean isDecided(String key, Set<String> decided) {
        return decided.contains(key)
                || decided.contains(key.replace(":digest", ""))
                || decided.contains(key.replaceFirst("^([^:]+:[^:]+):.*", "$1"))
                || decided.stream().anyMatch(other -> other.startsWith(key + "#"));
    }

    /** What is left when every transaction is gone without which it still fails. */
    private String shrunk(Setting setting, History history, long logSeed, int log, String found)
            throws Exception {
        History smallest = history;
        String difference = found;
        for (int i = history.transactions().size() - 1; i >= 0; i--) {
            Optional<History> smaller = Draft.without(smallest, i);
            if (smaller.isEmpty()) {
                continue;
            }
            FakeJournal journal = new Oracle(setting, smaller.get()).run();
            Map<String, List<String>> expected =
                    Map.of(
                            history.id(),
                            FakeJournal.lines(journal.rows().values(), journal.mails()));
            String still = difference(setting, List.of(smaller.get()), expected, logSeed, log);
            if (still != null) {
                smallest = smaller.get();
                difference = still;
            }
        }
        return difference;
    }

    /** The first log is as it should be, the second repeats and reads again. */
    private String difference(
            Setting setting,
            List<History> together,
            Map<String, List<String>> expected,
            long logSeed,
            int log)
            throws Exception {
        JobRun run =
                new JobRun(
                        setting,
                        rules(setting),
                        together,
                        logSeed,
                        log == 0 ? 0 : together.size() == 1 ? 0.4 : FAULTS,
                        restoreEvery,
                        null);
        FakeJournal journal;
        try {
            journal = run.run();
        } catch (RuntimeException | AssertionError e) {
            return "log " + log + ": " + trace(e) + "\n" + describe(setting, together);
        }
        for (History history : together) {
            List<String> observed =
                    FakeJournal.lines(
                            journal.rows().values().stream()
                                    .filter(row -> isOf(history, row.userId()))
                                    .toList(),
                            journal.mails().stream()
                                    .filter(mail -> isOf(history, mail.userId()))
                                    .toList());
            List<String> wanted = expected.get(history.id());
            if (!observed.equals(wanted)) {
                return "log "
                        + log
                        + (log == 0 ? " (no faults)" : " (with faults)")
                        + differing("\n  wanted, not seen: ", wanted, observed)
                        + differing("\n  seen, not wanted: ", observed, wanted)
                        + "\n"
                        + describe(setting, List.of(history))
                        + "\ndecisions:"
                        + decisions(run, history);
            }
        }
        Optional<String> broken = brokenInvariant(setting, run, journal, together);
        return broken.map(invariant -> invariant + "\n" + describe(setting, together)).orElse(null);
    }

    private static String decisions(JobRun run, History history) {
        StringBuilder text = new StringBuilder();
        for (Decided decided : run.decisions()) {
            Candidate candidate = decided.decision().candidate();
            Retraction withdrawal = decided.decision().withdrawal();
            String line =
                    withdrawal != null
                            ? "withdraw %s from %s: %s"
                                    .formatted(
                                            withdrawal.key(),
                                            withdrawal.recipient(),
                                            withdrawal.reason())
                            : "%s to %s, due %s, asked %s%s%s"
                                    .formatted(
                                            candidate.key(),
                                            candidate.recipient(),
                                            Instant.ofEpochMilli(candidate.dueAt()),
                                            Instant.ofEpochMilli(candidate.decidedAt()),
                                            decided.decision().suppressedFor() == null
                                                    ? ""
                                                    : ": " + decided.decision().suppressedFor(),
                                            decided.written() ? "" : " (key taken)");
            if (line.contains(history.id() + "-")) {
                text.append("\n  ").append(Instant.ofEpochMilli(decided.wall())).append(' ');
                text.append(line);
            }
        }
        return text.toString();
    }

    private static String trace(Throwable e) {
        StringBuilder text = new StringBuilder(e.toString());
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            text.append("\n  ").append(cause);
            Arrays.stream(cause.getStackTrace())
                    .filter(frame -> frame.getClassName().startsWith("io.seqpulse"))
                    .limit(6)
                    .forEach(frame -> text.append("\n    ").append(frame));
        }
        return text.toString();
    }

    private static String describe(Setting setting, List<History> histories) {
        return histories.size() > 1
                ? setting.describe()
                : setting.describe() + "\n" + histories.get(0).describe();
    }

    private static boolean isOf(History history, String user) {
        return user.startsWith(history.id() + "-");
    }

    private static String differing(String title, List<String> these, List<String> those) {
        List<String> rest = new ArrayList<>(these);
        rest.removeAll(those);
        return rest.isEmpty() ? "" : title + String.join(title, rest);
    }

    private static List<ActiveRule> rules(Setting setting) {
        Set<String> tables = new HashSet<>(CapturedTable.labels());
        if (!setting.refusalsTable()) {
            tables.remove("quota_refusals");
        }
        return CatalogueResolution.of(CATALOGUE, tables).catalogue().rules().stream()
                .filter(rule -> setting.liveSince().containsKey(rule.code()))
                .map(
                        rule ->
                                new ActiveRule(
                                        tried(rule, setting)
                                                .withMode(
                                                        setting.modes()
                                                                .getOrDefault(
                                                                        rule.code(),
                                                                        Rule.Mode.LIVE)),
                                        setting.liveSince().get(rule.code())))
                .toList();
    }

    private static Rule tried(Rule rule, Setting setting) {
        return rule.category().capped()
                ? Rules.withExperiment(rule, new Experiment(setting.holdout() * 100, List.of()))
                : rule;
    }

    /** What must hold whatever the oracle thinks. */
    private static Optional<String> brokenInvariant(
            Setting setting, JobRun run, FakeJournal journal, List<History> together) {
        Map<String, EmailCategory> categories = new HashMap<>();
        rules(setting).forEach(r -> categories.put(r.rule().code(), r.rule().category()));
        Map<String, Row> rows = journal.rows();
        Set<String> sentTo = new HashSet<>();
        Map<String, String> lastRecipient = new HashMap<>();
        Map<String, Long> lastMarketing = new HashMap<>();
        Map<String, String> lastMarketingKey = new HashMap<>();
        Set<String> moved = new HashSet<>();
        for (Decided decided : run.decisions()) {
            if (decided.decision().withdrawal() != null) {
                if (decided.decision().withdrawal().reason().equals("moved")) {
                    moved.add(decided.decision().withdrawal().key());
                    sentTo.remove(
                            decided.decision().withdrawal().key()
                                    + " "
                                    + decided.decision().withdrawal().recipient());
                }
                continue;
            }
            Candidate candidate = decided.decision().candidate();
            if (decided.decision().suppressedFor() != null) {
                continue;
            }
            String key = candidate.key();
            boolean gone =
                    together.stream()
                            .anyMatch(h -> h.deletedAt(candidate.userId()) != Long.MAX_VALUE);
            if (!gone && !sentTo.add(key + " " + candidate.recipient())) {
                return Optional.of(key + " is sent twice to " + candidate.recipient());
            }
            String before = lastRecipient.put(key, candidate.recipient());
            if (!gone
                    && before != null
                    && !before.equals(candidate.recipient())
                    && !moved.contains(key)) {
                return Optional.of(key + " is sent to two people");
            }
            if (candidate.dueAt() < setting.liveSince().get(candidate.rule())
                    && decided.decision().variant() == null) {
                return Optional.of(key + " was due before its rule ran");
            }
            if (candidate.expiresAt() <= decided.wall()) {
                return Optional.of(key + " is sent after it expired");
            }
            if (decided.written() && categories.get(candidate.rule()).capped()) {
                Long last = lastMarketing.get(candidate.recipient());
                boolean earlierFailed =
                        last != null && !wasSent(rows, lastMarketingKey.get(candidate.recipient()));
                if (last != null
                        && !gone
                        && !earlierFailed
                        && decided.wall() - last < Setting.COOLDOWN.toMillis() - 5) {
                    return Optional.of(candidate.recipient() + " gets two marketing mails a day");
                }
                lastMarketing.put(candidate.recipient(), decided.wall());
                lastMarketingKey.put(candidate.recipient(), key);
            }
        }
        Set<String> keys = new HashSet<>();
        for (Mail mail : journal.mails()) {
            if (!keys.add(mail.key())) {
                return Optional.of(mail.key() + " arrives twice");
            }
        }
        return Optional.empty();
    }

    private static boolean wasSent(Map<String, Row> rows, String key) {
        Row row = rows.get(key);
        return row != null && row.status().equals("sent");
    }

    private void count(History history, FakeJournal journal) {
        Set<String> names = new HashSet<>();
        journal.rows()
                .forEach(
                        (key, row) -> {
                            boolean sent = row.reason() == null;
                            names.add(row.rule() + (sent ? " sent" : " not sent"));
                            if (!sent) {
                                names.add("reason " + row.reason());
                            } else if (row.waited() > Setting.MINUTE) {
                                names.add("deferred by the cap");
                            }
                            if (sent && key.endsWith(":digest")) {
                                names.add("digest sent");
                            }
                        });
        history.intents().forEach(intent -> names.add("intent " + intent));
        names.forEach(name -> counts.merge(name, 1, Integer::sum));
    }

    private static long mix(long seed, long salt) {
        long hash = seed * 0x9e3779b97f4a7c15L + salt;
        hash = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
        hash = (hash ^ (hash >>> 27)) * 0x94d049bb133111ebL;
        return hash ^ (hash >>> 31);
    }
}
