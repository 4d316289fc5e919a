package io.seqpulse.connector.email;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketOption;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import jdk.net.ExtendedSocketOptions;

/**
 * Keeps hold of the socket underneath one SMTP connection, which Jakarta Mail hides: to wait longer
 * for one answer than for others, and to end a connection while a mail is on its way.
 */
final class TrackedSockets {

    private static final int KEEPALIVE_IDLE_SECONDS = 20;
    private static final int KEEPALIVE_INTERVAL_SECONDS = 5;
    private static final int KEEPALIVE_COUNT = 3;

    private volatile Socket socket;

    /** For connections that start in the clear. */
    SocketFactory plain() {
        return new Plain();
    }

    /** For connections encrypted from the start, and for those that turn to TLS later. */
    SSLSocketFactory encrypted() {
        try {
            return new Encrypted(SSLContext.getDefault().getSocketFactory());
        } catch (NoSuchAlgorithmException noTls) {
            throw new IllegalStateException("this Java has no TLS", noTls);
        }
    }

    /** How long a read may wait from now on. */
    void patience(Duration patience) throws SocketException {
        Socket current = socket;
        if (current != null) {
            current.setSoTimeout(Math.toIntExact(patience.toMillis()));
        }
    }

    /** Cuts the connection, whoever is using it. */
    void cut() {
        Socket current = socket;
        if (current == null) {
            return;
        }
        try {
            current.close();
        } catch (IOException alreadyBroken) {
            // It is gone, which is what was wanted.
        }
    }

    /**
     * The fence stands between a message and its final dot, which are two writes therefore: with
     * Nagle's algorithm the second would wait until the server, in no hurry, acknowledges the
     * first. A server that has gone without a word is noticed by the kernel long before a patient
     * read ends.
     */
    private Socket track(Socket opened) throws IOException {
        opened.setTcpNoDelay(true);
        opened.setKeepAlive(true);
        setIfSupported(opened, ExtendedSocketOptions.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS);
        setIfSupported(opened, ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEPALIVE_INTERVAL_SECONDS);
        setIfSupported(opened, ExtendedSocketOptions.TCP_KEEPCOUNT, KEEPALIVE_COUNT);
        socket = opened;
        return opened;
    }

    private static void setIfSupported(Socket socket, SocketOption<Integer> option, int value)
            throws IOException {
        if (socket.supportedOptions().contains(option)) {
            socket.setOption(option, value);
        }
    }

    private final class Plain extends SocketFactory {

        @Override
        public Socket createSocket() throws IOException {
            return track(new Socket());
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            return track(new Socket(host, port));
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort)
                throws IOException {
            return track(new Socket(host, port, local, localPort));
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return track(new Socket(host, port));
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
                throws IOException {
            return track(new Socket(host, port, local, localPort));
        }
    }

    private final class Encrypted extends SSLSocketFactory {

        private final SSLSocketFactory factory;

        Encrypted(SSLSocketFactory factory) {
            this.factory = factory;
        }

        @Override
        public Socket createSocket(Socket below, String host, int port, boolean autoClose)
                throws IOException {
            track(below);
            return factory.createSocket(below, host, port, autoClose);
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            return track(factory.createSocket(host, port));
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort)
                throws IOException {
            return track(factory.createSocket(host, port, local, localPort));
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return track(factory.createSocket(host, port));
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
                throws IOException {
            return track(factory.createSocket(host, port, local, localPort));
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return factory.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return factory.getSupportedCipherSuites();
        }
    }
}
