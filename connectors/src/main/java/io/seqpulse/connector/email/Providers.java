package io.seqpulse.connector.email;

import io.seqpulse.connector.email.SmtpSettings.Security;
import java.util.Locale;

/**
 * The mail providers the product knows by name, as SMTP settings (CATALOGUE, environment names).
 */
public final class Providers {

    private Providers() {}

    /**
     * The settings of a provider.
     *
     * @param provider {@code resend}, {@code postmark}, {@code smtp} or {@code console}; in any
     *     case
     * @param apiKey the provider's key; for {@code smtp} unused
     * @param host of the mail server; null: the provider's own
     * @param port of the mail server; null: 587
     * @param security null: STARTTLS
     * @param user for {@code smtp}, or null
     * @param password for {@code smtp}, or null
     * @throws IllegalArgumentException if there is no such provider or something it needs is
     *     missing
     */
    public static SmtpSettings smtp(
            String provider,
            String apiKey,
            String host,
            Integer port,
            Security security,
            String user,
            String password) {
        int ofPort = port == null ? 587 : port;
        Security ofSecurity = security == null ? Security.STARTTLS : security;
        return switch (provider.toLowerCase(Locale.ROOT)) {
            case "resend" ->
                    SmtpSettings.server(host == null ? "smtp.resend.com" : host, ofPort, ofSecurity)
                            .login("resend", required(apiKey, provider))
                            .withIdempotencyHeader("Resend-Idempotency-Key");
            case "postmark" ->
                    // Postmark takes the server token both as user and as password.
                    SmtpSettings.server(
                                    host == null ? "smtp.postmarkapp.com" : host,
                                    ofPort,
                                    ofSecurity)
                            .login(required(apiKey, provider), required(apiKey, provider));
            case "smtp" -> {
                SmtpSettings server = SmtpSettings.server(host, ofPort, ofSecurity);
                yield user == null ? server : server.login(user, password);
            }
            case "console" -> SmtpSettings.toConsole();
            default ->
                    throw new IllegalArgumentException(
                            "no email provider '"
                                    + provider
                                    + "': use resend, postmark, smtp or console");
        };
    }

    private static String required(String apiKey, String provider) {
        if (apiKey == null || apiKey.isBlank()) {
            throw new IllegalArgumentException(
                    "email provider '" + provider + "' needs an API key (EMAIL_API_KEY)");
        }
        return apiKey;
    }
}
