package io.seqpulse.lifecycle.fact;

import static io.seqpulse.lifecycle.fact.FactTexts.kind;
import static io.seqpulse.lifecycle.fact.FactTexts.values;
import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.connector.debezium.ChangeEvent;
import io.seqpulse.connector.debezium.ChangeEvent.Operation;
import io.seqpulse.connector.debezium.ChangeEvent.Snapshot;
import io.seqpulse.connector.debezium.UnusableChangeException;
import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.fact.FactMapper.Routed;
import io.seqpulse.lifecycle.story.Rows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FactMapperTest {

    private static final String CREATED_AT = "2026-11-10T08:00:00.123456Z";
    private static final long CREATED = at("2026-11-10T08:00:00.123Z");

    @Test
    void saysThatAUserSignedUpAndIsActive() {
        Rows row =
                user(Rows.inserted("users", ALICE))
                        .with("first_name", null)
                        .with("locale", "en")
                        .with("password_hash", "never captured, never read");
        List<Fact> facts = facts(row);

        assertThat(told(row))
                .containsExactly(
                        "USERS USERS",
                        "RECIPIENTS USERS",
                        "SEGMENTS USERS",
                        "USERS USER_CREATED",
                        "USERS USER_ACTIVATED");
        assertThat(facts).allMatch(f -> f.key().equals(ALICE) && f.id().equals(ALICE));
        assertThat(facts).allMatch(f -> f.at() == CREATED);
        assertThat(facts).allMatch(f -> f.committedAt() == MORNING && f.position().offset() == 42);
        assertThat(facts).noneMatch(Fact::snapshot);
        assertThat(values(facts.get(0))).containsOnlyKeys("is_active");
        assertThat(values(facts.get(1)))
                .containsEntry("email", "alice@example.org")
                .containsEntry("first_name", null)
                .containsEntry("locale", "en")
                .doesNotContainKeys("timezone", "password_hash", "created_at");
        assertThat(values(facts.get(3))).isEmpty();
    }

    @Test
    void datesAnActivationByTheUpdateThatShowedIt() {
        assertThat(facts(user(Rows.inserted("users", ALICE)).with("is_active", "false")))
                .extracting(FactTexts::kind)
                .doesNotContain("USER_ACTIVATED");
        assertThat(fact(Stream.USERS, "USER_ACTIVATED", user(Rows.updated("users", ALICE))).at())
                .isEqualTo(MORNING);
        assertThat(
                        fact(
                                        Stream.USERS,
                                        "USER_ACTIVATED",
                                        user(Rows.updated("users", ALICE)).committedAt(0))
                                .at())
                .as("never before it existed")
                .isEqualTo(CREATED);
        Fact read = fact(Stream.USERS, "USER_ACTIVATED", user(Rows.read("users", ALICE)));
        assertThat(read.at()).isEqualTo(CREATED);
        assertThat(read.snapshot()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "absent"})
    void takesAnAccountForActiveUnlessToldOtherwise(String how) {
        Rows row = user(Rows.inserted("users", ALICE));
        Rows odd = how.equals("null") ? row.with("is_active", null) : row.without("is_active");
        assertThat(facts(odd)).extracting(FactTexts::kind).contains("USER_ACTIVATED");
    }

    @ParameterizedTest
    @CsvSource({
        "users, id, USERS",
        "projects, id, PROJECTS",
        "deployments, id, DEPLOYMENTS",
        "email_preferences, user_id, RECIPIENTS"
    })
    void readsNothingButTheKeyOfADeletedRow(String table, String keyColumn, Stream stream) {
        Fact fact =
                fact(
                        stream,
                        deletionOf(table),
                        Rows.deleted(table, keyColumn, SHOP)
                                .before(keyColumn, SHOP)
                                .before("name", "")
                                .before("plan", "")
                                .before("created_at", "1970-01-01T00:00:00Z"));
        assertThat(fact.key()).isEqualTo(SHOP);
        assertThat(fact.id()).isEqualTo(SHOP);
        assertThat(fact.at()).isEqualTo(MORNING);
        assertThat(values(fact)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sdh_hints",
                "metric_samples",
                "quota_refusals",
                "feature_gate_events",
                "login_events",
                "payment_events",
                "nps_responses",
                "usage_events"
            })
    void makesNothingOfADeletedEvent(String table) {
        assertThat(facts(Rows.deleted(table, "id", "x"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "deployment_verdicts, FOREIGN_KEYS",
        "email_deliveries, EMAILS",
        "email_events, FOREIGN_KEYS",
        "project_invitations, FOREIGN_KEYS"
    })
    void saysOfADeletedRowWhichItWas(String table, Stream stream) {
        Fact fact =
                fact(
                        stream,
                        deletionOf(table),
                        Rows.deleted(table, "id", "x").before("deployment_id", ""));
        assertThat(fact.key()).isEqualTo("x");
        assertThat(fact.id()).isEqualTo("x");
        assertThat(values(fact)).isEmpty();
    }

    @Test
    void saysWhetherAUserIsProtectedByTwoFactors() {
        Rows row =
                user(Rows.updated("users", ALICE))
                        .with("twofa_enabled", "true")
                        .with("twofa_enabled_at", "2026-11-10T09:00:00.000999Z");
        assertThat(values(fact(Stream.SEGMENTS, "USERS", row)))
                .containsOnlyKeys("is_active", "twofa_enabled", "twofa_enabled_at")
                .containsEntry("twofa_enabled", "true")
                .containsEntry("twofa_enabled_at", Long.toString(MORNING * 1_000 + 999));
        assertThat(
                        values(
                                fact(
                                        Stream.USERS,
                                        "USERS",
                                        row.with("updated_at", CREATED_AT)
                                                .with("timezone", "Asia/Tokyo"))))
                .isEqualTo(
                        Map.of(
                                "is_active", "true",
                                "timezone", "Asia/Tokyo",
                                "twofa_enabled", "true",
                                "twofa_enabled_at", Long.toString(MORNING * 1_000 + 999),
                                "updated_at", Long.toString(CREATED * 1_000 + 456)));
    }

    @Test
    void saysNothingOfTwoFactorsWhereTheFlagCannotBeRead() {
        Rows row = user(Rows.updated("users", ALICE)).with("twofa_enabled", "yes");
        List<String> unread = new ArrayList<>();
        assertThat(
                        FactMapper.facts(
                                row.change(), LogPosition.at(1), e -> unread.add(e.getMessage())))
                .extracting(routed -> values(routed.fact()))
                .noneMatch(values -> values.containsKey("twofa_enabled"));
        assertThat(unread).containsExactly("users.twofa_enabled is neither true nor false");
    }

    @Test
    void saysWhoBelongsToAProjectAndNoLongerDoes() {
        Rows joined =
                Rows.updated("project_members", "m1")
                        .with("project_id", SHOP)
                        .with("user_id", ALICE)
                        .before("user_id", "somebody-else");
        assertThat(fact(Stream.SEGMENTS, "PROJECT_MEMBERS", joined).key()).isEqualTo(ALICE);
        assertThat(fact(Stream.SEGMENTS, "PROJECT_MEMBERS DELETED", joined).key())
                .isEqualTo("somebody-else");
        Rows left =
                Rows.deleted("project_members", "id", "m1")
                        .before("project_id", SHOP)
                        .before("user_id", ALICE);
        assertThat(fact(Stream.SEGMENTS, "PROJECT_MEMBERS DELETED", left).key()).isEqualTo(ALICE);
        Rows invited =
                Rows.inserted("project_members", "m2").with("project_id", SHOP).with("email", "x");
        assertThat(told(invited)).containsExactly("MEMBERS PROJECT_MEMBERS");
    }

    @Test
    void saysWhatTheJournalsRowIsToTheMicrosecond() {
        Fact email =
                fact(
                        Stream.EMAILS,
                        "EMAIL_DELIVERIES",
                        journal()
                                .with("status", "sent")
                                .with("project_id", SHOP)
                                .with("reason", null)
                                .with("sent_at", "2026-11-10T09:00:00.000123Z")
                                .with("caused_at", "2026-11-10T08:59:59Z")
                                .with("decided_at", null));
        assertThat(email.key()).isEqualTo("row");
        assertThat(email.at()).isEqualTo(CREATED);
        assertThat(values(email))
                .containsEntry("email_type", "E-ACT-01")
                .containsEntry("project_id", SHOP)
                .containsEntry("sent_at", Long.toString(MORNING * 1_000 + 123))
                .containsEntry("caused_at", Long.toString(MORNING * 1_000 - 1_000_000))
                .containsEntry("decided_at", null)
                .doesNotContainKey("dedupe_key");
    }

    @Test
    void saysWhatWasDoneWithAnEmail() {
        Fact opened =
                fact(
                        Stream.EMAILS,
                        "EMAIL_EVENTS",
                        Rows.inserted("email_events", "e1")
                                .with("email_delivery_id", "row")
                                .with("event_type", "opened")
                                .with("machine", "true")
                                .with("meta", "never captured, never read")
                                .with("occurred_at", "2026-11-10T09:00:00.000123Z"));
        assertThat(opened.key()).isEqualTo("row");
        assertThat(opened.id()).isEqualTo("e1");
        assertThat(opened.atMicros()).isEqualTo(MORNING * 1_000 + 123);
        assertThat(values(opened))
                .containsOnlyKeys("event_type", "machine")
                .containsEntry("machine", "true");
    }

    @ParameterizedTest
    @ValueSource(strings = {"users", "projects", "email_deliveries"})
    void makesNothingOfATruncatedTable(String table) {
        assertThat(facts(Rows.truncated(table))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"subscriptions", "invoices", ""})
    void ignoresOtherTables(String table) {
        assertThat(facts(Rows.inserted(table, "x"))).isEmpty();
    }

    @Test
    void saysWhatAProjectIsAndThatItWasCreated() {
        Rows row = project(Rows.updated("projects", SHOP));
        assertThat(told(row)).containsExactly("PROJECTS PROJECTS", "PROJECTS PROJECT_CREATED");
        List<Fact> facts = facts(row);
        assertThat(facts).allMatch(f -> f.at() == CREATED && f.key().equals(SHOP));
        assertThat(values(facts.get(0)))
                .containsOnlyKeys("name", "owner_id", "plan")
                .containsEntry("plan", "free");
        assertThat(
                        values(
                                fact(
                                        Stream.PROJECTS,
                                        "PROJECTS",
                                        project(Rows.inserted("projects", SHOP))
                                                .with("plan", null))))
                .containsEntry("plan", null);
        assertThat(
                        values(
                                fact(
                                        Stream.PROJECTS,
                                        "PROJECTS",
                                        project(Rows.inserted("projects", SHOP)).without("name"))))
                .doesNotContainKey("name");
    }

    @Test
    void keepsWhatTheJournalSaysOfAnEmail() {
        Fact sent =
                fact(
                        Stream.RECIPIENTS,
                        "EMAIL_DELIVERIES",
                        journal()
                                .with("status", "sent")
                                .with("reason", null)
                                .with("sent_at", CREATED_AT));
        assertThat(sent.key()).isEqualTo(ALICE);
        assertThat(sent.id()).isEqualTo("row");
        assertThat(sent.at()).isEqualTo(CREATED);
        assertThat(values(sent))
                .containsEntry("dedupe_key", "k")
                .containsEntry("email_type", "E-ACT-01")
                .containsEntry("status", "sent")
                .containsEntry("reason", null)
                .containsEntry("sent_at", Long.toString(CREATED * 1_000 + 456));
        assertThat(
                        values(
                                fact(
                                        Stream.RECIPIENTS,
                                        "EMAIL_DELIVERIES",
                                        journal().with("status", "queued").with("sent_at", null))))
                .containsEntry("sent_at", null);
        assertThat(facts(journal().with("user_id", null))).isEmpty();
        assertThat(facts(journal().without("user_id"))).isEmpty();
    }

    @Test
    void saysOfABareAddressWhatTheJournalHasForIt() {
        Rows row = journal().with("recipient_address", " Duty@Example.org");
        assertThat(fact(Stream.RECIPIENTS, "EMAIL_DELIVERIES", row).key())
                .isEqualTo("mailto:duty@example.org");
        assertThat(
                        fact(
                                        Stream.RECIPIENTS,
                                        "EMAIL_DELIVERIES",
                                        journal().with("recipient_address", null))
                                .key())
                .isEqualTo(ALICE);
    }

    @Test
    void saysWhatAUserAgreedTo() {
        Fact fact =
                fact(
                        Stream.RECIPIENTS,
                        "EMAIL_PREFERENCES",
                        Rows.inserted("email_preferences", "unused")
                                .without("id")
                                .with("user_id", ALICE)
                                .with("marketing_opt_in", "false")
                                .with("product_updates_opt_in", "true"));
        assertThat(fact.key()).isEqualTo(ALICE);
        assertThat(values(fact))
                .containsEntry("marketing_opt_in", "false")
                .containsEntry("product_updates_opt_in", "true");
    }

    /** What was refused stays refused. */
    @Test
    void saysNothingOfAFlagThatCannotBeRead() {
        Rows row =
                Rows.updated("email_preferences", "unused")
                        .without("id")
                        .with("user_id", ALICE)
                        .with("marketing_opt_in", "0")
                        .with("product_updates_opt_in", "true");
        List<String> unread = new ArrayList<>();
        List<Routed> told =
                FactMapper.facts(row.change(), LogPosition.at(1), e -> unread.add(e.getMessage()));
        assertThat(told)
                .singleElement()
                .satisfies(
                        routed ->
                                assertThat(values(routed.fact()))
                                        .containsOnlyKeys("product_updates_opt_in"));
        assertThat(unread)
                .containsExactly("email_preferences.marketing_opt_in is neither true nor false");
    }

    @Test
    void saysWhoBelongsToAProject() {
        Fact fact =
                fact(
                        Stream.MEMBERS,
                        "PROJECT_MEMBERS",
                        Rows.inserted("project_members", "m1")
                                .with("project_id", SHOP)
                                .with("user_id", null)
                                .with("email", "duty@example.org")
                                .with("role", "member")
                                .with("on_call", "true"));
        assertThat(fact.key()).isEqualTo(SHOP);
        assertThat(fact.id()).isEqualTo("m1");
        assertThat(values(fact))
                .containsEntry("user_id", null)
                .containsEntry("email", "duty@example.org")
                .containsEntry("on_call", "true");
    }

    @Test
    void saysOfARemovedMemberWhichRowItWas() {
        for (Rows removed :
                List.of(
                        Rows.deleted("project_members", "id", "m1"),
                        Rows.deleted("project_members", "id", "m1").before("project_id", ""),
                        Rows.deleted("project_members", "id", "m1").before("project_id", SHOP))) {
            Fact fact = fact(Stream.MEMBERS, "PROJECT_MEMBERS DELETED", removed);
            assertThat(fact.key()).isEqualTo("m1");
            assertThat(fact.id()).isEqualTo("m1");
        }
    }

    @Test
    void saysWhatADeploymentIs() {
        Fact fact =
                fact(
                        Stream.DEPLOYMENTS,
                        "DEPLOYMENTS",
                        deployment()
                                .with("started_at", CREATED_AT)
                                .with("finished_at", null)
                                .with("branch", null));
        assertThat(fact.key()).isEqualTo("d1");
        assertThat(fact.at()).isEqualTo(CREATED);
        assertThat(values(fact))
                .containsEntry("project_id", SHOP)
                .containsEntry("started_at", Long.toString(CREATED * 1_000 + 456))
                .containsEntry("finished_at", null)
                .containsEntry("branch", null);
        assertThat(fact(Stream.DEPLOYMENTS, "DEPLOYMENTS", deployment()).at()).isEqualTo(MORNING);
    }

    @Test
    void saysWhatNamesOnlyADeployment() {
        Fact verdict =
                fact(
                        Stream.DEPLOYMENTS,
                        "DEPLOYMENT_VERDICTS",
                        event("deployment_verdicts")
                                .with("verdict", "warning")
                                .with("summary", null));
        assertThat(verdict.key()).isEqualTo("d1");
        assertThat(verdict.id()).isEqualTo("row");
        assertThat(values(verdict))
                .containsEntry("verdict", "warning")
                .containsEntry("summary", null)
                .doesNotContainKey("confidence");
        Fact hint =
                fact(
                        Stream.DEPLOYMENTS,
                        "SDH_HINTS",
                        event("sdh_hints").with("suggested_actions", "[\"scale up\"]"));
        assertThat(values(hint)).containsEntry("suggested_actions", "[\"scale up\"]");
        Fact sample =
                fact(
                        Stream.DEPLOYMENTS,
                        "METRIC_SAMPLES",
                        Rows.inserted("metric_samples", "unused")
                                .without("id")
                                .with("deployment_id", "d1")
                                .with("phase", "pre")
                                .with("latency_p95", "180.5")
                                .with("collected_at", CREATED_AT));
        assertThat(sample.key()).isEqualTo("d1");
        assertThat(sample.at()).isEqualTo(CREATED);
        assertThat(sample.id()).isEqualTo("pre " + CREATED);
        Fact refusal =
                fact(
                        Stream.PROJECTS,
                        "QUOTA_REFUSED",
                        Rows.inserted("quota_refusals", "row")
                                .with("project_id", SHOP)
                                .with("attempted_at", CREATED_AT)
                                .with("used", "50"));
        assertThat(refusal.key()).isEqualTo(SHOP);
        assertThat(refusal.at()).isEqualTo(CREATED);
        Rows gate =
                Rows.inserted("feature_gate_events", "g1")
                        .with("user_id", ALICE)
                        .with("project_id", SHOP)
                        .with("feature", "sso")
                        .with("at", CREATED_AT);
        Fact gated = fact(Stream.PROJECTS, "FEATURE_GATED", gate);
        assertThat(gated.key()).isEqualTo(SHOP);
        assertThat(gated.at()).isEqualTo(CREATED);
        assertThat(values(gated)).isEqualTo(Map.of("user_id", ALICE, "feature", "sso"));
        assertThat(facts(gate.with("project_id", null))).isEmpty();
    }

    @Test
    void saysThatSomebodyWasInvited() {
        Rows row = invitation(Rows.inserted("project_invitations", "i1"));
        assertThat(told(row))
                .containsExactly("PROJECTS INVITATION_SENT", "FOREIGN_KEYS PROJECT_INVITATIONS");
        Fact kept = fact(Stream.FOREIGN_KEYS, "PROJECT_INVITATIONS", row);
        assertThat(kept.key()).isEqualTo(SHOP);
        assertThat(kept.id()).isEqualTo("i1");
        assertThat(values(kept)).isEmpty();
        Fact sent = fact(Stream.PROJECTS, "INVITATION_SENT", row);
        assertThat(sent.key()).isEqualTo(SHOP);
        assertThat(sent.id()).isEqualTo("i1");
        assertThat(sent.atMicros()).isEqualTo(CREATED * 1_000 + 456);
        assertThat(values(sent))
                .isEqualTo(
                        Map.of(
                                "invitation_id", "i1",
                                "inviter_id", ALICE,
                                "invitee_email", "bob@example.org",
                                "expires_at", "2026-11-17T08:00:00Z"));
    }

    @Test
    void saysOfAnInvitationOnlyWhatIsKnown() {
        Rows row =
                invitation(Rows.inserted("project_invitations", "i1 "))
                        .with("inviter_id", ALICE + " ")
                        .with("email", null)
                        .without("expires_at");
        assertThat(values(fact(Stream.PROJECTS, "INVITATION_SENT", row)))
                .isEqualTo(Map.of("invitation_id", "i1", "inviter_id", ALICE));
    }

    /** Whichever change of the row is read first, all of it is known. */
    @Test
    void tellsTheInvitationAgainWithItsEnd() {
        Rows row =
                invitation(Rows.updated("project_invitations", "i1"))
                        .with("accepted_at", "2026-11-10T09:00:00.000001Z")
                        .with("declined_at", null);
        assertThat(values(fact(Stream.PROJECTS, "INVITATION_SENT", row)))
                .containsEntry("invitee_email", "bob@example.org");
        Fact accepted = fact(Stream.PROJECTS, "INVITATION_ACCEPTED", row);
        assertThat(accepted.key()).isEqualTo(SHOP);
        assertThat(accepted.id()).isEqualTo("i1");
        assertThat(accepted.atMicros()).isEqualTo(MORNING * 1_000 + 1);
        assertThat(values(accepted)).isEqualTo(Map.of("invitation_id", "i1"));
        assertThat(facts(row))
                .extracting(FactTexts::kind)
                .doesNotContain("INVITATION_DECLINED", "INVITATION_REVOKED");
    }

    @ParameterizedTest
    @CsvSource({
        "accepted_at, INVITATION_ACCEPTED",
        "declined_at, INVITATION_DECLINED",
        "revoked_at, INVITATION_REVOKED"
    })
    void saysHowAnInvitationEnded(String column, String kind) {
        for (Rows row :
                List.of(
                        Rows.updated("project_invitations", "i1"),
                        Rows.read("project_invitations", "i1"))) {
            Fact end =
                    fact(Stream.PROJECTS, kind, invitation(row).with(column, "2026-11-10T09:00Z"));
            assertThat(end.at()).isEqualTo(MORNING);
            assertThat(values(end)).isEqualTo(Map.of("invitation_id", "i1"));
        }
    }

    @Test
    void saysWhoLoggedInAndFromWhere() {
        Fact login = fact(Stream.USERS, "LOGGED_IN", login());
        assertThat(told(login())).containsExactly("USERS LOGGED_IN");
        assertThat(login.key()).isEqualTo(ALICE);
        assertThat(login.id()).isEqualTo("l1");
        assertThat(login.at()).isEqualTo(CREATED);
        assertThat(values(login))
                .isEqualTo(
                        Map.of(
                                "login_id", "l1",
                                "country", "FR",
                                "city", "Saint-Étienne",
                                "device", "Firefox on Linux"));
        assertThat(
                        values(
                                fact(
                                        Stream.USERS,
                                        "LOGGED_IN",
                                        login().with("country", null)
                                                .without("city")
                                                .with("device", null))))
                .isEqualTo(Map.of("login_id", "l1"));
        assertThat(
                        values(
                                fact(
                                        Stream.USERS,
                                        "LOGGED_IN",
                                        login().with("id", "7").with("country", "FR  "))))
                .as("char(n)")
                .containsEntry("login_id", "7")
                .containsEntry("country", "FR");
    }

    @ParameterizedTest
    @CsvSource({"failed, PAYMENT_FAILED", "succeeded, PAYMENT_SUCCEEDED"})
    void saysWhatBecameOfAnInvoice(String kind, String event) {
        Rows row = payment(kind);
        assertThat(told(row)).containsExactly("PROJECTS " + event);
        Fact fact = fact(Stream.PROJECTS, event, row);
        assertThat(fact.key()).isEqualTo(SHOP);
        assertThat(fact.id()).as("a second try of it is no other one").isEqualTo("in_1/2:3");
        assertThat(fact.at()).isEqualTo(CREATED);
        assertThat(values(fact))
                .isEqualTo(
                        Map.of(
                                "subscription_id", "s1",
                                "invoice_id", "in_1/2:3",
                                "amount_cents", "1999",
                                "currency", "EUR",
                                "invoice_url", "https://pay.example/in_1"));
        assertThat(
                        values(
                                fact(
                                        Stream.PROJECTS,
                                        event,
                                        row.with("kind", kind + "   ")
                                                .with("amount_cents", null)
                                                .with("currency", null)
                                                .with("invoice_url", null))))
                .isEqualTo(Map.of("subscription_id", "s1", "invoice_id", "in_1/2:3"));
    }

    @Test
    void saysThatAnInvoiceWasCancelled() {
        assertThat(told(payment("cancelled"))).containsExactly("PROJECTS PAYMENT_CANCELLED");
        Fact fact = fact(Stream.PROJECTS, "PAYMENT_CANCELLED", payment("cancelled"));
        assertThat(fact.id()).isEqualTo("in_1/2:3");
        assertThat(values(fact))
                .isEqualTo(Map.of("subscription_id", "s1", "invoice_id", "in_1/2:3"));
    }

    /** A column may be of any type that holds numbers; what is none is told as it is. */
    @ParameterizedTest
    @CsvSource({
        "9, 9",
        "9.0, 9",
        "9.000, 9",
        "1E+1, 10",
        "'9  ', 9",
        "-1, -1",
        "9.5, 9.5",
        "NaN, NaN",
        "nine, nine",
        "1E+99999999, 1E+99999999",
        "1E-99999999, 1E-99999999",
        "123456789012345678901234567890.0, 123456789012345678901234567890.0"
    })
    void writesAWholeNumberInOneWay(String told, String written) {
        assertThat(values(fact(Stream.USERS, "NPS_ANSWERED", score(told))))
                .isEqualTo(Map.of("score", written));
        Rows payment = payment("failed").with("amount_cents", told).with("currency", "EUR ");
        assertThat(values(fact(Stream.PROJECTS, "PAYMENT_FAILED", payment)))
                .containsEntry("amount_cents", written)
                .containsEntry("currency", "EUR");
    }

    @Test
    void saysWhichScoreWasGiven() {
        Fact fact = fact(Stream.USERS, "NPS_ANSWERED", score("10"));
        assertThat(told(score("10"))).containsExactly("USERS NPS_ANSWERED");
        assertThat(fact.key()).isEqualTo(ALICE);
        assertThat(fact.id()).isEqualTo("n1");
        assertThat(fact.at()).isEqualTo(CREATED);
        assertThat(values(fact(Stream.USERS, "NPS_ANSWERED", score(null)))).isEmpty();
    }

    @Test
    void saysHowTheProductWasUsed() {
        assertThat(told(usage("verdict_viewed"))).containsExactly("USERS VERDICT_VIEWED");
        Fact viewed = fact(Stream.USERS, "VERDICT_VIEWED", usage("verdict_viewed"));
        assertThat(viewed.key()).isEqualTo(ALICE);
        assertThat(viewed.id()).isEqualTo("g1");
        assertThat(viewed.at()).isEqualTo(CREATED);
        assertThat(values(viewed)).isEqualTo(Map.of("deployment", "d1"));
        assertThat(
                        values(
                                fact(
                                        Stream.USERS,
                                        "VERDICT_VIEWED",
                                        usage("verdict_viewed").with("deployment_id", null))))
                .isEmpty();
        assertThat(told(usage("session   "))).containsExactly("USERS SESSION_STARTED");
        assertThat(told(usage("stay"))).containsExactly("USERS STAYED");
        assertThat(values(fact(Stream.USERS, "STAYED", usage("stay")))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"refunded", "Failed", "SESSION", "", " "})
    void saysNothingOfAKindThatItDoesNotKnow(String kind) {
        assertThat(facts(payment(kind))).isEmpty();
        assertThat(facts(usage(kind))).isEmpty();
    }

    @Test
    void saysNothingWhereTheKindIsNotTold() {
        assertThat(facts(payment(null))).isEmpty();
        assertThat(facts(usage("stay").without("kind"))).isEmpty();
    }

    @Test
    void readsTimesWithAndWithoutAZone() {
        long micros = CREATED * 1_000 + 456;
        Rows plain = user(Rows.inserted("users", ALICE)).with("created_at", "" + micros);
        assertThat(fact(Stream.USERS, "USER_CREATED", plain).at()).isEqualTo(CREATED);
        Rows zoned =
                user(Rows.inserted("users", ALICE))
                        .with("created_at", "2026-11-10T09:00:00.123+01:00");
        assertThat(fact(Stream.USERS, "USER_CREATED", zoned).at()).isEqualTo(CREATED);
    }

    static java.util.stream.Stream<Rows> unusable() {
        return java.util.stream.Stream.of(
                user(Rows.inserted("users", ALICE)).without("id"),
                user(Rows.inserted("users", ALICE)).with("id", null),
                user(Rows.inserted("users", ALICE)).with("created_at", null),
                user(Rows.inserted("users", ALICE)).with("created_at", "yesterday"),
                user(Rows.inserted("users", ALICE)).with("is_active", "perhaps"),
                project(Rows.inserted("projects", SHOP)).with("owner_id", null),
                project(Rows.inserted("projects", SHOP)).without("created_at"),
                Rows.inserted("email_preferences", "x"),
                journal().with("created_at", null),
                journal().with("sent_at", "soon"),
                journal().with("id", null),
                Rows.inserted("project_members", "m1"),
                deployment().with("project_id", null),
                event("deployment_verdicts").with("deployment_id", null),
                event("sdh_hints").with("created_at", null),
                invitation(Rows.inserted("project_invitations", "i1")).with("project_id", null),
                invitation(Rows.inserted("project_invitations", "i1")).with("inviter_id", null),
                invitation(Rows.inserted("project_invitations", "i1")).with("created_at", null),
                login().with("user_id", null),
                login().with("at", "yesterday"),
                payment("failed").with("invoice_id", null),
                payment("failed").with("subscription_id", null),
                payment("succeeded").with("project_id", null),
                payment("cancelled").with("at", "infinity"),
                score("9").with("at", null),
                usage("session").with("user_id", null),
                Rows.inserted("feature_gate_events", "g1")
                        .with("user_id", ALICE)
                        .with("project_id", SHOP)
                        .with("at", CREATED_AT),
                Rows.inserted("metric_samples", "x").with("deployment_id", "d1"),
                Rows.inserted("quota_refusals", "x").with("project_id", SHOP),
                Rows.deleted("users", "uid", ALICE),
                Rows.deleted("projects", "id", null));
    }

    @ParameterizedTest
    @MethodSource
    void unusable(Rows row) {
        String table = row.change().table();
        assertThatThrownBy(() -> facts(row))
                .isInstanceOf(UnusableChangeException.class)
                .hasMessageContaining(table)
                .hasMessageNotContaining("yesterday")
                .hasMessageNotContaining("soon");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "soon",
                "9223372036854775807",
                "+294276-12-31T23:59:59.999999Z",
                "-4712-01-01T00:00:00Z"
            })
    void doesWithoutATimeThatCannotBeReadWhereItCan(String time) {
        List<String> unread = new ArrayList<>();
        java.util.stream.Stream.of(
                        user(Rows.inserted("users", ALICE)).with("twofa_enabled_at", time),
                        user(Rows.read("users", ALICE)).with("updated_at", time),
                        project(Rows.read("projects", SHOP)).with("updated_at", time),
                        deployment().with("started_at", time).with("finished_at", time),
                        journal()
                                .with("status", "sent")
                                .with("sent_at", time)
                                .with("caused_at", time)
                                .with("decided_at", time),
                        invitation(Rows.inserted("project_invitations", "i1"))
                                .with("expires_at", time)
                                .with("accepted_at", time)
                                .with("declined_at", time)
                                .with("revoked_at", time))
                .forEach(
                        row -> {
                            List<Routed> facts =
                                    FactMapper.facts(
                                            row.change(),
                                            LogPosition.at(row.change().offset()),
                                            e -> unread.add(e.getMessage()));
                            assertThat(facts).isNotEmpty();
                            assertThat(facts)
                                    .allSatisfy(
                                            routed ->
                                                    assertThat(values(routed.fact()))
                                                            .doesNotContainValue(time));
                        });
        assertThat(unread)
                .extracting(reason -> reason.substring(0, reason.indexOf(' ')))
                .containsExactly(
                        "users.twofa_enabled_at",
                        "users.updated_at",
                        "projects.updated_at",
                        "deployments.started_at",
                        "deployments.finished_at",
                        "email_deliveries.sent_at",
                        "email_deliveries.caused_at",
                        "email_deliveries.decided_at",
                        "project_invitations.expires_at",
                        "project_invitations.accepted_at",
                        "project_invitations.declined_at",
                        "project_invitations.revoked_at");
    }

    @Test
    void datesNoActivationAfterTheSnapshotThatShowsIt() {
        Rows row = user(Rows.read("users", ALICE)).with("updated_at", "9999-12-31T23:59:59Z");
        assertThat(fact(Stream.USERS, "USER_ACTIVATED", row).at()).isEqualTo(MORNING);
    }

    @ParameterizedTest
    @MethodSource("noIds")
    void makesNoKeysOfWhatIsNoId(String id) {
        java.util.stream.Stream.of(
                        user(Rows.inserted("users", id)),
                        project(Rows.inserted("projects", SHOP)).with("owner_id", id),
                        deployment().with("project_id", id),
                        event("deployment_verdicts").with("deployment_id", id),
                        journal().with("project_id", id),
                        invitation(Rows.updated("project_invitations", id)),
                        login().with("user_id", id),
                        payment("failed").with("invoice_id", id),
                        payment("cancelled").with("subscription_id", id),
                        score("9").with("user_id", id),
                        usage("verdict_viewed").with("deployment_id", id),
                        Rows.deleted("users", "id", id))
                .forEach(
                        row ->
                                assertThatThrownBy(() -> facts(row))
                                        .isInstanceOf(UnusableChangeException.class)
                                        .hasMessageEndingWith("id is no id"));
    }

    static List<String> noIds() {
        return List.of("", " ", "a b", "a\nb", "\u00e9", "x".repeat(201));
    }

    @Test
    void namesEachEventAsTheCatalogueDoes() {
        for (EventType type : EventType.values()) {
            assertThat(type.label()).isEqualTo(type.name().toLowerCase(Locale.ROOT));
            assertThat(type.subjects()).isNotEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void readsTheColumnsThatAreCaptured(CapturedTable table) {
        Set<String> read = new HashSet<>();
        Map<String, String> row =
                new HashMap<>() {
                    @Override
                    public String get(Object column) {
                        read.add((String) column);
                        return super.get(column);
                    }
                };
        for (CapturedTable.Column column : table.columns()) {
            row.put(
                    column.name(),
                    switch (column.type()) {
                        case KEY, ID -> ALICE;
                        case TIME -> "2026-11-20T09:00:00Z";
                        case FLAG -> "true";
                        case NUMBER -> "7";
                        case LIST, JSON -> "[]";
                        case WORD, TEXT -> column.name();
                    });
        }
        for (String kind : List.of("", "failed", "verdict_viewed")) {
            row.computeIfPresent("kind", (column, before) -> kind);
            for (Snapshot snapshot : List.of(Snapshot.NONE, Snapshot.MIDDLE)) {
                ChangeEvent change =
                        new ChangeEvent(
                                table.label(),
                                snapshot == Snapshot.NONE ? Operation.CREATE : Operation.READ,
                                Map.of(),
                                Map.of(),
                                row,
                                MORNING * 1_000,
                                MORNING,
                                1,
                                snapshot,
                                1,
                                1);
                FactMapper.facts(
                        change,
                        LogPosition.at(1),
                        reason -> {
                            throw reason;
                        });
            }
        }
        // A change is captured by its key, whether that is read or not.
        read.add(table.columns().get(0).name());

        assertThat(table.columns())
                .extracting(CapturedTable.Column::name)
                .containsExactlyInAnyOrderElementsOf(read);
    }

    private static List<Routed> routed(Rows row) {
        return FactMapper.facts(
                row.change(),
                LogPosition.at(row.change().offset()),
                reason -> {
                    throw reason;
                });
    }

    private static List<Fact> facts(Rows row) {
        return routed(row).stream().map(Routed::fact).toList();
    }

    /** What goes where, in order. */
    private static List<String> told(Rows row) {
        return routed(row).stream().map(r -> r.stream() + " " + kind(r.fact())).toList();
    }

    private static Fact fact(Stream stream, String kind, Rows row) {
        List<Fact> found =
                routed(row).stream()
                        .filter(r -> r.stream() == stream && kind(r.fact()).equals(kind))
                        .map(Routed::fact)
                        .toList();
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private static String deletionOf(String table) {
        return table.toUpperCase(Locale.ROOT) + " DELETED";
    }

    private static Rows user(Rows row) {
        return row.with("name", "Alice Martin")
                .with("email", "alice@example.org")
                .with("is_active", "true")
                .with("created_at", CREATED_AT);
    }

    private static Rows project(Rows row) {
        return row.with("name", "shop")
                .with("owner_id", ALICE)
                .with("plan", "free")
                .with("created_at", CREATED_AT);
    }

    private static Rows journal() {
        return Rows.inserted("email_deliveries", "row")
                .with("user_id", ALICE)
                .with("dedupe_key", "k")
                .with("email_type", "E-ACT-01")
                .with("created_at", CREATED_AT);
    }

    private static Rows deployment() {
        return Rows.inserted("deployments", "d1")
                .with("project_id", SHOP)
                .with("deployment_number", "7")
                .with("env", "production")
                .with("state", "running")
                .committedAt(MORNING);
    }

    private static Rows invitation(Rows row) {
        return row.with("project_id", SHOP)
                .with("inviter_id", ALICE)
                .with("email", "bob@example.org")
                .with("token_hash", "never captured, never read")
                .with("created_at", CREATED_AT)
                .with("expires_at", "2026-11-17T08:00:00Z");
    }

    private static Rows login() {
        return Rows.inserted("login_events", "l1")
                .with("user_id", ALICE)
                .with("at", CREATED_AT)
                .with("country", "FR")
                .with("city", "Saint-Étienne")
                .with("device", "Firefox on Linux")
                .with("ip_hash", "never captured, never read");
    }

    private static Rows payment(String kind) {
        return Rows.inserted("payment_events", "p1")
                .with("subscription_id", "s1")
                .with("project_id", SHOP)
                .with("invoice_id", "in_1/2:3")
                .with("kind", kind)
                .with("amount_cents", "1999")
                .with("currency", "EUR")
                .with("invoice_url", "https://pay.example/in_1")
                .with("at", CREATED_AT);
    }

    private static Rows score(String score) {
        return Rows.inserted("nps_responses", "n1")
                .with("user_id", ALICE)
                .with("score", score)
                .with("at", CREATED_AT);
    }

    private static Rows usage(String kind) {
        return Rows.inserted("usage_events", "g1")
                .with("user_id", ALICE)
                .with("kind", kind)
                .with("deployment_id", "d1")
                .with("at", CREATED_AT);
    }

    private static Rows event(String table) {
        return Rows.inserted(table, "row")
                .with("deployment_id", "d1")
                .with("created_at", CREATED_AT)
                .committedAt(MORNING + HOUR);
    }
}
