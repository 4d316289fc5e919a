package io.seqpulse.quickstart;

import io.seqpulse.connector.email.SmtpSettings;
import io.seqpulse.connector.email.SmtpSettings.Security;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import picocli.CommandLine.Option;

/** What {@code ./lifecycle up} is told of somebody's own database and of real mail. */
final class OwnDatabaseOptions {

    /** These are about the embedded database and its mail server. */
    private static final List<String> ONLY_EMBEDDED =
            List.of("--rate", "--postgres-port", "--smtp-port");

    private static final int SHORTEST_SECRET = 32;

    @Option(
            names = "--database",
            paramLabel = "URL",
            description =
                    "Use this PostgreSQL (14 or newer) instead of the embedded one, without demo"
                            + " traffic: postgresql://user@host:port/db?sslmode=…, password in"
                            + " PGPASSWORD or PGPASSFILE. Prints the SQL it needs there and asks first.")
    private String database;

    @Option(names = "--yes", description = "Run that SQL without asking.")
    private boolean yes;

    @Option(
            names = "--send",
            description =
                    "Send mail. Without it no rule of --database does: what would be sent is"
                            + " journalled as shadow.")
    private boolean send;

    @Option(
            names = "--smtp",
            paramLabel = "URL",
            description =
                    "Where --send sends: smtp://host:port, smtp://user@host:587 (STARTTLS) or"
                            + " smtps://user@host; password in SMTP_PASSWORD.")
    private String smtp;

    @Option(
            names = "--public-url",
            paramLabel = "URL",
            description = "Base of the links to unsubscribe, for --send: https://….")
    private String publicUrl;

    @Option(
            names = "--frontend-url",
            paramLabel = "URL",
            description = "Where the product lives, for --send (default: FRONTEND_URL).")
    private String frontendUrl;

    @Option(
            names = "--from",
            paramLabel = "ADDRESS",
            description = "Who mails are from, for --send (default: EMAIL_FROM).")
    private String from;

    /** Whether the run is on somebody's own database. */
    boolean given() {
        return database != null;
    }

    String database() {
        return database;
    }

    boolean yes() {
        return yes;
    }

    boolean send() {
        return send;
    }

    /** What does not go together or is missing, a line each. */
    List<String> problems(Predicate<String> stated, Map<String, String> environment) {
        List<String> problems = new ArrayList<>();
        if (!given()) {
            for (String option :
                    List.of(
                            "--yes",
                            "--send",
                            "--smtp",
                            "--public-url",
                            "--frontend-url",
                            "--from")) {
                if (stated.test(option)) {
                    problems.add(option + " is for --database; the embedded stack needs none");
                }
            }
            return problems;
        }
        for (String option : ONLY_EMBEDDED) {
            if (stated.test(option)) {
                problems.add(
                        option
                                + " is for the embedded database; --database plays no traffic there");
            }
        }
        if (!send) {
            for (String option : List.of("--smtp", "--public-url", "--frontend-url", "--from")) {
                if (stated.test(option)) {
                    problems.add(option + " is for --send: without it nothing is sent");
                }
            }
            return problems;
        }
        Map<String, String> mail = mailSettings(environment, problems);
        requireUrl(mail, "public.url", "--public-url https://…", "https", problems);
        requireUrl(
                mail, "frontend.url", "--frontend-url https://… or FRONTEND_URL", "http", problems);
        if (!mail.containsKey("email.from")) {
            problems.add("--send needs --from 'NAME <address>' or EMAIL_FROM");
        }
        String secret = environment.get("LIFECYCLE_LINK_SECRET");
        if (secret != null && secret.length() < SHORTEST_SECRET) {
            problems.add("LIFECYCLE_LINK_SECRET must have at least 32 characters");
        }
        return problems;
    }

