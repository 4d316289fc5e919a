package io.seqpulse.connector.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the views make of the series of emails' funnels. */
class EmailFunnelTest {

    private final ProductDatabase database = ProductDatabase.shared();

    @BeforeEach
    void fill() {
        for (String table : List.of("generation", "cohort_rows", "cohort_hour_rows")) {
            database.execute("delete from kpi." + table);
        }
        database.execute("insert into kpi.generation values (1, now(), now(), now())");
        database.execute(
                """
                insert into kpi.cohort_rows
                select 1, 'email/E-ACT-01/' || series, timestamptz '2026-11-21 10:00Z', num, den
                from (values
                    ('opened', 1, 4), ('opened_by_people', 1, 4), ('clicked', 0, 4), ('goal', 2, 4),
                    ('opened/a', 3, 10), ('goal/a', 4, 10),
                    ('opened/b', 5, 11), ('opened_by_people/b', 2, 11), ('clicked/b', 1, 11),
                    ('goal/b', 6, 11),
                    ('holdout_goal', 1, 7)) as s (series, num, den)
                """);
    }

    @Test
    void tellsVariantsApart() {
        List<Map<String, Object>> funnel =
                database.rows(
                        "select variant, sent, opened, opened_by_people, clicked, goal, goal_of"
                                + " from kpi.email_funnel where code = 'E-ACT-01'"
                                + " order by variant nulls first");
        assertThat(funnel)
                .extracting(
                        row ->
                                String.join(
                                        " ", row.values().stream().map(String::valueOf).toList()))
                .containsExactly(
                        "null 4 1 1 0 2 4",
                        "a 10 3 0 0 4 10",
                        "b 11 5 2 1 6 11",
                        "holdout 0 0 0 0 1 7");
    }

    @Test
    void countsWhoIsHeldOutInNoSumOfWhatWasSent() {
        assertThat(
                        database.rows(
                                """
                                select measure, sum(r.numerator)::bigint as num,
                                    sum(r.denominator)::bigint as den
                                from kpi.email_series s
                                cross join lateral kpi.cohort_between(
                                    s.series, timestamptz '2026-11-21 10:00Z',
                                    timestamptz '2026-11-21 10:01Z') r
                                where measure in ('opened', 'goal')
                                group by measure order by measure
                                """))
                .containsExactly(
                        Map.of("measure", "goal", "num", 12L, "den", 25L),
                        Map.of("measure", "opened", "num", 9L, "den", 25L));
        assertThat(database.rows("select variant from kpi.email_series where variant is not null"))
                .extracting(row -> row.get("variant"))
                .containsExactlyInAnyOrder("a", "a", "b", "b", "b", "b", "holdout");
    }
}
