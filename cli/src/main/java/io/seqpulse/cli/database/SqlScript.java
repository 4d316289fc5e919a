package io.seqpulse.cli.database;

import io.seqpulse.cli.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** SQL as a list of statements, each with the comment above it and without its semicolon. */
final class SqlScript {

    /** What may hide a semicolon: a comment, a string, a quoted name, text between dollars. */
    private static final Pattern TOKEN =
            Pattern.compile(
                    "--[^\\n]*|/\\*.*?\\*/|'(?:[^']|'')*'|\"[^\"]*\""
                            + "|\\$([a-z_]*)\\$.*?\\$\\1\\$|;|[^;]",
                    Pattern.DOTALL);

    private static final Pattern LEADING_COMMENTS = Pattern.compile("\\A(?:\\s*--[^\\n]*\\n)*\\s*");

    private static final Pattern VERSION = Pattern.compile("V(\\d+)__");

    private SqlScript() {}

    /** The statements of a text. */
    static List<String> statements(String text) {
        List<String> statements = new ArrayList<>();
        StringBuilder statement = new StringBuilder();
        Matcher token = TOKEN.matcher(text);
        while (token.find()) {
            if (token.group().equals(";")) {
                statements.add(statement.toString().strip());
                statement.setLength(0);
            } else {
                statement.append(token.group());
            }
        }
        if (!withoutComment(statement.toString() + "\n").isBlank()) {
            statements.add(statement.toString().strip());
        }
        return statements;
    }

    /** A statement without the comment above it. */
    static String withoutComment(String statement) {
        return LEADING_COMMENTS.matcher(statement).replaceFirst("");
    }

    /** The files of a folder whose names begin so, in the order in which they are run. */
    static List<Path> files(Path folder, String prefix) {
        if (!Files.isDirectory(folder)) {
            throw new CommandException(
                    "%s is missing: run from a complete clone of the repository".formatted(folder));
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix))
                    .sorted(
                            Comparator.comparingInt(SqlScript::version)
                                    .thenComparing(Comparator.naturalOrder()))
                    .toList();
        } catch (IOException e) {
            throw new CommandException(folder + " cannot be read", e);
        }
    }

    /** Migrations run by number, of which 10 comes after 9; 0: it has none. */
    private static int version(Path file) {
        Matcher version = VERSION.matcher(file.getFileName().toString());
        return version.lookingAt() ? Integer.parseInt(version.group(1)) : 0;
    }

    /** A file's text. */
    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new CommandException(
                    "%s is missing: run from a complete clone of the repository".formatted(file),
                    e);
        }
    }
}
