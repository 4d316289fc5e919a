package io.seqpulse.quickstart;

import io.seqpulse.quickstart.access.HttpAccess;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.EmbeddedStackBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;

/** One run of {@code ./lifecycle up}: what its stack is to be, and what is done while it is up. */
interface StackRun {

    /** Tells what the stack is to be, over what every run asks for. */
    void configure(EmbeddedStackBuilder builder);

    /**
     * Says what is up, works until it is asked to stop or its time is over, and writes the report.
     *
     * @param asked open as soon as somebody asks to stop
     */
    void work(EmbeddedStack stack, CountDownLatch asked)
            throws SQLException, IOException, InterruptedException;

    /**
     * Says what stays, after everything was stopped.
     *
     * @return the exit value
     */
    int end();

    /** Says where the parts are that ask for a password, and where that is. */
    static void sayAddresses(EmbeddedStack stack, PrintWriter out) {
        stack.flinkUrl()
                .ifPresent(
                        url ->
                                out.printf(
                                        "  Flink UI     %s  (user and password: %s)%n",
                                        url, stack.netrc()));
        stack.metricsUrl()
                .ifPresent(
                        url ->
                                out.printf(
                                        "  Metrics      %s  (user %s, password: %s)%n",
                                        url, HttpAccess.USER, stack.metricsPasswordFile()));
        out.println("  Connector    " + stack.connectorStatusCommand());
    }
}
