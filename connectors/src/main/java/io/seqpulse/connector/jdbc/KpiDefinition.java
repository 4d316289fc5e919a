package io.seqpulse.connector.jdbc;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;

/**
 * What one KPI is, and whether there is anything to count, as a row of {@code kpi.definition}.
 *
 * @param kpi its name
 * @param aliases its other names
 * @param title in French
 * @param titleEnglish in English
 * @param description in French
 * @param descriptionEnglish in English
 * @param kind {@code cohort} or {@code distinct_projects}
 * @param codes the emails it is about
 * @param unavailable why there is nothing to count, such as {@code email_events_table_missing};
 *     null: there is
 * @param horizon how long a success counts; null where it has none
 * @param redBelow percentage, or null
 * @param greenFrom percentage, or null
 */
public record KpiDefinition(
        String kpi,
        List<String> aliases,
        String title,
        String titleEnglish,
        String description,
        String descriptionEnglish,
        String kind,
        List<String> codes,
        String unavailable,
        Duration horizon,
        BigDecimal redBelow,
        BigDecimal greenFrom) {}
