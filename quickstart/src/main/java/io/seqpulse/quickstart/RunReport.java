package io.seqpulse.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.Journal;
import io.seqpulse.quickstart.stack.ReceivedMail;
import io.seqpulse.quickstart.stack.ResidentMemory;
import io.seqpulse.quickstart.traffic.DemoHistory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a run did, measured at both ends: the committed change and the accepting mail server. */
final class RunReport {

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Waits for the hints of its verdict unless they came with it, so these are timed apart. */
    private static final String WAITS_FOR_HINTS = "E-ACT-05";

    private static final String WITH_HINTS = WAITS_FOR_HINTS + "_with_hints";
    private static final String WITHOUT_HINTS = WAITS_FOR_HINTS + "_without_hints";

    private static final int EXAMPLES = 20;

    private final EmbeddedStack stack;
    private final ResidentMemory memory;
    private final Instant begun;

    RunReport(EmbeddedStack stack, ResidentMemory memory, Instant begun) {
        this.stack = stack;
        this.memory = memory;
        this.begun = begun;
    }

    /**
     * How journal and mail server agree by Message-ID.
     *
     * @param forgotten received by people whom the product has deleted since, and with them the
     *     rows of the journal
     */
    record Difference(
            Set<String> sentNotReceived, Set<String> receivedNotSent, Set<String> forgotten) {

        /**
         * @param known addresses, in lower case, of those whose journal is still there
         */
        static Difference of(
                Collection<Journal.Row> journal,
                Collection<ReceivedMail> received,
                Set<String> known) {
            Set<String> sent =
                    journal.stream()
                            .filter(row -> row.status().equals("sent"))
                            .map(Journal.Row::providerMessageId)
                            .map(id -> Objects.requireNonNullElse(id, "no Message-ID"))
                            .map(RunReport::bare)
                            .collect(Collectors.toCollection(TreeSet::new));
            Set<String> sentNotReceived = new TreeSet<>(sent);
            Set<String> receivedNotSent = new TreeSet<>();
            Set<String> forgotten = new TreeSet<>();
            for (ReceivedMail mail : received) {
                String id = bare(mail.messageId());
                sentNotReceived.remove(id);
                if (!sent.contains(id)) {
                    String recipient = mail.recipient().toLowerCase(Locale.ROOT);
                    (known.contains(recipient) ? receivedNotSent : forgotten).add(id);
                }
            }
            return new Difference(sentNotReceived, receivedNotSent, forgotten);
        }

        @Override
        public String toString() {
            String both =
                    "%s sent and not received, %s received and not sent"
                            .formatted(sentNotReceived.size(), receivedNotSent.size());
            return forgotten.isEmpty()
                    ? both
                    : "%s, and %s to people deleted since".formatted(both, forgotten.size());
        }
    }

    private static String bare(String messageId) {
        return messageId.replaceAll("^<|>$", "");
    }

    /**
     * Writes it.
     *
     * @param changes row changes the traffic committed
     * @param traffic how long it ran
     * @param kpiFreshness how long changes took into the KPI tables, in milliseconds
     */
    Difference write(Path file, long changes, Duration traffic, List<Long> kpiFreshness)
            throws IOException, SQLException {
        List<Journal.Row> journal = stack.journal().rows();
        List<ReceivedMail> received = stack.mails().received();
        Difference difference = Difference.of(journal, received, stack.journal().addressees());
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("seconds", seconds(Duration.between(begun, Instant.now())));
        report.put("startup_seconds", seconds(stack.startUp()));
        report.put("changes", changes);
        report.put(
                "changes_per_second",
                traffic.isZero() ? 0 : round(changes * 1000.0 / traffic.toMillis()));
        report.put("journal", stack.journal().outcomes());
        report.put(
                "journal_sent",
                journal.stream().filter(row -> row.status().equals("sent")).count());
        report.put("received", stack.mails().count());
        report.put(
                "received_by_code",
                received.stream()
                        .collect(
                                Collectors.groupingBy(
                                        ReceivedMail::code, TreeMap::new, Collectors.counting())));
        report.put(
                "received_twice",
                received.size()
                        - received.stream().map(ReceivedMail::messageId).distinct().count());
        report.put(
                "journal_versus_received",
                Map.of(
                        "sent_not_received", difference.sentNotReceived().size(),
                        "received_not_sent", difference.receivedNotSent().size(),
                        "to_people_deleted_since", difference.forgotten().size(),
                        "examples",
                                Map.of(
                                        "sent_not_received", some(difference.sentNotReceived()),
                                        "received_not_sent", some(difference.receivedNotSent()))));
        report.put("history_mails", historyMails(received));
        report.put(
                "commit_to_accepted_ms",
                latencies(
                        journal,
                        arrivedSince(begun, received),
                        stack.journal().verdictsWithHints()));
        report.put("commit_to_kpi_table_ms", summary(kpiFreshness));
        report.put(
                "peak_resident_mib",
                Map.of(
                        "jvm", memory.jvmKib() / 1024,
                        "postgres", memory.othersKib() / 1024,
                        "total", (memory.jvmKib() + memory.othersKib()) / 1024));
        report.put("alarms", stack.alarms());
        Files.writeString(file, JSON.writeValueAsString(report) + "\n");
        return difference;
    }

