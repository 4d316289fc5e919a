package io.seqpulse.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.seqpulse.cli.ApiAddress;
import io.seqpulse.cli.Status;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
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

    /** How soon is printed, and measured in the benchmarks: here others compete for the machine. */
    @Test
    void showsEachSignUpByItself() throws Exception {
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
        assertThat(state()).isEqualTo("current");
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

    /**
     * Ten windows, all of them visible: a browser opens six connections to a host, and each
     * window's own would leave four of them without figures and all of them without an answer.
     */
    @Test
    void tenWindowsAreAllLiveAndAllAnswer() throws Exception {
        String first = browser.getWindowHandle();
        List<String> windows = new ArrayList<>(List.of(first));
        try {
            for (int i = 1; i < 10; i++) {
                browser.switchTo().newWindow(WindowType.WINDOW);
                windows.add(browser.getWindowHandle());
                browser.get(stack.api().orElseThrow().url() + "/");
            }
            signUp("in-ten-windows@example.org");
            for (String window : windows) {
                browser.switchTo().window(window);
                assertThat(browser.executeScript("return document.visibilityState"))
                        .isEqualTo("visible");
                await().atMost(PATIENCE).until(() -> state().equals("current"));
                await().atMost(PATIENCE).until(() -> denominator() == signUpsOf("7 days"));
                browser.findElement(By.cssSelector("#emails button")).sendKeys(Keys.ENTER);
                WebElement dialog = browser.findElement(By.cssSelector("dialog"));
                await().atMost(PATIENCE)
                        .until(() -> !dialog.findElements(By.className("mail-why")).isEmpty());
                closeTheDialog();
            }
            assertThat(connectedWindows(windows)).hasSize(1);
            // Who was connected goes, and another one takes over.
            browser.switchTo().window(connectedWindows(windows).get(0));
            String gone = browser.getWindowHandle();
            browser.get("about:blank");
            windows.remove(gone);
            signUp("in-nine-windows@example.org");
            for (String window : windows) {
                browser.switchTo().window(window);
                await().atMost(PATIENCE).until(() -> denominator() == signUpsOf("7 days"));
            }
            assertThat(connectedWindows(windows)).hasSize(1);
            browser.switchTo().window(gone);
            browser.get(stack.api().orElseThrow().url() + "/");
            windows.add(gone);
        } finally {
            closeAllBut(first);
        }
    }

    /** The windows of these with an open connection for events, by what the browser says. */
    private static List<String> connectedWindows(List<String> windows) {
        List<String> connected = new ArrayList<>();
        for (String window : windows) {
            browser.switchTo().window(window);
            Object held =
                    browser.executeAsyncScript(
                            """
                            const done = arguments[arguments.length - 1];
                            const name = 'probe' + Math.random();
                            let mine;
                            navigator.locks.request(name, async () => {
                                const { held } = await navigator.locks.query();
                                mine = held.find((lock) => lock.name === name).clientId;
                                done(held.some((lock) =>
                                    lock.clientId === mine && lock.name.startsWith('seqpulse.page.')));
                            });
                            """);
            if (Boolean.TRUE.equals(held)) {
                connected.add(window);
            }
        }
        return connected;
    }

    private static void closeAllBut(String kept) {
        for (String window : browser.getWindowHandles()) {
            if (!window.equals(kept)) {
                browser.switchTo().window(window);
                browser.close();
            }
        }
        browser.switchTo().window(kept);
    }

    @Test
    void aSleepingTabLetsGoSaysSoAndIsLiveAgainOnceAwake() throws Exception {
        String first = browser.getWindowHandle();
        browser.switchTo().newWindow(WindowType.WINDOW);
        try {
            browser.get(stack.api().orElseThrow().url() + "/");
            await().atMost(PATIENCE).until(() -> state().equals("current"));
            String awake = browser.getWindowHandle();
            browser.switchTo().window(first);
            browser.executeCdpCommand("Page.setWebLifecycleState", Map.of("state", "frozen"));
            browser.switchTo().window(awake);
            signUp("while-asleep@example.org");
            await().atMost(PATIENCE).until(() -> denominator() == signUpsOf("7 days"));
            assertThat(connectedWindows(List.of(awake))).containsExactly(awake);
            browser.switchTo().window(first);
            browser.executeCdpCommand("Page.setWebLifecycleState", Map.of("state", "active"));
            assertThat(state()).isEqualTo("paused");
            // Awake it is hidden still; a window that is put down and taken up again is not.
            browser.manage().window().minimize();
            browser.manage().window().setSize(new Dimension(1440, 1000));
            await().atMost(PATIENCE).until(() -> denominator() == signUpsOf("7 days"));
            await().atMost(PATIENCE).until(() -> state().equals("current"));
        } finally {
            closeAllBut(first);
        }
    }

    private static String state() {
        return browser.findElement(By.id("fresh")).getDomAttribute("data-state");
    }

    @Test
    void figuresThatStandStillLoseTheirColoursAndSayItWhereverOneLooks() {
        By tile = By.cssSelector("[data-kpi=signup_to_project_24h]");
        browser.executeCdpCommand("Emulation.setDeviceMetricsOverride", PHONE);
        try {
            offline(true);
            browser.executeScript(
                    "document.querySelector('input[name=days][value=\"30\"]').click()");
            await().atMost(PATIENCE).until(() -> state().equals("lost"));
            assertThat(browser.findElement(tile).findElement(By.className("tone")).getText())
                    .isEqualTo("Not of now");
            assertThat(
                            browser.executeScript(
                                    """
                                    const soft = getComputedStyle(document.querySelector('.note'));
                                    return [...document.querySelectorAll('.pill, .bars strong')]
                                        .filter((it) => getComputedStyle(it).color !== soft.color)
                                        .length;
                                    """))
                    .isEqualTo(0L);
            assertThat(browser.findElement(By.id("fresh")).getText())
                    .matches("Connection lost.*, true as of\\s\\d\\d:\\d\\d:\\d\\d");
            browser.executeScript("scrollTo(0, document.documentElement.scrollHeight)");
            assertThat(
                            browser.executeScript(
                                    """
                                    const { top, bottom } =
                                        document.getElementById('fresh').getBoundingClientRect();
                                    return top >= 0 && bottom <= innerHeight;
                                    """))
                    .isEqualTo(true);
        } finally {
            offline(false);
            browser.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
            browser.executeScript("scrollTo(0, 0)");
        }
        await().atMost(PATIENCE).until(() -> state().equals("current"));
        assertThat(browser.findElement(tile).findElement(By.className("tone")).getText())
                .isNotEqualTo("Not of now");
        choose("30", Keys.ARROW_LEFT);
        browser.manage().logs().get(LogType.BROWSER); // which say so, too
    }

    @Test
    void signsOutAndLetsInWhoPastesAnAddressButNobodyTwice() throws Exception {
        assertThat(browser.findElement(By.id("who-name")).getText()).isEqualTo("up · support");
        String address = stack.api().orElseThrow().page();
        browser.findElement(By.id("sign-out")).click();
        WebElement field = browser.findElement(By.id("login-token"));
        WebElement problem = browser.findElement(By.id("login-problem"));
        await().atMost(PATIENCE).until(field::isDisplayed);
        assertThat(browser.findElement(By.id("content")).isDisplayed()).isFalse();
        field.sendKeys("no-such-token-of-anybody-0001", Keys.ENTER);
        await().atMost(PATIENCE).until(() -> problem.getText().contains("is not known here"));
        noViolations();
        field.clear();
        field.sendKeys(address, Keys.ENTER);
        await().atMost(PATIENCE).until(() -> state().equals("current"));
        assertThat(browser.getCurrentUrl()).doesNotContain("ticket");
        browser.findElement(By.id("sign-out")).click();
        await().atMost(PATIENCE).until(field::isDisplayed);
        browser.get(address);
        await().atMost(PATIENCE)
                .until(
                        () ->
                                browser.findElement(By.id("login-problem"))
                                        .getText()
                                        .contains("before"));
        assertThat(browser.getCurrentUrl()).doesNotContain("ticket");
        browser.get(stack.api().orElseThrow().page());
        await().atMost(PATIENCE).until(() -> state().equals("current"));
        browser.manage().logs().get(LogType.BROWSER); // in which each refusal stands
    }

    /** Whoever uses the tab next, with whatever role, is not to see whom support asked about. */
    @Test
    void whoComesNextSeesNothingOfTheSearchBefore() throws Exception {
        signUp("private@example.org");
        stack.mails().await(mail -> mail.recipient().equals("private@example.org"), PATIENCE);
        By found = By.cssSelector("#found tr");
        browser.findElement(By.cssSelector("#search summary")).sendKeys(Keys.ENTER);
        WebElement field = browser.findElement(By.name("recipient"));
        field.sendKeys("private@example.org", Keys.ENTER);
        await().atMost(PATIENCE).until(() -> !browser.findElements(found).isEmpty());
        browser.findElement(By.id("sign-out")).click();
        WebElement token = browser.findElement(By.id("login-token"));
        await().atMost(PATIENCE).until(token::isDisplayed);
        assertThat(browser.findElement(By.id("days")).isDisplayed()).isFalse();
        assertThat(browser.findElements(found)).isEmpty();
        assertThat(field.getDomProperty("value")).isEmpty();
        token.sendKeys(viewersTicket(), Keys.ENTER);
        await().atMost(PATIENCE).until(() -> state().equals("current"));
        assertThat(browser.findElement(By.id("who-name")).getText()).contains("viewer");
        assertThat(browser.findElement(By.id("results")).isDisplayed()).isFalse();
        // A field that is hidden asks nothing, whatever has written into it.
        browser.findElement(By.cssSelector("#search summary")).sendKeys(Keys.ENTER);
        browser.executeScript("arguments[0].value = 'private@example.org'", field);
        browser.findElement(By.cssSelector("#search-form [type=submit]")).sendKeys(Keys.ENTER);
        WebElement said = browser.findElement(By.id("found-state"));
        await().atMost(PATIENCE).until(() -> said.getText().matches("\\d+ (found|so far).*"));
        // Another identity in another tab is one here, too.
        String first = browser.getWindowHandle();
        browser.switchTo().newWindow(WindowType.TAB);
        try {
            browser.get(stack.api().orElseThrow().page());
            await().atMost(PATIENCE).until(() -> state().equals("current"));
        } finally {
            closeAllBut(first);
        }
        await().atMost(PATIENCE).until(() -> !browser.findElement(By.id("results")).isDisplayed());
        assertThat(browser.findElement(By.id("who-name")).getText()).isEqualTo("up · support");
        assertThat(field.getDomProperty("value")).isEmpty();
        assertThat(browser.findElements(found)).isEmpty();
        browser.manage().logs().get(LogType.BROWSER); // in which the refusal stands
    }

    /** A ticket that begins a session as role viewer. */
    private static String viewersTicket() throws Exception {
        ApiAddress address = stack.api().orElseThrow();
        HttpResponse<String> answer =
                HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(
                                                URI.create(address.url() + "/tickets?role=viewer"))
                                        .header("Authorization", "Bearer " + address.token())
                                        .POST(HttpRequest.BodyPublishers.noBody())
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
        return new ObjectMapper().readTree(answer.body()).path("ticket").asText();
    }

    /** The service's words of an outage, as it sends them, in a window with its own connection. */
    @Test
    void saysOfWhenTheFiguresAreWhileTheDatabaseIsSilentAndKeepsOneState() {
        String first = browser.getWindowHandle();
        browser.switchTo().newWindow(WindowType.WINDOW);
        try {
            browser.executeCdpCommand(
                    "Page.addScriptToEvaluateOnNewDocument",
                    Map.of(
                            "source",
                            """
                            const realTime = Date.now;
                            window.ahead = 0;
                            Date.now = () => realTime() + window.ahead;
                            window.EventSource = class extends EventSource {
                                #listeners = [];
                                constructor(url) { super(url); window.events = this; }
                                addEventListener(name, listener) {
                                    this.#listeners.push([name, listener]);
                                    super.addEventListener(name, (event) =>
                                        this.silent || listener(event));
                                }
                                say(name, data) {
                                    this.#listeners.filter(([of]) => of === name)
                                        .forEach(([, listener]) => listener({ data }));
                                }
                            };
                            """));
            browser.get(stack.api().orElseThrow().url() + "/?days=90");
            await().atMost(PATIENCE).until(() -> state().equals("current"));
            browser.executeScript(
                    """
                    window.events.silent = true;
                    window.events.say('freshness.changes', JSON.stringify(
                        { set: { as_of: null, lag_ms: null, state: 'unreachable' } }));
                    """);
            String silent = "The database does not answer, true as of\\s\\d\\d:\\d\\d:\\d\\d";
            WebElement fresh = browser.findElement(By.id("fresh"));
            assertThat(fresh.getText()).matches(silent);
            // The page takes the connection for dead, and another one, which is not silent: what it
            // is told first there is all of it.
            browser.executeScript("window.before = window.events; window.ahead += 16_000;");
            await().atMost(PATIENCE)
                    .until(
                            () ->
                                    (String)
                                            browser.executeScript(
                                                    """
                                                    return window.before !== window.events
                                                        ? 'another'
                                                        : document.getElementById('fresh').innerText;
                                                    """),
                            shown -> {
                                if (!shown.equals("another")) {
                                    assertThat(shown).matches(silent);
                                }
                                return shown.equals("another");
                            });
            await().atMost(PATIENCE).until(() -> state().equals("current"));
        } finally {
            closeAllBut(first);
        }
    }

    @Test
    void asksAgainByItselfWhenTheConnectionIsBack() {
        By found = By.cssSelector("#found tr");
        browser.findElement(By.cssSelector("#search summary")).sendKeys(Keys.ENTER);
        WebElement said = browser.findElement(By.id("found-state"));
        try {
            offline(true);
            choose("7", Keys.ARROW_RIGHT); // which takes a new connection
            await().atMost(PATIENCE).until(() -> state().equals("lost"));
            browser.findElement(By.cssSelector("#search-form [type=submit]")).sendKeys(Keys.ENTER);
            await().atMost(PATIENCE).until(() -> said.getText().contains("got no answer"));
        } finally {
            offline(false);
        }
        await().atMost(PATIENCE).until(() -> !browser.findElements(found).isEmpty());
        browser.findElement(By.id("search-back")).sendKeys(Keys.ENTER);
        choose("30", Keys.ARROW_LEFT);
        browser.manage().logs().get(LogType.BROWSER); // which say so, too
    }

    @Test
    void supportFindsThePersonsMailsByAddress() throws Exception {
        signUp("Wanted@example.org");
        stack.mails()
                .await(mail -> mail.recipient().equalsIgnoreCase("wanted@example.org"), PATIENCE);
        browser.findElement(By.cssSelector("#search summary")).sendKeys(Keys.ENTER);
        WebElement field = browser.findElement(By.name("recipient"));
        field.sendKeys("wanted@example.org", Keys.ENTER);
        By found = By.cssSelector("#found tr");
        await().atMost(PATIENCE).until(() -> !browser.findElements(found).isEmpty());
        assertThat(browser.findElements(found)).hasSize(1);
        assertThat(browser.findElement(found).getText()).contains("Welcome", "Sent");
        assertThat(browser.getCurrentUrl()).doesNotContain("wanted");
        noViolations();
        browser.findElement(By.cssSelector("#found button")).sendKeys(Keys.ENTER);
        WebElement dialog = browser.findElement(By.cssSelector("dialog"));
        await().atMost(PATIENCE).until(() -> dialog.getText().contains("***@example.org"));
        closeTheDialog();
        field.sendKeys(Keys.chord(Keys.CONTROL, "a"), "wanted", Keys.ENTER);
        WebElement said = browser.findElement(By.id("found-state"));
        await().atMost(PATIENCE)
                .until(
                        () ->
                                said.getText()
                                        .equals(
                                                "Recipient: an email address or a user id is"
                                                        + " expected."));
        browser.findElement(By.id("search-back")).sendKeys(Keys.ENTER);
        assertThat(browser.findElement(By.id("emails")).isDisplayed()).isTrue();
        browser.manage().logs().get(LogType.BROWSER); // in which the refusal stands
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
        StringWriter printed = new StringWriter();
        CommandLine status = new CommandLine(new Status(Map.of())).setOut(new PrintWriter(printed));
        assertThat(status.execute("--page", "--state", stack.folder().toString())).isZero();
        assertThat(printed.toString())
                .startsWith(address.url() + "/#ticket=")
                .doesNotContain(address.token());
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
                                return [document.documentElement,
                                    ...document.querySelectorAll('.scroll:not(details .scroll)')]
                                    .filter((it) => it.checkVisibility())
                                    .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)
                                    .reduce((a, b) => Math.max(a, b));
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
