package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.BOB;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.SHOP;
import static io.seqpulse.lifecycle.story.Facts.account;
import static io.seqpulse.lifecycle.story.Facts.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.catalogue.Trigger.Calendar;
import io.seqpulse.lifecycle.catalogue.Trigger.Period;
import io.seqpulse.lifecycle.fact.Activity;
import io.seqpulse.lifecycle.fact.Activity.Figures;
import io.seqpulse.lifecycle.fact.ActivitySignal;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.LogPosition;
import io.seqpulse.lifecycle.fact.Origin;
import io.seqpulse.lifecycle.fact.OwnedProject;
import io.seqpulse.lifecycle.fact.Source;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.RuleDraft;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.user.DetectUser;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reports at a time of day where people live: E-RET-01 and E-CONV-05. */
class CalendarTest {

    private static final long CREATED = at("2026-01-05T10:00:00Z");
    private static final long LIVE = at("2026-01-10T00:00:00Z");
    private static final String BLOG = "b1060000-0000-4000-8000-000000000004";

    private DetectionStory story;

    @AfterEach
    void stop() throws Exception {
        story.close();
    }

    private void host(Period each, Set<String> plans, Duration spread) throws Exception {
        List<EventType> facts = List.of(EventType.DEPLOYMENT_STARTED, EventType.LOGGED_IN);
        Rule rule =
                RuleDraft.of(
                        Subject.USER,
                        new Calendar(each, "08:00", spread, facts, plans),
                        Audience.USER,
                        Duration.ofHours(48),
                        "report:{user_id}:{%s}".formatted(each.label()));
        List<ActiveRule> rules = Rules.active(List.of(rule), LIVE);
        story =
                new DetectionStory(
                        () ->
                                new DetectUser(
                                        LOG, rules, Rules.measures(), ZoneId.of("Europe/Paris")));
    }

    private void weekly() throws Exception {
        host(Period.WEEK, Set.of(), Duration.ZERO);
    }

    private static Fact user(String id, String zone) {
        return account(id, CREATED).with("timezone", zone).fact();
    }

    private static Fact plan(String user, String project, String plan, long at) {
        return Facts.summary(user, project, new OwnedProject(plan, CREATED, 0, 0, List.of()), at)
                .fact();
    }

    private static ActivitySignal activity(String project, long at, Figures... figures) {
        Activity activity = new Activity();
        for (Figures one : figures) {
            activity.add(at, one);
        }
        Source source = new Source(at, LogPosition.at(at), Origin.CHANGED);
        return new ActivitySignal(ALICE, project, source, "name of " + project, activity);
    }

    private static ActivitySignal deployed(long at) {
        return activity(SHOP, at, Figures.DEPLOYMENT);
    }

    private List<String> periods() {
        return story.keys().stream().map(key -> key.substring(key.lastIndexOf(':') + 1)).toList();
    }

