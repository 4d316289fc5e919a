package io.seqpulse.quickstart.compose;

import org.flywaydb.core.Flyway;

/** What the Flyway image's {@code flyway migrate} does with its environment. */
final class MigrateFromEnvironment {

    private MigrateFromEnvironment() {}

    public static void main(String[] args) {
        if (args.length != 1 || !args[0].equals("migrate")) {
            throw new IllegalArgumentException("only migrate is known here");
        }
        System.out.printf(
                "%d migrations applied%n",
                Flyway.configure().envVars().load().migrate().migrationsExecuted);
    }
}
