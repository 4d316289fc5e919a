package io.seqpulse.quickstart.stack;

import java.util.concurrent.ThreadFactory;

/**
 * Makes threads that do not keep the JVM alive.
 *
 * @param name of each of them, for thread dumps and the log
 */
record DaemonThreads(String name) implements ThreadFactory {

    @Override
    public Thread newThread(Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }
}
