package io.seqpulse.api.mail;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.javalin.http.Context;
import io.seqpulse.api.Problem;
import io.seqpulse.api.Times;
import io.seqpulse.connector.email.EmailCode;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Reads what is asked of the journal, from parameters of an address or members of a body. */
final class DeliveryQuestions {

    private static final int MOST = 500;
    private static final int DEFAULT = 50;
    private static final int LONGEST_RECIPIENT = 320;
    private static final String UUID_FORM = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
    private static final List<String> KNOWN =
            List.of("recipient", "code", "outcome", "project", "from", "to", "before", "limit");

    private final ObjectMapper json;
    private final Clock clock;

    DeliveryQuestions(ObjectMapper json, Clock clock) {
        this.json = json;
        this.clock = clock;
    }

    /**
     * What somebody asks.
     *
     * @param recipient an address or a user's id; null: of anybody
     */
    record Question(DeliveryFilter filter, String recipient) {

        /** The user, where that is what the recipient was named by. */
        Optional<UUID> user() {
            return Optional.ofNullable(recipient)
                    .filter(text -> text.matches(UUID_FORM))
                    .map(UUID::fromString);
        }
    }

    Question ofQuery(Context context) {
        Map<String, String> asked = new LinkedHashMap<>();
        context.queryParamMap().forEach((name, values) -> asked.put(name, values.get(0)));
        return question(asked);
    }

    Question ofBody(Context context) {
        String type = Optional.ofNullable(context.contentType()).orElse("");
        if (!type.matches("(?i)application/json\\s*(;.*)?")) {
            throw new Problem(
                    415, "Unsupported media type", "Send the question as application/json");
        }
        Map<String, String> asked = new LinkedHashMap<>();
        JsonNode body = body(context.body());
        body.fieldNames()
                .forEachRemaining(
                        name -> {
                            JsonNode value = body.get(name);
                            if (!KNOWN.contains(name)) {
                                throw Problem.parameter(
                                                name, "There is no such member; 'known' lists them")
                                        .with("known", KNOWN);
                            }
                            if (value.isContainerNode()) {
                                throw Problem.parameter(name, name + " must be a single value");
                            }
                            if (!value.isNull() && !value.asText().isBlank()) {
                                asked.put(name, value.asText().strip());
                            }
                        });
        return question(asked);
    }

    private JsonNode body(String text) {
        try {
            JsonNode body = json.readTree(text);
            if (body.isObject()) {
                return body;
            }
        } catch (JsonProcessingException said) {
            // Said below, in words.
        }
        throw new Problem(400, "Bad request", "The body must be a JSON object");
    }

    private Question question(Map<String, String> asked) {
        String limit = asked.getOrDefault("limit", Integer.toString(DEFAULT));
        if (!limit.matches("[1-9][0-9]{0,2}") || Integer.parseInt(limit) > MOST) {
            throw Problem.parameter("limit", "limit must be a whole number from 1 to " + MOST);
        }
        String code = asked.get("code");
        if (code != null && !EmailCode.matches(code)) {
            throw Problem.parameter("code", "code must be one of the catalogue, such as E-ACT-01");
        }
        String outcome = asked.get("outcome");
        if (outcome != null && !outcome.matches("queued|sent|failed|suppressed")) {
            throw Problem.parameter(
                    "outcome", "outcome must be queued, sent, failed or suppressed");
        }
        String project = asked.get("project");
        if (project != null && !project.matches(UUID_FORM)) {
            throw Problem.parameter("project", "project must be a UUID");
        }
        String recipient = asked.get("recipient");
        if (recipient != null
                && !recipient.matches(UUID_FORM)
                && (!recipient.matches("\\S+@\\S+") || recipient.length() > LONGEST_RECIPIENT)) {
            throw Problem.parameter(
                    "recipient", "recipient must be an email address or a user's UUID");
        }
        Times times = new Times(clock);
        Instant from = times.read("from", asked.get("from")).orElse(null);
        Instant to = times.read("to", asked.get("to")).orElse(null);
        if (from != null && to != null && !from.isBefore(to)) {
            throw Problem.parameter("from", "from must be before to");
        }
        return new Question(
                new DeliveryFilter(
                        code,
                        outcome,
                        project == null ? null : UUID.fromString(project),
                        from,
                        to,
                        before(asked.get("before")),
                        Integer.parseInt(limit)),
                recipient);
    }

    private static DeliveryPlace before(String text) {
        return text == null
                ? null
                : DeliveryPlace.parse(text)
                        .orElseThrow(
                                () ->
                                        Problem.parameter(
                                                "before",
                                                "before must be what an answer gave as 'next'"));
    }
}
