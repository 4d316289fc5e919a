package io.seqpulse.lifecycle.detect;

import static io.seqpulse.lifecycle.story.Facts.ALICE;
import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LIVE_SINCE;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static io.seqpulse.lifecycle.story.Facts.MINUTE;
import static io.seqpulse.lifecycle.story.Facts.MORNING;
import static io.seqpulse.lifecycle.story.Facts.SECOND;
import static io.seqpulse.lifecycle.story.Facts.signUp;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.catalogue.Trigger.Happened;
import io.seqpulse.lifecycle.catalogue.Trigger.Occurrence;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.story.DetectionStory;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.RuleDraft;
import io.seqpulse.lifecycle.story.Rules;
import io.seqpulse.lifecycle.user.DetectUser;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A login from a country or with a device that is new for somebody (E-SEC-02). */
class UnfamiliarLoginTest {

    private record Login(String id, String country, String device, long at) {
        Event event(long committedAt) {
            return Facts.of(EventType.LOGGED_IN, ALICE, id, at)
                    .with("login_id", id)
                    .with("country", country)
                    .with("device", device)
                    .committedAt(committedAt)
                    .fact();
        }

        Event event() {
            return event(at);
        }
    }

    private DetectionStory story;

    @BeforeEach
    void start() throws Exception {
        Rule rule =
                RuleDraft.of(
                        Subject.USER,
                        new Happened(
                                EventType.LOGGED_IN,
                                Occurrence.EACH,
                                Map.of(),
                                List.of("country", "device"),
                                Duration.ZERO),
                        Audience.USER,
                        Duration.ofHours(24),
                        "suspicious_login:{login_id}");
        List<ActiveRule> rules = Rules.active(List.of(rule), LIVE_SINCE);
        story =
                new DetectionStory(
                        () -> new DetectUser(LOG, rules, Rules.measures(), ZoneOffset.UTC));
        story.hears(signUp(ALICE, MORNING - HOUR)).clock(MORNING - HOUR);
    }

    @AfterEach
    void stop() throws Exception {
        story.close();
    }

    private List<String> told() {
        return story.keys().stream()
                .map(key -> key.substring("suspicious_login:".length()))
                .toList();
    }

    @Test
    void theFirstLoginIsNotUnusual() throws Exception {
        story.hears(new Login("1", "FR", "Firefox", MORNING).event()).clock(MORNING + 9 * DAY);
        assertThat(told()).isEmpty();
        assertThat(story.timers()).isZero();
    }

    @Test
    void aNewCountryOrDeviceIs() throws Exception {
        story.hears(new Login("1", "FR", "Firefox", MORNING).event());
        story.hears(new Login("2", "FR", "Firefox", MORNING + DAY).event());
        story.hears(new Login("3", "BR", "Firefox", MORNING + 2 * DAY).event());
        story.restarts();
        story.hears(new Login("4", "br ", "firefox", MORNING + 3 * DAY).event());
        story.hears(new Login("5", "FR", "Safari", MORNING + 4 * DAY).event());
        story.clock(MORNING + 4 * DAY);
        assertThat(told()).containsExactly("3", "5");
        assertThat(story.candidates().get(0).values())
                .containsEntry("country", "BR")
                .containsEntry("happened_at", "2026-11-12T09:00:00Z");
    }

    @Test
    void whatIsUnknownIsNotNew() throws Exception {
        story.hears(new Login("1", "FR", "Firefox", MORNING).event());
        story.hears(new Login("2", null, "Firefox", MORNING + HOUR).event());
        story.hears(new Login("3", " ", null, MORNING + 2 * HOUR).event());
        story.clock(MORNING + DAY);
        assertThat(told()).isEmpty();
    }

    @Test
    void ninetyDaysLaterItIsNewAgain() throws Exception {
        story.hears(new Login("1", "FR", "Firefox", MORNING).event());
        story.hears(new Login("2", "BR", "Firefox", MORNING + 10 * DAY).event());
        story.hears(new Login("3", "FR", "Firefox", MORNING + 90 * DAY).event());
        story.hears(new Login("4", "BR", "Firefox", MORNING + 100 * DAY + SECOND).event());
        story.clock(MORNING + 101 * DAY);
        assertThat(told()).containsExactly("2", "4");
    }

    @Test
    void anEarlierLoginThatIsToldLaterCounts() throws Exception {
        story.hears(
                new Login("2", "BR", "Firefox", MORNING + MINUTE).event(MORNING + MINUTE),
                new Login("1", "FR", "Firefox", MORNING).event(MORNING + MINUTE),
                new Login("0", "BR", "Firefox", MORNING - MINUTE).event(MORNING + MINUTE));
        story.clock(MORNING + MINUTE);
        assertThat(told()).containsExactly("1");
    }

    /** Against a loop over the sorted history. */
    @Test
    void anyOrderTellsTheSame() throws Exception {
        int unusual = 0;
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            List<Login> logins = new ArrayList<>();
            for (int i = 0; i < 2 + random.nextInt(25); i++) {
                logins.add(
                        new Login(
                                "l" + i,
                                List.of("FR", "BR", "DE", "US").get(random.nextInt(4)),
                                List.of("a", "b", "c").get(random.nextInt(3)),
                                MORNING + random.nextInt(3) * HOUR + random.nextInt(2) * 50 * DAY));
            }
            TreeSet<String> expected = unusual(logins);
            unusual += expected.size();
            long committed = MORNING + 51 * DAY;
            List<Event> facts = new ArrayList<>();
            logins.forEach(login -> facts.add(login.event(committed)));
            facts.addAll(List.copyOf(facts).subList(0, random.nextInt(logins.size())));
            Collections.shuffle(facts, random);
            story.wall(MORNING);
            story.hears(facts).clock(committed);
            assertThat(new TreeSet<>(told())).as("seed " + seed).isEqualTo(expected);
            stop();
            start();
        }
        assertThat(unusual).isGreaterThan(300);
    }

    private static TreeSet<String> unusual(List<Login> logins) {
        TreeSet<String> unusual = new TreeSet<>();
        for (Login login : logins) {
            List<Login> before =
                    logins.stream()
                            .filter(
                                    one ->
                                            one.at() < login.at()
                                                    || (one.at() == login.at()
                                                            && one.id().compareTo(login.id()) < 0))
                            .toList();
            boolean country = before.stream().anyMatch(b -> b.country().equals(login.country()));
            boolean device = before.stream().anyMatch(b -> b.device().equals(login.device()));
            if (!before.isEmpty() && !(country && device)) {
                unusual.add(login.id());
            }
        }
        return unusual;
    }
}
