package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.StateFolder;
import io.seqpulse.cli.database.DatabaseAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an {@link EmbeddedStack} is to be. Every option has a default. */
public final class EmbeddedStackBuilder {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedStackBuilder.class);

    Optional<DatabaseAddress> database = Optional.empty();
    Optional<EmbeddedStack.History> history = Optional.empty();
    Optional<Path> rules = Optional.empty();
    boolean withJob = true;
    boolean withApi;
    Integer postgresPort = 0;
    Integer flinkPort = 0;
    Integer smtpPort = 0;
    Integer apiPort = 0;
    Integer metricsPort = 0;
    Consumer<String> notices = text -> LOG.info("{}", text);
    Consumer<String> alarms = text -> LOG.error("{}", text);
    final Map<String, String> jobSettings = new LinkedHashMap<>();
    final Map<String, String> flinkSettings = new LinkedHashMap<>();
    private Path home;
    private Path stateFolder;
    private Path jar;

    EmbeddedStackBuilder() {}

    /** The repository; default: system property {@code lifecycle.home}, else this folder. */
    public EmbeddedStackBuilder home(Path folder) {
        home = folder;
        return this;
    }

    /** Keeps state in a folder and continues from it; default: a temporary one. */
    public EmbeddedStackBuilder state(Path folder) {
        stateFolder = folder;
        return this;
    }

    /** The job's jar; default: the newest {@code job/target/job-*.jar}. */
    public EmbeddedStackBuilder jobJar(Path file) {
        jar = file;
        return this;
    }

    /** Neither Flink nor a job: the log and the mail server alone. */
    public EmbeddedStackBuilder withoutJob() {
        withJob = false;
        return this;
    }

    /** Replaces catalogue and templates of the job. */
    public EmbeddedStackBuilder rules(Path folder) {
        rules = Optional.of(folder);
        return this;
    }

    /** One key of the job's configuration, over what the stack sets. */
    public EmbeddedStackBuilder jobSetting(String key, String value) {
        jobSettings.put(key, value);
        return this;
    }

    /** One key of Flink's configuration, over what the stack sets. */
    public EmbeddedStackBuilder flinkSetting(String key, String value) {
        flinkSettings.put(key, value);
        return this;
    }

    /**
     * Runs on somebody's own database instead of an embedded one, without a mail server and in
     * shadow unless job settings say otherwise. What the job needs there must have been made.
     */
    public EmbeddedStackBuilder database(DatabaseAddress somebodys) {
        database = Optional.of(somebodys);
        return this;
    }

    /** What is in the embedded database before changes are captured. */
    public EmbeddedStackBuilder history(EmbeddedStack.History rows) {
        history = Optional.of(rows);
        return this;
    }

    /** 0: any free one (default); null: 54320 or, when that is taken, any. */
    public EmbeddedStackBuilder postgresPort(Integer port) {
        postgresPort = port;
        return this;
    }

    /** 0: any free one (default); null: 8081 or, when that is taken, any. */
    public EmbeddedStackBuilder flinkPort(Integer port) {
        flinkPort = port;
        return this;
    }

    /** 0: any free one (default); null: 9249 or, when that is taken, any. */
    public EmbeddedStackBuilder metricsPort(Integer port) {
        metricsPort = port;
        return this;
    }

    /** 0: any free one (default); null: 3025 or, when that is taken, any. */
    public EmbeddedStackBuilder smtpPort(Integer port) {
        smtpPort = port;
        return this;
    }

    /** With the HTTP service; 0: at any free port; null: 8090 or, when that is taken, any. */
    public EmbeddedStackBuilder api(Integer port) {
        withApi = true;
        apiPort = port;
        return this;
    }

    /** Told about ports that differ from the preferred ones; default: the log. */
    public EmbeddedStackBuilder onNotice(Consumer<String> listener) {
        notices = listener;
        return this;
    }

    /** Told when a part failed while the stack is up; default: the log. */
    public EmbeddedStackBuilder onAlarm(Consumer<String> listener) {
        alarms = listener;
        return this;
    }

    /**
     * Starts everything and waits until it runs.
     *
     * @throws CommandException if something is missing or does not start; nothing is left behind
     */
    public EmbeddedStack start() throws InterruptedException {
        if (database.isPresent() && history.isPresent()) {
            throw new StackException("demo history goes into the embedded database only");
        }
        EmbeddedStack stack = new EmbeddedStack(this);
        try {
            stack.start();
            return stack;
        } catch (InterruptedException | CommandException e) {
            closeAfter(stack, e);
            throw e;
        } catch (Exception e) { // none may leave a part behind
            closeAfter(stack, e);
            throw new StackException("the stack did not start: " + RootCause.message(e), e);
        }
    }

    private static void closeAfter(EmbeddedStack stack, Exception failure) {
        try {
            stack.close();
        } catch (StackException e) {
            failure.addSuppressed(e);
        }
    }

    /** Whether PostgreSQL and the mail server are parts of the stack. */
    boolean isDatabaseEmbedded() {
        return database.isEmpty();
    }

    Path home() {
        if (home != null) {
            return home;
        }
        return Path.of(System.getProperty("lifecycle.home", "")).toAbsolutePath();
    }

    StateFolder openFolder() {
        return stateFolder == null ? StateFolder.temporary() : StateFolder.kept(stateFolder);
    }

    /**
     * The job's jar, or empty in a stack without a job.
     *
     * @throws StackException if none was built
     */
    Optional<Path> jobJar() {
        if (!withJob) {
            return Optional.empty();
        }
        return Optional.of(jar == null ? new BuiltJars(home()).newest("job") : jar);
    }

    Path apiJar() {
        return new BuiltJars(home()).newest("api");
    }
}
