package io.seqpulse.cli.suppressions;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.cli.UsageException;
import java.io.PrintWriter;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./lifecycle suppressions list}. */
@Command(
        name = "list",
        description = "Lists suppressed addresses with what the mail server said, newest first.",
        sortOptions = false,
        abbreviateSynopsis = true)
final class ListSuppressions implements Callable<Integer> {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String SUPPRESSED =
            """
            select address, created_at, until, reason, reply
            from lifecycle.suppressed_addresses
            where (? or until > now()) and strpos(address, lower(?)) > 0
            order by created_at desc, address
            limit ?
            """;

    @Spec private CommandSpec spec;

    @Mixin private Place place;

    @Option(
            names = "--address",
            paramLabel = "PART",
            defaultValue = "",
            description = "Only addresses that contain this, such as @example.org.")
    private String part;

    @Option(names = "--ended", description = "Also those whose time is over.")
    private boolean ended;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "100",
            description = "At most N (default: ${DEFAULT-VALUE}).")
    private int limit;

    @Option(names = "--json", description = "One JSON object a line.")
    private boolean json;

    @Override
    public Integer call() throws JsonProcessingException {
        if (limit < 1) {
            throw new UsageException("--limit must be 1 or more");
        }
        PrintWriter out = spec.commandLine().getOut();
        List<Map<String, String>> found =
                place.ask(
                        connection -> {
                            try (PreparedStatement query =
                                    connection.prepareStatement(SUPPRESSED)) {
                                query.setBoolean(1, ended);
                                query.setString(2, part.strip());
                                query.setInt(3, limit);
                                return rows(query.executeQuery());
                            }
                        });
        for (Map<String, String> row : found) {
            if (json) {
                out.println(JSON.writeValueAsString(row));
            } else {
                out.printf(
                        "%s  since %s  until %s%n    %s: %s%n",
                        printable(row.get("address")),
                        row.get("since"),
                        row.get("until"),
                        printable(row.get("reason")),
                        printable(row.get("reply")));
            }
        }
        if (!json) {
            out.printf(
                    "%s suppressed%s%n",
                    found.size(), found.size() == limit ? ", or more: see --limit" : "");
        }
        out.flush();
        return 0;
    }

    private static List<Map<String, String>> rows(ResultSet found) throws SQLException {
        List<Map<String, String>> rows = new ArrayList<>();
        while (found.next()) {
            Map<String, String> row = new LinkedHashMap<>();
            row.put("address", found.getString("address"));
            row.put("since", time(found.getTimestamp("created_at")));
            row.put("until", time(found.getTimestamp("until")));
            row.put("reason", found.getString("reason"));
            row.put("reply", found.getString("reply"));
            rows.add(row);
        }
        return rows;
    }

    private static String time(Timestamp time) {
        return time.toInstant().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** Other people's text: control and format characters steer no terminal. */
    private static String printable(String text) {
        return text == null ? "-" : text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+", " ").strip();
    }
}
