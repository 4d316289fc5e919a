package io.seqpulse.cli.database;

import io.seqpulse.cli.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** PostgreSQL's password file: lines of {@code host:port:database:user:password}. */
final class PasswordFile {

    private final List<List<String>> lines;

    private PasswordFile(List<List<String>> lines) {
        this.lines = lines;
    }

    /**
     * That of {@code PGPASSFILE}, else {@code ~/.pgpass}, which need not be there.
     *
     * @throws UsageException if {@code PGPASSFILE} names a file that cannot be read
     */
    static PasswordFile of(Map<String, String> environment) {
        String named = environment.get("PGPASSFILE");
        boolean isNamed = named != null && !named.isEmpty();
        Path file = isNamed ? Path.of(named) : Path.of(System.getProperty("user.home"), ".pgpass");
        try {
            return new PasswordFile(
                    Files.readAllLines(file).stream()
                            .filter(line -> !line.isBlank() && !line.startsWith("#"))
                            .map(PasswordFile::fields)
                            .filter(fields -> fields.size() == 5)
                            .toList());
        } catch (IOException unreadable) {
            if (isNamed) {
                throw new UsageException(
                        "PGPASSFILE names %s, which cannot be read: name a password file, or give the password in PGPASSWORD"
                                .formatted(file),
                        unreadable);
            }
            return new PasswordFile(List.of());
        }
    }

    /** A backslash keeps the colon or backslash after it. */
    private static List<String> fields(String line) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\\' && i + 1 < line.length()) {
                field.append(line.charAt(++i));
            } else if (c == ':' && fields.size() < 4) {
                fields.add(field.toString());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        fields.add(field.toString());
        return fields;
    }

    /** The password of the first line that fits; {@code *} fits anything. */
    Optional<String> find(String host, int port, String database, String user) {
        List<String> wanted =
                List.of(host.replaceAll("[\\[\\]]", ""), Integer.toString(port), database, user);
        return lines.stream()
                .filter(line -> fits(line, wanted))
                .map(line -> line.get(4))
                .findFirst();
    }

    private static boolean fits(List<String> line, List<String> wanted) {
        for (int i = 0; i < wanted.size(); i++) {
            if (!line.get(i).equals("*") && !line.get(i).equals(wanted.get(i))) {
                return false;
            }
        }
        return true;
    }
}
