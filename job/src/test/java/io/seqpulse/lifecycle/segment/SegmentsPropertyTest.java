package io.seqpulse.lifecycle.segment;

import static io.seqpulse.lifecycle.story.Facts.DAY;
import static io.seqpulse.lifecycle.story.Facts.HOUR;
import static io.seqpulse.lifecycle.story.Facts.LOG;
import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.CapturedTable;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.fact.Event;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.project.DetectProject;
import io.seqpulse.lifecycle.story.Facts;
import io.seqpulse.lifecycle.story.Reconciliations;
import io.seqpulse.lifecycle.story.Tallies;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

/**
 * Projects tell their owners seldom, and time moves people between segments: at every moment the
 * segments are those that the rows and all deployments make, counted out anew.
 */
class SegmentsPropertyTest {

    private static final int HISTORIES = Integer.getInteger("lifecycle.histories", 60);
    private static final long SEED = Long.getLong("lifecycle.seed", 20_261_121L);
    private static final int STEPS = 40;
    private static final long BEGIN = Facts.at("2026-09-28T00:00:00Z");
    private static final List<String> PLANS = List.of("free", "free", "pro", "enterprise");

    private static final class User {
        private long createdAt;
        private boolean active = true;
        private boolean twofa;
        private long twofaChangedAt;
    }

    private static final class Project {
        private String owner;
        private String plan;
        private long createdAt;
        private final List<Long> deployments = new ArrayList<>();
    }

    private final Map<String, User> users = new TreeMap<>();
    private final Map<String, Project> projects = new TreeMap<>();
    private final List<Increment> increments = new ArrayList<>();
    private final Map<String, Integer> seen = new TreeMap<>();
    private KeyedTwoInputStreamOperatorTestHarness<String, Fact, SnapshotBoundary, Message> detect;
    private KeyedTwoInputStreamOperatorTestHarness<String, Fact, SnapshotBoundary, Increment>
            segments;
    private int standingsRead;
    private int incrementsRead;
    private long standings;
    private long deployments;
    private long position;

    @Test
    void countsWhatTheRowsAndAllDeploymentsMake() throws Exception {
        for (int history = 0; history < HISTORIES; history++) {
            live(SEED + history);
        }
        assertThat(seen.keySet())
                .as("segments that were not empty")
                .hasSize(Segment.values().length);
        assertThat(standings)
                .as("what projects told, of %d deployments", deployments)
                .isLessThan(deployments / 5);
    }

    private void live(long seed) throws Exception {
        Random random = new Random(seed);
        users.clear();
        projects.clear();
        increments.clear();
        position = 0;
        open(null, null);
        long now = BEGIN;
        for (int step = 0; step < STEPS; step++) {
            now = next(now, random);
            List<Fact> toProjects = new ArrayList<>();
            for (int i = random.nextInt(3); i >= 0; i--) {
                happen(now, random, toProjects);
            }
            Collections.shuffle(toProjects, random); // as the ways of rows and deployments may
            toProjects.sort((a, b) -> Boolean.compare(isRow(b), isRow(a)));
            for (Fact fact : toProjects) {
                detect.processElement1(new StreamRecord<>(fact));
            }
            if (random.nextInt(10) == 0) {
                pass();
                restart();
            }
            Reconciliations.clock(detect, now);
            pass();
            Reconciliations.clock(segments, now);
            List<Increment> out = segments.extractOutputValues();
            increments.addAll(out.subList(incrementsRead, out.size()));
            incrementsRead = out.size();
            Map<String, String> expected = expected(now);
            assertThat(Tallies.of(increments))
                    .as("history %d, step %d, %s", seed, step, Instant.ofEpochMilli(now))
                    .isEqualTo(expected);
            expected.keySet().forEach(segment -> seen.merge(segment, 1, Integer::sum));
        }
        detect.close();
        segments.close();
    }

    private static boolean isRow(Fact fact) {
        return !(fact instanceof Event event) || event.type() != EventType.DEPLOYMENT_STARTED;
    }

