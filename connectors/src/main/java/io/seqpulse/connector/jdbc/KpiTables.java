package io.seqpulse.connector.jdbc;

import java.io.Serializable;
import org.apache.flink.metrics.MetricGroup;

/** Where figures are written for those who read them. */
public interface KpiTables extends Serializable {

    /** A writer at work; it says by itself what it finds. */
    KpiWriter claim(KpiClaim claim, MetricGroup metrics);

    /** Those of a PostgreSQL database, in schema {@code kpi}. */
    static KpiTables of(JdbcSettings database) {
        return new OfDatabase(database);
    }

    /** Where they are. */
    record OfDatabase(JdbcSettings database) implements KpiTables {
        @Override
        public KpiWriter claim(KpiClaim claim, MetricGroup metrics) {
            return KpiTableWriter.start(database, claim, metrics);
        }
    }
}
