package io.seqpulse.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ApiConfigTest {

    private static final String TOKEN = "0123456789abcdef01234567";

    @Test
    void namesEverythingThatIsMissingOrWrongAndNoSecret() {
        assertThatThrownBy(
                        () ->
                                ApiConfig.of(
                                        Map.of(
                                                "LIFECYCLE_API_PORT", "eighty",
                                                "LIFECYCLE_API_EMAILS_PAGE", "/none/such.html",
                                                "LIFECYCLE_API_TOKENS", "ann:root:" + TOKEN,
                                                "LIFECYCLE_API_PROT", "1")))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageContaining("LIFECYCLE_API_PROT is no setting of this service")
                .hasMessageContaining("LIFECYCLE_API_DATABASE_URL is not set")
                .hasMessageContaining(
                        "LIFECYCLE_API_EMAILS_PAGE is no file that can be read: /none/such.html")
                .hasMessageContaining("LIFECYCLE_API_PORT must be a whole number from 0 to 65535")
                .hasMessageContaining("entry 1 has no role viewer, support or operator")
                .hasMessageNotContaining(TOKEN);
        assertThatThrownBy(() -> ApiConfig.of(Map.of("LIFECYCLE_API_TOKENS", "ann:viewer:short")))
                .hasMessageContaining("less than 24 characters");
    }

    @Test
    void hasDefaultsForOneMachineAndPrintsNoSecret() {
        ApiConfig config =
                ApiConfig.of(
                        Map.of(
                                "LIFECYCLE_API_DATABASE_URL", "jdbc:postgresql://db/x",
                                "LIFECYCLE_API_DATABASE_USER", "reader",
                                "LIFECYCLE_API_DATABASE_PASSWORD", "hidden-one",
                                "LIFECYCLE_API_TOKENS", "ann:viewer:" + TOKEN));
        assertThat(config.bind()).isEqualTo("127.0.0.1");
        assertThat(config.port()).isEqualTo(8090);
        assertThat(config.hosts()).containsExactlyInAnyOrder("localhost", "127.0.0.1", "[::1]");
        assertThat(config.requestsPerSecond()).isEqualTo(50);
        assertThat(config.support()).isEmpty();
        assertThat(config.toString()).doesNotContain("hidden-one", TOKEN);
    }
}
