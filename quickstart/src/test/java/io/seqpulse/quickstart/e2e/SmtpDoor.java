package io.seqpulse.quickstart.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/**
 * A port that leads to the mail server, and can be shut: then connections are cut and new ones
 * refused, as when the server is gone.
 */
public final class SmtpDoor implements AutoCloseable {

    private final Set<Socket> through = ConcurrentHashMap.newKeySet();
    private final int port;
    private final CountDownLatch leads = new CountDownLatch(1);
    private volatile int target;
    private ServerSocket door;

    private SmtpDoor() throws IOException {
        door = listen(0);
        port = door.getLocalPort();
        accept(door);
    }

    /** An open door that leads nowhere yet. */
    public static SmtpDoor open() throws IOException {
        return new SmtpDoor();
    }

    /** The port to connect to. */
    public int port() {
        return port;
    }

    /** Where it leads from now on. */
    public void leadTo(int serverPort) {
        target = serverPort;
        leads.countDown();
    }

    /** Cuts what goes through and refuses what comes. */
    public void shut() throws IOException {
        door.close();
        for (Socket socket : through) {
            socket.close();
        }
    }

    /** Lets connections through again. */
    public void reopen() throws IOException {
        door = listen(port);
        accept(door);
    }

    @Override
    public void close() throws IOException {
        shut();
    }

    private static ServerSocket listen(int port) throws IOException {
        ServerSocket socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return socket;
    }

    private void accept(ServerSocket open) {
        daemon(
                () -> {
                    while (true) {
                        Socket client = open.accept();
                        through.add(client);
                        daemon(() -> lead(client));
                    }
                });
    }

    /** Who comes before the door leads anywhere is kept waiting. */
    private void lead(Socket client) throws IOException {
        try {
            leads.await();
            Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
            through.add(server);
            daemon(() -> pass(client, server));
            pass(server, client);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            client.close();
        }
    }

    private void pass(Socket from, Socket to) throws IOException {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            in.transferTo(out);
        } finally {
            through.remove(from);
            through.remove(to);
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void daemon(Work work) {
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                work.run();
                            } catch (IOException closed) {
                                // the door was shut, or one end hung up
                            }
                        },
                        "smtp-door");
        thread.setDaemon(true);
        thread.start();
    }
}
