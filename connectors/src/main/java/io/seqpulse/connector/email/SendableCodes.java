package io.seqpulse.connector.email;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which emails may be sent as things are configured now, be they queued when it was otherwise.
 *
 * @param all whether every one may
 * @param reasonByCode codes that are known, with why they are not sent; an empty reason: they are
 */
record SendableCodes(boolean all, Map<String, String> reasonByCode) implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Nothing is held back. */
    static final SendableCodes ALL = new SendableCodes(true, Map.of());

    SendableCodes {
        reasonByCode = Map.copyOf(reasonByCode);
    }

    static SendableCodes of(Set<String> live, Map<String, String> heldBack) {
        Map<String, String> reasons = new HashMap<>(heldBack);
        live.forEach(code -> reasons.put(code, ""));
        return new SendableCodes(false, reasons);
    }

    Object[] codes() {
        return reasonByCode.keySet().toArray();
    }

    /** In the order of {@link #codes}; null: it is sent. */
    Object[] reasons() {
        List<String> reasons = new ArrayList<>();
        reasonByCode.values().forEach(reason -> reasons.add(reason.isEmpty() ? null : reason));
        return reasons.toArray();
    }
}
