package io.seqpulse.lifecycle.property;

import static io.seqpulse.lifecycle.property.Setting.DAY;
import static io.seqpulse.lifecycle.property.Setting.HOUR;
import static io.seqpulse.lifecycle.property.Setting.MINUTE;
import static io.seqpulse.lifecycle.property.Setting.SECOND;

import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.property.History.Change;
import io.seqpulse.lifecycle.property.History.Transaction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Says from the history alone who gets which of the six emails, and when. It walks through time
 * over tables in memory and asks the catalogue's questions of them as they are; it knows of no log,
 * no order of arrival, no repetition and no state that could be lost. Shares nothing with the job
 * but the journal's stand-in.
 *
 * <p>Where two things fall together it says what the clock says: what was committed until one
 * millisecond after a question's time is known when it is asked (the watermark is two milliseconds
 * behind commit times). What no reader of the log can know is not known here either: rows deleted
 * or overwritten before the first snapshot.
 */
final class Oracle {

    private static final long NEVER = Long.MAX_VALUE;

    private static final List<String> PARENTS_FIRST =
            List.of(
                    "users",
                    "email_preferences",
                    "projects",
                    "project_members",
                    "deployments",
                    "deployment_verdicts",
                    "quota_refusals",
                    "email_deliveries");

    private static final class User {
        private String id;
        private long createdAt;
        private Long activeAt;
        private Long projectAt;
    }

    private static final class Project {
        private String id;
        private String owner;
        private String plan;
        private long planSince;
        private Long verdictAt;
        private final Map<String, Long> deployments = new HashMap<>();
        private final Map<String, Change> members = new TreeMap<>();
    }

    /** A time at which a rule may be due. */
    private static final class TriggerInstance {
        private String rule;
        private String subject;
        private boolean free;
        private String key;
        private String month;
        private String used;
        private long due;
        private long askAt;
        private long expires;
        private boolean asked;
        private final Map<String, String> given = new LinkedHashMap<>();

        private long next() {
            return asked ? expires : askAt;
        }
    }

    private static final class Offer {
        private TriggerInstance instance;
        private String key;
        private String recipient;
        private String userId;
        private String project;
        private long at;
        private boolean capped;
    }

    private static final class Hour {
        private final List<Long> sentAt = new ArrayList<>();
        private final List<Offer> absorbed = new ArrayList<>();
        private long digestAt;
    }

    private static final class Person {
        private boolean active = true;
        private boolean optedIn = true;
        private long marketingAt;
        private String reserved;
        private long reservedAt;
        private long releasedAt;
        private final Map<String, Offer> waiting = new TreeMap<>();
        private final Set<String> decided = new HashSet<>();

        /** What was given to the journal to be sent. */
        private final List<Offer> queued = new ArrayList<>();

        private final Map<String, Hour> hours = new TreeMap<>();
    }

    private final Setting setting;
    private final History history;
    private final FakeJournal journal;

    private final Map<String, User> users = new TreeMap<>();
    private final Map<String, Project> projects = new TreeMap<>();
    private final Map<String, String> projectOfDeployment = new HashMap<>();

    /** Deployment → when its verdict was last written, and its last hint; none from a snapshot. */
    private final Map<String, Long> verdictWritten = new HashMap<>();

    private final Map<String, Long> hintWritten = new HashMap<>();
    private final Map<String, Person> people = new TreeMap<>();

    /** Rule and occasion → what is open; those that are over stay, so that none comes twice. */
    private final Map<String, TriggerInstance> open = new TreeMap<>();

    private final Set<String> over = new HashSet<>();
    private long wall = Long.MIN_VALUE;

    Oracle(Setting setting, History history) {
        this.setting = setting;
        this.history = history;
        this.journal = new FakeJournal(setting, history::deletedAt);
    }

