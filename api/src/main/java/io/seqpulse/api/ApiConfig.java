package io.seqpulse.api;

import io.seqpulse.api.access.AccessToken;
import io.seqpulse.api.access.ClientAddresses;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the service is told at its start, read once from {@code LIFECYCLE_API_*}. Passwords and
 * tokens are never printed.
 *
 * @param bind the address to listen on
 * @param port 0: any free one
 * @param hosts names by which the service may be addressed, in lower case and without port
 * @param secureCookie whether browsers reach it by HTTPS only, through a proxy
 * @param readers who reads everything but mails
 * @param support who reads mails as sent; empty: nobody can
 * @param tokens who may call
 * @param flink Flink's REST interface, for the status; empty: the status says nothing of the job
 * @param rules directory whose {@code lifecycle.yaml} replaces the built-in one, as for the job
 * @param emailsPage file with the emails to look at, as {@code ./lifecycle preview} writes it;
 *     empty: there is none
 * @param state folder of the pipeline, for the status; empty: it has none on this machine
 * @param requestsPerSecond of one address, on average
 * @param trustedProxies whose word on whom a request comes from is taken
 */
record ApiConfig(
        String bind,
        int port,
        Set<String> hosts,
        boolean secureCookie,
        Login readers,
        Optional<Login> support,
        List<AccessToken> tokens,
        Optional<Cluster> flink,
        Optional<Path> rules,
        Optional<Path> emailsPage,
        Optional<Path> state,
        int requestsPerSecond,
        List<String> trustedProxies) {

    static final String PREFIX = "LIFECYCLE_API_";
    static final String DEFAULT_HOSTS = "localhost,127.0.0.1,[::1]";

    /** Connects to the database. */
    record Login(String url, String user, String password) {
        @Override
        public String toString() {
            return "Login[" + user + "]";
        }
    }

    /**
     * A Flink cluster.
     *
     * @param user asked for by its REST interface; empty: nobody is
     */
    record Cluster(URI rest, String user, String password) {
        @Override
        public String toString() {
            return rest.toString();
        }
    }

    /**
     * The settings of an environment.
     *
     * @throws InvalidConfigurationException naming everything that is missing or wrong
     */
    static ApiConfig of(Map<String, String> environment) {
        Reader reader = new Reader(environment);
        String url = reader.required("DATABASE_URL");
        if (url != null && !url.startsWith("jdbc:postgresql:")) {
            reader.problem("DATABASE_URL", "must begin with jdbc:postgresql:");
        }
        Login readers =
                new Login(
                        url,
                        reader.required("DATABASE_USER"),
                        reader.text("DATABASE_PASSWORD", ""));
        Optional<Login> support =
                reader.optional("SUPPORT_USER")
                        .map(user -> new Login(url, user, reader.text("SUPPORT_PASSWORD", "")));
        ApiConfig config =
                new ApiConfig(
                        reader.text("BIND", "127.0.0.1"),
                        reader.number("PORT", 8090, 0, 65_535),
                        Arrays.stream(reader.text("HOSTS", DEFAULT_HOSTS).split("[\\s,]+"))
                                .map(host -> host.toLowerCase(Locale.ROOT))
                                .filter(host -> !host.isEmpty())
                                .collect(Collectors.toUnmodifiableSet()),
                        reader.yesOrNo("SECURE_COOKIE"),
                        readers,
                        support,
                        reader.tokens("TOKENS"),
                        reader.optional("FLINK_URL")
                                .map(text -> reader.uri("FLINK_URL", text))
                                .map(
                                        rest ->
                                                new Cluster(
                                                        rest,
                                                        reader.text("FLINK_USER", ""),
                                                        reader.text("FLINK_PASSWORD", ""))),
                        reader.optional("RULES_DIR").map(text -> reader.folder("RULES_DIR", text)),
                        reader.optional("EMAILS_PAGE")
                                .map(text -> reader.file("EMAILS_PAGE", text)),
                        reader.optional("STATE_DIR").map(Path::of),
                        reader.number("REQUESTS_PER_SECOND", 50, 1, 100_000),
                        reader.addresses("TRUSTED_PROXIES"));
        reader.throwIfAny();
        return config;
    }

    @Override
    public String toString() {
        return "ApiConfig[%s:%s, hosts %s, readers %s, support %s, %s tokens, Flink %s]"
                .formatted(bind, port, hosts, readers, support, tokens.size(), flink);
    }

    private static final class Reader {

        private final Map<String, String> environment;
        private final List<String> problems = new ArrayList<>();

        Reader(Map<String, String> environment) {
            this.environment = environment;
            environment.keySet().stream()
                    .filter(name -> name.startsWith(PREFIX))
                    .filter(name -> !KNOWN.contains(name.substring(PREFIX.length())))
                    .sorted()
                    .forEach(name -> problems.add(name + " is no setting of this service"));
        }

        private static final Set<String> KNOWN =
                Set.of(
                        "BIND",
                        "PORT",
                        "HOSTS",
                        "SECURE_COOKIE",
                        "DATABASE_URL",
                        "DATABASE_USER",
                        "DATABASE_PASSWORD",
                        "SUPPORT_USER",
                        "SUPPORT_PASSWORD",
                        "TOKENS",
                        "FLINK_URL",
                        "FLINK_USER",
                        "FLINK_PASSWORD",
                        "RULES_DIR",
                        "EMAILS_PAGE",
                        "STATE_DIR",
                        "REQUESTS_PER_SECOND",
                        "TRUSTED_PROXIES");

        Optional<String> optional(String name) {
            return Optional.ofNullable(environment.get(PREFIX + name))
                    .filter(text -> !text.isBlank());
        }

        String text(String name, String otherwise) {
            return optional(name).orElse(otherwise);
        }

        String required(String name) {
            return optional(name)
                    .orElseGet(
                            () -> {
                                problem(name, "is not set");
                                return null;
                            });
        }

        void problem(String name, String what) {
            problems.add(PREFIX + name + " " + what);
        }

        int number(String name, int otherwise, int lowest, int highest) {
            String text = text(name, Integer.toString(otherwise)).strip();
            try {
                int number = Integer.parseInt(text);
                if (number >= lowest && number <= highest) {
                    return number;
                }
            } catch (NumberFormatException said) {
                // Said below, in words.
            }
            problem(
                    name,
                    "must be a whole number from %s to %s, not '%s'"
                            .formatted(lowest, highest, text));
            return otherwise;
        }

        boolean yesOrNo(String name) {
            String text = text(name, "false").strip();
            if (!text.equals("true") && !text.equals("false")) {
                problem(name, "must be true or false, not '%s'".formatted(text));
            }
            return text.equals("true");
        }

        URI uri(String name, String text) {
            try {
                URI uri = URI.create(text.strip());
                if (uri.getHost() != null && uri.getScheme().matches("https?")) {
                    return uri;
                }
            } catch (IllegalArgumentException said) {
                // Said below, in words.
            }
            problem(name, "must be an http:// or https:// address");
            return null;
        }

        Path folder(String name, String text) {
            Path folder = Path.of(text);
            if (!Files.isDirectory(folder)) {
                problem(name, "is no folder: " + folder);
            }
            return folder;
        }

        Path file(String name, String text) {
            Path file = Path.of(text);
            if (!Files.isReadable(file) || Files.isDirectory(file)) {
                problem(name, "is no file that can be read: " + file);
            }
            return file;
        }

        List<AccessToken> tokens(String name) {
            String text = required(name);
            List<AccessToken> tokens = new ArrayList<>();
            if (text == null) {
                return tokens;
            }
            for (String entry : text.strip().split("[\\s,]+")) {
                try {
                    tokens.add(AccessToken.parse(entry));
                } catch (IllegalArgumentException wrong) {
                    problem(name, "entry %s %s".formatted(tokens.size() + 1, wrong.getMessage()));
                    return tokens;
                }
            }
            return tokens;
        }

        List<String> addresses(String name) {
            List<String> addresses =
                    Arrays.stream(text(name, "").strip().split("[\\s,]+"))
                            .filter(address -> !address.isEmpty())
                            .toList();
            try {
                new ClientAddresses(addresses);
            } catch (IllegalArgumentException wrong) {
                problem(name, wrong.getMessage());
            }
            return addresses;
        }

        void throwIfAny() {
            if (!problems.isEmpty()) {
                throw new InvalidConfigurationException(problems);
            }
        }
    }
}
