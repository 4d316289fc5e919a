package io.seqpulse.lifecycle.catalogue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** Collects what is wrong with a YAML file, so that it is told all at once. */
final class YamlProblems {

    private record Problem(int line, String text) {}

    private final String file;
    private final List<Problem> problems = new ArrayList<>();

    YamlProblems(String file) {
        this.file = file;
    }

    void add(Node where, String key, String what) {
        int line = where.getStartMark().map(Mark::getLine).orElse(-1) + 1;
        problems.add(new Problem(line, "%s:%s: %s: %s".formatted(file, line, key, what)));
    }

    /** For what stands on no line, such as a missing file. */
    void add(String what) {
        problems.add(new Problem(0, file + ": " + what));
    }

    int count() {
        return problems.size();
    }

    void throwIfAny() {
        if (!problems.isEmpty()) {
            throw new InvalidCatalogueException(
                    file,
                    problems.stream()
                            .sorted(Comparator.comparingInt(Problem::line))
                            .map(Problem::text)
                            .toList());
        }
    }
}