    private static void requireUrl(
            Map<String, String> mail,
            String key,
            String option,
            String scheme,
            List<String> problems) {
        String url = mail.get(key);
        if (url == null) {
            problems.add("--send needs " + option);
        } else if (!url.matches("(?i)" + scheme + "s?://[^/\\s]+.*")) {
            problems.add("%s is no such address: %s".formatted(option, url));
        }
    }

    /** The job's settings for sending; none in shadow. */
    Map<String, String> mailSettings(Map<String, String> environment) {
        return send ? mailSettings(environment, new ArrayList<>()) : Map.of();
    }

    /** The mail server of {@code --send}, as the job will speak to it; empty in shadow. */
    Optional<SmtpSettings> mailServer(Map<String, String> environment) {
        Map<String, String> mail = mailSettings(environment);
        if (!mail.containsKey("smtp.host")) {
            return Optional.empty();
        }
        SmtpSettings server =
                SmtpSettings.server(
                        mail.get("smtp.host"),
                        Integer.parseInt(mail.get("smtp.port")),
                        Security.valueOf(mail.get("smtp.security").toUpperCase(Locale.ROOT)));
        return Optional.of(
                mail.containsKey("smtp.user")
                        ? server.login(mail.get("smtp.user"), mail.get("smtp.password"))
                        : server);
    }

    private Map<String, String> mailSettings(
            Map<String, String> environment, List<String> problems) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("rules.mode", "catalogue");
        settings.put("email.provider", "smtp");
        if (smtp == null) {
            problems.add("--send needs --smtp smtp://host:port or smtps://user@host");
        } else {
            putSmtp(settings, environment, problems);
        }
        put(settings, "public.url", publicUrl, null);
        put(settings, "frontend.url", frontendUrl, environment.get("FRONTEND_URL"));
        put(settings, "email.from", from, environment.get("EMAIL_FROM"));
        put(settings, "link.secret", environment.get("LIFECYCLE_LINK_SECRET"), null);
        return settings;
    }

    private static void put(
            Map<String, String> settings, String key, String value, String otherwise) {
        String chosen = value == null || value.isBlank() ? otherwise : value;
        if (chosen != null && !chosen.isBlank()) {
            settings.put(key, chosen);
        }
    }

    private void putSmtp(
            Map<String, String> settings, Map<String, String> environment, List<String> problems) {
        int at = smtp.lastIndexOf('@');
        int begin = smtp.indexOf("://") + 3;
        String user = at < 0 ? null : smtp.substring(begin, at);
        URI server;
        try {
            server = new URI(at < 0 ? smtp : smtp.substring(0, begin) + smtp.substring(at + 1));
        } catch (URISyntaxException e) {
            problems.add(noSmtp());
            return;
        }
        boolean tls = "smtps".equals(server.getScheme());
        boolean known = tls || "smtp".equals(server.getScheme());
        boolean bare = server.getPath() == null || server.getPath().matches("/?");
        if (!known || server.getHost() == null || !bare || server.getQuery() != null) {
            problems.add(noSmtp());
            return;
        }
        if (user != null && user.contains(":")) {
            problems.add("--smtp holds a password, which others can see: give it in SMTP_PASSWORD");
            return;
        }
        if (server.getPort() < 0 && !tls && user == null) {
            problems.add("--smtp names no port: smtp://%s:25".formatted(server.getHost()));
        }
        settings.put("smtp.host", server.getHost());
        settings.put(
                "smtp.port",
                Integer.toString(server.getPort() > 0 ? server.getPort() : tls ? 465 : 587));
        settings.put("smtp.security", tls ? "tls" : user != null ? "starttls" : "none");
        if (user != null) {
            String password = environment.get("SMTP_PASSWORD");
            if (password == null || password.isEmpty()) {
                problems.add("--smtp names a user: its password must be in SMTP_PASSWORD");
            } else {
                settings.put("smtp.user", user);
                settings.put("smtp.password", password);
            }
        }
    }

    private static String noSmtp() {
        return "--smtp is no mail server: smtp://host:port, smtp://user@host:587 or smtps://user@host";
    }
}
