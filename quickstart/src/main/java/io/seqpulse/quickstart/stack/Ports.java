package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/** Chooses loopback ports: the one asked for, else the preferred one, else any that is free. */
public final class Ports {

    /**
     * Below what systems give to outgoing connections (Linux from 32768, others from 49152), one of
     * which would otherwise take the port now and then between the choice and its use.
     */
    static final int LOWEST = 20_000;

    static final int HIGHEST = 32_000;

    /**
     * Where several are started at once on one machine, each may be given its own: {@code
     * first-last}. Preferred ones are not taken then. Otherwise two might choose the same before
     * either uses it.
     */
    static final String RANGE = "lifecycle.ports";

    private static final int TRIALS = 1_000;

    private final Consumer<String> notices;
    private final Set<Integer> given = new HashSet<>();
    private final int lowest;
    private final int highest;
    private final boolean preferring;

    /**
     * @param notices told when a preferred port is taken and another is used
     */
    public Ports(Consumer<String> notices) {
        this.notices = notices;
        String range = System.getProperty(RANGE, "");
        preferring = range.isEmpty();
        String[] ends = range.split("-", 2);
        lowest = preferring ? LOWEST : Integer.parseInt(ends[0]);
        highest = preferring ? HIGHEST : Integer.parseInt(ends[1]);
    }

    /**
     * A port for a part.
     *
     * @param part what listens there, for messages
     * @param option the option that sets it, for messages
     * @param asked what the user asked for; null: no wish; 0: any
     * @param preferred taken when free and nothing was asked; 0: none
     * @throws StackException if the port asked for is taken
     */
    int choose(String part, String option, Integer asked, int preferred) {
        if (asked != null && asked != 0) {
            if (!isFree(asked)) {
                throw new StackException(
                        "port %s for %s is taken by another program: stop it, or choose another with %s"
                                .formatted(asked, part, option));
            }
            given.add(asked);
            return asked;
        }
        if (asked == null && preferred != 0 && preferring) {
            if (isFree(preferred)) {
                given.add(preferred);
                return preferred;
            }
            int port = free();
            notices.accept(
                    "port %s for %s is taken by another program; using %s (choose with %s)"
                            .formatted(preferred, part, port, option));
            return port;
        }
        return free();
    }

    /**
     * Any free port that was not given before.
     *
     * @throws StackException if none was found
     */
    public int free() {
        for (int trial = 0; trial < TRIALS; trial++) {
            int port = ThreadLocalRandom.current().nextInt(lowest, highest + 1);
            if (isFree(port)) {
                given.add(port);
                return port;
            }
        }
        throw new StackException(
                "no port from %s to %s is free on the loopback interface"
                        .formatted(lowest, highest));
    }

    private boolean isFree(int port) {
        if (given.contains(port)) {
            return false;
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
