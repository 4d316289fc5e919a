package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
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
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import picocli.CommandLine;

/** The live page in a real browser, on the live pipeline. */
class LivePageIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Map<String, Object> PHONE =
            Map.of("width", 360, "height", 740, "deviceScaleFactor", 3, "mobile", true);
    private static final By SIGN_UP_SHARE =
            By.cssSelector("[data-kpi=signup_to_project_24h] .value");
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
        signUp("owner@example.org");
        product(
                "insert into projects (name, owner_id)"
                        + " select 'Shop', id from users where email = 'owner@example.org'");
        await().atMost(PATIENCE)
                .until(() -> browser.findElement(SIGN_UPS).getText().matches("[1-9].*"));
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
        // Not each of these was said, but how it stands in the end is.
        String last = browser.findElement(SIGN_UP_SHARE).getDomProperty("textContent");
        await().atMost(PATIENCE).until(() -> spoken().contains(last));
    }

    @Test
    void showsWhyAMailWasNotSentAndALongerWindow() throws Exception {
        product(
                """
                begin;
                insert into users (name, email, created_at) values
                    ('Reader', 'gone@example.org', now()),
                    ('Reader', 'early@example.org', now() - interval '20 days');
                update users set is_active = false where email = 'gone@example.org';
                commit;
                """);
        By notSent = By.xpath("//tbody[@id='emails']/tr[.//*[contains(@class, 'suppressed')]]");
        await().atMost(PATIENCE).until(() -> !browser.findElements(notSent).isEmpty());
        String why = "The account is not active.";
        assertThat(browser.findElement(notSent).getText()).contains("Not sent", why);
        browser.findElement(notSent).findElement(By.tagName("button")).sendKeys(Keys.ENTER);
        WebElement dialog = browser.findElement(By.cssSelector("dialog"));
        await().atMost(PATIENCE).until(() -> dialog.getText().contains("on purpose"));
        assertThat(dialog.getText()).contains("Not sent", why);
        browser.switchTo().activeElement().sendKeys(Keys.ESCAPE);

        long ofAMonth = signUpsOf("30 days");
        long ofAWeek = signUpsOf("7 days");
        assertThat(ofAMonth).isGreaterThan(ofAWeek);
        choose("7", Keys.ARROW_RIGHT);
        await().atMost(PATIENCE).until(() -> denominator() == ofAMonth);
        assertThat(browser.getCurrentUrl()).endsWith("/?days=30");
        WebElement outcomes = browser.findElement(By.id("outcomes"));
        await().atMost(PATIENCE).until(() -> outcomes.getText().contains("inactive"));
        choose("30", Keys.ARROW_LEFT);
        await().atMost(PATIENCE).until(() -> denominator() == ofAWeek);
        assertThat(browser.getCurrentUrl()).doesNotContain("days");
    }

    private static long signUpsOf(String time) throws SQLException {
        try (Connection product = stack.connect();
                Statement statement = product.createStatement();
                ResultSet count =
                        statement.executeQuery(
                                "select count(*) from users where created_at > now() - interval '%s'"
                                        .formatted(time))) {
            count.next();
            return count.getLong(1);
        }
    }

    /** Goes from one window to the next, as a keyboard does. */
    private static void choose(String from, Keys key) {
        browser.findElement(By.cssSelector("input[name=days][value='%s']".formatted(from)))
                .sendKeys(key);
    }

    private static long denominator() {
        return Long.parseLong(browser.findElement(SIGN_UPS).getText().replaceAll(".* of ", ""));
    }

    @Test
    void definesWhatItShowsByTheKeyboardAlone() throws Exception {
        Map<String, String> sentences =
                Map.of(
                        "segments", "Silent for 30 days.",
                        "activity", "Deployments that started in the window.",
                        "outcomes", "The mail server took it.",
                        "funnel", "A link in it was followed by a person");
        for (Map.Entry<String, String> defined : sentences.entrySet()) {
            WebElement button =
                    browser.findElement(
                            By.cssSelector("[data-defines=%s]".formatted(defined.getKey())));
            WebElement definition = browser.findElement(By.id("define-" + defined.getKey()));
            assertThat(button.getAccessibleName()).startsWith("Definition of ");
            assertThat(definition.isDisplayed()).isFalse();
            button.sendKeys(Keys.ENTER);
            assertThat(button.getDomAttribute("aria-expanded")).isEqualTo("true");
            assertThat(definition.getText()).contains(defined.getValue());
        }
        noViolations();
        for (String section : sentences.keySet()) {
            browser.findElement(By.cssSelector("[data-defines=%s]".formatted(section)))
                    .sendKeys(Keys.ENTER);
            assertThat(browser.findElement(By.id("define-" + section)).isDisplayed()).isFalse();
        }
    }

    @Test
    void showsNoOpeningAndNoClickWhereTheirTableIsMissing() throws Exception {
        signUp("counted@example.org");
        By columns = By.cssSelector("#funnel [data-code=E-TRX-01] td");
        await().atMost(PATIENCE).until(() -> browser.findElements(columns).size() == 4);
        WebElement unknown = browser.findElement(By.id("funnel-unknown"));
        assertThat(unknown.isDisplayed()).isFalse();
        product(
                "update kpi.definition set available = false, reason = 'email_events_table_missing'"
                        + " where kpi = 'critical_alert_open_rate'");
        try {
            await().atMost(PATIENCE).until(unknown::isDisplayed);
            assertThat(unknown.getText())
                    .isEqualTo(
                            "Openings and clicks are unknown. The product’s database has no table"
                                    + " email_events.");
            List<String> shown =
                    browser.findElements(columns).stream().map(WebElement::getText).toList();
            assertThat(shown.subList(1, 3)).containsExactly("–", "–");
            assertThat(shown.get(3)).contains("%");
        } finally {
            product(
                    "update kpi.definition set available = true, reason = null"
                            + " where kpi = 'critical_alert_open_rate'");
        }
        await().atMost(PATIENCE).until(() -> !unknown.isDisplayed());
    }

    @Test
    void saysThatTheConnectionIsLostAndThatItIsBack() {
        try {
            offline(true);
            choose("7", Keys.ARROW_RIGHT); // which takes a new connection
            await().atMost(PATIENCE).until(() -> spoken().contains("Connection lost"));
        } finally {
            offline(false);
        }
        await().atMost(PATIENCE).until(() -> spoken().contains("The figures are live again."));
        choose("30", Keys.ARROW_LEFT);
        browser.manage().logs().get(LogType.BROWSER); // which say so, too
    }

    private static void offline(boolean yes) {
        browser.executeCdpCommand("Network.enable", Map.of());
        browser.executeCdpCommand(
                "Network.emulateNetworkConditions",
                Map.of(
                        "offline",
                        yes,
                        "latency",
                        0,
                        "downloadThroughput",
                        -1,
                        "uploadThroughput",
                        -1));
    }

    /** What a screen reader was last given to say. */
    private static String spoken() {
        return browser.findElement(By.id("spoken")).getDomProperty("textContent");
    }

    @Test
    void isHealthyByTheStatusCommandToo() throws Exception {
        ApiAddress address = stack.api().orElseThrow();
        for (List<String> place :
                List.of(
                        List.of("--state", stack.folder().toString()),
                        List.of("--api", address.url().toString()))) {
            StringWriter printed = new StringWriter();
            CommandLine status =
                    new CommandLine(new Status(Map.of(Status.TOKEN, address.token())))
                            .setOut(new PrintWriter(printed));
            int exit = status.execute(place.get(0), place.get(1), "--json");
            JsonNode answer = new ObjectMapper().readTree(printed.toString());
            assertThat(answer.path("healthy").asBoolean()).as(printed.toString()).isTrue();
            assertThat(answer.path("problems")).isEmpty();
            assertThat(answer.path("job").path("state").asText()).isEqualTo("RUNNING");
            assertThat(answer.path("slot").path("active").asBoolean()).isTrue();
            assertThat(exit).isZero();
        }
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
        inEachScheme();
        browser.executeCdpCommand("Emulation.setDeviceMetricsOverride", PHONE);
        try {
            inEachScheme();
            assertThat(browser.executeScript("return document.documentElement.clientWidth"))
                    .isEqualTo(360L);
            fitsTheWidth();
            browser.findElement(By.id("language")).click();
            assertThat(browser.findElement(By.tagName("html")).getDomAttribute("lang"))
                    .isEqualTo("fr");
            noViolations();
            fitsTheWidth();
            browser.findElement(By.id("language")).click();
        } finally {
            browser.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
        }
        assertThat(
                        browser.manage().logs().get(LogType.BROWSER).getAll().stream()
                                .filter(entry -> entry.getLevel().equals(Level.SEVERE))
                                .map(LogEntry::getMessage))
                .isEmpty();
    }

    private static void inEachScheme() throws IOException {
        for (int theme = 0; theme < 3; theme++) {
            browser.findElement(By.id("theme")).click();
            noViolations();
        }
    }

    /** Also with every definition open. */
    private static void fitsTheWidth() {
        browser.executeScript("document.querySelectorAll('.define').forEach(it => it.click())");
        assertThat(
                        browser.executeScript(
                                """
                                const { scrollWidth, clientWidth } = document.documentElement;
                                return scrollWidth - clientWidth;
                                """))
                .isEqualTo(0L);
        browser.executeScript("document.querySelectorAll('.define').forEach(it => it.click())");
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
        product("insert into users (name, email) values ('Reader', '%s')".formatted(email));
    }

    private static void product(String sql) throws SQLException {
        try (Connection product = stack.connect();
                Statement statement = product.createStatement()) {
            statement.execute(sql);
        }
    }
}
