package io.seqpulse.connector.jdbc;

import java.io.Serializable;

/**
 * Where a database is and who connects to it.
 *
 * @param url {@code jdbc:postgresql://host:port/database}
 * @param user the role
 * @param password its password; never printed
 */
public record JdbcSettings(String url, String user, String password) implements Serializable {

    /**
     * Checks that there is something to connect to.
     *
     * @throws IllegalArgumentException if the URL is no PostgreSQL JDBC URL or the user is missing
     */
    public JdbcSettings {
        if (url == null || !url.startsWith("jdbc:postgresql://")) {
            throw new IllegalArgumentException(
                    "database URL must look like jdbc:postgresql://host:port/database");
        }
        if (user == null || user.isBlank()) {
            throw new IllegalArgumentException("database user is missing");
        }
        password = password == null ? "" : password;
    }

    /** The URL as it may be printed: without its parameters and whatever stands before the host. */
    public String shownUrl() {
        int query = url.indexOf('?');
        String address = query < 0 ? url : url.substring(0, query) + "?***";
        return address.replaceFirst("//[^/]*@", "//***@");
    }

    @Override
    public String toString() {
        return "JdbcSettings[url=" + shownUrl() + ", user=" + user + ", password=***]";
    }
}
