package io.seqpulse.quickstart.restarts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What a run came to.
 *
 * @param journal status and reason by dedupe key; the product's own rows are not in it
 * @param messageIds the Message-ID it was sent with, by dedupe key
 * @param received how often each recipient received each Message-ID
 */
record Outcome(
        Map<String, String> journal,
        Map<String, String> messageIds,
        Map<String, Integer> received) {

    /**
     * Reads journal and mail folder.
     *
     * @param mails the folder that the mail server keeps what it received in
     */
    static Outcome of(Connection product, Path mails) throws SQLException, IOException {
        Map<String, String> journal = new TreeMap<>();
        Map<String, String> messageIds = new TreeMap<>();
        try (Statement statement = product.createStatement();
                ResultSet rows =
                        statement.executeQuery(
                                """
                                select dedupe_key, status || coalesce(' ' || reason, ''),
                                    coalesce(provider_message_id, '')
                                from email_deliveries
                                where managed_by = 'lifecycle'
                                """)) {
            while (rows.next()) {
                journal.put(rows.getString(1), rows.getString(2));
                messageIds.put(rows.getString(1), rows.getString(3));
            }
        }
        Map<String, Integer> received = new TreeMap<>();
        for (String mail : receivedIn(mails)) {
            received.merge(mail, 1, Integer::sum);
        }
        return new Outcome(journal, messageIds, received);
    }

    /** Recipient and Message-ID of every mail of a folder, in the order they were accepted. */
    static List<String> receivedIn(Path mails) throws IOException {
        Path index = mails.resolve("received.jsonl");
        if (!Files.exists(index)) {
            return List.of();
        }
        ObjectMapper json = new ObjectMapper();
        List<String> received = new ArrayList<>();
        for (String line : Files.readAllLines(index)) {
            JsonNode mail = json.readTree(line);
            received.add(mail.path("recipient").asText() + " " + mail.path("message_id").asText());
        }
        return received;
    }

    /** Mails that arrived more than once. */
    Set<String> twice() {
        return received.entrySet().stream()
                .filter(mail -> mail.getValue() > 1)
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Keys whose mail may have been sent and is not sent again. */
    Set<String> unconfirmed() {
        return journal.entrySet().stream()
                .filter(row -> row.getValue().equals("failed unconfirmed"))
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** How this run differs from one that nothing interrupted. */
    Difference from(Outcome uninterrupted) {
        Map<String, String> outcomes = new HashMap<>(journal);
        unconfirmed().forEach(key -> outcomes.put(key, uninterrupted.journal.get(key)));
        return new Difference(
                without(uninterrupted.journal.keySet(), journal.keySet()),
                without(journal.keySet(), uninterrupted.journal.keySet()),
                without(lines(uninterrupted.journal), lines(outcomes)),
                without(lines(outcomes), lines(uninterrupted.journal)),
                without(uninterrupted.received.keySet(), received.keySet()),
                without(received.keySet(), uninterrupted.received.keySet()));
    }

    private static Set<String> lines(Map<String, String> journal) {
        return journal.entrySet().stream()
                .map(row -> row.getKey() + " " + row.getValue())
                .collect(Collectors.toSet());
    }

    private static Set<String> without(Set<String> all, Set<String> some) {
        Set<String> rest = new TreeSet<>(all);
        rest.removeAll(some);
        return rest;
    }

    /**
     * What one run has and the other has not; an outcome nobody knows is compared by its key alone.
     */
    record Difference(
            Set<String> missingKeys,
            Set<String> extraKeys,
            Set<String> missingOutcomes,
            Set<String> extraOutcomes,
            Set<String> missingMails,
            Set<String> extraMails) {

        @Override
        public String toString() {
            return "missing/extra: dedupe keys %s/%s, outcomes %s/%s, Message-IDs received %s/%s"
                    .formatted(
                            missingKeys.size(),
                            extraKeys.size(),
                            missingOutcomes.size(),
                            extraOutcomes.size(),
                            missingMails.size(),
                            extraMails.size());
        }
    }
}
