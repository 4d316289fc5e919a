package io.seqpulse.quickstart.stack;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what looks again and again. A look that throws is logged and ends that look alone; the JDK's
 * executor would never look again, without a word. After the shutdown nothing more is watched.
 */
final class Watches extends ScheduledThreadPoolExecutor {

    private static final Logger LOG = LoggerFactory.getLogger(Watches.class);

    /**
     * @param threads so many looks at a time: one that waits for a database holds up no other
     */
    Watches(int threads, ThreadFactory factory) {
        super(threads, factory, new DiscardPolicy());
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(
            Runnable look, long initialDelay, long delay, TimeUnit unit) {
        return super.scheduleWithFixedDelay(() -> lookOnce(look), initialDelay, delay, unit);
    }

    private static void lookOnce(Runnable look) {
        try {
            look.run();
        } catch (Throwable e) { // an Error, too: whatever it was, the next look may find it gone
            LOG.error("A watch could not look", e);
        }
    }
}
