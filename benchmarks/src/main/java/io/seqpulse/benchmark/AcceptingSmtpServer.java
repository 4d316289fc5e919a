package io.seqpulse.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A mail server on the loopback interface that accepts whatever comes, keeps none of it, and knows
 * when the first and the latest mail came. It answers as fast as it can, so that the sender is what
 * is measured.
 */
final class AcceptingSmtpServer implements AutoCloseable {

    private final ServerSocket listener;
    private final Set<Socket> sessions = ConcurrentHashMap.newKeySet();
    private final Object arrival = new Object();
    private long accepted;
    private long firstAt;
    private long latestAt;

    private AcceptingSmtpServer(ServerSocket listener) {
        this.listener = listener;
    }

    static AcceptingSmtpServer start() throws IOException {
        AcceptingSmtpServer server =
                new AcceptingSmtpServer(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        daemon(server::accept);
        return server;
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "accepting-smtp");
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket session = listener.accept();
                session.setTcpNoDelay(true);
                sessions.add(session);
                daemon(() -> serve(session));
            } catch (IOException e) {
                if (!listener.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void serve(Socket session) {
        try (session) {
            BufferedReader in =
                    new BufferedReader(
                            new InputStreamReader(
                                    session.getInputStream(), StandardCharsets.ISO_8859_1),
                            64 * 1024);
            OutputStream out = session.getOutputStream();
            reply(out, "220 localhost ready");
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String command = line.split(" ", 2)[0].toUpperCase(Locale.ROOT);
                switch (command) {
                    case "EHLO" -> reply(out, "250-localhost\r\n250 8BITMIME");
                    case "DATA" -> {
                        reply(out, "354 go on");
                        if (!skipMessage(in)) {
                            return;
                        }
                        count();
                        reply(out, "250 taken");
                    }
                    case "QUIT" -> {
                        reply(out, "221 bye");
                        return;
                    }
                    default -> reply(out, "250 fine");
                }
            }
        } catch (IOException ended) {
            // A client that goes away without a word, or this server being closed.
        } finally {
            sessions.remove(session);
        }
    }

    private static boolean skipMessage(BufferedReader in) throws IOException {
        String line = in.readLine();
        while (line != null && !line.equals(".")) {
            line = in.readLine();
        }
        return line != null;
    }

    private static void reply(OutputStream out, String text) throws IOException {
        out.write((text + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private void count() {
        synchronized (arrival) {
            latestAt = System.nanoTime();
            firstAt = accepted == 0 ? latestAt : firstAt;
            accepted++;
            arrival.notifyAll();
        }
    }

    /**
     * Waits until that many mails have come, as long as there is one at least every so often.
     *
     * @return how fast they came
     */
    Rate await(long mails, Duration atMostBetween) throws InterruptedException {
        synchronized (arrival) {
            long seen = -1;
            while (accepted < mails) {
                if (seen == accepted) {
                    throw new BenchmarkException(
                            "%s of %s mails came, then none for %s s"
                                    .formatted(accepted, mails, atMostBetween.toSeconds()));
                }
                seen = accepted;
                long end = System.nanoTime() + atMostBetween.toNanos();
                while (accepted == seen && System.nanoTime() < end) {
                    arrival.wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
                }
            }
            return new Rate(accepted, latestAt - firstAt);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket session : sessions) {
            session.close();
        }
    }
}
