package io.seqpulse.quickstart.traffic;

import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What most of the traffic is: deployments on busy projects going through their states, in as many
 * rows as are asked for.
 */
final class Rollouts {

    private static final int AT_ONCE = 40;

    private final ProductRows rows;
    private final People people;
    private final List<UUID> projects;
    private final List<Rollout> running = new ArrayList<>();

    Rollouts(Stage stage, List<UUID> projects) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.projects = projects;
    }

    int advance(int size) throws SQLException {
        if (projects.isEmpty()) {
            return 0;
        }
        int written = 0;
        while (written < size) {
            if (running.size() < AT_ONCE || people.oneIn(5)) {
                Rollout rollout = new Rollout(people.id());
                written +=
                        rows.deployment(
                                rollout.deployment,
                                people.pick(projects),
                                "pending",
                                Instant.now());
                running.add(rollout);
                continue;
            }
            int chosen = people.below(running.size());
            Rollout rollout = running.get(chosen);
            written += rollout.advance();
            if (rollout.over) {
                running.remove(chosen);
            }
        }
        return written;
    }

    /** A deployment: pending, running, finished, analyzed with a verdict. */
    private final class Rollout {

        private final UUID deployment;
        private int stage;
        private boolean over;

        Rollout(UUID deployment) {
            this.deployment = deployment;
        }

        int advance() throws SQLException {
            stage++;
            return switch (stage) {
                case 1 -> rows.state(deployment, "running");
                case 2 -> rows.finish(deployment);
                default -> {
                    over = true;
                    yield rows.state(deployment, "analyzed") + rows.verdict(deployment, "ok", null);
                }
            };
        }
    }
}
