package io.seqpulse.quickstart.e2e;

import static io.seqpulse.quickstart.e2e.Scenario.critical;
import static io.seqpulse.quickstart.e2e.Scenario.firstVerdict;
import static io.seqpulse.quickstart.e2e.Scenario.hashOf;
import static io.seqpulse.quickstart.e2e.Scenario.noProject;
import static io.seqpulse.quickstart.e2e.Scenario.quota80;
import static io.seqpulse.quickstart.e2e.Scenario.quotaReached;
import static io.seqpulse.quickstart.e2e.Scenario.startOf;
import static io.seqpulse.quickstart.e2e.Scenario.welcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.quickstart.e2e.Cell.Empty;
import io.seqpulse.quickstart.e2e.Cell.Placement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Rule × where what is placed stands to what the rule waits for. Every time is a business time
 * counted from one moment; all rules have been live for {@link #LIVE}.
 *
 * <p>Two things cannot be placed: E-CONV-01 expiring behind the cap, as it expires with the month,
 * and E-ACT-01 going before an E-CONV-01 that waits for the same person, as having a project ends
 * the one and begins the other.
 */
final class EmailTable {

    /** How long all rules have been live: longer than the whole month before this one. */
    static final Duration LIVE = Duration.ofDays(70);

    /** E-ACT-01 is asked a minute after it was due, so that late rows still count. */
    private static final Duration GRACE = Duration.ofSeconds(60);

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);

    /** When the window of those who are capped opens, counted from the same moment. */
    private static final Duration UNTIL_OPEN = Duration.ofSeconds(25);

    /** Enough that what has not expired yet does not while a slow machine sends it. */
    private static final Duration MARGIN = Duration.ofMinutes(5);

    private static final List<Cell> CELLS = new ArrayList<>();
    private static final List<Empty> EMPTY = new ArrayList<>();

    private EmailTable() {}

    static List<Cell> cells() {
        return List.copyOf(CELLS);
    }

    static List<Empty> empty() {
        return List.copyOf(EMPTY);
    }

    private static void cell(String rule, Case when, String what, Placement placement) {
        CELLS.add(new Cell(rule, when, what, placement));
    }

    private static void empty(String rule, Case when, String why) {
        EMPTY.add(new Empty(rule, when, why));
    }

    static {
        cellsOfWelcome();
        cellsOfNoProject();
        cellsOfFirstVerdict();
        cellsOfCriticalVerdict();
        cellsOfQuota80();
        cellsOfQuotaReached();
    }

    private static void cellsOfWelcome() {
        String rule = "E-TRX-01";
        cell(
                rule,
                Case.BEFORE,
                "an account that is not active yet: nothing",
                s -> s.user(s.now(), "is_active", false));
        cell(
                rule,
                Case.AT,
                "an account that is active from the start",
                s -> {
                    UUID user = s.user(s.now());
                    s.sent(welcome(user), user);
                });
        cell(
                rule,
                Case.AFTER,
                "activated later, then off and on again: one welcome",
                s -> {
                    UUID user = s.user(s.ago(SECOND), "is_active", false);
                    s.onceDecided(t -> activate(t, user, true));
                    s.onceDecided(t -> activate(t, user, false));
                    s.onceDecided(t -> activate(t, user, true));
                    s.sent(welcome(user), user);
                });
        cell(
                rule,
                Case.RESOLVED,
                "deactivated in the same breath",
                s -> {
                    UUID user = s.user(s.now());
                    activate(s, user, false);
                    s.suppressed(welcome(user), user, "inactive");
                });
        cell(
                rule,
                Case.OPTED_OUT,
                "transactional mail cannot be opted out of",
                s -> {
                    UUID user = s.user(s.now());
                    s.optOut(user);
                    s.sent(welcome(user), user);
                });
        cell(
                rule,
                Case.CAPPED,
                "transactional mail is not capped",
                s -> {
                    UUID user = s.user(s.now());
                    s.marketingMail(user, s.ago(HOUR));
                    s.sent(welcome(user), user);
                });
        cell(
                rule,
                Case.EXPIRED,
                "signed up 24 hours and a second ago",
                s -> {
                    Instant signUp = s.ago(DAY.plus(SECOND));
                    UUID user = s.user(signUp);
                    s.projectFrom(signUp, user);
                    s.suppressed(welcome(user), user, "stale");
                });
        cell(
                rule,
                Case.EXPIRED,
                "not yet: signed up nearly 24 hours ago",
                s -> {
                    Instant signUp = s.ago(DAY.minus(MARGIN));
                    UUID user = s.user(signUp);
                    s.projectFrom(signUp, user);
                    s.sent(welcome(user), user);
                });
        cell(
                rule,
                Case.RECIPIENTS,
                "in English for who speaks it",
                s -> {
                    UUID user = s.user(s.now(), "locale", "en");
                    s.sent(welcome(user), user);
                    s.check(
                            welcome(user),
                            mail -> assertThat(mail.subject()).startsWith("Welcome to SEQPULSE"));
                });
        cell(
                rule,
                Case.RECIPIENTS,
                "in French for who speaks it, and for who does not say",
                s -> {
                    UUID french = s.user(s.now(), "locale", "fr");
                    UUID silent = s.user(s.now());
                    for (UUID user : List.of(french, silent)) {
                        s.sent(welcome(user), user);
                        s.check(
                                welcome(user),
                                mail ->
                                        assertThat(mail.subject())
                                                .startsWith("Bienvenue sur SEQPULSE"));
                    }
                });
    }

    private static void cellsOfNoProject() {
        String rule = "E-ACT-01";
        cell(
                rule,
                Case.BEFORE,
                "a project one second before the deadline: nothing",
                s -> {
                    UUID user = signedUp(s);
                    s.projectFrom(due(s).minus(SECOND), user);
                });
        cell(
                rule,
                Case.BEFORE,
                "a project created and deleted before the deadline counts: nothing",
                s -> {
                    UUID user = signedUp(s);
                    UUID project = s.projectFrom(due(s).minus(SECOND), user);
                    s.execute("delete from projects where id = ?", project);
                });
        cell(
                rule,
                Case.BEFORE,
                "a deadline that is still to come: nothing but the welcome",
                s -> {
                    UUID user = s.user(s.now().plus(HOUR).minus(Duration.ofHours(2)));
                    s.sent(welcome(user), user);
                });
        cell(
                rule,
                Case.AT,
                "a project exactly at the deadline: nothing",
                s -> s.projectFrom(due(s), signedUp(s)));
        cell(
                rule,
                Case.AT,
                "no project at the deadline",
                s -> {
                    UUID user = signedUp(s);
                    s.sent(noProject(user), user);
                });
        cell(
                rule,
                Case.AT,
                "asked only a minute after the deadline",
                s -> {
                    Instant due = s.now().minus(GRACE).plus(UNTIL_OPEN);
                    UUID user = s.user(due.minus(Duration.ofHours(2)));
                    s.sent(welcome(user), user);
                    s.sent(noProject(user), user);
                    s.notBefore(noProject(user), due.plus(GRACE));
                });
        cell(
                rule,
                Case.AFTER,
                "a project one second after the deadline, before it is asked",
                s -> {
                    UUID user = signedUp(s);
                    s.projectFrom(due(s).plus(SECOND), user);
                    s.suppressed(noProject(user), user, "resolved");
                });
        cell(
                rule,
                Case.AFTER,
                "a project after the mail, and the first verdict five minutes later: both",
                s -> {
                    UUID user = s.user(s.ago(Duration.ofHours(2).plusMinutes(6)));
                    Instant eleven = s.ago(Duration.ofMinutes(6));
                    s.sent(welcome(user), user);
                    s.sent(noProject(user), user);
                    s.onceDecided(
                            t -> {
                                UUID project = t.projectFrom(eleven.plusSeconds(240), user);
                                t.verdict(project, "ok", eleven.plusSeconds(300));
                                t.sent(firstVerdict(project), user);
                            });
                });
        cell(
                rule,
                Case.RESOLVED,
                "a project while it is deferred",
                s -> {
                    UUID user = signedUp(s);
                    s.marketingMail(user, s.ago(HOUR));
                    s.onceDecided(t -> t.projectFrom(Instant.now(), user));
                    s.suppressed(noProject(user), user, "resolved");
                });
        cell(
                rule,
                Case.OPTED_OUT,
                "opted out: the key stays free",
                s -> {
                    UUID user = signedUp(s);
                    s.optOut(user);
                    s.suppressed(noProject(user) + "#opted_out", user, "opted_out");
                });
        cell(
                rule,
                Case.CAPPED,
                "goes when the window opens, not before",
                s -> {
                    UUID user = signedUp(s);
                    Instant opens = s.now().plus(UNTIL_OPEN);
                    s.marketingMail(user, opens.minus(DAY));
                    s.sent(noProject(user), user);
                    s.notBefore(noProject(user), opens);
                });
        cell(
                rule,
                Case.CAPPED,
                "a marketing mail of 24 hours ago holds nothing back",
                s -> {
                    UUID user = signedUp(s);
                    s.marketingMail(user, s.ago(DAY));
                    s.sent(noProject(user), user);
                });
        cell(
                rule,
                Case.CAPPED,
                "opted out while it is deferred",
                s -> {
                    UUID user = signedUp(s);
                    Instant opens = s.now().plus(UNTIL_OPEN);
                    s.marketingMail(user, opens.minus(DAY));
                    s.onceDecided(t -> t.optOut(user));
                    s.followsUpBefore(opens);
                    s.suppressed(noProject(user) + "#opted_out", user, "opted_out");
                    s.settlesAt(opens);
                });
        cell(
                rule,
                Case.CAPPED,
                "by a mail that only the product sends",
                s -> {
                    UUID user = signedUp(s);
                    Instant opens = s.now().plus(UNTIL_OPEN);
                    s.productMail(user, "E-RET-03", "product:" + user, opens.minus(DAY));
                    s.sent(noProject(user), user);
                    s.notBefore(noProject(user), opens);
                });
        cell(
                rule,
                Case.EXPIRED,
                "due 24 hours and a second ago",
                s -> {
                    UUID user = s.user(s.ago(DAY.plus(SECOND)).minus(Duration.ofHours(2)));
                    s.suppressed(welcome(user), user, "stale");
                    s.suppressed(noProject(user), user, "stale");
                });
        cell(
                rule,
                Case.EXPIRED,
                "not yet: due nearly 24 hours ago",
                s -> {
                    UUID user = s.user(s.ago(DAY.minus(MARGIN)).minus(Duration.ofHours(2)));
                    s.suppressed(welcome(user), user, "stale");
                    s.sent(noProject(user), user);
                });
        cell(
                rule,
                Case.EXPIRED,
                "while the cap holds it back",
                s -> {
                    Instant expires = s.now().plus(UNTIL_OPEN);
                    UUID user = s.user(expires.minus(DAY).minus(Duration.ofHours(2)));
                    s.marketingMail(user, s.ago(HOUR));
                    s.suppressed(welcome(user), user, "stale");
                    s.suppressed(noProject(user), user, "capped");
                    s.settlesAt(expires);
                });
        cell(
                rule,
                Case.RECIPIENTS,
                "inactive: only security mail",
                s -> {
                    UUID user = s.user(due(s).minus(Duration.ofHours(2)), "is_active", false);
                    s.suppressed(noProject(user), user, "inactive");
                });
        cell(
                rule,
                Case.RECIPIENTS,
                "already sent by the product under the same key: nothing",
                s -> {
                    UUID user = signedUp(s);
                    s.productMail(user, rule, noProject(user), s.ago(SECOND));
                });
    }

    private static void cellsOfFirstVerdict() {
        String rule = "E-ACT-04";
        cell(
                rule,
                Case.BEFORE,
                "a finished deployment without a verdict: nothing",
                s -> s.deployment(s.project(s.veteran()), s.now()));
        cell(
                rule,
                Case.AT,
                "the first verdict",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.verdict(project, "ok", s.now());
                    s.sent(firstVerdict(project), owner);
                });
        cell(
                rule,
                Case.AFTER,
                "a second verdict, at once and later: one mail",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.verdict(project, "ok", s.ago(SECOND));
                    s.verdict(project, "ok", s.now());
                    s.onceDecided(t -> t.verdict(project, "ok", Instant.now()));
                    s.sent(firstVerdict(project), owner);
                });
        empty(
                rule,
                Case.RESOLVED,
                "what has been found stays found: a first verdict cannot become untrue");
        cell(
                rule,
                Case.OPTED_OUT,
                "service mail cannot be opted out of",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.optOut(owner);
                    s.verdict(project, "ok", s.now());
                    s.sent(firstVerdict(project), owner);
                });
        cell(
                rule,
                Case.CAPPED,
                "service mail is not capped",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.marketingMail(owner, s.ago(HOUR));
                    s.verdict(project, "ok", s.now());
                    s.sent(firstVerdict(project), owner);
                });
        cell(
                rule,
                Case.EXPIRED,
                "48 hours and a second ago, for owner and admin",
                s -> {
                    UUID owner = s.veteran();
                    UUID admin = s.veteran();
                    UUID project = s.project(owner);
                    s.member(project, "user_id", admin, "role", "admin");
                    s.verdict(project, "ok", s.ago(DAY.multipliedBy(2).plus(SECOND)));
                    s.suppressed(firstVerdict(project), owner, "stale");
                    s.suppressed(firstVerdict(project) + ":" + admin, admin, "stale");
                });
        cell(
                rule,
                Case.EXPIRED,
                "not yet: nearly 48 hours ago",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.verdict(project, "ok", s.ago(DAY.multipliedBy(2).minus(MARGIN)));
                    s.sent(firstVerdict(project), owner);
                });
        cell(
                rule,
                Case.RECIPIENTS,
                "owner and admins, each once; no member, nobody inactive",
                s -> {
                    UUID owner = s.veteran();
                    UUID admin = s.veteran("locale", "en");
                    UUID inactive = s.veteran("is_active", false);
                    UUID member = s.veteran();
                    UUID project = s.project(owner, "name", "Paiements");
                    s.member(project, "user_id", owner, "role", "admin");
                    s.member(project, "user_id", admin, "role", "admin");
                    s.member(project, "user_id", inactive, "role", "admin");
                    s.member(project, "user_id", member, "role", "member");
                    s.verdict(project, "ok", s.now());
                    String key = firstVerdict(project);
                    s.sent(key, owner);
                    s.sent(key + ":" + admin, admin);
                    s.suppressed(key + ":" + inactive, inactive, "inactive");
                    s.check(
                            key,
                            mail ->
                                    assertThat(mail.subject())
                                            .startsWith("Premier verdict SEQPULSE pour Paiements"));
                    s.check(
                            key + ":" + admin,
                            mail ->
                                    assertThat(mail.subject())
                                            .startsWith("First SEQPULSE verdict for Paiements"));
                });
        cell(
                rule,
                Case.RECIPIENTS,
                "names are text, not markup",
                s -> {
                    UUID owner = s.veteran("first_name", "<script>alert(1)</script>");
                    UUID project = s.project(owner, "name", "<script>alert('x')</script>&co");
                    s.verdict(project, "ok", s.now());
                    s.sent(firstVerdict(project), owner);
                    s.check(
                            firstVerdict(project),
                            mail ->
                                    assertThat(mail.html())
                                            .doesNotContainIgnoringCase("<script")
                                            .contains("&lt;script&gt;alert(")
                                            .contains("&amp;co"));
                });
    }

    private static void cellsOfCriticalVerdict() {
        String rule = "E-ACT-05";
        cell(
                rule,
                Case.BEFORE,
                "a verdict one step less grave: nothing but the first verdict's mail",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner, "plan", "pro");
                    s.verdict(project, "ok", s.now());
                    s.sent(firstVerdict(project), owner);
                });
        cell(
                rule,
                Case.AT,
                "a warning",
                s -> {
                    UUID owner = s.veteran();
                    UUID deployment = s.verdict(watched(s, owner, "pro"), "warning", s.now());
                    s.sent(critical(deployment), owner);
                    s.check(
                            critical(deployment),
                            mail -> assertThat(mail.subject()).startsWith("Attention"));
                });
        cell(
                rule,
                Case.AT,
                "a rollback recommended, in English",
                s -> {
                    UUID owner = s.veteran("locale", "en");
                    UUID project = watched(s, owner, "pro");
                    UUID deployment = s.verdict(project, "rollback_recommended", s.now());
                    s.sent(critical(deployment), owner);
                    s.check(
                            critical(deployment),
                            mail ->
                                    assertThat(mail.subject())
                                            .startsWith("Urgent: rollback recommended"));
                });
        cell(
                rule,
                Case.AT,
                "with the actions of hints beside it",
                s -> {
                    UUID owner = s.veteran();
                    UUID deployment = s.verdict(watched(s, owner, "pro"), "warning", s.now());
                    s.hint(deployment, "Augmenter le pool de connexions");
                    s.hint(deployment, "Relire la migration");
                    s.sent(critical(deployment), owner);
                    s.check(
                            critical(deployment),
                            mail -> {
                                assertThat(mail.text())
                                        .contains("Augmenter le pool de connexions")
                                        .contains("Relire la migration");
                                assertThat(mail.html())
                                        .contains("Augmenter le pool de connexions")
                                        .contains("Relire la migration");
                            });
                });
        cell(
                rule,
                Case.AT,
                "with the actions of hints just after it",
                s -> {
                    UUID owner = s.veteran();
                    UUID deployment = s.verdict(watched(s, owner, "pro"), "warning", s.now());
                    s.rightAfter(t -> t.hint(deployment, "Relire la migration"));
                    s.sent(critical(deployment), owner);
                    s.check(
                            critical(deployment),
                            mail -> {
                                assertThat(mail.text()).contains("Relire la migration");
                                assertThat(mail.html()).contains("Relire la migration");
                            });
                });
        cell(
                rule,
                Case.AT,
                "without actions on the free plan",
                s -> {
                    UUID owner = s.veteran();
                    UUID deployment = s.verdict(watched(s, owner, "free"), "warning", s.now());
                    s.hint(deployment, "Augmenter le pool de connexions");
                    s.sent(critical(deployment), owner);
                    s.check(
                            critical(deployment),
                            mail -> {
                                assertThat(mail.text()).doesNotContain("pool de connexions");
                                assertThat(mail.html()).doesNotContain("pool de connexions");
                            });
                });
        cell(
                rule,
                Case.AFTER,
                "a hint after the mail, and the verdict written again: one mail",
                s -> {
                    UUID owner = s.veteran();
                    UUID deployment = s.verdict(watched(s, owner, "pro"), "warning", s.now());
                    s.onceDecided(
                            t -> {
                                t.hint(deployment, "Trop tard");
                                t.execute(
                                        """
                                        update deployment_verdicts set summary = 'relu'
                                        where deployment_id = ?
                                        """,
                                        deployment);
                            });
                    s.sent(critical(deployment), owner);
                    s.check(
                            critical(deployment),
                            mail -> assertThat(mail.text()).doesNotContain("Trop tard"));
                });
        cell(
                rule,
                Case.AFTER,
                "the sixth of an hour waits for the digest: no mail of its own",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = watched(s, owner, "pro");
                    for (int i = 0; i < 5; i++) {
                        s.sent(critical(s.verdict(project, "warning", s.ago(HOUR))), owner);
                    }
                    s.onceDecided(t -> t.verdict(project, "warning", Instant.now()));
                });
        cell(
                rule,
                Case.RESOLVED,
                "the verdict, or its deployment, is deleted at once: nobody is alerted",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = watched(s, owner, "pro");
                    UUID withdrawn = s.verdict(project, "rollback_recommended", s.now());
                    s.execute("delete from deployment_verdicts where deployment_id = ?", withdrawn);
                    UUID gone = s.verdict(project, "warning", s.now());
                    s.execute("delete from deployments where id = ?", gone);
                });
        cell(
                rule,
                Case.RESOLVED,
                "muted by the owner for this project",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = watched(s, owner, "pro");
                    s.execute(
                            """
                            insert into lifecycle.alert_mutes (project_id, recipient, muted_until)
                            values (?, ?::uuid::text, now() + interval '1 day')
                            """,
                            project,
                            owner);
                    UUID deployment = s.verdict(project, "warning", s.now());
                    s.suppressed(critical(deployment), owner, "muted");
                });
        cell(
                rule,
                Case.OPTED_OUT,
                "alerts do not ask for a marketing opt-in",
                s -> {
                    UUID owner = s.veteran();
                    s.optOut(owner);
                    UUID deployment = s.verdict(watched(s, owner, "pro"), "warning", s.now());
                    s.sent(critical(deployment), owner);
                });
        cell(
                rule,
                Case.CAPPED,
                "alerts are not capped",
                s -> {
                    UUID owner = s.veteran();
                    s.marketingMail(owner, s.ago(HOUR));
                    UUID deployment = s.verdict(watched(s, owner, "pro"), "warning", s.now());
                    s.sent(critical(deployment), owner);
                });
        cell(
                rule,
                Case.EXPIRED,
                "6 hours and a second ago",
                s -> {
                    UUID owner = s.veteran();
                    Instant at = s.ago(HOUR.multipliedBy(6).plus(SECOND));
                    UUID deployment = s.verdict(watched(s, owner, "pro"), "warning", at);
                    s.suppressed(critical(deployment), owner, "stale");
                });
        cell(
                rule,
                Case.EXPIRED,
                "not yet: nearly 6 hours ago",
                s -> {
                    UUID owner = s.veteran();
                    Instant at = s.ago(HOUR.multipliedBy(6).minus(MARGIN));
                    UUID deployment = s.verdict(watched(s, owner, "pro"), "warning", at);
                    s.sent(critical(deployment), owner);
                });
        cell(
                rule,
                Case.RECIPIENTS,
                "owner, who is on call, and an address on call; no admin",
                s -> {
                    UUID owner = s.veteran();
                    UUID onCall = s.veteran();
                    UUID admin = s.veteran();
                    String address = "duty-" + owner + "@example.org";
                    UUID project = watched(s, owner, "pro");
                    s.member(project, "user_id", onCall, "on_call", true);
                    s.member(project, "email", "Duty" + address.substring(4), "on_call", true);
                    s.member(project, "user_id", admin, "role", "admin");
                    String key = critical(s.verdict(project, "warning", s.now()));
                    s.sent(key, owner);
                    s.sent(key + ":" + onCall, onCall);
                    s.sentTo(address, key + ":" + hashOf(address), owner);
                });
        cell(
                rule,
                Case.RECIPIENTS,
                "one mail for an owner who is on call, also by address",
                s -> {
                    UUID owner = s.veteran();
                    for (int i = 0; i < 4; i++) {
                        UUID project = watched(s, owner, "pro");
                        s.member(project, "user_id", owner, "on_call", true);
                        s.member(project, "email", s.address(owner), "on_call", true);
                        String key = critical(s.verdict(project, "warning", s.now()));
                        s.sent(key, owner);
                        s.suppressed(key + ":" + hashOf(s.address(owner)), owner, "superseded");
                    }
                });
    }

    private static void cellsOfQuota80() {
        String rule = "E-CONV-01";
        cell(
                rule,
                Case.BEFORE,
                "39 deployments: nothing",
                s -> s.deploymentsThisMonth(s.project(s.veteran()), 39));
        cell(
                rule,
                Case.BEFORE,
                "39, and one in the last millisecond of last month: nothing",
                s -> {
                    UUID project = s.project(s.veteran());
                    s.deploymentsThisMonth(project, 39);
                    s.deployment(project, startOf(s.month()).minusMillis(1));
                });
        cell(
                rule,
                Case.AT,
                "40 deployments",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner, "name", "Boutique");
                    s.deploymentsThisMonth(project, 40);
                    String key = quota80(project, s.month());
                    s.sent(key, owner);
                    s.check(key, mail -> assertThat(mail.subject()).contains("(40/50)"));
                });
        cell(
                rule,
                Case.AT,
                "39, and one in the first moment of the month",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.deploymentsThisMonth(project, 39);
                    s.deployment(project, startOf(s.month()));
                    s.sent(quota80(project, s.month()), owner);
                });
        cell(
                rule,
                Case.AT,
                "40, of which one was deleted again",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.deploymentsThisMonth(project, 39);
                    UUID deleted = s.deployment(project, s.now());
                    s.execute("delete from deployments where id = ?", deleted);
                    s.sent(quota80(project, s.month()), owner);
                });
        cell(
                rule,
                Case.AFTER,
                "41 at once and 42 later: one mail",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.deploymentsThisMonth(project, 41);
                    s.onceDecided(t -> t.deployment(project, Instant.now()));
                    String key = quota80(project, s.month());
                    s.sent(key, owner);
                    s.check(key, mail -> assertThat(mail.subject()).contains("(41/50)"));
                });
        cell(
                rule,
                Case.AFTER,
                "back on the free plan with 41: counted anew",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner, "plan", "pro");
                    s.deploymentsThisMonth(project, 41);
                    s.onceDecided(t -> plan(t, project, "free"));
                    s.sent(quota80(project, s.month()), owner);
                });
        cell(
                rule,
                Case.RESOLVED,
                "on a plan without quota: nothing",
                s -> s.deploymentsThisMonth(s.project(s.veteran(), "plan", "pro"), 41));
        cell(
                rule,
                Case.RESOLVED,
                "upgraded in the same breath: no mail, whichever is read first",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.deploymentsThisMonth(project, 40);
                    plan(s, project, "pro");
                    s.suppressedIfNoticed(quota80(project, s.month()), owner, "resolved");
                });
        cell(
                rule,
                Case.RESOLVED,
                "upgraded while it is deferred",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.marketingMail(owner, s.ago(HOUR));
                    s.deploymentsThisMonth(project, 40);
                    s.onceDecided(t -> plan(t, project, "pro"));
                    s.suppressed(quota80(project, s.month()), owner, "resolved");
                });
        cell(
                rule,
                Case.OPTED_OUT,
                "opted out: the key stays free",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.optOut(owner);
                    s.deploymentsThisMonth(project, 40);
                    s.suppressed(quota80(project, s.month()) + "#opted_out", owner, "opted_out");
                });
        cell(
                rule,
                Case.CAPPED,
                "goes when the window opens, with the figure of then",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    Instant opens = s.now().plus(UNTIL_OPEN);
                    s.marketingMail(owner, opens.minus(DAY));
                    s.deploymentsThisMonth(project, 40);
                    s.onceDecided(t -> t.deployment(project, Instant.now()));
                    s.followsUpBefore(opens);
                    String key = quota80(project, s.month());
                    s.sent(key, owner);
                    s.notBefore(key, opens);
                    s.check(key, mail -> assertThat(mail.subject()).contains("(41/50)"));
                });
        cell(
                rule,
                Case.CAPPED,
                "of two that wait the one due first goes, the other waits on",
                s -> {
                    UUID owner = s.veteran();
                    UUID second = s.project(owner);
                    UUID first = s.project(owner);
                    Instant opens = s.now().plus(UNTIL_OPEN);
                    s.marketingMail(owner, opens.minus(DAY));
                    s.deploymentsUntil(s.now(), second, 40);
                    s.deploymentsUntil(later(startOf(s.month()), s.ago(HOUR)), first, 40);
                    s.sent(quota80(first, s.month()), owner);
                    s.notBefore(quota80(first, s.month()), opens);
                });
        cell(
                rule,
                Case.CAPPED,
                "superseded by the limit while it is deferred",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.marketingMail(owner, s.ago(HOUR));
                    s.deploymentsThisMonth(project, 50);
                    s.onceDecided(t -> t.refusal(project, Instant.now()));
                    s.suppressed(quota80(project, s.month()), owner, "superseded");
                    s.sent(quotaReached(project, s.month()), owner);
                });
        cell(
                rule,
                Case.CAPPED,
                "the new owner of the project gets what the old one waited for",
                s -> {
                    UUID before = s.veteran();
                    UUID after = s.veteran();
                    UUID project = s.project(before);
                    s.marketingMail(before, s.ago(HOUR));
                    s.deploymentsThisMonth(project, 40);
                    s.onceDecided(
                            t ->
                                    t.execute(
                                            "update projects set owner_id = ? where id = ?",
                                            after,
                                            project));
                    s.sent(quota80(project, s.month()), after);
                });
        cell(
                rule,
                Case.EXPIRED,
                "last month's, as the month is over",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.deploymentsUntil(startOf(s.month()).minusMillis(1), project, 40);
                    s.suppressed(quota80(project, s.month().minusMonths(1)), owner, "stale");
                });
        cell(
                rule,
                Case.RECIPIENTS,
                "inactive: only security mail",
                s -> {
                    UUID owner = s.veteran("is_active", false);
                    UUID project = s.project(owner);
                    s.deploymentsThisMonth(project, 40);
                    s.suppressed(quota80(project, s.month()), owner, "inactive");
                });
    }

    private static void cellsOfQuotaReached() {
        String rule = "E-CONV-03";
        cell(
                rule,
                Case.BEFORE,
                "50 deployments and none refused: only the mail at 40",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.deploymentsThisMonth(project, 50);
                    s.sent(quota80(project, s.month()), owner);
                });
        cell(
                rule,
                Case.AT,
                "the first refusal",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.refusal(project, s.now());
                    s.sent(quotaReached(project, s.month()), owner);
                });
        cell(
                rule,
                Case.AFTER,
                "a second refusal, at once and later: one mail",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.refusal(project, later(startOf(s.month()), s.ago(SECOND)));
                    s.refusal(project, s.now());
                    s.onceDecided(t -> t.refusal(project, Instant.now()));
                    s.sent(quotaReached(project, s.month()), owner);
                });
        cell(
                rule,
                Case.RESOLVED,
                "upgraded in the same breath",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.refusal(project, s.now());
                    plan(s, project, "pro");
                    s.suppressed(quotaReached(project, s.month()), owner, "resolved");
                });
        cell(
                rule,
                Case.RESOLVED,
                "upgraded after the mail: it stays sent",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.refusal(project, s.now());
                    s.onceDecided(t -> plan(t, project, "pro"));
                    s.sent(quotaReached(project, s.month()), owner);
                });
        cell(
                rule,
                Case.OPTED_OUT,
                "service mail cannot be opted out of",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.optOut(owner);
                    s.refusal(project, s.now());
                    s.sent(quotaReached(project, s.month()), owner);
                });
        cell(
                rule,
                Case.CAPPED,
                "service mail is not capped, and caps nothing",
                s -> {
                    UUID owner = s.veteran();
                    UUID full = s.project(owner);
                    UUID filling = s.project(owner);
                    s.marketingMail(owner, s.ago(DAY));
                    s.refusal(full, s.now());
                    s.sent(quotaReached(full, s.month()), owner);
                    s.onceDecided(t -> t.deploymentsThisMonth(filling, 40));
                    s.sent(quota80(filling, s.month()), owner);
                });
        cell(
                rule,
                Case.EXPIRED,
                "refused 24 hours and a second ago",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    Instant at = s.ago(DAY.plus(SECOND));
                    s.refusal(project, at);
                    s.suppressed(quotaReached(project, monthOf(at)), owner, "stale");
                });
        cell(
                rule,
                Case.EXPIRED,
                "last month's refusal leaves this month's mail alone",
                s -> {
                    UUID owner = s.veteran();
                    UUID project = s.project(owner);
                    s.refusal(project, startOf(s.month()).minus(DAY).minusMillis(1));
                    s.refusal(project, s.now());
                    YearMonth last = s.month().minusMonths(1);
                    s.suppressed(quotaReached(project, last), owner, "stale");
                    s.sent(quotaReached(project, s.month()), owner);
                });
        cell(
                rule,
                Case.RECIPIENTS,
                "the owner alone, also where there are admins",
                s -> {
                    UUID owner = s.veteran();
                    UUID admin = s.veteran();
                    UUID project = s.project(owner);
                    s.member(project, "user_id", admin, "role", "admin", "on_call", true);
                    s.refusal(project, s.now());
                    s.sent(quotaReached(project, s.month()), owner);
                });
    }

    /** The deadline of whoever {@link #signedUp}: its minute of grace is just over. */
    private static Instant due(Scenario s) {
        return s.now().minus(GRACE).minus(SECOND);
    }

    /** A user whom E-ACT-01 is about, and who has been welcomed. */
    private static UUID signedUp(Scenario s) throws SQLException {
        UUID user = s.user(due(s).minus(Duration.ofHours(2)));
        s.sent(welcome(user), user);
        return user;
    }

    /** A project that had its first verdict long ago. */
    private static UUID watched(Scenario s, UUID owner, String plan) throws SQLException {
        UUID project = s.project(owner, "plan", plan);
        s.verdict(project, "ok", s.ago(LIVE.plus(DAY)));
        return project;
    }

    private static void activate(Scenario s, UUID user, boolean active) throws SQLException {
        s.execute("update users set is_active = ? where id = ?", active, user);
    }

    private static void plan(Scenario s, UUID project, String plan) throws SQLException {
        s.execute("update projects set plan = ? where id = ?", plan, project);
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private static YearMonth monthOf(Instant at) {
        return YearMonth.from(at.atOffset(ZoneOffset.UTC));
    }
}
