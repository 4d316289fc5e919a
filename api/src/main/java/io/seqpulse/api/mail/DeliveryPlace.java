package io.seqpulse.api.mail;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/** Where in the journal, newest first, an email stands: what comes after it stays so. */
record DeliveryPlace(Instant createdAt, UUID id) {

    private static final String ID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

    static DeliveryPlace of(Delivery delivery) {
        return new DeliveryPlace(delivery.createdAt(), delivery.id());
    }

    /** Reads what {@link #toString} writes; empty where it is something else. */
    static Optional<DeliveryPlace> parse(String text) {
        int end = text.lastIndexOf('_');
        if (end < 0 || !text.substring(end + 1).matches(ID)) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new DeliveryPlace(
                            Instant.parse(text.substring(0, end)),
                            UUID.fromString(text.substring(end + 1))));
        } catch (DateTimeException none) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return createdAt + "_" + id;
    }
}