    FakeJournal run() {
        List<Transaction> transactions = history.transactions();
        Map<String, Change> rows = new LinkedHashMap<>();
        int next = 0;
        while (next < transactions.size()
                && transactions.get(next).commit() <= setting.snapshotAt()) {
            for (Change change : transactions.get(next++).changes()) {
                String row = change.table() + " " + change.id();
                if (change.operation() == 'd') {
                    rows.remove(row);
                } else {
                    rows.put(row, new Change('c', change.table(), change.id(), change.row()));
                }
            }
        }
        happen(new ArrayList<>(rows.values()), setting.snapshotAt(), true);
        boolean gapPassed = setting.gapTo() == 0;
        while (true) {
            long told = next < transactions.size() ? transactions.get(next).commit() : NEVER;
            long commit = Math.min(told, journal.nextCommit());
            long question = nextQuestion();
            if (!gapPassed && Math.min(commit, question) > setting.gapFrom()) {
                List<Change> unseen = new ArrayList<>();
                while (Math.min(told, journal.nextCommit()) <= setting.gapTo()) {
                    unseen.addAll(
                            told <= journal.nextCommit()
                                    ? transactions.get(next++).changes()
                                    : journal.commitNext().changes());
                    told = next < transactions.size() ? transactions.get(next).commit() : NEVER;
                }
                Map<String, Change> last = new LinkedHashMap<>();
                unseen.forEach(change -> last.put(change.table() + " " + change.id(), change));
                List<Change> gone =
                        last.values().stream().filter(c -> c.operation() == 'd').toList();
                last.values().removeAll(gone);
                happen(new ArrayList<>(last.values()), setting.gapTo(), true);
                wall = Math.max(wall, setting.up(setting.gapTo() + 2));
                happen(gone, setting.gapTo(), false);
                gapPassed = true;
            } else if (commit != NEVER && (question == NEVER || commit <= question + 1)) {
                Transaction transaction =
                        told <= journal.nextCommit()
                                ? transactions.get(next++)
                                : journal.commitNext();
                happen(transaction.changes(), transaction.commit(), false);
            } else if (question <= setting.end()) {
                wall = Math.max(wall, setting.up(question + 2));
                ask(question);
            } else {
                journal.close();
                return journal;
            }
        }
    }

    private long nextQuestion() {
        long next = NEVER;
        for (TriggerInstance instance : open.values()) {
            next = Math.min(next, instance.next());
        }
        for (Person person : people.values()) {
            for (Offer offer : person.waiting.values()) {
                long at =
                        offer.capped ? Math.min(offer.instance.expires, opensAt(person)) : offer.at;
                next = Math.min(next, at);
            }
            for (Hour hour : person.hours.values()) {
                next = Math.min(next, hour.absorbed.isEmpty() ? NEVER : hour.digestAt);
            }
        }
        return next;
    }

    // ---- what happens

    private void happen(List<Change> changes, long commit, boolean snapshot) {
        wall = Math.max(wall, setting.up(commit + 1));
        List<Change> ordered = new ArrayList<>(changes);
        if (snapshot) {
            ordered.sort(Comparator.comparingInt(c -> PARENTS_FIRST.indexOf(c.table())));
        }
        for (Change change : ordered) {
            switch (change.table()) {
                case "users" -> user(change, commit, snapshot);
                case "email_preferences" ->
                        person(change.text("user_id")).optedIn =
                                change.operation() == 'd' || change.is("marketing_opt_in");
                case "email_deliveries" -> delivery(change, commit);
                case "projects" -> project(change, commit, snapshot);
                case "project_members" -> member(change);
                case "deployments" -> deployment(change, commit, snapshot);
                case "deployment_verdicts" -> verdict(change, commit, snapshot);
                case "sdh_hints" -> hint(change, commit, snapshot);
                case "quota_refusals" -> refusal(change, commit, snapshot);
                default -> {
                    // figures of a mail, not whether it is sent
                }
            }
        }
        if (snapshot) {
            projects.values().forEach(project -> firstVerdict(project, commit, true));
        }
    }

