package io.seqpulse.lifecycle.email;

import java.io.Serializable;
import java.time.ZoneId;
import java.util.Objects;

/**
 * What rendering needs to know of the installation.
 *
 * @param frontendUrl where the product lives, such as {@code https://app.seqpulse.io}
 * @param dashboardPath path of the dashboard under it; stands for {@code {dashboard_path}} in a
 *     link
 * @param pricingPath path of the plans; stands for {@code {pricing_path}}
 * @param onboardingPath path where a first project is created; stands for {@code {onboarding_path}}
 * @param publicUrl base of unsubscribe, preferences and mute links; HTTPS but on this machine
 * @param linkSecret signs those links; at least {@value LinkSigner#SHORTEST_SECRET} characters
 * @param language of mails to people whose own is unknown or not supported: {@code fr} or {@code
 *     en}
 * @param timezone of dates in mails to people whose own is unknown
 * @param templates directory whose files stand in for those of the same name in the job's jar;
 *     null, or a directory that does not exist: none do
 */
public record EmailSettings(
        String frontendUrl,
        String dashboardPath,
        String pricingPath,
        String onboardingPath,
        String publicUrl,
        String linkSecret,
        String language,
        ZoneId timezone,
        String templates)
        implements Serializable {

    public EmailSettings {
        frontendUrl = WebAddress.page("frontend.url", frontendUrl);
        publicUrl = WebAddress.oneClick("public.url", publicUrl);
        Objects.requireNonNull(dashboardPath, "cta.dashboard-path");
        Objects.requireNonNull(pricingPath, "cta.pricing-path");
        Objects.requireNonNull(onboardingPath, "cta.onboarding-path");
        Objects.requireNonNull(timezone, "timezone");
        if (linkSecret == null || linkSecret.length() < LinkSigner.SHORTEST_SECRET) {
            throw new IllegalArgumentException(
                    "link.secret must have at least "
                            + LinkSigner.SHORTEST_SECRET
                            + " characters, such as the output of 'openssl rand -hex 32'");
        }
        if (Typography.of(language, null) == null) {
            throw new IllegalArgumentException(
                    "locale is '" + language + "'; mails exist in 'fr' and 'en'");
        }
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "EmailSettings[frontendUrl="
                + frontendUrl
                + ", publicUrl="
                + publicUrl
                + ", language="
                + language
                + ", timezone="
                + timezone
                + ", templates="
                + templates
                + ", linkSecret=***]";
    }
}
