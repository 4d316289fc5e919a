package io.seqpulse.api;

import io.javalin.http.Context;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The parameters of a route: what it does not know, it does not pass over. */
final class Parameters {

    private final Set<String> known;

    Parameters(String... known) {
        this.known = new TreeSet<>(List.of(known));
    }

    /**
     * Looks at those of a request.
     *
     * @throws Problem 422 naming one that is not known, or is there twice
     */
    void check(Context context) {
        for (Map.Entry<String, List<String>> asked : context.queryParamMap().entrySet()) {
            if (!known.contains(asked.getKey())) {
                throw Problem.parameter(
                                asked.getKey(),
                                known.isEmpty()
                                        ? "There are no parameters here"
                                        : "There is no such parameter here; 'known' lists them")
                        .with("known", known);
            }
            if (asked.getValue().size() > 1) {
                throw Problem.parameter(asked.getKey(), asked.getKey() + " is there twice");
            }
        }
    }
}
