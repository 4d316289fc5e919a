package io.seqpulse.cli.database;

import io.seqpulse.cli.CommandException;
import io.seqpulse.cli.UsageException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.PGProperty;

/**
 * Where someone's own database is, and who connects to it.
 *
 * @param host name or address; an IPv6 address in brackets
 * @param name of the database
 * @param password empty when none is known; never printed
 * @param parameters {@code sslmode} and {@code sslrootcert}, where given
 */
public record DatabaseAddress(
        String host,
        int port,
        String name,
        String user,
        String password,
        Map<String, String> parameters) {

    private static final Pattern URL =
            Pattern.compile(
                    "(?:jdbc:)?postgres(?:ql)?://(?:([^:@/?#]+)(?::([^@/?#]*))?@)?"
                            + "(\\[[0-9a-fA-F:.]+]|[^\\[\\]:@/?#,%]+)(?::(\\d{1,5}))?/([^/?#]+)"
                            + "(?:\\?([^#]*))?");
    private static final Set<String> KNOWN = Set.of("sslmode", "sslrootcert");
    private static final Set<String> SSL_MODES =
            Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    public DatabaseAddress {
        parameters = Map.copyOf(parameters);
    }

    /**
     * Reads {@code postgresql://user@host:port/database?sslmode=…}, also with {@code postgres://}
     * or {@code jdbc:postgresql://}. A password that is not in it comes from {@code PGPASSWORD}, or
     * from the file {@code PGPASSFILE} or {@code ~/.pgpass}; a user from {@code PGUSER}.
     *
     * @throws UsageException if it is no such URL, or {@code PGPASSFILE} names a file that cannot
     *     be read; the message does not repeat the URL, as it may hold a password
     */
    public static DatabaseAddress parse(String url, Map<String, String> environment) {
        Matcher parts = URL.matcher(url.strip());
        if (!parts.matches()) {
            throw new UsageException(
                    "--database is no address of one PostgreSQL database; give"
                            + " postgresql://user@host:port/database (special characters in its"
                            + " parts as %XX; no list of hosts, no socket)");
        }
        Map<String, String> query = query(parts.group(6));
        String userInQuery = query.remove("user");
        String passwordInQuery = query.remove("password");
        String host = parts.group(3);
        int port = parts.group(4) == null ? 5432 : Integer.parseInt(parts.group(4));
        if (port < 1 || port > 65_535) {
            throw new UsageException("--database: a port is from 1 to 65535, not " + port);
        }
        String name = decode(parts.group(5));
        String user = firstOf(decode(parts.group(1)), userInQuery, environment.get("PGUSER"), null);
        if (user == null) {
            throw new UsageException(
                    "--database names no user: postgresql://USER@%s/%s".formatted(host, name));
        }
        for (String parameter : query.keySet()) {
            if (!KNOWN.contains(parameter)) {
                throw new UsageException(
                        "--database: parameter '%s' is not understood; sslmode and sslrootcert are"
                                .formatted(parameter));
            }
        }
        String sslMode = query.get("sslmode");
        if (sslMode != null && !SSL_MODES.contains(sslMode)) {
            throw new UsageException(
                    "--database: sslmode is one of disable, allow, prefer, require, verify-ca,"
                            + " verify-full");
        }
        String password =
                firstOf(
                        decode(parts.group(2)),
                        passwordInQuery,
                        environment.get("PGPASSWORD"),
                        null);
        if (password == null) {
            password = PasswordFile.of(environment).find(host, port, name, user).orElse("");
        }
        return new DatabaseAddress(host, port, name, user, password, query);
    }

    private static Map<String, String> query(String text) {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (text == null || text.isEmpty()) {
            return parameters;
        }
        for (String pair : text.split("&")) {
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw new UsageException("--database: its parameters are not NAME=VALUE&…");
            }
            parameters.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
        }
        return parameters;
    }

    private static String decode(String text) {
        if (text == null) {
            return null;
        }
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new UsageException(
                    "--database: a % in it does not begin the two hex digits of a character; write"
                            + " %25 for a percent sign",
                    e);
        }
    }

    private static String firstOf(String... values) {
        for (String value : values) {
            if (value != null && !value.isEmpty()) {
                return value;
            }
        }
        return null;
    }

    /** The server and its database, as people and logs may see it. */
    public String shown() {
        return "%s:%s/%s".formatted(host, port, name);
    }

    /** The same in Java's form, without user and password. */
    public String jdbcUrl() {
        StringBuilder url =
                new StringBuilder("jdbc:postgresql://%s:%s/".formatted(host, port))
                        .append(URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20"))
                        .append("?sslmode=")
                        .append(sslMode());
        String root = parameters.get("sslrootcert");
        if (root != null) {
            url.append("&sslrootcert=").append(URLEncoder.encode(root, StandardCharsets.UTF_8));
        }
        return url.toString();
    }

    /** How the connection is encrypted, in libpq's words. */
    public String sslMode() {
        return parameters.getOrDefault("sslmode", "prefer");
    }

    /** What a connector's registration needs beyond host, port, name, user, password and mode. */
    public Map<String, String> connectorSettings() {
        Map<String, String> settings = new TreeMap<>();
        String root = parameters.get("sslrootcert");
        if (root != null) {
            settings.put("database.sslrootcert", Path.of(root).toAbsolutePath().toString());
        }
        return settings;
    }

    /**
     * The password for parts that insist on one: where the server asked for none, anything does.
     */
    public String passwordOrAny() {
        return password.isEmpty() ? "none-asked-for" : password;
    }

    /** A new connection with autocommit on; it names itself after the project. */
    public Connection connect() throws SQLException {
        return connect(new Properties());
    }

    /** A connection that can only speak the replication protocol. */
    Connection connectForReplication() throws SQLException {
        Properties properties = new Properties();
        PGProperty.REPLICATION.set(properties, "database");
        PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "14");
        PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
        return connect(properties);
    }

    private Connection connect(Properties properties) throws SQLException {
        PGProperty.USER.set(properties, user);
        if (!password.isEmpty()) {
            PGProperty.PASSWORD.set(properties, password);
        }
        PGProperty.APPLICATION_NAME.set(properties, "seqpulse-lifecycle");
        PGProperty.CONNECT_TIMEOUT.set(properties, 10);
        return DriverManager.getConnection(jdbcUrl(), properties);
    }

    /**
     * That the database cannot be used, for somebody who wants to.
     *
     * @param e what the server or the driver says; neither repeats a password
     */
    public CommandException unusable(SQLException e) {
        return new CommandException(
                "%s cannot be used as user %s: %s".formatted(shown(), user, e.getMessage()), e);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof DatabaseAddress that
                && shown().equals(that.shown())
                && user.equals(that.user)
                && password.equals(that.password)
                && parameters.equals(that.parameters);
    }

    @Override
    public int hashCode() {
        return Objects.hash(shown(), user);
    }

    @Override
    public String toString() {
        return "DatabaseAddress[%s, user=%s, password=***]".formatted(shown(), user);
    }
}