    /** The Monday's 08:00, the week before and after each change of the clocks, both ways. */
    @ParameterizedTest
    @CsvSource({
        "Europe/Paris, 2026-03-22, 2026-03-23T07:00:00Z, 2026-03-29, 2026-03-30T06:00:00Z",
        "Europe/Paris, 2026-10-18, 2026-10-19T06:00:00Z, 2026-10-25, 2026-10-26T07:00:00Z",
        "America/New_York, 2026-03-01, 2026-03-02T13:00:00Z, 2026-03-08, 2026-03-09T12:00:00Z",
        "America/New_York, 2026-10-25, 2026-10-26T12:00:00Z, 2026-11-01, 2026-11-02T13:00:00Z",
        "Australia/Sydney, 2026-03-29, 2026-03-29T21:00:00Z, 2026-04-05, 2026-04-05T22:00:00Z",
        "Australia/Sydney, 2026-09-27, 2026-09-27T22:00:00Z, 2026-10-04, 2026-10-04T21:00:00Z",
        "Australia/Lord_Howe, 2026-03-29, 2026-03-29T21:00:00Z, 2026-04-05, 2026-04-05T21:30:00Z",
        "Australia/Lord_Howe, 2026-09-27, 2026-09-27T21:30:00Z, 2026-10-04, 2026-10-04T21:00:00Z",
        "Asia/Kathmandu, 2026-05-31, 2026-06-01T02:15:00Z, 2026-06-07, 2026-06-08T02:15:00Z",
    })
    void mondaysMorningIsWhereTheUserLives(
            String zone, String sunday, String first, String nextSunday, String second)
            throws Exception {
        weekly();
        story.hears(user(ALICE, zone));
        for (String day : List.of(sunday, nextSunday)) {
            long noon = at(day + "T12:00:00Z") - DAY;
            story.hears(deployed(noon));
            long due = at(day.equals(sunday) ? first : second);
            int before = story.keys().size();
            story.clock(due + MINUTE - 1);
            assertThat(story.keys()).hasSize(before);
            story.clock(due + MINUTE);
            assertThat(story.candidates()).hasSize(before + 1);
            assertThat(story.candidates().get(before).dueAt()).isEqualTo(due);
            assertThat(story.candidates().get(before).expiresAt()).isEqualTo(due + 2 * DAY);
        }
        assertThat(periods()).doesNotHaveDuplicates();
    }

    /** Sunday 23:50 and Monday 00:10 where they live are two weeks, whatever UTC says. */
    @Test
    void theWeekIsTheUsersOwn() throws Exception {
        weekly();
        story.hears(user(ALICE, "Australia/Lord_Howe"));
        long monday = at("2026-06-07T13:30:00Z"); // 00:00 of 2026-06-08 there
        story.hears(
                deployed(monday - 7 * DAY - 10 * MINUTE),
                deployed(monday - 7 * DAY + 10 * MINUTE),
                deployed(monday - 10 * MINUTE),
                deployed(monday + 10 * MINUTE));
        story.clock(monday + 8 * HOUR + MINUTE);
        Candidate report = story.candidates().get(story.candidates().size() - 1);
        assertThat(report.values())
                .containsEntry("week", "2026-W23")
                .containsEntry(
                        "report",
                        "[{\"project_id\":\"%s\",\"project_name\":\"name of %s\",\"deployments\":2,\"ok\":0,\"warnings\":0,\"rollbacks\":0,\"critical_hints\":0,\"previous_deployments\":1}]"
                                .formatted(SHOP, SHOP));
    }

    @Test
    void reportsEveryProjectTheBusiestFirst() throws Exception {
        weekly();
        long tuesday = at("2026-06-02T10:00:00Z");
        story.hears(user(ALICE, "UTC"));
        story.hears(
                activity(
                        BLOG,
                        tuesday,
                        Figures.DEPLOYMENT,
                        Figures.DEPLOYMENT,
                        Figures.ofVerdict("warning"),
                        Figures.ofVerdict("rollback_recommended"),
                        Figures.CRITICAL_HINT),
                activity(SHOP, tuesday, Figures.DEPLOYMENT, Figures.ofVerdict("ok")));
        story.restarts().clock(at("2026-06-08T08:01:00Z"));
        assertThat(story.candidates()).hasSize(1);
        assertThat(story.candidates().get(0).values().get("report"))
                .startsWith("[{\"project_id\":\"" + BLOG)
                .contains(
                        "\"deployments\":2,\"ok\":0,\"warnings\":1,\"rollbacks\":1,\"critical_hints\":1",
                        "\"deployments\":1,\"ok\":1,\"warnings\":0");
    }

    @Test
    void anEmptyWeekHasNoReport() throws Exception {
        weekly();
        story.hears(user(ALICE, "UTC"));
        story.hears(deployed(at("2026-06-01T10:00:00Z")));
        story.hears(
                Facts.of(EventType.LOGGED_IN, ALICE, "l", at("2026-06-10T10:00:00Z"))
                        .with("login_id", "l")
                        .fact());
        for (long day = at("2026-06-01T12:00:00Z"); day < at("2026-06-30T12:00:00Z"); day += DAY) {
            story.clock(day);
        }
        assertThat(periods()).containsExactly("2026-W23");
    }