    /** Often exactly when something changes by time alone, or just before. */
    private long next(long now, Random random) {
        TreeSet<Long> boundaries = new TreeSet<>();
        long week = 7 * DAY;
        boundaries.add(BEGIN + ((now - BEGIN) / week + 1) * week);
        boundaries.add(
                YearMonth.from(Instant.ofEpochMilli(now).atZone(ZoneOffset.UTC))
                        .plusMonths(1)
                        .atDay(1)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant()
                        .toEpochMilli());
        for (User user : users.values()) {
            boundaries.add(user.createdAt + 14 * DAY);
            boundaries.add(user.createdAt + 30 * DAY);
            boundaries.add(user.twofaChangedAt + 90 * DAY);
        }
        for (Project project : projects.values()) {
            for (long at : project.deployments) {
                boundaries.add(at + 14 * DAY);
                boundaries.add(at + 30 * DAY);
            }
        }
        Long boundary = boundaries.higher(now + 1);
        return switch (random.nextInt(4)) {
            case 0 -> boundary;
            case 1 -> boundary - 1;
            default -> now + 1 + random.nextInt((int) (4 * DAY / HOUR)) * HOUR;
        };
    }

    private void happen(long now, Random random, List<Fact> toProjects) throws Exception {
        String id = "u" + random.nextInt(2);
        User user = users.get(id);
        if (user == null) {
            user = new User();
            user.createdAt = now;
            users.put(id, user);
            tell(id, user, now);
            return;
        }
        String projectId = "p" + random.nextInt(3);
        Project project = projects.get(projectId);
        switch (random.nextInt(12)) {
            case 0 -> {
                user.active = !user.active;
                tell(id, user, now);
            }
            case 1 -> {
                user.twofa = !user.twofa;
                user.twofaChangedAt = now;
                tell(id, user, now);
            }
            case 2, 3 -> {
                if (project != null) {
                    project.plan = PLANS.get(random.nextInt(PLANS.size()));
                    project.owner =
                            users.keySet().toArray(String[]::new)[random.nextInt(users.size())];
                    row(projectId, project, now, toProjects);
                }
            }
            case 4 -> {
                if (project != null && toProjects.isEmpty()) {
                    projects.remove(projectId);
                    detect.processElement1(
                            new StreamRecord<>(
                                    at(
                                                    Facts.deletion(
                                                            CapturedTable.PROJECTS,
                                                            projectId,
                                                            projectId,
                                                            now),
                                                    now)
                                            .fact()));
                }
            }
            default -> {
                if (project == null) {
                    project = new Project();
                    project.owner = id;
                    project.plan = "free";
                    project.createdAt = now;
                    projects.put(projectId, project);
                    row(projectId, project, now, toProjects);
                }
                int burst = random.nextInt(4) == 0 ? 45 : random.nextInt(8);
                for (int i = 0; i < burst; i++) {
                    long at = Math.max(project.createdAt, now - random.nextInt(3) * HOUR);
                    project.deployments.add(at);
                    deployments++;
                    toProjects.add(at(Facts.started(projectId, "d" + position, at), now).fact());
                }
            }
        }
    }

    private void tell(String id, User user, long now) throws Exception {
        segments.processElement1(
                new StreamRecord<>(
                        at(Facts.row(CapturedTable.USERS, id, id, user.createdAt), now)
                                .with("is_active", Boolean.toString(user.active))
                                .with("twofa_enabled", Boolean.toString(user.twofa))
                                .fact()));
    }

    private void row(String id, Project project, long now, List<Fact> toProjects) {
        toProjects.add(
                at(Facts.row(CapturedTable.PROJECTS, id, id, project.createdAt), now)
                        .with("owner_id", project.owner)
                        .with("plan", project.plan)
                        .fact());
        toProjects.add(
                at(Facts.of(EventType.PROJECT_CREATED, id, id, project.createdAt), now).fact());
    }

    private <F extends Fact> Facts<F> at(Facts<F> told, long committedAt) {
        return told.committedAt(committedAt).position(position++);
    }

