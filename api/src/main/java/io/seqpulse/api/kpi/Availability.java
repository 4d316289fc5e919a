package io.seqpulse.api.kpi;

import java.math.BigDecimal;
import java.util.Optional;

/**
 * Whether there is anything to count for a KPI, and what colour its values have.
 *
 * @param reason why there is not, such as {@code email_events_table_missing}; empty where there is
 */
public record Availability(Optional<String> reason, BigDecimal redBelow, BigDecimal greenFrom) {

    /** No job has filled the tables yet. */
    public static final String NOT_COMPUTED_YET = "not_computed_yet";

    /** Nothing is known of it. */
    public static final Availability NOT_YET =
            new Availability(Optional.of(NOT_COMPUTED_YET), null, null);

    /** Whether it has values. */
    public boolean available() {
        return reason.isEmpty();
    }

    /** Red, orange, green, or none where there is no value or no threshold. */
    public String tone(BigDecimal value) {
        if (value == null || redBelow == null || greenFrom == null) {
            return "none";
        }
        if (value.compareTo(redBelow) < 0) {
            return "red";
        }
        return value.compareTo(greenFrom) < 0 ? "orange" : "green";
    }
}
