package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import java.sql.SQLException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * What there is to report on in the morning of a Monday or of the first of a month: E-RET-01,
 * E-RET-02 and E-CONV-05. On and around these days people live where it is 08:00 then, some a
 * little earlier, because reports are spread over half an hour; on others they prepare for the next
 * one.
 */
final class Reports implements Story {

    private static final int SPREAD_MINUTES = 30;
    private static final Duration AHEAD = Duration.ofSeconds(90);

    private static final Predicate<LocalDate> MONDAY =
            day -> day.getDayOfWeek() == DayOfWeek.MONDAY;

    private static final Predicate<LocalDate> FIRST = day -> day.getDayOfMonth() == 1;

    private final ProductRows rows;
    private final People people;
    private final Agenda agenda;

    Reports(Stage stage) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.agenda = stage.agenda();
    }

    @Override
    public void plan() {
        plan(MONDAY, 3_000, this::week);
        plan(MONDAY, 3_500, this::dropIn);
        plan(FIRST, 4_000, this::month);
    }

    /** What somebody has to be told of, who lives in a zone. */
    private interface Life {
        int in(String zone) throws SQLException;
    }

    private void plan(Predicate<LocalDate> day, long first, Life life) {
        boolean soon = Mornings.at(Instant.now().plus(AHEAD), day).isPresent();
        agenda.repeat(
                first,
                soon ? 6_000 : 60_000,
                () -> {
                    Duration earlier = Duration.ofMinutes(people.below(SPREAD_MINUTES));
                    Instant morning = Instant.now().plus(AHEAD).minus(earlier);
                    return life.in(Mornings.at(morning, day).orElse("Europe/Paris"));
                });
    }

    /** E-RET-01: a few deployments in each of the last two weeks. */
    private int week(String zone) throws SQLException {
        return deployments(zone, "pro", 3, 4, 1);
    }

    /** E-RET-02: less than half of the week before, whether last week or this is asked about. */
    private int dropIn(String zone) throws SQLException {
        return deployments(zone, "pro", 9, 4, 1);
    }

    private int deployments(String zone, String plan, int before, int last, int current)
            throws SQLException {
        Person owner = people.person().in(zone);
        UUID project = people.id();
        int written = rows.user(owner, true, Stage.daysAgo(40));
        written += rows.project(project, owner, plan, Stage.daysAgo(39));
        Instant now = Instant.now();
        Instant monday =
                LocalDate.ofInstant(now, ZoneOffset.UTC)
                        .with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY))
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant();
        Duration week = Duration.ofDays(7);
        written += between(project, monday.minus(week.multipliedBy(2)), monday.minus(week), before);
        written += between(project, monday.minus(week), monday, last);
        return written + between(project, monday, now, current);
    }

    /** E-CONV-05: a free project that was used last month where its owner lives, and is again. */
    private int month(String zone) throws SQLException {
        Person owner = people.person().in(zone);
        UUID project = people.id();
        LocalDate today = LocalDate.ofInstant(Instant.now().plus(AHEAD), ZoneId.of(zone));
        Instant begin =
                YearMonth.from(today)
                        .minusMonths(1)
                        .atDay(2)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant();
        return rows.user(owner, true, begin.minus(Duration.ofDays(2)))
                + rows.project(project, owner, "free", begin.minus(Duration.ofDays(1)))
                + between(project, begin, begin.plus(Duration.ofDays(5)), 4)
                + rows.goodDeployment(project, Instant.now().minusSeconds(60));
    }

    private int between(UUID project, Instant from, Instant to, int deployments)
            throws SQLException {
        int written = 0;
        for (int i = 0; i < deployments; i++) {
            Duration offset =
                    Duration.between(from, to).multipliedBy(2L * i + 1).dividedBy(2L * deployments);
            written += rows.goodDeployment(project, from.plus(offset));
        }
        return written;
    }
}
