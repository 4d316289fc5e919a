package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.CommandException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The emails as the job writes and sends them, by its own code and without running it. */
public final class JobEmails implements AutoCloseable {

    private static final String PREVIEW = "io.seqpulse.lifecycle.EmailPreview";
    private static final String TEST_SEND = "io.seqpulse.lifecycle.TestSend";

    private final JarClasses job;

    /**
     * Those of a jar of the job.
     *
     * @param jobJar the jar
     */
    public JobEmails(Path jobJar) {
        job = JarClasses.onFlink(jobJar);
    }

    /**
     * All of them on one HTML page that loads nothing.
     *
     * @param rules directory of overrides, or null
     * @throws CommandException if the rules or their templates cannot be used; the message has
     *     every mistake, by file and line
     */
    public String gallery(Path rules) {
        return (String) call(PREVIEW, "gallery", new Class<?>[] {Path.class}, rules);
    }

    /**
     * Code → what its emails are called: steps, verdicts and variants.
     *
     * @param settings keys of the job's configuration, which win over its environment
     * @throws CommandException as for {@link #gallery}
     */
    @SuppressWarnings("unchecked") // the method's own signature
    public Map<String, List<String>> names(
            Map<String, String> settings, Map<String, String> environment) {
        return (Map<String, List<String>>)
                call(
                        TEST_SEND,
                        "names",
                        new Class<?>[] {Map.class, Map.class},
                        settings,
                        environment);
    }

    /**
     * Sends one with sample data, without a journal.
     *
     * @param mail {@code code}, {@code language}, {@code to} and maybe {@code step}
     * @param settings as for {@link #names}
     * @return {@code accepted} or {@code refused} → what the server said, and {@code subject}
     * @throws CommandException if no mail can be sent as it is configured
     */
    @SuppressWarnings("unchecked") // the method's own signature
    public Map<String, String> send(
            Map<String, String> mail,
            Map<String, String> settings,
            Map<String, String> environment) {
        return (Map<String, String>)
                call(
                        TEST_SEND,
                        "send",
                        new Class<?>[] {Map.class, Map.class, Map.class},
                        mail,
                        settings,
                        environment);
    }

    private Object call(String type, String method, Class<?>[] parameters, Object... arguments) {
        try {
            return job.call(type, method, parameters, arguments);
        } catch (InvocationTargetException e) {
            if (isForPeople(e.getCause())) {
                throw new CommandException(e.getCause().getMessage(), e);
            }
            throw new IllegalStateException(RootCause.message(e.getCause()), e.getCause());
        }
    }

    /** What the job throws of its own accord says what is wrong and what to do. */
    private static boolean isForPeople(Throwable thrown) {
        return thrown instanceof IllegalArgumentException
                || thrown.getClass().getSimpleName().startsWith("Invalid");
    }

    @Override
    public void close() throws IOException {
        job.close();
    }
}
