package io.seqpulse.connector.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whole hours and the minutes at the ends of a window come to what all its minutes come to. */
class KpiWindowTest {

    /** From and to any of some hundred times, so that there are empty and backward windows, too. */
    private static final String WINDOWS =
            """
            with edges as (
                select at from generate_series(
                    timestamptz '2026-11-21 09:58Z', '2026-11-21 15:03Z', interval '7 minutes') at
                union
                select at from generate_series(
                    timestamptz '2026-11-21 09:58Z', '2026-11-21 15:03Z', interval '1 hour') at
                union
                select at + step
                from generate_series(
                    timestamptz '2026-11-21 10:00Z', '2026-11-21 15:00Z', interval '1 hour') at
                cross join unnest(array[
                    interval '0', '-1 minute', '1 minute', '1 microsecond', '-1 microsecond',
                    '30 seconds', '59 minutes 30 seconds']) step
            )
            select since.at as since, until.at as until, minutes.sum as by_minutes,
                hours.sum as by_hours, hours.rows
            from edges since
            cross join edges until
            cross join lateral (
                select %s from %s and m.bucket >= since.at and m.bucket < until.at
            ) as minutes (sum)
            cross join lateral (select %s, count(*) from %s) as hours (sum, rows)
            """;

    private final ProductDatabase database = ProductDatabase.shared();

    @BeforeEach
    void fill() {
        for (String table :
                List.of(
                        "generation",
                        "cohort_rows",
                        "cohort_hour_rows",
                        "activity_rows",
                        "activity_hour_rows")) {
            database.execute("delete from kpi." + table);
        }
        database.execute("insert into kpi.generation values (1, now(), now(), now())");
        for (String series : List.of("some", "email/E-ACT-01/opened")) {
            database.execute(
                    """
                    insert into kpi.cohort_rows
                    select 1, ?, m, (random() * 9)::bigint, 9 + (random() * 9)::bigint
                    from generate_series(
                        timestamptz '2026-11-21 09:00Z', '2026-11-21 16:00Z', interval '1 minute') m
                    where random() < 0.7
                    """,
                    series);
        }
        database.execute(
                "insert into kpi.activity_rows select 1, kpi, bucket, denominator"
                        + " from kpi.cohort_rows");
        database.execute("call kpi.add_up_hours()");
    }

    @Test
    void ofACohort() {
        assertAgree(
                "sum(numerator) * 100000 + sum(denominator)",
                "kpi.cohort m where m.kpi = 'some'",
                "kpi.cohort_between('some', since.at, until.at) m");
    }

    @Test
    void ofAnActivity() {
        assertAgree(
                "sum(count)",
                "kpi.activity m where m.activity = 'some'",
                "kpi.activity_between('some', since.at, until.at) m");
    }

    @Test
    void ofAnEmail() {
        assertAgree(
                "sum(numerator) * 100000 + sum(denominator)",
                "kpi.cohort_minutes m where m.kpi = 'email/E-ACT-01/opened'",
                "kpi.cohort_between('email/E-ACT-01/opened', since.at, until.at) m");
    }

    private void assertAgree(String sum, String minutes, String hours) {
        List<Map<String, Object>> windows =
                database.rows(WINDOWS.formatted(sum, minutes, sum, hours));
        assertThat(windows)
                .hasSizeGreaterThan(5_000)
                .allSatisfy(
                        window ->
                                assertThat(window.get("by_hours"))
                                        .isEqualTo(window.get("by_minutes")))
                .anySatisfy(window -> assertThat(window.get("rows")).isEqualTo(5L));
    }
}
