package io.seqpulse.api.mail;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.javalin.http.Context;
import io.seqpulse.api.Csv;
import io.seqpulse.api.Problem;
import io.seqpulse.api.access.Caller;
import io.seqpulse.api.access.ClientAddresses;
import java.time.Clock;
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
    private static final String CSV_TYPE = "text/csv; charset=utf-8";

    /** Only what a mail needs to be seen: no script, no form, no link to anywhere, no tracking. */
    private static final String MAIL_POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
                    + " form-action 'none'; frame-ancestors 'self'; sandbox";

    private final Deliveries deliveries;
    private final WaitingEmails waiting;
    private final Optional<SentMails> mails;
    private final Optional<RecipientSearch> recipients;
    private final Explanation explanation;
    private final DeliveryQuestions questions;

    /**
     * Answers from the journal.
     *
     * @param mails empty: nobody may see mails here
     * @param recipients empty: nobody may search by recipient here
     */
    public MailEndpoints(
            Deliveries deliveries,
            WaitingEmails waiting,
            Optional<SentMails> mails,
            Optional<RecipientSearch> recipients,
            Explanation explanation,
            ObjectMapper json,
            Clock clock) {
        this.deliveries = deliveries;
        this.waiting = waiting;
        this.mails = mails;
        this.recipients = recipients;
        this.explanation = explanation;
        this.questions = new DeliveryQuestions(json, clock);
    }

    /** {@code GET /deliveries}: those of a filter, newest first, page by page. */
    public void list(Context context) {
        DeliveryFilter filter = questions.ofQuery(context).filter();
        context.json(page(deliveries.find(oneMore(filter)), filter));
    }

    /**
     * {@code POST /deliveries/search}: as the list, and by recipient, whose address stands in the
     * body, where it gets into no log and no history.
     */
    public void search(Context context) {
        DeliveryQuestions.Question question = questions.ofBody(context);
        DeliveryFilter filter = oneMore(question.filter());
        if (question.recipient() == null) {
            context.json(page(deliveries.find(filter), question.filter()));
            return;
        }
        RecipientSearch searchable = recipients.orElseThrow(MailEndpoints::notHere);
        RecipientSearch.Recipient recipient =
                question.user()
                        .map(RecipientSearch.Recipient::of)
                        .orElseGet(() -> searchable.named(question.recipient()));
        List<Delivery> found = searchable.deliveries(recipient, filter);
        Map<String, Object> page = page(found, question.filter());
        List<WaitingEmail> held =
                filter.mayBeUnderWay()
                        ? searchable.waiting(recipient, question.filter())
                        : List.of();
        if (filter.mayBeUnderWay()) {
            page.put("waiting", held.stream().map(this::line).toList());
        }
        audit(
                context,
                "searched by recipient, and saw %s emails of theirs",
                found.size() + held.size());
        context.json(page);
    }

    /** {@code GET /waiting}: what is under way and not in the journal yet, next ones first. */
    public void waiting(Context context) {
        DeliveryFilter filter = questions.ofQuery(context).filter();
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("counts", waiting.counted());
        answer.put("waiting", waiting.find(filter).stream().map(this::line).toList());
        context.json(answer);
    }

    private Map<String, Object> line(WaitingEmail email) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("code", email.code());
        line.put("name", explanation.name(email.code()));
        line.put("stage", email.stage());
        line.put("reason", email.reason());
        line.put("reason_text", explanation.waiting(email.reason()));
        line.put("project_id", email.projectId());
        line.put("since", email.since());
        line.put("until", email.until());
        return line;
    }

    /** With one more than is shown one knows whether there is another page. */
    private static DeliveryFilter oneMore(DeliveryFilter filter) {
        return new DeliveryFilter(
                filter.code(),
                filter.outcome(),
                filter.project(),
                filter.from(),
                filter.to(),
                filter.before(),
                filter.limit() + 1);
    }

    private Map<String, Object> page(List<Delivery> found, DeliveryFilter filter) {
        List<Delivery> shown = found.subList(0, Math.min(found.size(), filter.limit()));
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("deliveries", shown.stream().map(this::line).toList());
        page.put(
                "next",
                found.size() > shown.size()
                        ? DeliveryPlace.of(shown.get(shown.size() - 1)).toString()
                        : null);
        return page;
    }

    /** {@code GET /deliveries.csv}: the same as CSV. */
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
        for (Delivery delivery : deliveries.find(questions.ofQuery(context).filter())) {
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

    /** One line of the list, as the live page has it too. */
    public Map<String, Object> line(Delivery delivery) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("id", delivery.id());
        line.put("code", delivery.code());
        line.put("name", explanation.name(delivery.code()));
        line.put("outcome", delivery.outcome());
        line.put("reason", delivery.reason());
        line.put("reason_text", explanation.reason(delivery).orElse(null));
        line.put("category", delivery.category());
        line.put("project_id", delivery.projectId());
        line.put("managed_by", delivery.managedBy());
        line.put("created_at", delivery.createdAt());
        line.put("sent_at", delivery.sentAt());
        return line;
    }

    /** {@code GET /deliveries/{id}}: why it was or was not sent. */
    public void explain(Context context) {
        Delivery delivery = deliveries.find(id(context)).orElseThrow(MailEndpoints::unknown);
        Map<String, Object> answer = line(delivery);
        answer.put("outcome_text", explanation.outcome(delivery.outcome()));
        answer.put("variant", delivery.variant());
        answer.put("variant_text", explanation.variant(delivery).orElse(null));
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
        SentMails readable = mails.orElseThrow(MailEndpoints::notHere);
        SentMail mail = readable.find(id).orElseThrow(MailEndpoints::unknown);
        audit(context, "saw the mail of delivery %s", id);
        return mail;
    }

    private static void audit(Context context, String what, Object... of) {
        Caller caller = context.attribute(Caller.class.getName());
        AUDIT.info(
                "{} ({}) at {} {}",
                caller.name(),
                caller.role().label(),
                context.<String>attribute(ClientAddresses.class.getName()),
                what.formatted(of));
    }

    private static Problem notHere() {
        return new Problem(
                503, "Mails are not shown here", "LIFECYCLE_API_SUPPORT_USER is not set");
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
