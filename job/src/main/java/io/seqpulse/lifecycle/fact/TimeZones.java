package io.seqpulse.lifecycle.fact;

import java.time.DateTimeException;
import java.time.ZoneId;

/** Time zones as people's rows name them. */
public final class TimeZones {

    private TimeZones() {}

    /**
     * The zone of a name; another one where there is none, or none is called so.
     *
     * @param name such as {@code America/New_York}; or null
     */
    public static ZoneId named(String name, ZoneId otherwise) {
        if (name == null || name.isBlank()) {
            return otherwise;
        }
        try {
            return ZoneId.of(name.strip());
        } catch (DateTimeException noZone) {
            return otherwise;
        }
    }
}
