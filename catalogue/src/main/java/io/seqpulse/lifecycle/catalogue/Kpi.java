package io.seqpulse.lifecycle.catalogue;

import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * One figure that the product team looks at: of those that began in a window, the share that
 * reached a goal.
 *
 * @param name such as {@code signup_to_project_24h}
 * @param aliases other names under which it may be asked for
 * @param title language → its title, in a few words
 * @param description language → what it counts, in a sentence or two
 * @param kind what is counted
 * @param cohort who begins, in the minute of which they are counted
 * @param success what they reach
 * @param within how long after they began it still counts; null where it is what holds now, or
 *     where each email's own goal says it
 * @param codes the emails it is about; empty where it is about none
 * @param redBelow percentage under which it is red; null: never
 * @param greenFrom percentage from which it is green, orange between; null as {@code redBelow} is
 */
public record Kpi(
        String name,
        List<String> aliases,
        Map<String, String> title,
        Map<String, String> description,
        Kind kind,
        Cohort cohort,
        Success success,
        Duration within,
        List<String> codes,
        BigDecimal redBelow,
        BigDecimal greenFrom)
        implements Serializable {

    /** What a KPI counts. */
    public enum Kind {
        /** Everyone who began, once: a sum over the minutes of a window. */
        COHORT,
        /** Distinct projects that got one of the emails in the window. */
        DISTINCT_PROJECTS
    }

    /** Who begins: rows of a table. */
    public enum Cohort {
        USER_CREATED(CapturedTable.USERS, Success.PROJECT_CREATED),
        PROJECT_CREATED(
                CapturedTable.PROJECTS, Success.DEPLOYMENT_STARTED, Success.VERDICT_CREATED),
        /** A project whose plan was first seen as free. */
        FREE_PROJECT_CREATED(CapturedTable.PROJECTS, Success.PRO),
        DEPLOYMENT_STARTED(CapturedTable.DEPLOYMENTS, Success.DEPLOYMENT_FINISHED),
        /** Emails whose journal line says that they were sent. */
        EMAIL_SENT(
                CapturedTable.EMAIL_DELIVERIES,
                Success.PRO,
                Success.OPENED,
                Success.OPENED_BY_PEOPLE,
                Success.GOAL);

        private final CapturedTable table;
        private final List<Success> successes;

        Cohort(CapturedTable table, Success... successes) {
            this.table = table;
            this.successes = List.of(successes);
        }

        /** The table without which nobody begins. */
        public CapturedTable table() {
            return table;
        }

        /** What this version counts of it. */
        public List<Success> successes() {
            return successes;
        }
    }

    /** What is reached. */
    public enum Success {
        /** A project that the user owns now was created by then. */
        PROJECT_CREATED(Set.of(Subject.USER), CapturedTable.PROJECTS),
        DEPLOYMENT_STARTED(Set.of(), CapturedTable.DEPLOYMENTS),
        DEPLOYMENT_FINISHED(Set.of(), CapturedTable.DEPLOYMENTS),
        VERDICT_CREATED(Set.of(), CapturedTable.DEPLOYMENTS, CapturedTable.DEPLOYMENT_VERDICTS),
        /** The project's plan is, or came to be, {@code pro}. */
        PRO(Set.of(Subject.PROJECT), CapturedTable.PROJECTS),
        /** The email was opened, be it by a machine. */
        OPENED(Set.of(), CapturedTable.EMAIL_EVENTS),
        OPENED_BY_PEOPLE(Set.of(), CapturedTable.EMAIL_EVENTS),
        CLICKED(Set.of(Subject.USER, Subject.PROJECT), CapturedTable.EMAIL_EVENTS),
        /** What the email's own rule calls its goal. */
        GOAL(Set.of());

        private final Set<Subject> goalOf;
        private final List<CapturedTable> tables;

        Success(Set<Subject> goalOf, CapturedTable... tables) {
            this.goalOf = goalOf;
            this.tables = List.of(tables);
        }

        /** What may follow an email of a rule about such a subject. */
        public static List<Success> goalsOf(Subject subject) {
            return Arrays.stream(values()).filter(s -> s.goalOf.contains(subject)).toList();
        }

        /** The tables without which nobody reaches it; none of a goal, which is another success. */
        public List<CapturedTable> tables() {
            return tables;
        }
    }

    public Kpi {
        Objects.requireNonNull(name, "name");
        aliases = List.copyOf(aliases);
        title = Map.copyOf(title);
        description = Map.copyOf(description);
        codes = List.copyOf(codes);
    }

    /** Whether it is called that. */
    public boolean isCalled(String nameOrAlias) {
        return name.equals(nameOrAlias) || aliases.contains(nameOrAlias);
    }
}
