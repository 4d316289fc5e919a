package io.seqpulse.quickstart;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/** Chooses loopback ports: the one asked for, else the preferred one, else any that is free. */
final class Ports {

    private final Consumer<String> notices;
    private final Set<Integer> given = new HashSet<>();

    Ports(Consumer<String> notices) {
        this.notices = notices;
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
                        "port %d for %s is taken by another program: stop it, or choose another with %s"
                                .formatted(asked, part, option));
            }
            given.add(asked);
            return asked;
        }
        if (asked == null && preferred != 0) {
            if (isFree(preferred)) {
                given.add(preferred);
                return preferred;
            }
            int port = free();
            notices.accept(
                    "port %d for %s is taken by another program; using %d (choose with %s)"
                            .formatted(preferred, part, port, option));
            return port;
        }
        return free();
    }

    /** Any free port that was not given before. */
    int free() {
        while (true) {
            try (ServerSocket socket = new ServerSocket()) {
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                if (given.add(socket.getLocalPort())) {
                    return socket.getLocalPort();
                }
            } catch (IOException e) {
                throw new UncheckedIOException("no free port on the loopback interface", e);
            }
        }
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