    private void pass() throws Exception {
        var told = detect.getSideOutput(DetectProject.STANDINGS);
        List<Fact> all = new ArrayList<>();
        if (told != null) {
            told.forEach(record -> all.add(record.getValue()));
        }
        for (Fact fact : all.subList(standingsRead, all.size())) {
            standings++;
            segments.processElement1(new StreamRecord<>(fact));
        }
        standingsRead = all.size();
    }

    private void restart() throws Exception {
        OperatorSubtaskState ofProjects = detect.snapshot(1, 1);
        OperatorSubtaskState ofUsers = segments.snapshot(1, 1);
        detect.close();
        segments.close();
        open(ofProjects, ofUsers);
    }

    private void open(OperatorSubtaskState ofProjects, OperatorSubtaskState ofUsers)
            throws Exception {
        detect =
                Reconciliations.harness(
                        new DetectProject(LOG, List.of(), KpiIndex.of(CatalogueLoader.load(null))),
                        Fact::key);
        segments = Reconciliations.harness(new CountSegments(), Fact::key);
        if (ofProjects != null) {
            detect.initializeState(ofProjects);
            segments.initializeState(ofUsers);
        }
        detect.open();
        segments.open();
        standingsRead = 0;
        incrementsRead = 0;
    }

    private Map<String, String> expected(long now) {
        Map<String, Integer> members = new HashMap<>();
        users.forEach(
                (id, user) -> {
                    if (user.active) {
                        expected(id, user, now).forEach(s -> members.merge(s, 1, Integer::sum));
                    }
                });
        Map<String, String> expected = new TreeMap<>();
        members.forEach((segment, count) -> expected.put("segment " + segment, "0/" + count));
        return expected;
    }

    private List<String> expected(String id, User user, long now) {
        List<Project> owned = projects.values().stream().filter(p -> p.owner.equals(id)).toList();
        List<String> in = new ArrayList<>();
        long silentSince = user.createdAt;
        boolean recent = false;
        boolean recentOnPro = false;
        boolean near = false;
        boolean dropped = false;
        boolean free = true;
        long monday = BEGIN + (now - BEGIN) / (7 * DAY) * 7 * DAY;
        for (Project project : owned) {
            silentSince = Math.max(silentSince, project.createdAt);
            free &= project.plan.equals("free");
            for (long at : project.deployments) {
                silentSince = Math.max(silentSince, at);
                recent |= now - at < 14 * DAY;
                recentOnPro |= now - at < 14 * DAY && project.plan.equals("pro");
            }
            YearMonth month = YearMonth.from(Instant.ofEpochMilli(now).atZone(ZoneOffset.UTC));
            near |=
                    project.plan.equals("free")
                            && project.deployments.stream()
                                            .filter(
                                                    at ->
                                                            YearMonth.from(
                                                                            Instant.ofEpochMilli(at)
                                                                                    .atZone(
                                                                                            ZoneOffset
                                                                                                    .UTC))
                                                                    .equals(month))
                                            .count()
                                    >= 40;
            long lastWeek = between(project, monday - 7 * DAY, monday);
            long weekBefore = between(project, monday - 14 * DAY, monday - 7 * DAY);
            dropped |= weekBefore >= 4 && 2 * lastWeek <= weekBefore;
        }
        if (now - user.createdAt < 14 * DAY) {
            in.add("new_user");
        }
        if (user.twofa || (user.twofaChangedAt != 0 && now - user.twofaChangedAt < 90 * DAY)) {
            in.add("security_sensitive");
        }
        if (free && recent) {
            in.add("free_active");
        }
        if (near) {
            in.add("free_near_limit");
        }
        if (recentOnPro) {
            in.add("pro_active");
        }
        if (dropped || now - silentSince >= 14 * DAY) {
            in.add("at_risk");
        }
        if (now - silentSince >= 30 * DAY) {
            in.add("at_risk_severe");
        }
        return in;
    }

    private static long between(Project project, long from, long to) {
        return project.deployments.stream().filter(at -> at >= from && at < to).count();
    }
}