    private void user(Change change, long commit, boolean snapshot) {
        String id = change.id();
        if (change.operation() == 'd') {
            users.remove(id);
            people.remove(id);
            open.values().removeIf(instance -> instance.subject.equals(id));
            return;
        }
        person(id).active = change.is("is_active");
        User user = users.get(id);
        boolean isNew = user == null;
        if (isNew) {
            user = new User();
            user.id = id;
            user.createdAt = change.millis("created_at");
            users.put(id, user);
        }
        if (user.activeAt == null && change.is("is_active")) {
            user.activeAt = isNew ? user.createdAt : Math.max(user.createdAt, commit);
            TriggerInstance welcome =
                    instance("E-TRX-01", id, "welcome_signup:" + id, user.activeAt);
            welcome.askAt = Math.max(user.activeAt, commit);
            welcome.expires = user.activeAt + DAY;
            consider(welcome, snapshot);
        }
        if (isNew) {
            long due = user.createdAt + 2 * HOUR;
            TriggerInstance slow = instance("E-ACT-01", id, "no_project_after_signup:" + id, due);
            slow.askAt = Math.max(due + MINUTE, commit);
            slow.expires = due + DAY;
            consider(slow, snapshot);
        }
    }

    private void delivery(Change change, long commit) {
        if (change.operation() == 'd') {
            return;
        }
        Person person = person(change.text("user_id"));
        String key = change.text("dedupe_key");
        if (!"moved".equals(change.text("reason"))) {
            person.decided.add(key);
            person.waiting.remove(key);
        }
        boolean sent = change.text("status").equals("sent");
        if (sent && List.of("E-ACT-01", "E-CONV-01").contains(change.text("email_type"))) {
            person.marketingAt = Math.max(person.marketingAt, change.millis("sent_at"));
        }
        if (!change.text("status").equals("queued") && key.equals(person.reserved)) {
            person.reserved = null;
            person.releasedAt = commit;
        }
    }

    private void project(Change change, long commit, boolean snapshot) {
        String id = change.id();
        if (change.operation() == 'd') {
            open.values().stream()
                    .filter(instance -> instance.subject.equals(id))
                    .toList()
                    .forEach(this::resolve);
            projects.remove(id);
            return;
        }
        Project project = projects.get(id);
        String owner = change.text("owner_id");
        if (project == null) {
            project = new Project();
            project.id = id;
            projects.put(id, project);
            hasProject(owner, change.millis("created_at"));
        } else {
            if (!owner.equals(project.owner)) {
                hasProject(owner, commit);
                move(project, owner, commit);
            }
            if (!change.text("plan").equals(project.plan)) {
                project.planSince = commit;
            }
        }
        project.owner = owner;
        project.plan = change.text("plan");
        if (!project.plan.equals("free")) {
            open.values().stream()
                    .filter(o -> o.subject.equals(id) && o.free && o.asked)
                    .toList()
                    .forEach(this::resolve);
        }
        count(project, month(commit), commit, snapshot);
    }

    private void hasProject(String owner, long at) {
        User user = users.get(owner);
        user.projectAt = user.projectAt == null ? at : Math.min(user.projectAt, at);
        TriggerInstance slow = open.get("E-ACT-01 no_project_after_signup:" + owner);
        if (slow != null && slow.asked) {
            resolve(slow);
        }
    }

    private void move(Project project, String owner, long commit) {
        for (TriggerInstance instance : open.values()) {
            if (!instance.subject.equals(project.id)
                    || !instance.asked
                    || !instance.key.equals(instance.given.get(project.owner))) {
                continue;
            }
            instance.given.remove(project.owner);
            Person before = person(project.owner);
            if (before.waiting.remove(instance.key) == null && !unabsorb(before, instance.key)) {
                journal.withdraw(wall, instance.key, project.owner, "moved");
            }
            before.decided.remove(instance.key);
            if (!instance.given.containsKey(owner)) {
                instance.given.put(owner, instance.key);
                offer(instance, owner, owner, project.id, commit);
            }
        }
    }

    private void member(Change change) {
        Project project = projects.get(change.text("project_id"));
        if (project == null) {
            return;
        }
        if (change.operation() == 'd') {
            project.members.remove(change.id());
        } else {
            project.members.put(change.id(), change);
        }
    }

    private void deployment(Change change, long commit, boolean snapshot) {
        Project project = projects.get(change.text("project_id"));
        Long startedAt = change.millis("started_at");
        if (change.operation() == 'd') {
            takeBackAlert(change.id());
        }
        if (change.operation() == 'd' || project == null || startedAt == null) {
            projectOfDeployment.put(change.id(), change.text("project_id"));
            return;
        }
        projectOfDeployment.put(change.id(), project.id);
        boolean isNew = project.deployments.put(change.id(), startedAt) == null;
        String month = month(startedAt);
        if (isNew) {
            count(project, month, commit, snapshot);
            for (TriggerInstance instance : open.values()) {
                if (instance.subject.equals(project.id)
                        && instance.asked
                        && month.equals(instance.month)) {
                    offer(instance, project.owner, project.owner, project.id, commit);
                }
            }
        }
    }

