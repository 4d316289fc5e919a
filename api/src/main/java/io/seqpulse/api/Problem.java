package io.seqpulse.api;

import java.util.LinkedHashMap;
import java.util.Map;

/** A request that is refused: a status, and in words what is wrong and what would be right. */
public final class Problem extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final String title;
    private final transient Map<String, Object> more = new LinkedHashMap<>();

    /**
     * A refusal.
     *
     * @param status of HTTP
     * @param title the same for every refusal of this kind
     * @param detail about this one
     */
    public Problem(int status, String title, String detail) {
        super(detail, null, false, false);
        this.status = status;
        this.title = title;
    }

    /** A parameter that is not what it must be. */
    public static Problem parameter(String name, String detail) {
        return new Problem(422, "Invalid parameter", detail).with("parameter", name);
    }

    /** Adds a member to the answer. */
    public Problem with(String member, Object value) {
        more.put(member, value);
        return this;
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** The answer's body (RFC 9457). */
    public Map<String, Object> body() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("title", title);
        body.put("status", status);
        body.put("detail", getMessage());
        body.putAll(more);
        return body;
    }
}
