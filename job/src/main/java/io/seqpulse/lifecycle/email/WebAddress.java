package io.seqpulse.lifecycle.email;

import io.seqpulse.connector.email.HostName;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Addresses as they may stand in a mail and in its header: ASCII alone; the bases of links without
 * a slash at their end.
 */
final class WebAddress {

    private static final Pattern FORM =
            Pattern.compile("(?i)(https?)://(\\[[0-9a-f:.]+]|[^/?#:@\\[\\]]+)(:\\d{1,5})?(.*)");

    private static final Pattern LOOPBACK =
            Pattern.compile("(?i)localhost|.*\\.localhost|127(\\.\\d{1,3}){3}|\\[::1]");

    private static final String IN_A_PATH = "-._~!$&'()*+,;=:@/%?#";

    /** What browsers and mail programs still follow. */
    private static final int LONGEST = 2_000;

    private WebAddress() {}

    /**
     * An address that people follow from the text of a mail.
     *
     * @throws IllegalArgumentException naming the key, if it is none
     */
    static String page(String key, String url) {
        return base(ascii(key, url, parts(key, url)));
    }

    /**
     * An address that somebody else wrote, as it may stand in a mail: HTTPS, at its usual port, on
     * one of the hosts.
     *
     * @param url any text, or null
     * @return null if it is none of that kind
     */
    static String trusted(String url, Set<String> hosts) {
        if (url == null || url.length() > LONGEST) {
            return null;
        }
        try {
            String address = ascii("a link", url, parts("a link", url));
            URI parsed = URI.create(address);
            boolean usual = parsed.getPort() < 0 || parsed.getPort() == 443;
            return parsed.getScheme().equals("https")
                            && usual
                            && hosts.contains(parsed.getHost().toLowerCase(Locale.ROOT))
                    ? address
                    : null;
        } catch (IllegalArgumentException noAddress) {
            return null;
        }
    }

    /** The name of an address's host, in lower case. */
    static String host(String address) {
        return URI.create(address).getHost().toLowerCase(Locale.ROOT);
    }

    /**
     * An address that mail programs call by themselves, from the header {@code List-Unsubscribe}
     * (RFC 8058), which must be HTTPS but on this machine.
     *
     * @throws IllegalArgumentException naming the key, if it is none
     */
    static String oneClick(String key, String url) {
        Matcher parts = parts(key, url);
        if (!parts.group(1).equalsIgnoreCase("https")
                && !LOOPBACK.matcher(parts.group(2)).matches()) {
            throw new IllegalArgumentException(
                    key
                            + " is '"
                            + url
                            + "'; it must be an https:// address, as mail programs take no other"
                            + " for a one-click unsubscribe");
        }
        if (parts.group(4).indexOf('?') >= 0 || parts.group(4).indexOf('#') >= 0) {
            throw new IllegalArgumentException(
                    key + " is '" + url + "'; leave out what follows its ? or #");
        }
        return base(ascii(key, url, parts));
    }

    private static Matcher parts(String key, String url) {
        Matcher parts = FORM.matcher(url == null ? "" : url);
        boolean speakable =
                url != null
                        && url.codePoints()
                                .noneMatch(
                                        c ->
                                                Character.isISOControl(c)
                                                        || Character.isWhitespace(c)
                                                        || Character.isSpaceChar(c)
                                                        || Character.getType(c)
                                                                == Character.SURROGATE);
        if (!speakable || !parts.matches()) {
            throw complaint(key, url);
        }
        return parts;
    }

    private static String ascii(String key, String url, Matcher parts) {
        String host =
                HostName.inAscii(parts.group(2))
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                key
                                                        + " is '"
                                                        + url
                                                        + "'; there is no host "
                                                        + parts.group(2)));
        String port = parts.group(3) == null ? "" : parts.group(3);
        String rest = parts.group(4);
        if (!rest.isEmpty() && "/?#".indexOf(rest.charAt(0)) < 0) {
            throw complaint(key, url);
        }
        String address =
                parts.group(1).toLowerCase(Locale.ROOT) + "://" + host + port + encoded(rest);
        try {
            URI parsed = new URI(address).parseServerAuthority();
            if (parsed.getPort() > 65_535) {
                throw complaint(key, url);
            }
        } catch (URISyntaxException none) {
            throw complaint(key, url);
        }
        return address;
    }

    /** What paths can be appended to. */
    private static String base(String address) {
        return address.replaceAll("/+$", "");
    }

    private static String encoded(String text) {
        StringBuilder encoded = new StringBuilder();
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xff);
            boolean plain =
                    (c >= 'a' && c <= 'z')
                            || (c >= 'A' && c <= 'Z')
                            || (c >= '0' && c <= '9')
                            || IN_A_PATH.indexOf(c) >= 0;
            encoded.append(
                    plain ? String.valueOf(c) : String.format(Locale.ROOT, "%%%02X", (int) c));
        }
        return encoded.toString();
    }

    private static IllegalArgumentException complaint(String key, String url) {
        return new IllegalArgumentException(
                key + " is '" + url + "'; it must be an http:// or https:// address");
    }
}