    /** Has the month's count come to a threshold, on the free plan? */
    private void count(Project project, String month, long commit, boolean snapshot) {
        count(project, month, commit, snapshot, 40, "E-CONV-01", "free_quota_80:");
        if (!setting.refusalsTable()) {
            count(project, month, commit, snapshot, 50, "E-CONV-03", "free_quota_reached:");
        }
    }

    private void count(
            Project project,
            String month,
            long commit,
            boolean snapshot,
            int threshold,
            String rule,
            String key) {
        List<Long> times = timesIn(project, month);
        if (!project.plan.equals("free")
                || times.size() < threshold
                || month(Math.max(project.planSince, times.get(0))).compareTo(month) > 0) {
            return;
        }
        long due = Math.max(times.get(threshold - 1), project.planSince);
        TriggerInstance reached = instance(rule, project.id, key + project.id + ":" + month, due);
        reached.askAt = Math.max(due, commit);
        reached.free = true;
        reached.month = month;
        reached.expires = rule.equals("E-CONV-01") ? endOfMonth(due) : due + DAY;
        consider(reached, snapshot);
    }

    private static List<Long> timesIn(Project project, String month) {
        return project.deployments.values().stream()
                .filter(at -> month(at).equals(month))
                .sorted()
                .toList();
    }

    private void verdict(Change change, long commit, boolean snapshot) {
        String deployment = change.text("deployment_id");
        Project project = projects.get(projectOfDeployment.get(deployment));
        if (change.operation() == 'd') {
            takeBackAlert(deployment);
        }
        if (change.operation() == 'd' || project == null) {
            return;
        }
        long createdAt = change.millis("created_at");
        if (project.verdictAt == null || createdAt < project.verdictAt) {
            project.verdictAt = createdAt;
            if (!snapshot) {
                firstVerdict(project, commit, false);
            }
        }
        if (!change.text("verdict").equals("ok")) {
            TriggerInstance critical =
                    instance(
                            "E-ACT-05",
                            project.id,
                            "critical_verdict_alert:" + deployment,
                            createdAt);
            critical.askAt = Math.max(createdAt, commit) + 2 * SECOND;
            critical.expires = createdAt + 6 * HOUR;
            consider(critical, snapshot);
        }
        if (snapshot) {
            verdictWritten.remove(deployment);
        } else {
            verdictWritten.put(deployment, commit);
            hurry(deployment);
        }
    }

    private void hint(Change change, long commit, boolean snapshot) {
        if (!snapshot && change.operation() == 'c') {
            hintWritten.put(change.text("deployment_id"), commit);
            hurry(change.text("deployment_id"));
        }
    }

    /** Whose hints were committed with it waits for none. */
    private void hurry(String deployment) {
        Long written = verdictWritten.get(deployment);
        TriggerInstance alert = open.get("E-ACT-05 critical_verdict_alert:" + deployment);
        if (alert != null && written != null && written.equals(hintWritten.get(deployment))) {
            alert.askAt = Math.min(alert.askAt, Math.max(alert.due, written));
        }
    }

    /** The verdict is no more. Before anybody was told, another one may take its place. */
    private void takeBackAlert(String deployment) {
        String name = "E-ACT-05 critical_verdict_alert:" + deployment;
        TriggerInstance alert = open.get(name);
        if (alert != null && alert.asked) {
            resolve(alert);
        } else {
            open.remove(name);
        }
    }

    private void firstVerdict(Project project, long commit, boolean snapshot) {
        if (project.verdictAt == null) {
            return;
        }
        TriggerInstance first =
                instance(
                        "E-ACT-04",
                        project.id,
                        "first_verdict_available:" + project.id,
                        project.verdictAt);
        first.askAt = Math.max(project.verdictAt, commit);
        first.expires = project.verdictAt + 2 * DAY;
        consider(first, snapshot);
    }

