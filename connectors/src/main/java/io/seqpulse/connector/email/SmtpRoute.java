package io.seqpulse.connector.email;

import jakarta.mail.MessagingException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;

/**
 * Mail through a server, over connections that are kept: asked for a sign of life before each use,
 * used for at most a hundred mails, closed when idle for a minute. Where one has died, none of
 * those kept beside it is tried.
 */
final class SmtpRoute implements MailRoute {

    private static final int MESSAGES_PER_CONNECTION = 100;
    private static final Duration IDLE = Duration.ofMinutes(1);

    private final Set<FencedTransport> open = ConcurrentHashMap.newKeySet();
    private final GenericObjectPool<FencedTransport> pool;

    SmtpRoute(SmtpSettings settings) {
        GenericObjectPoolConfig<FencedTransport> config = new GenericObjectPoolConfig<>();
        config.setMaxTotal(settings.connections());
        config.setMaxIdle(settings.connections());
        config.setTestOnBorrow(true);
        config.setMinEvictableIdleDuration(IDLE);
        config.setTimeBetweenEvictionRuns(IDLE.dividedBy(2));
        config.setJmxEnabled(false);
        pool = new GenericObjectPool<>(new Connections(settings), config);
    }

    @Override
    public Attempt send(MimeMessage message, InternetAddress recipient, Fence fence) {
        FencedTransport transport;
        try {
            transport = borrow();
        } catch (MessagingException unreachable) {
            return new Attempt(
                    ReplyClass.CONFIGURATION, Stage.CONNECT, null, unreachable.getMessage());
        }
        boolean reusable = false;
        try {
            Attempt attempt = transport.send(message, recipient, fence);
            reusable =
                    !attempt.fencedOff()
                            && attempt.reply() != ReplyClass.UNCONFIRMED
                            && transport.isInStep();
            return attempt;
        } finally {
            if (reusable) {
                pool.returnObject(transport);
            } else {
                discard(transport);
            }
        }
    }

    @Override
    public void probe() throws MessagingException {
        pool.returnObject(borrow());
    }

    @Override
    public int connections() {
        return open.size();
    }

    @Override
    public void close() {
        pool.close();
        open.forEach(FencedTransport::cut);
    }

    private FencedTransport borrow() throws MessagingException {
        try {
            return pool.borrowObject();
        } catch (MessagingException refused) {
            throw refused;
        } catch (Exception unusable) { // the pool's own signature
            throw new MessagingException("no connection: " + unusable.getMessage(), unusable);
        }
    }

    private void discard(FencedTransport transport) {
        try {
            pool.invalidateObject(transport);
        } catch (Exception alreadyGone) { // the pool's own signature
            transport.cut();
        }
    }

    private final class Connections extends BasePooledObjectFactory<FencedTransport> {

        private final SmtpSettings settings;

        Connections(SmtpSettings settings) {
            this.settings = settings;
        }

        @Override
        public FencedTransport create() throws MessagingException {
            FencedTransport transport = FencedTransport.connect(settings);
            open.add(transport);
            return transport;
        }

        @Override
        public PooledObject<FencedTransport> wrap(FencedTransport transport) {
            return new DefaultPooledObject<>(transport);
        }

        @Override
        public boolean validateObject(PooledObject<FencedTransport> pooled) {
            FencedTransport transport = pooled.getObject();
            if (transport.messages() >= MESSAGES_PER_CONNECTION) {
                return false;
            }
            boolean alive = transport.isAlive();
            if (!alive) {
                // What was kept beside it is no better; asking each would add up.
                pool.clear();
            }
            return alive;
        }

        @Override
        public void destroyObject(PooledObject<FencedTransport> pooled) throws MessagingException {
            FencedTransport transport = pooled.getObject();
            open.remove(transport);
            try {
                transport.close();
            } finally {
                transport.cut();
            }
        }
    }
}