    @Test
    void nothingIsKeptOfWhoeverIsNoMore() throws Exception {
        weekly();
        long tuesday = at("2026-06-02T10:00:00Z");
        story.hears(deployed(tuesday)).clock(tuesday + HOUR);
        assertThat(story.stateEntries()).as("their row may come yet").isPositive();
        story.clock(tuesday + 8 * DAY);
        assertThat(story.stateEntries()).isZero();

        story.hears(user(ALICE, "UTC"));
        story.hears(deployed(tuesday));
        story.hears(Facts.deletion(CapturedTable.USERS, ALICE, ALICE, tuesday + 9 * DAY).fact());
        story.clock(tuesday + 20 * DAY);
        assertThat(story.stateEntries()).isZero();
        assertThat(story.keys()).isEmpty();
    }

    @Test
    void whoOwnsAProjectNoLongerGetsNoReportOfIt() throws Exception {
        weekly();
        story.hears(user(ALICE, "UTC"));
        long tuesday = at("2026-06-02T10:00:00Z");
        story.hears(deployed(tuesday));
        story.hears(
                new ActivitySignal(
                        ALICE,
                        SHOP,
                        new Source(tuesday + DAY, LogPosition.at(tuesday + DAY), Origin.CHANGED),
                        null,
                        null));
        story.clock(at("2026-06-08T08:01:00Z"));
        assertThat(story.keys()).isEmpty();
    }

    @Test
    void theMonthIsReportedOnItsFirstDayAndOnlyFreeProjects() throws Exception {
        host(Period.MONTH, Set.of("free"), Duration.ZERO);
        story.hears(user(ALICE, "America/New_York"));
        story.hears(
                plan(ALICE, SHOP, "free", CREATED),
                plan(ALICE, BLOG, "free", CREATED),
                deployed(at("2027-12-01T04:45:00Z"))); // November 30, 23:45
        story.clock(at("2027-12-01T13:01:00Z"));
        story.hears(deployed(at("2027-12-31T10:00:00Z")));
        story.clock(at("2028-01-01T13:01:00Z"));
        story.clock(at("2028-02-01T13:01:00Z"));
        story.hears(
                deployed(at("2028-02-29T10:00:00Z")),
                activity(BLOG, at("2028-02-29T10:00:00Z"), Figures.DEPLOYMENT));
        story.hears(plan(ALICE, BLOG, "pro", at("2028-02-29T11:00:00Z")));
        story.clock(at("2028-03-01T13:01:00Z"));
        assertThat(periods()).containsExactly("2027-11", "2027-12", "2028-02");
        assertThat(story.candidates().get(2).dueAt()).isEqualTo(at("2028-03-01T13:00:00Z"));
        assertThat(story.candidates().get(2).values().get("report"))
                .contains(SHOP)
                .doesNotContain(BLOG);
    }

    /** While a report waits for its turn, it stays true. */
    @Test
    void aProjectThatComesOntoAnotherPlanLeavesTheReport() throws Exception {
        host(Period.MONTH, Set.of("free"), Duration.ZERO);
        story.hears(user(ALICE, "UTC"));
        long may = at("2026-05-20T10:00:00Z");
        story.hears(plan(ALICE, SHOP, "free", CREATED), plan(ALICE, BLOG, "free", CREATED));
        story.hears(deployed(may), activity(BLOG, may, Figures.DEPLOYMENT));
        long first = at("2026-06-01T08:01:00Z");
        story.clock(first);
        assertThat(story.candidates().get(0).values().get("report")).contains(SHOP, BLOG);

        story.hears(plan(ALICE, BLOG, "pro", first + HOUR));
        assertThat(story.candidates()).hasSize(2);
        assertThat(story.candidates().get(1).values().get("report"))
                .contains(SHOP)
                .doesNotContain(BLOG);
        story.hears(plan(ALICE, SHOP, "pro", first + 2 * HOUR));
        assertThat(story.retractions())
                .extracting(Retraction::key)
                .containsExactly("report:" + ALICE + ":2026-05");
    }