    private void refusal(Change change, long commit, boolean snapshot) {
        Project project = projects.get(change.text("project_id"));
        if (change.operation() == 'd' || project == null || !project.plan.equals("free")) {
            return;
        }
        long due = change.millis("attempted_at");
        TriggerInstance refused =
                instance(
                        "E-CONV-03",
                        project.id,
                        "free_quota_reached:" + project.id + ":" + month(due),
                        due);
        refused.askAt = Math.max(due, commit);
        refused.free = true;
        refused.used = change.text("used");
        refused.expires = due + DAY;
        consider(refused, snapshot);
    }

    // ---- what is noticed

    private static TriggerInstance instance(String rule, String subject, String key, long due) {
        TriggerInstance instance = new TriggerInstance();
        instance.rule = rule;
        instance.subject = subject;
        instance.key = key;
        instance.due = due;
        return instance;
    }

    /** What was due before the rule ran is history; what a snapshot tells too late is over. */
    private void consider(TriggerInstance instance, boolean snapshot) {
        String name = instance.rule + " " + instance.key;
        TriggerInstance known = open.get(name);
        if (over.contains(name) || (known != null && (known.asked || known.due <= instance.due))) {
            return;
        }
        open.remove(name);
        if (instance.due < setting.liveSince().get(instance.rule)) {
            if (instance.rule.startsWith("E-CONV")) {
                over.add(name);
            }
            return;
        }
        if (!snapshot || instance.expires > wall) {
            open.put(name, instance);
        }
    }

    private void ask(long now) {
        for (TriggerInstance instance : List.copyOf(open.values())) {
            if (instance.asked && instance.expires <= now) {
                finish(instance);
            } else if (!instance.asked && instance.askAt <= now) {
                askWhether(instance, now);
            }
        }
        for (Person person : List.copyOf(people.values())) {
            decide(person, now);
        }
    }

    private void askWhether(TriggerInstance instance, long now) {
        boolean resolved = false;
        if (instance.rule.equals("E-ACT-01")) {
            Long projectAt = users.get(instance.subject).projectAt;
            if (projectAt != null && projectAt <= instance.due) {
                finish(instance);
                return;
            }
            resolved = projectAt != null;
        }
        Project project = projects.get(instance.subject);
        if (instance.free && !project.plan.equals("free")) {
            resolved = true;
        }
        instance.asked = true;
        recipients(instance, project)
                .forEach(
                        (recipient, key) -> {
                            instance.given.put(recipient, key);
                            String userId =
                                    recipient.startsWith("mailto:") ? project.owner : recipient;
                            String projectId = project == null ? null : project.id;
                            offer(instance, recipient, userId, projectId, now);
                        });
        if (resolved) {
            resolve(instance);
        }
    }

    private static Map<String, String> recipients(TriggerInstance instance, Project project) {
        Map<String, String> recipients = new LinkedHashMap<>();
        if (project == null) {
            recipients.put(instance.subject, instance.key);
            return recipients;
        }
        recipients.put(project.owner, instance.key);
        for (Change member : project.members.values()) {
            String user = member.text("user_id");
            if (instance.rule.equals("E-ACT-04")
                    && "admin".equals(member.text("role"))
                    && user != null) {
                recipients.putIfAbsent(user, instance.key + ":" + user);
            }
            if (instance.rule.equals("E-ACT-05") && member.is("on_call")) {
                String recipient =
                        user == null
                                ? "mailto:" + member.text("email").strip().toLowerCase(Locale.ROOT)
                                : user;
                recipients.putIfAbsent(
                        recipient, instance.key + ":" + (user == null ? hash(recipient) : user));
            }
        }
        return recipients;
    }

