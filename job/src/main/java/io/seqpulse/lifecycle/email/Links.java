package io.seqpulse.lifecycle.email;

import io.seqpulse.lifecycle.catalogue.Placeholders;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Where a mail's links lead. */
public final class Links {

    /** How long a mute link silences a project's alerts. */
    public static final Duration MUTE = Duration.ofHours(24);

    private final EmailSettings settings;
    private final LinkSigner signer;
    private final Set<String> hosts;

    public Links(EmailSettings settings) {
        this(settings, Set.of());
    }

    /**
     * @param linkHosts {@link io.seqpulse.lifecycle.catalogue.Catalogue#linkHosts()}
     */
    public Links(EmailSettings settings, Set<String> linkHosts) {
        this.settings = settings;
        this.signer = new LinkSigner(settings.linkSecret());
        this.hosts = new HashSet<>(linkHosts);
        hosts.add(WebAddress.host(settings.frontendUrl()));
    }

    /** Verifies the tokens of these links. */
    public LinkSigner signer() {
        return signer;
    }

    /**
     * The target of a rule's call to action.
     *
     * @param path {@link io.seqpulse.lifecycle.catalogue.Rule#ctaPath()}; values are URL-encoded,
     *     {@code {dashboard_path}}, {@code {pricing_path}} and {@code {onboarding_path}} come from
     *     the settings
     * @throws IllegalArgumentException if a placeholder has no value
     */
    public String callToAction(String path, Map<String, String> values) {
        Map<String, String> encoded = new HashMap<>();
        for (String name : Placeholders.names(path)) {
            String value = values.get(name);
            encoded.put(name, value == null ? null : encoded(value));
        }
        encoded.put("dashboard_path", settings.dashboardPath());
        encoded.put("pricing_path", settings.pricingPath());
        encoded.put("onboarding_path", settings.onboardingPath());
        return absolute(Placeholders.fill(path, encoded));
    }

    /** The dashboard's start page. */
    public String dashboard() {
        return absolute(settings.dashboardPath());
    }

    /**
     * An address that a row of the product names, such as an invoice's: only HTTPS, and only on the
     * product's own host or one of the catalogue's; else null.
     */
    String trusted(String url) {
        return WebAddress.trusted(url, hosts);
    }

    /** Where the recipient says that a login was theirs; null for a login without an id. */
    String confirmLogin(String loginId) {
        return loginId == null
                ? null
                : callToAction(
                        "{dashboard_path}/security/logins/{login_id}/confirm",
                        Map.of("login_id", loginId));
    }

    /** Where the recipient says that they still want to hear from us. */
    String stay() {
        return callToAction("{dashboard_path}?stay=1", Map.of());
    }

    /** Where the recipient gives the product a score, of 0 to 10. */
    String score(int score) {
        return callToAction(
                "{dashboard_path}/nps?score={score}", Map.of("score", Integer.toString(score)));
    }

    /** Ends the mails of a category; serves the visible link and the one-click header alike. */
    public String unsubscribe(Map<String, String> values, String category) {
        String dedupeKey = values.get("dedupe_key");
        if (dedupeKey == null) {
            throw new IllegalArgumentException("an unsubscribe link needs the value dedupe_key");
        }
        return signed(
                "unsubscribe", new SignedLink.Unsubscribe(recipient(values), category, dedupeKey));
    }

    /** Where the recipient sees and changes what they receive. */
    public String preferences(Map<String, String> values) {
        return signed("preferences", new SignedLink.Preferences(recipient(values)));
    }

    /** Silences the alerts of a project for the recipient for {@link #MUTE}. */
    public String mute(Map<String, String> values, String projectId) {
        return signed("mute", new SignedLink.Mute(recipient(values), projectId, MUTE));
    }

    private String recipient(Map<String, String> values) {
        String userId = values.get("user_id");
        if (userId != null) {
            return "user:" + userId;
        }
        String address = values.get("email");
        if (address == null) {
            throw new IllegalArgumentException("a signed link needs the value user_id or email");
        }
        return "address:" + signer.addressHash(address);
    }

    private String signed(String page, SignedLink link) {
        return settings.publicUrl() + "/" + page + "?t=" + signer.sign(link);
    }

    private String absolute(String pathOrUrl) {
        if (pathOrUrl.startsWith("https://") || pathOrUrl.startsWith("http://")) {
            return pathOrUrl;
        }
        return settings.frontendUrl() + (pathOrUrl.startsWith("/") ? "" : "/") + pathOrUrl;
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
