package io.seqpulse.cli.suppressions;

import java.io.PrintWriter;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle suppressions lift}. */
@Command(
        name = "lift",
        description = {
            "Lets mail go to addresses again, from the next decision on.",
            "What has ended stays ended. Ends with 1 where one of them was not suppressed."
        },
        sortOptions = false,
        abbreviateSynopsis = true)
final class LiftSuppressions implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Mixin private Place place;

    @Parameters(paramLabel = "ADDRESS", arity = "1..*", description = "Whole addresses.")
    private List<String> addresses;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        int notThere =
                place.ask(
                        connection -> {
                            int none = 0;
                            try (PreparedStatement lift =
                                    connection.prepareStatement(
                                            "select lifecycle.lift_suppression(?)")) {
                                for (String address : addresses) {
                                    lift.setString(1, address);
                                    try (ResultSet lifted = lift.executeQuery()) {
                                        lifted.next();
                                        boolean was = lifted.getBoolean(1);
                                        none += was ? 0 : 1;
                                        out.println(
                                                was
                                                        ? "mail goes to %s again".formatted(address)
                                                        : "%s was not suppressed"
                                                                .formatted(address));
                                    }
                                }
                            }
                            return none;
                        });
        out.flush();
        return notThere == 0 ? 0 : 1;
    }
}
