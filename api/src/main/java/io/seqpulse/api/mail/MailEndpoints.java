package io.seqpulse.api.mail;

import io.javalin.http.Context;
import io.seqpulse.api.Csv;
import io.seqpulse.api.Problem;
import io.seqpulse.api.access.Caller;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What became of each email, and, for support, each mail as sent. */
public final class MailEndpoints {

    private static final Logger AUDIT = LoggerFactory.getLogger("io.seqpulse.api.audit");
    private static final int MOST = 500;
    private static final String CSV_TYPE = "text/csv; charset=utf-8";

    /** Only what a mail needs to be seen: no script, no form, no link to anywhere, no tracking. */
    private static final String MAIL_POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
                    + " form-action 'none'; frame-ancestors 'self'; sandbox";

    private final Deliveries deliveries;
    private final Optional<SentMails> mails;
    private final Explanation explanation;

    /**
     * Answers from the journal.
     *
     * @param mails empty: nobody may see mails here
     */
    public MailEndpoints(
            Deliveries deliveries, Optional<SentMails> mails, Explanation explanation) {
        this.deliveries = deliveries;
        this.mails = mails;
        this.explanation = explanation;
    }

    /** {@code GET /deliveries?limit&code&outcome}. */
    public void list(Context context) {
        context.json(Map.of("deliveries", asked(context).stream().map(this::line).toList()));
    }

    /** {@code GET /deliveries.csv?limit&code&outcome}. */
    public void csv(Context context) {
        Csv csv =
                new Csv(
                        "delivery_id",
                        "code",
                        "outcome",
                        "reason",
                        "category",
                        "project_id",
                        "created_at",
                        "sent_at");
        for (Delivery delivery : asked(context)) {
            csv.row(
                    delivery.id(),
                    delivery.code(),
                    delivery.outcome(),
                    delivery.reason(),
                    delivery.category(),
                    delivery.projectId(),
                    delivery.createdAt(),
                    delivery.sentAt());
        }
        context.contentType(CSV_TYPE)
                .header("Content-Disposition", "attachment; filename=\"deliveries.csv\"")
                .result(csv.toString());
    }

    private List<Delivery> asked(Context context) {
        String limit = context.queryParam("limit");
        int count = 50;
        if (limit != null) {
            if (!limit.matches("[1-9][0-9]{0,2}") || Integer.parseInt(limit) > MOST) {
                throw Problem.parameter("limit", "limit must be a whole number from 1 to " + MOST);
            }
            count = Integer.parseInt(limit);
        }
        String code = context.queryParam("code");
        if (code != null && !code.matches("E-[A-Z]{2,4}-[0-9]{2}")) {
            throw Problem.parameter("code", "code must be one of the catalogue, such as E-ACT-01");
        }
        String outcome = context.queryParam("outcome");
        if (outcome != null && !outcome.matches("queued|sent|failed|suppressed")) {
            throw Problem.parameter(
                    "outcome", "outcome must be queued, sent, failed or suppressed");
        }
        return deliveries.latest(code, outcome, count);
    }

    /** One line of the list, as the live page has it too. */
    public Map<String, Object> line(Delivery delivery) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("id", delivery.id());
        line.put("code", delivery.code());
        line.put("name", explanation.name(delivery.code()));
        line.put("outcome", delivery.outcome());
        line.put("reason", delivery.reason());
        line.put(
                "reason_text",
                explanation.reason(delivery.outcome(), delivery.reason()).orElse(null));
        line.put("category", delivery.category());
        line.put("project_id", delivery.projectId());
        line.put("created_at", delivery.createdAt());
        line.put("sent_at", delivery.sentAt());
        return line;
    }

    /** {@code GET /deliveries/{id}}: why it was or was not sent. */
    public void explain(Context context) {
        Delivery delivery = deliveries.find(id(context)).orElseThrow(MailEndpoints::unknown);
        Map<String, Object> answer = line(delivery);
        answer.put("outcome_text", explanation.outcome(delivery.outcome()));
        answer.put("attempts", delivery.attempts());
        answer.put("caused_at", delivery.causedAt());
        answer.put("decided_at", delivery.decidedAt());
        answer.put("next_attempt_at", delivery.nextAttemptAt());
        answer.put("expires_at", delivery.expiresAt());
        answer.put("rule", explanation.rule(delivery.code()).orElse(null));
        context.json(answer);
    }

    /** {@code GET /deliveries/{id}/mail}: subject, masked recipient and text. */
    public void mail(Context context) {
        SentMail mail = seen(context);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("recipient", mail.recipient());
        answer.put("language", mail.language());
        answer.put("subject", mail.subject());
        answer.put("text", mail.text());
        answer.put("has_html", mail.html() != null);
        context.json(answer);
    }

    /** {@code GET /deliveries/{id}/mail/body}: its HTML, to be framed by the live page alone. */
    public void body(Context context) {
        SentMail mail = seen(context);
        if (mail.html() == null) {
            throw new Problem(404, "No content", "This email was not written: see its reason");
        }
        context.header("Content-Security-Policy", MAIL_POLICY)
                .header("X-Frame-Options", "SAMEORIGIN")
                .contentType("text/html; charset=utf-8")
                .result(mail.html());
    }

    private SentMail seen(Context context) {
        UUID id = id(context);
        SentMails readable =
                mails.orElseThrow(
                        () ->
                                new Problem(
                                        503,
                                        "Mails are not shown here",
                                        "LIFECYCLE_API_SUPPORT_USER is not set"));
        SentMail mail = readable.find(id).orElseThrow(MailEndpoints::unknown);
        Caller caller = context.attribute(Caller.class.getName());
        AUDIT.info(
                "{} ({}) at {} saw the mail of delivery {}",
                caller.name(),
                caller.role().label(),
                context.ip(),
                id);
        return mail;
    }

    private static UUID id(Context context) {
        String text = context.pathParam("id");
        if (!text.matches("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")) {
            throw Problem.parameter("id", "id must be a UUID");
        }
        return UUID.fromString(text);
    }

    private static Problem unknown() {
        return new Problem(404, "Unknown delivery", "There is no delivery of that id");
    }
}
