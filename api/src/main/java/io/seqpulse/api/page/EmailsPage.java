package io.seqpulse.api.page;

import io.seqpulse.api.InvalidConfigurationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The emails with sample data, on the page that {@code ./lifecycle preview} wrote, read at the
 * start. It loads nothing, and nothing runs in it but its own script, by its digest.
 */
public final class EmailsPage {

    private static final String VARIABLE = "LIFECYCLE_API_EMAILS_PAGE";
    private static final Pattern SCRIPT = Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL);

    private final String content;
    private final String policy;

    private EmailsPage(String content, String policy) {
        this.content = content;
        this.policy = policy;
    }

    /**
     * Reads it.
     *
     * @throws InvalidConfigurationException if the file cannot be read or is no such page
     */
    public static EmailsPage read(Path file) {
        String content;
        try {
            content = Files.readString(file);
        } catch (IOException unreadable) {
            throw problem("cannot be read (%s): %s", unreadable.getClass().getSimpleName(), file);
        }
        List<String> scripts =
                SCRIPT.matcher(content).results().map((MatchResult it) -> it.group(1)).toList();
        if (scripts.size() != 1 || !content.startsWith("<!DOCTYPE html>")) {
            throw problem("is no page that ./lifecycle preview wrote: %s", file);
        }
        return new EmailsPage(
                content,
                "default-src 'none'; script-src 'sha256-%s'; style-src 'unsafe-inline';"
                                .formatted(digest(scripts.get(0)))
                        + " img-src data:; frame-src 'none'; base-uri 'none'; form-action 'none';"
                        + " frame-ancestors 'none'");
    }

    private static InvalidConfigurationException problem(String what, Object... about) {
        return new InvalidConfigurationException(List.of(VARIABLE + " " + what.formatted(about)));
    }

    private static String digest(String script) {
        try {
            byte[] sha256 =
                    MessageDigest.getInstance("SHA-256")
                            .digest(script.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(sha256);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JVM has SHA-256", impossible);
        }
    }

    /** The page. */
    public String content() {
        return content;
    }

    /** What it may do, as {@code Content-Security-Policy}. */
    public String policy() {
        return policy;
    }
}
