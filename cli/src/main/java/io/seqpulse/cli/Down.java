package io.seqpulse.cli;

import io.seqpulse.cli.database.DatabaseAddress;
import io.seqpulse.cli.database.Removal;
import io.seqpulse.cli.database.Requirements;
import io.seqpulse.cli.database.SqlPlan;
import java.io.IOException;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle down}: takes leave of somebody's own database. */
@Command(
        name = "down",
        description = {
            "Takes leave of a database of yours: hands back what waits, or removes what we made.",
            "It is one that ./lifecycle up --database has used; ./lifecycle up itself ends with"
                    + " Ctrl-C."
        },
        sortOptions = false,
        abbreviateSynopsis = true)
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

    @Override
    public Integer call() throws IOException {
        if (handBack == purge || database == null) {
            throw new UsageException(
                    "say which database to take leave of (--database URL) and how: --hand-back or"
                            + " --purge. ./lifecycle up itself ends with Ctrl-C");
        }
        return leave(DatabaseAddress.parse(database, System.getenv()));
    }

    private int leave(DatabaseAddress address) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        SqlPlan plan;
        try (Connection connection = address.connect()) {
            Requirements.onlyRead(connection);
            Optional<String> obstacle = Removal.obstacle(address, connection);
            if (obstacle.isEmpty() && purge) {
                obstacle = Removal.obstacleToPurge(connection);
            }
            if (obstacle.isPresent()) {
                throw new CommandException(address.shown() + ": " + obstacle.get());
            }
            plan =
                    purge
                            ? Removal.purge(address, connection)
                            : Removal.handBack(address, connection);
        } catch (SQLException e) {
            throw address.unusable(e);
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
            return 1;
        }
        try (Connection connection = address.connect()) {
            plan.run(connection);
        } catch (SQLException e) {
            throw address.unusable(e);
        }
        out.printf(
                purge
                        ? "done: what we made in %s is gone%n"
                        : "done: nothing of ours is queued in %s%n",
                address.shown());
        return 0;
    }
}