    private static String hash(String text) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash).substring(0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** It no longer holds: whoever waits for it waits in vain. */
    private void resolve(TriggerInstance instance) {
        finish(instance);
        instance.given.forEach(
                (recipient, key) -> {
                    Person person = person(recipient);
                    Project project = projects.get(instance.subject);
                    Offer offer = person.waiting.remove(key);
                    if (offer == null) {
                        offer = absorbed(person, key);
                        unabsorb(person, key);
                    }
                    if (offer != null) {
                        end(person, offer, "resolved");
                    } else {
                        String userId = recipient.startsWith("mailto:") ? project.owner : recipient;
                        journal.withdraw(wall, key, userId, "resolved");
                    }
                });
    }

    private void finish(TriggerInstance instance) {
        String name = instance.rule + " " + instance.key;
        open.remove(name);
        over.add(name);
    }

    // ---- what is decided

    private Person person(String recipient) {
        return people.computeIfAbsent(recipient, id -> new Person());
    }

    private void offer(
            TriggerInstance instance, String recipient, String userId, String project, long now) {
        Person person = person(recipient);
        String key = instance.given.get(recipient);
        if (key == null || person.decided.contains(key)) {
            return;
        }
        if (person.waiting.containsKey(key)) {
            person.waiting.get(key).at = now; // with newer figures
            return;
        }
        Offer offer = new Offer();
        offer.instance = instance;
        offer.key = key;
        offer.recipient = recipient;
        offer.userId = userId;
        offer.project = project;
        offer.at = now;
        if (instance.rule.equals("E-ACT-05")) {
            alert(person, offer, now);
        } else {
            person.waiting.put(key, offer);
        }
    }

    private void decide(Person person, long now) {
        for (Offer offer : List.copyOf(person.waiting.values())) {
            if (!offer.capped && offer.at <= now && person.waiting.containsKey(offer.key)) {
                decide(person, offer, now);
            }
        }
        for (Offer offer : List.copyOf(person.waiting.values())) {
            if (offer.capped && offer.instance.expires <= Math.max(now, wall)) {
                person.waiting.remove(offer.key);
                end(person, offer, "capped");
            }
        }
        window(person, now);
        digests(person, now);
    }

    private void decide(Person person, Offer offer, long now) {
        String obstacle = obstacle(person, offer, now);
        if (obstacle != null) {
            person.waiting.remove(offer.key);
            end(person, offer, obstacle);
            return;
        }
        if (offer.instance.rule.equals("E-CONV-03")) {
            for (Offer weaker : List.copyOf(person.waiting.values())) {
                if (weaker.instance.rule.equals("E-CONV-01")
                        && weaker.project.equals(offer.project)) {
                    person.waiting.remove(weaker.key);
                    end(person, weaker, "superseded");
                }
            }
            for (Offer weaker : person.queued) {
                if (weaker.instance.rule.equals("E-CONV-01")
                        && weaker.project.equals(offer.project)
                        && now < weaker.instance.expires) {
                    journal.withdraw(wall, weaker.key, offer.userId, "superseded");
                }
            }
        }
        if (isMarketing(offer)) {
            offer.capped = true;
        } else {
            person.waiting.remove(offer.key);
            send(person, offer, offer.key);
        }
    }

    private static boolean isMarketing(Offer offer) {
        return offer.instance.rule.equals("E-ACT-01") || offer.instance.rule.equals("E-CONV-01");
    }

    private void window(Person person, long now) {
        while (now >= opensAt(person)) {
            Offer best =
                    person.waiting.values().stream()
                            .filter(offer -> offer.capped)
                            .min(
                                    Comparator.comparing((Offer offer) -> offer.instance.rule)
                                            .thenComparing(offer -> offer.instance.due)
                                            .thenComparing(offer -> offer.key))
                            .orElse(null);
            if (best == null) {
                return;
            }
            person.waiting.remove(best.key);
            String obstacle = obstacle(person, best, now);
            if (obstacle != null) {
                end(person, best, obstacle);
                continue;
            }
            if (isHeldOut(best)) {
                end(person, best, "holdout");
                continue;
            }
            send(person, best, best.key);
            person.reserved = best.key;
            person.reservedAt = now;
            return;
        }
    }

    /** The first 64 bits of the hash, among ten thousand parts of all people. */
    private boolean isHeldOut(Offer offer) {
        String hash = hash(offer.instance.rule + ":" + offer.recipient);
        long part = Long.remainderUnsigned(Long.parseUnsignedLong(hash, 16), 10_000);
        return part < setting.holdout() * 100L;
    }

    private static long opensAt(Person person) {
        long last = person.marketingAt;
        if (person.reserved != null) {
            last = Math.max(last, person.reservedAt);
        }
        return Math.max(last == 0 ? 0 : last + DAY, person.releasedAt);
    }

    private String obstacle(Person person, Offer offer, long now) {
        Mode mode = setting.modes().getOrDefault(offer.instance.rule, Mode.LIVE);
        if (mode == Mode.DISABLED) {
            return "disabled";
        }
        if (offer.instance.expires <= Math.max(now, wall)) {
            return "stale";
        }
        if (!person.active) {
            return "inactive";
        }
        if (isMarketing(offer) && !person.optedIn) {
            return "opted_out";
        }
        return mode == Mode.SHADOW ? "shadow" : null;
    }

    /** Five an hour one by one, the others together when the first one's hour is over. */
    private void alert(Person person, Offer offer, long now) {
        String obstacle = obstacle(person, offer, now);
        if (obstacle != null) {
            end(person, offer, obstacle);
            return;
        }
        digests(person, now);
        Hour hour = person.hours.computeIfAbsent(offer.project, project -> new Hour());
        hour.sentAt.removeIf(at -> at <= now - HOUR);
        if (hour.sentAt.size() < 5 && hour.absorbed.isEmpty()) {
            hour.sentAt.add(now);
            send(person, offer, offer.key);
            return;
        }
        if (hour.absorbed.isEmpty()) {
            hour.digestAt = hour.sentAt.get(0) + HOUR;
        }
        hour.absorbed.add(offer);
        person.decided.add(offer.key);
    }

    private void digests(Person person, long now) {
        for (Hour hour : person.hours.values()) {
            if (hour.absorbed.isEmpty() || hour.digestAt > now) {
                continue;
            }
            Offer first = hour.absorbed.get(0);
            Offer digest = new Offer();
            digest.instance =
                    hour.absorbed.stream()
                            .map(offer -> offer.instance)
                            .max(Comparator.comparing(instance -> instance.expires))
                            .orElseThrow();
            digest.key = first.key + ":digest";
            digest.recipient = first.recipient;
            digest.userId = first.userId;
            digest.at = now;
            hour.absorbed.forEach(offer -> end(person, offer, "superseded"));
            hour.absorbed.clear();
            String obstacle = obstacle(person, digest, now);
            if (obstacle == null) {
                send(person, digest, digest.key);
            } else {
                end(person, digest, obstacle);
            }
        }
    }

    private static Offer absorbed(Person person, String key) {
        return person.hours.values().stream()
                .flatMap(hour -> hour.absorbed.stream())
                .filter(offer -> offer.key.equals(key))
                .findFirst()
                .orElse(null);
    }

    private static boolean unabsorb(Person person, String key) {
        boolean removed = false;
        for (Hour hour : person.hours.values()) {
            removed |= hour.absorbed.removeIf(offer -> offer.key.equals(key));
        }
        return removed;
    }

    private void send(Person person, Offer offer, String key) {
        person.decided.add(key);
        person.queued.add(offer);
        TriggerInstance instance = offer.instance;
        String used =
                instance.month == null
                        ? instance.used
                        : String.valueOf(
                                timesIn(projects.get(instance.subject), instance.month).size());
        journal.write(
                wall, instance.rule, key, offer.recipient, offer.userId, null, used, offer.at);
    }

    private void end(Person person, Offer offer, String reason) {
        boolean keyStaysFree = Set.of("opted_out", "shadow", "disabled").contains(reason);
        if (!keyStaysFree) {
            person.decided.add(offer.key);
        }
        journal.write(
                wall,
                offer.instance.rule,
                keyStaysFree ? offer.key + "#" + reason : offer.key,
                offer.recipient,
                offer.userId,
                reason,
                null,
                offer.at);
    }

    // ---- months

    private static String month(long at) {
        return LocalDate.ofInstant(Instant.ofEpochMilli(at), ZoneOffset.UTC)
                .toString()
                .substring(0, 7);
    }

    private static long endOfMonth(long at) {
        return LocalDate.ofInstant(Instant.ofEpochMilli(at), ZoneOffset.UTC)
                .withDayOfMonth(1)
                .plusMonths(1)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant()
                .toEpochMilli();
    }
}
