package io.seqpulse.lifecycle.property;

import static io.seqpulse.lifecycle.property.Draft.delete;
import static io.seqpulse.lifecycle.property.Draft.insert;
import static io.seqpulse.lifecycle.property.Draft.update;
import static io.seqpulse.lifecycle.property.Setting.DAY;
import static io.seqpulse.lifecycle.property.Setting.HOUR;
import static io.seqpulse.lifecycle.property.Setting.MINUTE;
import static io.seqpulse.lifecycle.property.Setting.SECOND;

import io.seqpulse.lifecycle.property.Draft.Edit;
import io.seqpulse.lifecycle.property.History.Change;
import io.seqpulse.lifecycle.property.History.Transaction;
import io.seqpulse.lifecycle.property.Setting.Window;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes up what may happen in the product: mostly ordinary, with a strong liking for the moments at
 * which a rule changes its mind, and one millisecond or second to either side of them.
 */
final class HistoryGenerator {

    private static final int TRIES = 40;

    private final Setting setting;
    private final String id;
    private final Random random;
    private final Draft draft = new Draft();
    private final Set<String> intents = new TreeSet<>();
    private int sequence;

    private HistoryGenerator(Setting setting, String id, long seed) {
        this.setting = setting;
        this.id = id;
        this.random = new Random(seed);
    }

    /** The history of a seed. */
    static History generate(Setting setting, String id, long seed) {
        for (int attempt = 0; attempt < TRIES; attempt++) {
            HistoryGenerator generator =
                    new HistoryGenerator(setting, id, seed + 1_000_003L * attempt);
            generator.tellStories();
            generator.endSomeUnseen();
            List<Transaction> transactions = generator.draft.transactions();
            if (!transactions.isEmpty()) {
                if (generator.isActivatedUnseen(transactions)) {
                    generator.intents.add("activated while the slot was gone");
                }
                return new History(id, seed, transactions, generator.intents);
            }
        }
        throw new IllegalStateException("seed " + seed + " makes no history");
    }

    /** Whether somebody who was known is activated while the slot is gone. */
    private boolean isActivatedUnseen(List<Transaction> transactions) {
        Set<String> inactive = new HashSet<>();
        for (Transaction transaction : transactions) {
            for (Change change : transaction.changes()) {
                if (change.table().equals("users")
                        && change.is("is_active")
                        && inactive.contains(change.id())
                        && setting.inGap(transaction.commit())) {
                    return true;
                }
                boolean waits = change.operation() == 'c' && !change.is("is_active");
                if (change.table().equals("users") && waits) {
                    inactive.add(change.id());
                } else if (change.table().equals("users") && change.is("is_active")) {
                    inactive.remove(change.id());
                }
            }
        }
        return false;
    }

    /** While the slot is gone, some of what there is goes too. */
    private void endSomeUnseen() {
        if (setting.gapTo() == 0) {
            return;
        }
        for (String table : List.of("users", "projects", "project_members", "email_preferences")) {
            for (String row : draft.inserted(table, setting.gapFrom())) {
                if (random.nextInt(5) == 0) {
                    int length = (int) (setting.gapTo() - setting.gapFrom());
                    draft.commit(
                            setting.gapFrom() + 1 + random.nextInt(length), delete(table, row));
                    intents.add("deleted while the slot was gone");
                }
            }
        }
    }