    /** Mails to people of the demo's history: there must be none. */
    static long historyMails(Collection<ReceivedMail> received) {
        return received.stream()
                .filter(mail -> mail.recipient().endsWith("@" + DemoHistory.DOMAIN))
                .count();
    }

    /** Message-ID → when the server took it, of this run only. */
    private static Map<String, Instant> arrivedSince(Instant begun, List<ReceivedMail> received) {
        return received.stream()
                .filter(mail -> mail.receivedAt().isAfter(begun))
                .collect(
                        Collectors.toMap(
                                mail -> bare(mail.messageId()),
                                ReceivedMail::receivedAt,
                                (first, again) -> first));
    }

    /**
     * By code, from the commit of the causing change to the server's acceptance; of critical
     * verdicts also apart by whether hints were committed with them.
     *
     * @param accepted Message-ID → when the server took it
     * @param withHints deployments whose verdict was committed with hints
     */
    static Map<String, Object> latencies(
            List<Journal.Row> journal, Map<String, Instant> accepted, Set<String> withHints) {
        Map<String, List<Long>> byCode = new TreeMap<>();
        List<Long> atOnce = new ArrayList<>();
        for (Journal.Row row : journal) {
            if (row.causedAt() == null || row.providerMessageId() == null) {
                continue;
            }
            Instant arrived = accepted.get(bare(row.providerMessageId()));
            if (arrived == null) {
                continue;
            }
            long took = Duration.between(row.causedAt(), arrived).toMillis();
            byCode.computeIfAbsent(row.emailType(), code -> new ArrayList<>()).add(took);
            boolean mayWait = row.emailType().equals(WAITS_FOR_HINTS);
            boolean hinted = mayWait && withHints.contains(deployment(row.dedupeKey()));
            if (mayWait) {
                String kind = hinted ? WITH_HINTS : WITHOUT_HINTS;
                byCode.computeIfAbsent(kind, code -> new ArrayList<>()).add(took);
            }
            if (!mayWait || hinted) {
                atOnce.add(took);
            }
        }
        Map<String, Object> latencies = new LinkedHashMap<>();
        latencies.put("at_once", summary(atOnce));
        byCode.forEach((code, took) -> latencies.put(code, summary(took)));
        return latencies;
    }

    /** Of a critical verdict's key: its name, the deployment, and for some a recipient. */
    private static String deployment(String dedupeKey) {
        String[] parts = dedupeKey.split(":", 3);
        return parts.length < 2 ? "" : parts[1];
    }

    private static Map<String, Object> summary(List<Long> values) {
        List<Long> sorted = values.stream().sorted().toList();
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("count", sorted.size());
        if (!sorted.isEmpty()) {
            summary.put("p50", percentile(sorted, 50));
            summary.put("p99", percentile(sorted, 99));
            summary.put("max", sorted.get(sorted.size() - 1));
        }
        return summary;
    }

    /** The smallest value that at least so many percent do not exceed. */
    static long percentile(List<Long> sorted, int percent) {
        int rank = (int) Math.ceil(percent / 100.0 * sorted.size());
        return sorted.get(Math.max(0, rank - 1));
    }

    private static List<String> some(Set<String> ids) {
        return ids.stream().limit(EXAMPLES).toList();
    }

    private static double seconds(Duration duration) {
        return round(duration.toMillis() / 1000.0);
    }

    private static double round(double value) {
        return Math.round(value * 10) / 10.0;
    }
}
