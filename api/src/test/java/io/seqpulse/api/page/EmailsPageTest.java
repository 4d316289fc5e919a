package io.seqpulse.api.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.api.InvalidConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmailsPageTest {

    @TempDir private Path folder;

    @Test
    void allowsTheScriptThatIsInItByItsDigestAlone() throws IOException {
        EmailsPage page = EmailsPage.read(file("<!DOCTYPE html>\n<script>go()</script>é"));
        assertThat(page.content()).endsWith("<script>go()</script>é");
        // printf 'go()' | openssl dgst -sha256 -binary | base64
        assertThat(page.policy())
                .contains(
                        "default-src 'none'",
                        "script-src 'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw=';",
                        "frame-ancestors 'none'")
                .doesNotContain("'self'", "script-src 'unsafe-inline'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<!DOCTYPE html><p>no script",
                "<script>a()</script>",
                "<!DOCTYPE html><script>a()</script><script>b()</script>",
            })
    void refusesAnyOtherPage(String content) throws IOException {
        Path file = file(content);
        assertThatThrownBy(() -> EmailsPage.read(file))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageContaining(
                        "LIFECYCLE_API_EMAILS_PAGE is no page that ./lifecycle preview")
                .hasMessageContaining(file.toString());
    }

    @Test
    void saysWhichFileCannotBeRead() {
        assertThatThrownBy(() -> EmailsPage.read(folder.resolve("none.html")))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageContaining("cannot be read (NoSuchFileException)")
                .hasMessageContaining("none.html");
    }

    private Path file(String content) throws IOException {
        return Files.writeString(folder.resolve("index.html"), content);
    }
}
