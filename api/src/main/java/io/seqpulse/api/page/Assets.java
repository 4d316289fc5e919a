package io.seqpulse.api.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

/**
 * The files of the live page, read from the class path at the start: these and no others, under
 * fixed paths.
 */
public final class Assets {

    private static final String SCRIPT = "text/javascript; charset=utf-8";
    private static final String OURS = "/io/seqpulse/api/page/";
    private static final String CHARTS = "/META-INF/resources/webjars/chart.js/%s/dist/";

    private final Map<String, Asset> byPath = new LinkedHashMap<>();

    /**
     * A file.
     *
     * @param tag changes when it does
     */
    public record Asset(String type, byte[] content, String tag) {

        /**
         * Whether a header {@code If-None-Match} names it. Compared weakly (RFC 9110): a proxy that
         * compresses makes each tag a weak one.
         */
        public boolean isAt(String header) {
            return header != null
                    && Arrays.stream(header.split(","))
                            .map(String::strip)
                            .map(known -> known.startsWith("W/") ? known.substring(2) : known)
                            .anyMatch(known -> known.equals(tag) || known.equals("*"));
        }
    }

    /** Reads them. */
    public Assets() {
        add("/", OURS + "index.html", "text/html; charset=utf-8");
        add("/assets/page.css", OURS + "page.css", "text/css; charset=utf-8");
        for (String script :
                new String[] {
                    "page", "charts", "texts", "format", "mail", "stream", "asking", "search",
                    "session"
                }) {
            add("/assets/%s.js".formatted(script), OURS + script + ".js", SCRIPT);
        }
        add("/assets/icon.svg", OURS + "icon.svg", "image/svg+xml");
        add("/assets/chart.js", CHARTS.formatted(versionOfCharts()) + "chart.umd.min.js", SCRIPT);
        add("/openapi.json", "/io/seqpulse/api/openapi.json", "application/json");
    }

    /** The build writes down which one is on the class path. */
    private static String versionOfCharts() {
        Properties versions = new Properties();
        try (InputStream in = Assets.class.getResourceAsStream(OURS + "versions.properties")) {
            versions.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException("versions.properties cannot be read", e);
        }
        return versions.getProperty("chart.js");
    }

    private void add(String path, String resource, String type) {
        try (InputStream in = Assets.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is not on the class path");
            }
            byte[] content = in.readAllBytes();
            String digest =
                    HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(content), 0, 16);
            byPath.put(path, new Asset(type, content, '"' + digest + '"'));
        } catch (IOException e) {
            throw new UncheckedIOException(resource + " cannot be read", e);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JVM has SHA-256", impossible);
        }
    }

    /** Where they are served. */
    public Set<String> paths() {
        return byPath.keySet();
    }

    /** The file that is served there. */
    public Asset at(String path) {
        return byPath.get(path);
    }
}
