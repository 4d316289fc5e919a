package io.seqpulse.quickstart.stack;

import io.seqpulse.cli.StateFolder;
import io.seqpulse.quickstart.access.HttpAccess;
import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What the HTTP service is told, as its environment. */
final class ApiSettings {

    private ApiSettings() {}

    /**
     * The settings for a stack's parts.
     *
     * @param flink empty in a stack without a job
     * @param emails the page of {@code ./lifecycle preview}
     */
    static Map<String, String> of(
            int port,
            Database database,
            Optional<URI> flink,
            StateFolder state,
            Secrets secrets,
            Optional<Path> rules,
            Optional<Path> emails) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("LIFECYCLE_API_PORT", Integer.toString(port));
        environment.put("LIFECYCLE_API_DATABASE_URL", database.jdbcUrl());
        environment.put("LIFECYCLE_API_DATABASE_USER", database.readers().user());
        environment.put("LIFECYCLE_API_DATABASE_PASSWORD", database.readers().password());
        environment.put("LIFECYCLE_API_SUPPORT_USER", database.support().user());
        environment.put("LIFECYCLE_API_SUPPORT_PASSWORD", database.support().password());
        if (state.kept()) {
            environment.put("LIFECYCLE_API_STATE_DIR", state.root().toString());
        }
        environment.put("LIFECYCLE_API_TOKENS", "up:operator:" + secrets.api());
        flink.ifPresent(
                url -> {
                    environment.put("LIFECYCLE_API_FLINK_URL", url.toString());
                    environment.put("LIFECYCLE_API_FLINK_USER", HttpAccess.USER);
                    environment.put("LIFECYCLE_API_FLINK_PASSWORD", secrets.http());
                });
        rules.ifPresent(
                folder ->
                        environment.put(
                                "LIFECYCLE_API_RULES_DIR", folder.toAbsolutePath().toString()));
        emails.ifPresent(
                page ->
                        environment.put(
                                "LIFECYCLE_API_EMAILS_PAGE", page.toAbsolutePath().toString()));
        return environment;
    }
}
