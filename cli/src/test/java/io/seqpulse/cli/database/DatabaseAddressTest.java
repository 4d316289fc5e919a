package io.seqpulse.cli.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.cli.UsageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseAddressTest {

    private static final Map<String, String> NO_FILE = Map.of("PGPASSFILE", "/dev/null");

    @ParameterizedTest
    @CsvSource({
        "postgresql://u@h/db,                      h:5432/db, u, ''",
        "postgres://u:p%40ss@db.example.org:5433/x, db.example.org:5433/x, u, p@ss",
        "jdbc:postgresql://h:1/db?user=u&password=s, h:1/db, u, s",
        "postgresql://u@[::1]:5432/db,             [::1]:5432/db, u, ''",
        "postgresql://a%2Bb:p+w@my_host/db,        my_host:5432/db, a+b, p+w",
    })
    void understands(String url, String shown, String user, String password) {
        DatabaseAddress address = DatabaseAddress.parse(url, NO_FILE);
        assertThat(address.shown()).isEqualTo(shown);
        assertThat(address.user()).isEqualTo(user);
        assertThat(address.password()).isEqualTo(password);
        assertThat(address.sslMode()).isEqualTo("prefer");
    }

    @Test
    void passesEncryptionOnToWhoeverConnects() {
        DatabaseAddress address =
                DatabaseAddress.parse(
                        "postgresql://u@h/a%20b?sslmode=verify-full&sslrootcert=/etc/ca%20x.pem",
                        NO_FILE);
        assertThat(address.jdbcUrl())
                .isEqualTo(
                        "jdbc:postgresql://h:5432/a%20b?sslmode=verify-full&sslrootcert=%2Fetc%2Fca+x.pem");
        assertThat(address.connectorSettings())
                .isEqualTo(Map.of("database.sslrootcert", "/etc/ca x.pem"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "mysql://u@h/db",
                "postgresql://u:hunter2@h1,h2/db",
                "postgresql://u:hunter2@/db",
                "postgresql://u:hunter2@h:99999/db",
                "postgresql://u:hunter2@h/db?options=-c",
                "postgresql://u:hunter2@h/db?sslmode=maybe",
                "postgresql://u:hunter2%@h/db",
                "postgresql://h/db"
            })
    void refusesWhatItDoesNotUnderstandWithoutRepeatingAPassword(String url) {
        assertThatThrownBy(() -> DatabaseAddress.parse(url, NO_FILE))
                .isInstanceOf(UsageException.class)
                .hasMessageStartingWith("--database")
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void looksForThePasswordWherePostgresDoes(@TempDir Path folder) throws Exception {
        Path file =
                Files.writeString(
                        folder.resolve("pgpass"),
                        "# mine\nother:5432:*:u:no\nh:*:db:u:a\\:b\\\\c\n*:*:*:*:last\n");
        Map<String, String> environment = Map.of("PGPASSFILE", file.toString());

        assertThat(DatabaseAddress.parse("postgresql://u@h:7/db", environment).password())
                .isEqualTo("a:b\\c");
        assertThat(DatabaseAddress.parse("postgresql://v@h:7/db", environment).password())
                .isEqualTo("last");
        assertThat(DatabaseAddress.parse("postgresql://u:own@h:7/db", environment).password())
                .isEqualTo("own");
        assertThat(
                        DatabaseAddress.parse(
                                        "postgresql://u@h:7/db",
                                        Map.of(
                                                "PGPASSFILE",
                                                file.toString(),
                                                "PGPASSWORD",
                                                "of the environment"))
                                .password())
                .isEqualTo("of the environment");
    }

    @Test
    void aPasswordFileThatIsNamedMustBeThere(@TempDir Path folder) {
        Path none = folder.resolve("pgpass");
        Map<String, String> environment = Map.of("PGPASSFILE", none.toString());
        assertThatThrownBy(() -> DatabaseAddress.parse("postgresql://u@h/db", environment))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("PGPASSFILE names " + none);
        assertThat(DatabaseAddress.parse("postgresql://u:own@h/db", environment).password())
                .as("needs none")
                .isEqualTo("own");
    }

    @Test
    void neverPrintsThePassword() {
        assertThat(DatabaseAddress.parse("postgresql://u:hunter2@h/db", NO_FILE).toString())
                .isEqualTo("DatabaseAddress[h:5432/db, user=u, password=***]");
    }
}
