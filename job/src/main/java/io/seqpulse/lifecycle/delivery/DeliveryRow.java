package io.seqpulse.lifecycle.delivery;

import io.seqpulse.lifecycle.catalogue.Experiment;
import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Columns.Deliveries;
import io.seqpulse.lifecycle.fact.Row;
import io.seqpulse.lifecycle.fact.RowChange;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * What a line of the journal says of an email. Times are in microseconds since the epoch; null is
 * none.
 *
 * @param code of the email
 * @param projectId the project it is about, or null
 * @param userId the user it is about, or null
 * @param variant of the rule's experiment, as anybody may have written it; or null
 */
record DeliveryRow(
        String code,
        String projectId,
        String userId,
        String status,
        String reason,
        long createdAt,
        Long sentAt,
        Long causedAt,
        Long decidedAt,
        String variant) {

    private static final DeliveryRow UNKNOWN =
            new DeliveryRow(null, null, null, null, null, 0, null, null, null, null);

    /** The variant that it was sent as; null for what may be none. */
    String sentVariant() {
        return variant != null
                        && Experiment.isVariant(variant)
                        && !variant.equals(Experiment.HELD_OUT)
                ? variant
                : null;
    }

    /** Whether its recipient got no email, for comparison. */
    boolean isHeldOut() {
        return "suppressed".equals(status) && Experiment.HELD_OUT.equals(reason);
    }

    /** The line after a change of it; a column that is not told is as before. */
    static DeliveryRow after(RowChange change, DeliveryRow last) {
        DeliveryRow before = last == null ? UNKNOWN : last;
        Row row = change.row();
        return new DeliveryRow(
                row.get(Deliveries.EMAIL_TYPE, before.code),
                row.get(Deliveries.PROJECT_ID, before.projectId),
                row.get(Deliveries.USER_ID, before.userId),
                row.get(Deliveries.STATUS, before.status),
                row.get(Deliveries.REASON, before.reason),
                change.atMicros(),
                row.get(Deliveries.SENT_AT, before.sentAt),
                row.get(Deliveries.CAUSED_AT, before.causedAt),
                row.get(Deliveries.DECIDED_AT, before.decidedAt),
                row.get(Deliveries.VARIANT, before.variant));
    }

    static void write(DeliveryRow line, DataOutput out) throws IOException {
        out.writeBoolean(line != null);
        if (line == null) {
            return;
        }
        Compact.writeText(out, line.code);
        Compact.writeText(out, line.projectId);
        Compact.writeText(out, line.userId);
        Compact.writeText(out, line.status);
        Compact.writeText(out, line.reason);
        Compact.writeNumber(out, line.createdAt);
        Compact.writeTime(out, line.sentAt);
        Compact.writeTime(out, line.causedAt);
        Compact.writeTime(out, line.decidedAt);
        Compact.writeText(out, line.variant);
    }

    static DeliveryRow read(DataInput in) throws IOException {
        return in.readBoolean()
                ? new DeliveryRow(
                        Compact.readText(in),
                        Compact.readText(in),
                        Compact.readText(in),
                        Compact.readText(in),
                        Compact.readText(in),
                        Compact.readNumber(in),
                        Compact.readTime(in),
                        Compact.readTime(in),
                        Compact.readTime(in),
                        Compact.readText(in))
                : null;
    }
}
