package io.seqpulse.quickstart;

import io.seqpulse.quickstart.database.DatabaseAddress;
import io.seqpulse.quickstart.database.Removal;
import io.seqpulse.quickstart.database.Requirements;
import io.seqpulse.quickstart.database.SqlPlan;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle down}: takes leave of somebody's own database. */
@Command(
        name = "./lifecycle down",
        description = {
            "Takes leave of a database that ./lifecycle up --database has used. ./lifecycle up itself"
                    + " ends with Ctrl-C."
        },
        sortOptions = false,
        usageHelpAutoWidth = true)
public final class Down implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--hand-back",
            description =
                    "What we have queued and not sent is the product's to send again; the journal"
                            + " stays, so that it knows what was sent.")
    private boolean handBack;

    @Option(
            names = "--purge",
            description =
                    "Remove everything we made there: replication slot, publication, schema, columns,"
                            + " indexes, and our rows of the journal.")
    private boolean purge;

    @Option(
            names = "--database",
            paramLabel = "URL",
            description =
                    "The database: postgresql://user@host:port/db, password in PGPASSWORD or"
                            + " PGPASSFILE. Prints the SQL and asks first.")
    private String database;

    @Option(names = "--yes", description = "Run that SQL without asking.")
    private boolean yes;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    private final PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);

    /**
     * Runs the command and ends this JVM: 0 when it is done or there was nothing to do, 1 on
     * failure, 2 on bad usage or without consent.
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Down()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        if (handBack == purge || database == null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "./lifecycle up ends with Ctrl-C, and leaves nothing behind but what --state keeps."
                            + " To take leave of a database that it has used with --database, say which"
                            + " (--database URL) and how: --hand-back or --purge");
        }
        try {
            DatabaseAddress address = DatabaseAddress.parse(database, System.getenv());
            return leave(address);
        } catch (StackException e) {
            System.err.println(e.getMessage());
            return 1;
        }
    }

    private int leave(DatabaseAddress address) throws IOException {
        SqlPlan plan;
        try (Connection connection = address.connect()) {
            Requirements.onlyRead(connection);
            Optional<String> obstacle = Removal.obstacle(address, connection);
            if (obstacle.isEmpty() && purge) {
                obstacle = Removal.obstacleToPurge(connection);
            }
            if (obstacle.isPresent()) {
                throw new StackException(address.shown() + ": " + obstacle.get());
            }
            plan =
                    purge
                            ? Removal.purge(address, connection)
                            : Removal.handBack(address, connection);
        } catch (SQLException e) {
            throw OwnDatabaseRun.unreachable(address, e);
        }
        if (plan.isEmpty()) {
            out.printf(
                    purge ? "nothing of ours is in %s%n" : "nothing of ours is queued in %s%n",
                    address.shown());
            return 0;
        }
        String where =
                "To be run in %s as user %s, in this order"
                        .formatted(address.shown(), address.user());
        if (!Consent.ofTerminal(out).isGiven(plan, where, yes)) {
            return 2;
        }
        try (Connection connection = address.connect()) {
            plan.run(connection);
        } catch (SQLException e) {
            throw OwnDatabaseRun.unreachable(address, e);
        }
        out.printf(
                purge
                        ? "done: what we made in %s is gone%n"
                        : "done: nothing of ours is queued in %s%n",
                address.shown());
        return 0;
    }
}