    private void tellStories() {
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> signUp();
            case 3, 4 -> verdicts();
            case 5 -> burst();
            case 6, 7 -> quota(oldUser(), moment("E-CONV-01"));
            case 8 -> {
                signUp();
                verdicts();
            }
            default -> signUpAndUseQuickly();
        }
    }

    // ---- people

    /** Somebody who signed up long ago, and whom no rule about signing up concerns. */
    private String oldUser() {
        String user = next("u");
        long created = setting.boundary() - 60 * DAY + random.nextInt((int) DAY);
        commitUser(user, created, created + lag(), true);
        return user;
    }

    private void commitUser(String user, long created, long commit, boolean active) {
        draft.commit(
                commit,
                insert(
                        "users",
                        user,
                        "id",
                        user,
                        "name",
                        "Name " + user,
                        "email",
                        user + "@example.test",
                        "is_active",
                        active,
                        "first_name",
                        random.nextBoolean() ? "Ada" : null,
                        "locale",
                        random.nextBoolean() ? "en" : null,
                        "timezone",
                        null,
                        "created_at",
                        created));
    }

    private void signUp() {
        String user = next("u");
        long created = random.nextBoolean() ? moment("E-TRX-01") : moment("E-ACT-01") - 2 * HOUR;
        long due = created + 2 * HOUR;
        long asked = due + MINUTE;
        boolean active = random.nextInt(5) != 0;
        long commit = created + lag();
        commitUser(user, created, commit, active);
        if (!active && random.nextInt(3) != 0) {
            intents.add("activated later");
            setActive(user, activation(commit), true);
        }
        if (random.nextInt(6) == 0) {
            setActive(user, near(random.nextBoolean() ? asked : commit + 20), false);
            if (random.nextInt(2) == 0) {
                setActive(user, asked + random.nextInt((int) (20 * HOUR)), true);
            }
        }
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> intents.add("no project");
            case 3, 4, 5, 6 -> {
                intents.add("project at the deadline");
                project(user, Math.max(created + 1, near(due)));
            }
            case 7 -> project(user, created + random.nextInt((int) HOUR));
            case 8 -> {
                String project = project(user, created + random.nextInt((int) HOUR));
                draft.commit(created + HOUR + 4 * SECOND, delete("projects", project));
            }
            default -> {
                String giver = oldUser();
                String project = project(giver, due - random.nextInt((int) (3 * HOUR)));
                long given = near(random.nextBoolean() ? due : asked);
                transfer(project, user, given);
                if (random.nextBoolean()) {
                    rename(project, given + random.nextInt((int) (2 * MINUTE)));
                }
                intents.add("project given");
            }
        }
        if (random.nextInt(4) == 0) {
            optOut(user, near(asked));
        }
        if (random.nextInt(5) == 0) {
            intents.add("marketing before");
            sentBefore(user, Math.max(commit, near(random.nextBoolean() ? due : asked - HOUR)));
        }
        if (random.nextInt(20) == 0) {
            takenKey(user, "no_project_after_signup:" + user, "E-ACT-01", asked - MINUTE);
        }
        if (random.nextInt(14) == 0) {
            draft.commit(near(asked + random.nextInt(3) * HOUR), delete("users", user));
        }
        if (random.nextInt(3) == 0) {
            draft.commit(
                    commit + random.nextInt((int) (3 * DAY)),
                    update("users", user, "name", "Renamed " + user));
        }
    }

    private long activation(long signedUp) {
        boolean unseen = setting.gapFrom() > signedUp && random.nextInt(3) == 0;
        return unseen
                ? setting.gapFrom()
                        + 1
                        + random.nextInt((int) (setting.gapTo() - setting.gapFrom()))
                : signedUp + MINUTE + random.nextInt((int) (30 * HOUR));
    }

    /** Gets E-ACT-01 for being slow, then fills the quota within a day: the cap has work. */
    private void signUpAndUseQuickly() {
        intents.add("two marketing mails in a day");
        String user = next("u");
        long created = moment("E-ACT-01") - 2 * HOUR;
        commitUser(user, created, created + lag(), true);
        long asked = created + 2 * HOUR + MINUTE;
        quota(user, near(asked + 1 + random.nextInt((int) (23 * HOUR))), asked + 5);
        if (random.nextInt(4) == 0) {
            quota(oldUserOrSame(user), asked + random.nextInt((int) (23 * HOUR)), asked + 10);
        }
        if (random.nextInt(3) == 0) {
            optOut(user, near(asked + DAY));
        }
        if (random.nextInt(6) == 0) {
            setActive(user, near(asked + DAY), false);
        }
    }

    private String oldUserOrSame(String user) {
        return random.nextInt(3) == 0 ? oldUser() : user;
    }

    private void setActive(String user, long commit, boolean active) {
        draft.commit(commit, update("users", user, "is_active", active));
    }

    private void optOut(String user, long commit) {
        draft.commit(
                commit,
                insert(
                        "email_preferences",
                        user,
                        "user_id",
                        user,
                        "marketing_opt_in",
                        random.nextInt(5) == 0,
                        "product_updates_opt_in",
                        random.nextBoolean()));
        if (random.nextInt(3) == 0) {
            draft.commit(
                    commit + random.nextInt((int) (2 * HOUR)),
                    random.nextInt(3) == 0
                            ? delete("email_preferences", user)
                            : update("email_preferences", user, "marketing_opt_in", true));
        }
    }

    /** The product itself sent a marketing mail. */
    private void sentBefore(String user, long sentAt) {
        String row = next("e");
        draft.commit(
                sentAt + random.nextInt(40),
                insert(
                        "email_deliveries",
                        row,
                        "id",
                        row,
                        "user_id",
                        user,
                        "project_id",
                        null,
                        "email_type",
                        random.nextBoolean() ? "E-CONV-01" : "E-ACT-01",
                        "dedupe_key",
                        "before:" + row,
                        "status",
                        random.nextInt(10) == 0 ? "failed" : "sent",
                        "sent_at",
                        sentAt,
                        "created_at",
                        sentAt - SECOND));
    }

    /** The product itself journalled an email under that key. */
    private void takenKey(String user, String key, String type, long createdAt) {
        intents.add("key taken");
        String row = next("e");
        draft.commit(
                createdAt,
                insert(
                        "email_deliveries",
                        row,
                        "id",
                        row,
                        "user_id",
                        user,
                        "project_id",
                        null,
                        "email_type",
                        type,
                        "dedupe_key",
                        key,
                        "status",
                        List.of("queued", "failed", "suppressed").get(random.nextInt(3)),
                        "sent_at",
                        null,
                        "created_at",
                        createdAt));
    }

    // ---- projects

    private String project(String owner, long createdAt) {
        return project(owner, createdAt, createdAt + lag(), "free");
    }

    private String project(String owner, long createdAt, long commit, String plan) {
        String project = next("p");
        draft.commit(
                commit,
                insert(
                        "projects",
                        project,
                        "id",
                        project,
                        "name",
                        "Project " + project,
                        "owner_id",
                        owner,
                        "plan",
                        plan,
                        "created_at",
                        createdAt));
        return project;
    }

    private void transfer(String project, String owner, long commit) {
        draft.commit(commit, update("projects", project, "owner_id", owner));
    }

    private void rename(String project, long commit) {
        draft.commit(commit, update("projects", project, "name", "Renamed " + project));
    }

    private void plan(String project, String plan, long commit) {
        draft.commit(commit, update("projects", project, "plan", plan));
    }

    private void member(String project, String user, String role, boolean onCall, long commit) {
        String row = next("m");
        boolean bare = user == null;
        draft.commit(
                commit,
                insert(
                        "project_members",
                        row,
                        "id",
                        row,
                        "project_id",
                        project,
                        "user_id",
                        user,
                        "email",
                        bare ? " OnCall-" + row + "@Example.test" : null,
                        "role",
                        role,
                        "on_call",
                        onCall));
        if (random.nextInt(6) == 0) {
            draft.commit(commit + random.nextInt((int) DAY), delete("project_members", row));
        } else if (random.nextInt(8) == 0) {
            draft.commit(
                    commit + random.nextInt((int) DAY),
                    update("project_members", row, "on_call", !onCall));
        }
    }

    private void members(String project, String owner, long asked) {
        int members = random.nextInt(4);
        for (int i = 0; i < members; i++) {
            String user =
                    switch (random.nextInt(4)) {
                        case 0 -> null;
                        case 1 -> owner;
                        default -> oldUser();
                    };
            long commit = random.nextInt(3) == 0 ? near(asked) : asked - 2 * DAY;
            member(
                    project,
                    user,
                    random.nextBoolean() ? "admin" : "viewer",
                    user == null || random.nextBoolean(),
                    commit);
        }
    }

    // ---- verdicts

    private void verdicts() {
        String owner = oldUser();
        String rule = random.nextBoolean() ? "E-ACT-04" : "E-ACT-05";
        long first = moment(rule);
        long begun = Math.min(first, setting.snapshotAt()) - 3 * DAY;
        String plan = List.of("free", "pro", "enterprise").get(random.nextInt(3));
        String project = project(owner, begun, begun + 10, plan);
        long commit = first + lag();
        long asked = commit + 2 * SECOND;
        members(project, owner, random.nextBoolean() ? commit : asked);
        List<Long> times = new ArrayList<>(List.of(first));
        if (random.nextInt(3) == 0) {
            times.add(near(first + 1));
        }
        if (random.nextInt(3) == 0) {
            times.add(first + MINUTE + random.nextInt((int) (5 * DAY)));
        }
        for (long time : times) {
            verdict(project, time, time == first ? commit : time + lag());
        }
        long soon = near(random.nextBoolean() ? commit : asked + random.nextInt(3) * HOUR);
        switch (random.nextInt(7)) {
            case 0 -> {
                intents.add("project deleted");
                draft.commit(soon, delete("projects", project));
            }
            case 1 -> {
                intents.add("new owner");
                transfer(project, oldUser(), soon);
            }
            case 2 -> setActive(owner, soon, false);
            case 3 -> optOut(owner, soon);
            default -> rename(project, soon);
        }
        if (random.nextInt(5) == 0) {
            member(project, oldUser(), "admin", true, asked + random.nextInt((int) (4 * DAY)));
        }
        if (random.nextInt(12) == 0) {
            takenKey(owner, "first_verdict_available:" + project, "E-ACT-04", commit - MINUTE);
        }
    }

    private void verdict(String project, long createdAt, long commit) {
        String deployment = next("d");
        long started = createdAt - 10 * MINUTE;
        deployment(project, deployment, started, "running", Math.min(started + 30, commit - 3));
        List<Edit> edits = new ArrayList<>();
        boolean together = random.nextBoolean();
        if (together) {
            edits.add(update("deployments", deployment, "state", "analyzed"));
            for (String phase : List.of("pre", "post")) {
                String row = next("s");
                edits.add(
                        insert(
                                "metric_samples",
                                row,
                                "deployment_id",
                                deployment,
                                "phase",
                                phase,
                                "latency_p95",
                                100 + random.nextInt(80),
                                "error_rate",
                                "0.01" + random.nextInt(9),
                                "collected_at",
                                createdAt - SECOND));
            }
        }
        String verdict =
                List.of("ok", "ok", "warning", "rollback_recommended").get(random.nextInt(4));
        String row = next("v");
        edits.add(
                insert(
                        "deployment_verdicts",
                        row,
                        "id",
                        row,
                        "deployment_id",
                        deployment,
                        "verdict",
                        verdict,
                        "confidence",
                        "0.9",
                        "summary",
                        "Summary of " + row,
                        "created_at",
                        createdAt));
        if (random.nextBoolean()) {
            edits.add(hint(deployment, createdAt));
        }
        draft.commit(commit, edits);
        if (random.nextInt(3) == 0) {
            long later = commit + random.nextInt((int) (3 * SECOND));
            draft.commit(later, hint(deployment, later));
        }
        if (random.nextInt(4) == 0) {
            draft.commit(
                    commit + random.nextInt((int) (6 * SECOND)),
                    update("deployments", deployment, "branch", "renamed"));
        }
        // whether one that turns critical only when it can no longer be mailed is journalled as
        // stale, or was never an occasion, the catalogue leaves open
        if (verdict.equals("ok") && setting.outages().isEmpty() && random.nextInt(4) == 0) {
            intents.add("verdict made worse");
            draft.commit(
                    commit + random.nextInt((int) (2 * HOUR)),
                    update("deployment_verdicts", row, "verdict", "warning"));
        }
        if (random.nextInt(10) == 0) {
            draft.commit(
                    commit + random.nextInt((int) (4 * SECOND)), delete("deployments", deployment));
        }
    }

    private Edit hint(String deployment, long createdAt) {
        String row = next("h");
        return insert(
                "sdh_hints",
                row,
                "id",
                row,
                "deployment_id",
                deployment,
                "metric",
                "latency_p95",
                "severity",
                random.nextBoolean() ? "critical" : "medium",
                "title",
                "Title",
                "diagnosis",
                null,
                "suggested_actions",
                random.nextBoolean() ? "[\"Roll back\",\"Look at the queries\"]" : null,
                "created_at",
                createdAt);
    }

    /** More critical verdicts than a person can read, told as they were committed. */
    private void burst() {
        intents.add("burst");
        String owner = oldUser();
        long start = Math.max(moment("E-ACT-05"), setting.snapshotAt() + MINUTE);
        long length = 3 * HOUR;
        if (start + length > setting.gapFrom() && start < setting.gapTo() + MINUTE) {
            start = setting.gapTo() + MINUTE; // a snapshot tells them all at one time
        }
        String project = project(owner, start - 40 * DAY, start - 40 * DAY, "pro");
        if (random.nextBoolean()) {
            member(project, random.nextBoolean() ? null : oldUser(), "viewer", true, start - DAY);
        }
        List<Long> times = new ArrayList<>();
        long spread = List.of(10 * MINUTE, 50 * MINUTE, 80 * MINUTE).get(random.nextInt(3));
        int alerts = 4 + random.nextInt(7);
        for (int i = 0; i < alerts; i++) {
            times.add(start + (i == 0 ? 0 : (long) (random.nextDouble() * spread)));
        }
        if (random.nextBoolean()) {
            times.add(near(start + HOUR));
        }
        if (random.nextInt(4) == 0) {
            times.add(near(start + 2 * HOUR));
        }
        for (long time : times) {
            String deployment = next("d");
            deployment(project, deployment, start - HOUR, "running", start - 30 * MINUTE);
            String row = next("v");
            draft.commit(
                    time,
                    insert(
                            "deployment_verdicts",
                            row,
                            "id",
                            row,
                            "deployment_id",
                            deployment,
                            "verdict",
                            random.nextBoolean() ? "warning" : "rollback_recommended",
                            "confidence",
                            "0.9",
                            "summary",
                            null,
                            "created_at",
                            time));
        }
        long during = near(start + HOUR - random.nextInt((int) (40 * MINUTE)));
        switch (random.nextInt(8)) {
            case 0 -> setActive(owner, during, false);
            case 1 -> draft.commit(during, delete("projects", project));
            case 2 -> {
                if (times.size() <= 5) {
                    transfer(project, oldUser(), during); // more would come to them in no order
                }
            }
            default -> {
                // an ordinary bad hour
            }
        }
    }

    // ---- quota

    private void quota(String owner, long at) {
        quota(owner, at, setting.boundary() - 50 * DAY);
    }

    /**
     * A project whose deployments of a month come to the thresholds at a time.
     *
     * @param at start of the deployment that may be the fortieth
     */
    private void quota(String owner, long at, long projectFrom) {
        long monthFrom = at < setting.boundary() ? monthBefore() : setting.boundary();
        boolean boundary = random.nextInt(4) == 0;
        if (boundary && projectFrom < setting.boundary() - 2 * DAY) {
            intents.add("quota at the end of a month");
            at = near(setting.boundary());
            monthFrom = random.nextInt(4) == 0 ? setting.boundary() : monthBefore();
        }
        long from = Math.max(projectFrom + 1, monthFrom);
        String startPlan =
                random.nextInt(4) == 0 ? (random.nextBoolean() ? "pro" : "enterprise") : "free";
        String project = project(owner, projectFrom, projectFrom + 1, startPlan);
        int threshold = random.nextInt(4) == 0 ? 50 : 40;
        int alone = 1 + random.nextInt(4);
        int before = threshold - 1 - random.nextInt(alone + 1);
        long until = Math.max(from + 1, at - MINUTE);
        List<String> bulk = new ArrayList<>();
        List<Edit> edits = new ArrayList<>();
        long lastStart = from;
        for (int i = 0; i < before; i++) {
            String deployment = next("d");
            long started = from + (long) (random.nextDouble() * (until - from));
            lastStart = Math.max(lastStart, started);
            bulk.add(deployment);
            edits.add(started(project, deployment, started, "finished"));
            if (edits.size() == 20 || i == before - 1) {
                draft.commit(lastStart + 5 + random.nextInt(20), List.copyOf(edits));
                edits.clear();
            }
        }
        long last = at;
        for (int i = 0; i < alone; i++) {
            long started = i == 0 ? at : near(at + random.nextInt((int) (10 * MINUTE)));
            last = Math.max(last, started);
            String deployment = next("d");
            bulk.add(deployment);
            long commit = started + lag();
            if (started < setting.boundary() && random.nextInt(3) == 0) {
                commit = Math.max(commit, near(setting.boundary())); // told in another month
            }
            if (random.nextInt(3) == 0) {
                draft.commit(Math.max(projectFrom + 5, started - 20), pending(project, deployment));
                draft.commit(
                        commit,
                        update(
                                "deployments",
                                deployment,
                                "started_at",
                                started,
                                "state",
                                "running"));
            } else {
                deployment(project, deployment, started, "running", commit);
            }
        }
        for (int i = 0; i < 3; i++) {
            String deployment = bulk.get(random.nextInt(bulk.size()));
            long later = last + random.nextInt((int) (2 * DAY));
            draft.commit(
                    later,
                    random.nextInt(3) == 0
                            ? delete("deployments", deployment)
                            : update("deployments", deployment, "state", "analyzed"));
        }
        plans(project, startPlan, at, last);
        refusals(project, at, last);
        if (random.nextInt(4) == 0) {
            intents.add("marketing before");
            sentBefore(owner, near(at + random.nextInt(3) - DAY));
        }
        if (random.nextInt(5) == 0) {
            optOut(owner, near(last));
        }
        if (random.nextInt(6) == 0) {
            intents.add("new owner");
            transfer(project, oldUser(), near(last + random.nextInt((int) HOUR)));
        }
        if (random.nextInt(10) == 0) {
            draft.commit(near(last + 2), delete("projects", project));
        }
        if (random.nextInt(12) == 0) {
            setActive(owner, near(last), false);
        }
        if (random.nextInt(25) == 0) {
            draft.commit(near(last + HOUR), delete("users", owner));
        }
    }

    private void plans(String project, String startPlan, long at, long last) {
        boolean free = startPlan.equals("free");
        int changes = random.nextInt(4) - (free ? 1 : 0);
        long time = near(random.nextBoolean() ? at + 5 : last + random.nextInt((int) HOUR));
        for (int i = 0; i < changes; i++) {
            intents.add("plan changed");
            free = !free;
            plan(project, free ? "free" : random.nextBoolean() ? "pro" : "enterprise", time);
            time += random.nextBoolean() ? 5 * SECOND : random.nextInt((int) (2 * DAY));
        }
    }

    private void refusals(String project, long at, long last) {
        if (!setting.refusalsTable()) {
            return;
        }
        int refusals = random.nextInt(3);
        for (int i = 0; i < refusals; i++) {
            long attempted =
                    switch (random.nextInt(4)) {
                        case 0 -> near(setting.boundary());
                        case 1 -> moment("E-CONV-03");
                        default -> near(last + random.nextInt((int) (3 * HOUR)));
                    };
            String row = next("r");
            draft.commit(
                    attempted + lag(),
                    insert(
                            "quota_refusals",
                            row,
                            "id",
                            row,
                            "project_id",
                            project,
                            "attempted_at",
                            attempted,
                            "used",
                            50));
        }
    }

    private void deployment(
            String project, String deployment, long startedAt, String state, long commit) {
        draft.commit(commit, started(project, deployment, startedAt, state));
    }

    private Edit started(String project, String deployment, long startedAt, String state) {
        return insert(
                "deployments",
                deployment,
                "id",
                deployment,
                "deployment_number",
                sequence,
                "project_id",
                project,
                "env",
                "production",
                "branch",
                "main",
                "state",
                state,
                "started_at",
                startedAt,
                "finished_at",
                state.equals("finished") ? startedAt + 1 : null);
    }

    private Edit pending(String project, String deployment) {
        return insert(
                "deployments",
                deployment,
                "id",
                deployment,
                "deployment_number",
                sequence,
                "project_id",
                project,
                "env",
                "staging",
                "branch",
                "main",
                "state",
                "pending",
                "started_at",
                null,
                "finished_at",
                null);
    }

    // ---- times

    private long monthBefore() {
        return LocalDate.ofInstant(Instant.ofEpochMilli(setting.boundary() - 1), ZoneOffset.UTC)
                .withDayOfMonth(1)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant()
                .toEpochMilli();
    }

    /** A time for a rule to be due. */
    private long moment(String rule) {
        if (random.nextInt(5) < 2) {
            return near(anchor(rule));
        }
        return setting.boundary() - 3 * DAY + (long) (random.nextDouble() * 6 * DAY);
    }

    private long anchor(String rule) {
        List<Long> anchors = new ArrayList<>();
        anchors.add(setting.liveSince().get(rule));
        anchors.add(setting.boundary());
        anchors.add(setting.snapshotAt());
        for (Window outage : setting.outages()) {
            anchors.add(outage.from());
            anchors.add(outage.to());
            long expires =
                    switch (rule) {
                        case "E-ACT-04" -> 48 * HOUR;
                        case "E-ACT-05" -> 6 * HOUR;
                        default -> 24 * HOUR;
                    };
            anchors.add(outage.to() - expires);
        }
        if (setting.gapTo() != 0) {
            anchors.add(setting.gapTo() - random.nextInt((int) HOUR));
        }
        anchors.removeIf(
                anchor ->
                        anchor < setting.boundary() - 20 * DAY
                                || anchor > setting.boundary() + 5 * DAY);
        return anchors.isEmpty() ? setting.boundary() : anchors.get(random.nextInt(anchors.size()));
    }

    /** That time, or one as near as makes a difference. */
    private long near(long time) {
        return switch (random.nextInt(12)) {
            case 0, 1 -> exactly("at a boundary", time);
            case 2 -> exactly("1 ms before a boundary", time - 1);
            case 3 -> exactly("1 ms after a boundary", time + 1);
            case 4 -> time - 2;
            case 5 -> time + 2;
            case 6 -> exactly("1 s before a boundary", time - SECOND);
            case 7 -> exactly("1 s after a boundary", time + SECOND);
            case 8, 9 -> time - 90 * SECOND + random.nextInt((int) (180 * SECOND));
            default -> time - 45 * MINUTE + random.nextInt((int) (90 * MINUTE));
        };
    }

    private long exactly(String intent, long time) {
        intents.add(intent);
        return time;
    }

    /** From a business time to its commit. */
    private long lag() {
        return switch (random.nextInt(10)) {
            case 0 -> 0;
            case 1, 2 -> SECOND + random.nextInt((int) (70 * SECOND));
            case 3 -> random.nextInt((int) (3 * HOUR));
            default -> random.nextInt(40);
        };
    }

    private String next(String kind) {
        return id + "-" + kind + sequence++;
    }
}