    @Test
    void whoMovesGetsTheReportWhereTheyAreNow() throws Exception {
        weekly();
        story.hears(user(ALICE, "Australia/Sydney"));
        story.hears(deployed(at("2026-06-03T10:00:00Z")));
        story.clock(at("2026-06-07T21:00:00Z")); // an hour before it is 08:00 in Sydney
        story.hears(
                account(ALICE, CREATED)
                        .with("timezone", "America/New_York")
                        .committedAt(at("2026-06-07T21:00:01Z"))
                        .updated()
                        .fact());
        story.clock(at("2026-06-07T23:00:00Z"));
        assertThat(story.keys()).isEmpty();
        story.clock(at("2026-06-08T12:01:00Z"));
        assertThat(periods()).containsExactly("2026-W23");

        story.hears(
                account(ALICE, CREATED)
                        .with("timezone", "Australia/Sydney")
                        .committedAt(at("2026-06-08T13:00:00Z"))
                        .updated()
                        .fact());
        story.clock(at("2026-06-14T20:00:00Z"));
        assertThat(periods()).as("once, wherever one goes").containsExactly("2026-W23");
    }

    @ParameterizedTest
    @CsvSource({"Mars/Olympus", "''", "' '", "+99:00"})
    void whoLivesNowhereIsTakenToLiveWhereTheConfigurationSays(String zone) throws Exception {
        weekly();
        story.hears(user(ALICE, zone));
        story.hears(deployed(at("2026-06-03T10:00:00Z")));
        story.clock(at("2026-06-08T06:01:00Z"));
        assertThat(story.candidates())
                .singleElement()
                .satisfies(c -> assertThat(c.dueAt()).isEqualTo(at("2026-06-08T06:00:00Z")));
    }

    @Test
    void everybodyHasTheirOwnMomentInTheWindow() throws Exception {
        host(Period.WEEK, Set.of(), Duration.ofMinutes(30));
        for (String user : List.of(ALICE, BOB)) {
            story.hears(user(user, "UTC"));
            Activity activity = new Activity();
            activity.add(at("2026-06-03T10:00:00Z"), Figures.DEPLOYMENT);
            story.hears(
                    new ActivitySignal(
                            user,
                            SHOP,
                            new Source(
                                    at("2026-06-03T10:00:00Z"), LogPosition.at(1), Origin.CHANGED),
                            null,
                            activity));
        }
        story.clock(at("2026-06-08T08:31:00Z"));
        assertThat(story.candidates()).hasSize(2);
        assertThat(story.candidates().get(0).dueAt())
                .isNotEqualTo(story.candidates().get(1).dueAt());
        assertThat(story.candidates())
                .allSatisfy(
                        c ->
                                assertThat(c.dueAt())
                                        .isBetween(
                                                at("2026-06-08T08:00:00Z"),
                                                at("2026-06-08T08:30:00Z") - 1));
    }

    /** However long the job was down, there is one report, the latest, if that is not too late. */
    @Test
    void anOutageIsNotMadeUpFor() throws Exception {
        weekly();
        story.hears(user(ALICE, "UTC"));
        story.hears(deployed(at("2026-05-27T10:00:00Z")), deployed(at("2026-06-03T10:00:00Z")));
        story.clock(at("2026-06-03T11:00:00Z"));
        int before = story.keys().size();
        story.wall(at("2026-06-09T07:00:00Z")).clock(at("2026-06-09T07:00:00Z"));
        assertThat(periods().subList(before, story.keys().size())).containsExactly("2026-W23");
    }
}
