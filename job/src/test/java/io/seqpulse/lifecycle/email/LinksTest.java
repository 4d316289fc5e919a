package io.seqpulse.lifecycle.email;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LinksTest {

    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    private final Links links = new Links(SampleRules.SETTINGS);
    private final LinkSigner signer = new LinkSigner(SECRET);

    @Test
    void fillsAPathWithEncodedValuesAndTheInstallationsPaths() {
        assertThat(
                        links.callToAction(
                                "{dashboard_path}/projects/{project_id}?env={env}",
                                Map.of("project_id", "p/../1", "env", "pré prod&x=1")))
                .isEqualTo(
                        "https://app.seqpulse.example/dashboard/projects/p%2F..%2F1"
                                + "?env=pr%C3%A9%20prod%26x%3D1");
    }

    @Test
    void aValueCannotStandForAPath() {
        assertThat(
                        links.callToAction(
                                "{dashboard_path}", Map.of("dashboard_path", "https://evil.com")))
                .isEqualTo("https://app.seqpulse.example/dashboard");
    }

    @Test
    void aMissingValueIsNamed() {
        assertThatThrownBy(() -> links.callToAction("/p/{project_id}", Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("{project_id}");
    }

    @Test
    void aLinkSaysWhoAsksForWhat() {
        Map<String, String> values = Map.of("user_id", "u1", "dedupe_key", "free_quota_80:p1");
        assertThat(verified(links.unsubscribe(values, "marketing")))
                .contains(new SignedLink.Unsubscribe("user:u1", "marketing", "free_quota_80:p1"));
        assertThat(verified(links.preferences(values)))
                .contains(new SignedLink.Preferences("user:u1"));
        assertThat(verified(links.mute(values, "p1")))
                .contains(new SignedLink.Mute("user:u1", "p1", Duration.ofHours(24)));
    }

    @Test
    void somebodyWhoIsNoUserIsNotNamedInTheLink() {
        String link = links.mute(Map.of("email", "OnCall@acme.example "), "p1");
        assertThat(link).doesNotContainIgnoringCase("acme");
        assertThat(verified(link).orElseThrow().recipient())
                .isEqualTo("address:" + signer.addressHash("oncall@acme.example"));
    }

    @Test
    void aChangedTokenIsNoToken() {
        String token = signer.sign(new SignedLink.Unsubscribe("user:u1", "marketing", "k"));
        for (int i = 0; i < token.length(); i++) {
            char other = token.charAt(i) == 'A' ? 'B' : 'A';
            String forged = token.substring(0, i) + other + token.substring(i + 1);
            // The last character of base64 carries bits that decode to nothing.
            if (i < token.length() - 1) {
                assertThat(signer.verify(forged)).as("character %d", i).isEmpty();
            }
        }
        for (String bad :
                new String[] {null, "", ".", "a.b", token + ".x", "%%%.%%%", token + "!"}) {
            assertThat(signer.verify(bad)).as(bad).isEmpty();
        }
        LinkSigner other = new LinkSigner(SECRET.replace('0', 'x'));
        assertThat(other.verify(token)).isEmpty();
    }

    @Test
    void fieldsCannotRunIntoEachOther() {
        assertThatThrownBy(
                        () -> signer.sign(new SignedLink.Unsubscribe("user:u", "report\nx", "k")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aShortSecretIsRefusedAndTheSecretNeverPrints() {
        assertThatThrownBy(() -> new LinkSigner("short"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("32");
        assertThat(SampleRules.SETTINGS.toString()).doesNotContain(SECRET);
    }

    private Optional<SignedLink> verified(String link) {
        assertThat(link).startsWith("https://mail.seqpulse.example/");
        return signer.verify(link.substring(link.indexOf("?t=") + 3));
    }
}
