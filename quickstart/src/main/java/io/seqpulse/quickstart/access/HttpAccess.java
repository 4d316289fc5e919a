package io.seqpulse.quickstart.access;

import java.io.IOException;
import java.net.Authenticator;
import java.net.PasswordAuthentication;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Who may ask an HTTP interface of a stack. Everybody on the machine and every page in a browser
 * reaches a port on the loopback interface, so a request must bring the user and the password of a
 * file that only the owner of the stack reads. A browser sends them along once it knows them, also
 * for a page of somebody else's: what comes from a browser may only look, and only for a page of
 * the interface's own.
 */
public final class HttpAccess {

    /** The one there is. */
    public static final String USER = "lifecycle";

    /** What a browser shows when it asks for the password. */
    public static final String CHALLENGE =
            "Basic realm=\"SEQPULSE Lifecycle: user and password are in the folder that ./lifecycle"
                    + " up prints\", charset=\"UTF-8\"";

    private static final Set<String> NAMES = Set.of("127.0.0.1", "localhost", "[::1]");
    private static final Set<String> LOOKING = Set.of("GET", "HEAD");
    private static final Set<String> OWN_PAGES = Set.of("same-origin", "none");
    private static final String BASIC = "basic ";

    private final String password;
    private final byte[] login;

    private HttpAccess(String password) {
        this.password = password;
        this.login = "%s:%s".formatted(USER, password).getBytes(StandardCharsets.UTF_8);
    }

    /** With that password. */
    public static HttpAccess with(String password) {
        return new HttpAccess(password);
    }

    /** With the password that a file holds. */
    public static HttpAccess of(Path passwordFile) throws IOException {
        return new HttpAccess(Files.readString(passwordFile).strip());
    }

    /**
     * Why a request is not answered.
     *
     * @param status of HTTP
     */
    public record Refusal(int status, String reason) {

        /** Whether the caller is to be asked for a password: with {@link #CHALLENGE}. */
        public boolean asksForPassword() {
            return status == 401;
        }
    }

    /**
     * Judges a request.
     *
     * @param header gives the value of a header, or null
     * @return empty for one to be answered
     */
    public Optional<Refusal> refusal(String method, UnaryOperator<String> header) {
        String host = header.apply("Host");
        if (host == null || !NAMES.contains(name(host))) {
            return Optional.of(
                    new Refusal(421, "address this as 127.0.0.1 or localhost, not by other names"));
        }
        String origin = header.apply("Origin");
        String page = header.apply("Sec-Fetch-Site");
        if (origin != null && !origin.equalsIgnoreCase("http://" + host)) {
            return Optional.of(new Refusal(403, "no page of another origin is answered"));
        }
        if (page != null && !OWN_PAGES.contains(page) && !opensThePage(header)) {
            return Optional.of(new Refusal(403, "no page of another site is answered"));
        }
        if ((origin != null || page != null) && !LOOKING.contains(method)) {
            return Optional.of(new Refusal(403, "from a browser this can only be looked at"));
        }
        if (!isOurs(header.apply("Authorization"))) {
            return Optional.of(
                    new Refusal(
                            401,
                            "user and password are needed: curl --netrc-file FOLDER/netrc, with the"
                                    + " folder that ./lifecycle up prints"));
        }
        return Optional.empty();
    }

    /** A link that somebody followed, which may stand anywhere. */
    private static boolean opensThePage(UnaryOperator<String> header) {
        return "navigate".equals(header.apply("Sec-Fetch-Mode"))
                && "document".equals(header.apply("Sec-Fetch-Dest"));
    }

    private static String name(String host) {
        int end = host.startsWith("[") ? host.indexOf(']') + 1 : host.indexOf(':');
        return (end <= 0 ? host : host.substring(0, end)).toLowerCase(Locale.ROOT);
    }

    private boolean isOurs(String authorization) {
        if (authorization == null || !authorization.toLowerCase(Locale.ROOT).startsWith(BASIC)) {
            return false;
        }
        try {
            byte[] given =
                    Base64.getDecoder().decode(authorization.substring(BASIC.length()).strip());
            return MessageDigest.isEqual(login, given);
        } catch (IllegalArgumentException noBase64) {
            return false;
        }
    }

    /** The header {@code Authorization} of our own requests. */
    public String authorization() {
        return "Basic " + Base64.getEncoder().encodeToString(login);
    }

    /** A client that gives the password when it is asked for it. */
    public HttpClient client() {
        return HttpClient.newBuilder()
                .authenticator(
                        new Authenticator() {
                            @Override
                            protected PasswordAuthentication getPasswordAuthentication() {
                                return new PasswordAuthentication(USER, password.toCharArray());
                            }
                        })
                .build();
    }

    @Override
    public String toString() {
        return "HttpAccess[***]";
    }
}
