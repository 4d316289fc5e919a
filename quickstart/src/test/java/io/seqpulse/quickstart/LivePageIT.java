package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The live page in a real browser, on the live pipeline. */
class LivePageIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final By SIGN_UPS = By.cssSelector("[data-kpi=signup_to_project_24h] .cases");

    private static EmbeddedStack stack;
    private static ChromeDriver browser;

    @BeforeAll
    static void open() throws Exception {
        Optional<Path> chromium = program("chromium");
        Optional<Path> driver = program("chromedriver");
        assumeTrue(
                chromium.isPresent() && driver.isPresent(),
                "The live page is not looked at: there is no chromium or no chromedriver on the"
                        + " PATH (Debian: apt-get install chromium chromium-driver)");
        stack = EmbeddedStack.builder().api(0).start();
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium.get().toFile());
        options.addArguments(
                "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1440,1000");
        options.setExperimentalOption("prefs", Map.of("intl.accept_languages", "en-GB"));
        LoggingPreferences logging = new LoggingPreferences();
        logging.enable(LogType.BROWSER, Level.ALL);
        options.setCapability("goog:loggingPrefs", logging);
        browser =
                new ChromeDriver(
                        new ChromeDriverService.Builder()
                                .usingDriverExecutable(driver.get().toFile())
                                .build(),
                        options);
        browser.get(stack.api().orElseThrow().page());
        await().atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> browser.findElement(SIGN_UPS).getText().matches("\\d+ of \\d+"));
    }

    private static Optional<Path> program(String name) {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @AfterAll
    static void close() {
        if (browser != null) {
            browser.quit();
        }
        if (stack != null) {
            stack.close();
        }
    }

    @AfterEach
    void closeTheDialog() {
        browser.executeScript("document.getElementById('mail').close()");
    }

    @Test
    void showsASignUpWithinTwoSecondsOfItsCommit() throws Exception {
        assertThat(browser.getCurrentUrl()).doesNotContain("token");
        List<Long> took = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            String before = browser.findElement(SIGN_UPS).getText();
            signUp("reader" + i + "@example.org");
            Instant committed = Instant.now();
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> !browser.findElement(SIGN_UPS).getText().equals(before));
            took.add(Duration.between(committed, Instant.now()).toMillis());
        }
        System.out.println("from commit to page, in ms: " + took);
        assertThat(took.stream().sorted().skip(2).findFirst())
                .hasValueSatisfying(median -> assertThat(median).isLessThan(2_000));
        assertThat(browser.findElement(By.id("fresh")).getDomAttribute("data-state"))
                .isEqualTo("current");
    }

    @Test
    void showsWhyAMailWasSentAndTheMailToTheKeyboardAlone() throws Exception {
        signUp("keyboard@example.org");
        stack.mails().await(mail -> mail.recipient().equals("keyboard@example.org"), PATIENCE);
        By rows = By.cssSelector("#emails button");
        await().atMost(PATIENCE).until(() -> !browser.findElements(rows).isEmpty());
        browser.findElement(rows).sendKeys(Keys.ENTER);
        By frame = By.cssSelector("dialog iframe");
        await().atMost(PATIENCE).until(() -> !browser.findElements(frame).isEmpty());
        WebElement dialog = browser.findElement(By.cssSelector("dialog"));
        assertThat(dialog.getText())
                .contains("Welcome", "account activated", "***@example.org")
                .doesNotContain("keyboard@", "reader1@");
        noViolations();
        browser.switchTo().activeElement().sendKeys(Keys.ESCAPE);
        await().until(() -> !dialog.isDisplayed());
        assertThat(browser.switchTo().activeElement().getDomAttribute("aria-haspopup"))
                .isEqualTo("dialog");
    }

    @Test
    void isAccessibleAndQuietInEachSchemeAndWidth() throws Exception {
        for (Dimension size : List.of(new Dimension(1440, 1000), new Dimension(500, 900))) {
            browser.manage().window().setSize(size);
            for (int theme = 0; theme < 3; theme++) {
                browser.findElement(By.id("theme")).click();
                noViolations();
            }
        }
        browser.findElement(By.id("language")).click();
        assertThat(browser.findElement(By.tagName("html")).getDomAttribute("lang")).isEqualTo("fr");
        noViolations();
        browser.findElement(By.id("language")).click();
        browser.manage().window().setSize(new Dimension(1440, 1000));
        assertThat(
                        browser.manage().logs().get(LogType.BROWSER).getAll().stream()
                                .filter(entry -> entry.getLevel().equals(Level.SEVERE))
                                .map(LogEntry::getMessage))
                .isEmpty();
    }

    /** By the rules of axe-core, WCAG 2.2 AA. */
    private static void noViolations() throws IOException {
        try (InputStream axe = LivePageIT.class.getResourceAsStream("/axe.min.js")) {
            browser.executeScript(new String(axe.readAllBytes(), StandardCharsets.UTF_8));
        }
        Object found =
                browser.executeAsyncScript(
                        """
                        const done = arguments[arguments.length - 1];
                        axe.run(document, { resultTypes: ['violations'], iframes: false })
                            .then(({ violations }) => done(violations.map(({ id, help, nodes }) =>
                                `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`)))
                            .catch((failure) => done([String(failure)]));
                        """);
        assertThat(found)
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                .isEmpty();
    }

    private static void signUp(String email) throws SQLException {
        try (Connection product = stack.connect();
                Statement statement = product.createStatement()) {
            statement.execute(
                    "insert into users (name, email) values ('Reader', '%s')".formatted(email));
        }
    }
}
