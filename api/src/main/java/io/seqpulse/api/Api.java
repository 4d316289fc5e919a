package io.seqpulse.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.javalin.http.MethodNotAllowedResponse;
import io.javalin.http.SameSite;
import io.javalin.json.JavalinJackson;
import io.javalin.security.RouteRole;
import io.seqpulse.api.access.Access;
import io.seqpulse.api.access.Caller;
import io.seqpulse.api.access.ClientAddresses;
import io.seqpulse.api.access.HostNames;
import io.seqpulse.api.access.RateLimit;
import io.seqpulse.api.access.Role;
import io.seqpulse.api.access.Session;
import io.seqpulse.api.kpi.KpiEndpoints;
import io.seqpulse.api.kpi.KpiTables;
import io.seqpulse.api.mail.Deliveries;
import io.seqpulse.api.mail.Explanation;
import io.seqpulse.api.mail.MailEndpoints;
import io.seqpulse.api.mail.RecipientSearch;
import io.seqpulse.api.mail.SentMails;
import io.seqpulse.api.mail.WaitingEmails;
import io.seqpulse.api.mail.Wording;
import io.seqpulse.api.page.Assets;
import io.seqpulse.api.page.EmailsPage;
import io.seqpulse.api.page.LivePage;
import io.seqpulse.api.page.Topics;
import io.seqpulse.api.status.Flink;
import io.seqpulse.api.status.StatusEndpoints;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import java.time.Clock;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP service: KPIs, the live page, what became of each email, and how the pipeline is.
 *
 * <p>Every route names who may call it; one that names nobody is refused. Whatever goes wrong, an
 * answer says it in a few words as {@code application/problem+json} (RFC 9457), without a stack
 * trace or anything of the database.
 */
public final class Api implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Api.class);

    private static final long LARGEST_REQUEST = 16 * 1024L;
    private static final int LARGEST_HEADERS = 8 * 1024;
    private static final int IDLE_MILLIS = 30_000;
    private static final int MOST_CONNECTIONS = 1_000;
    private static final int THREADS = 128;

    /** As many calls may wait for the database; the other threads answer what needs none of it. */
    private static final int MOST_WAITING = 100;

    /** Once there are too many connections, those that say nothing go after so long. */
    private static final int CROWDED_IDLE_MILLIS = 3_000;

    private static final int READERS = 6;

    /**
     * Apart: the journal is the product's table, and who waits for it keeps nobody else waiting.
     */
    private static final int JOURNAL_READERS = 2;

    private static final int SUPPORT_READERS = 2;
    private static final String PROBLEM_TYPE = "application/problem+json";

    /** Nothing from elsewhere, nothing inline; mails only in a frame of their own. */
    static final String PAGE_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none';"
                    + " frame-ancestors 'none'";

    private static final String[] FILTER = {
        "code", "outcome", "project", "from", "to", "before", "limit"
    };

    private static final String DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

    private static final Map<String, String> HEADERS =
            Map.of(
                    "X-Content-Type-Options", "nosniff",
                    "X-Frame-Options", "DENY",
                    "Referrer-Policy", "no-referrer",
                    "Cross-Origin-Opener-Policy", "same-origin",
                    "Cross-Origin-Resource-Policy", "same-origin",
                    "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()",
                    "Content-Security-Policy", DATA_POLICY,
                    "Cache-Control", "no-store");

    private final Access access;
    private final HostNames hosts;
    private final RateLimit limit;
    private final ClientAddresses clients;
    private final Semaphore waiting = new Semaphore(MOST_WAITING);
    private final boolean secureCookie;
    private final Assets assets;
    private final Optional<EmailsPage> emails;
    private final Database readers;
    private final Database journal;
    private final Optional<Database> support;
    private final KpiEndpoints kpis;
    private final MailEndpoints mails;
    private final LivePage page;
    private final StatusEndpoints status;
    private final Javalin server;

    private Api(ApiConfig config, Clock clock) {
        Catalogue catalogue = CatalogueLoader.load(config.rules().orElse(null));
        ObjectMapper json =
                JsonMapper.builder()
                        .addModule(new JavaTimeModule())
                        .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
                        .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                        .build();
        access = new Access(config.tokens(), clock);
        hosts = new HostNames(config.hosts());
        limit = new RateLimit(config.requestsPerSecond());
        clients = new ClientAddresses(config.trustedProxies());
        secureCookie = config.secureCookie();
        assets = new Assets();
        emails = config.emailsPage().map(EmailsPage::read);
        readers = new Database(config.readers(), "api-readers", READERS);
        journal = new Database(config.readers(), "api-journal", JOURNAL_READERS);
        support =
                config.support().map(login -> new Database(login, "api-support", SUPPORT_READERS));
        KpiTables tables = new KpiTables(readers);
        Deliveries deliveries = new Deliveries(journal);
        WaitingEmails waiting = new WaitingEmails(readers);
        Explanation explanation = new Explanation(catalogue, new Wording());
        kpis = new KpiEndpoints(tables, catalogue, clock);
        mails =
                new MailEndpoints(
                        deliveries,
                        waiting,
                        support.map(SentMails::new),
                        support.map(RecipientSearch::new),
                        explanation,
                        json,
                        clock);
        page =
                new LivePage(
                        new Topics(
                                readers,
                                tables,
                                catalogue,
                                deliveries,
                                waiting,
                                mails,
                                explanation),
                        access::lives,
                        json,
                        clock);
        status =
                new StatusEndpoints(
                        StatusEndpoints.Pipeline.of(config.readers().url(), config.state()),
                        readers,
                        journal,
                        tables,
                        config.flink()
                                .map(
                                        flink ->
                                                new Flink(
                                                        flink.rest(),
                                                        flink.user(),
                                                        flink.password(),
                                                        json)),
                        clock);
        server = Javalin.create(javalin -> define(javalin, config, json));
    }

    /**
     * Starts the service.
     *
     * @param environment its settings, {@code LIFECYCLE_API_*}
     * @throws InvalidConfigurationException naming everything that is missing or wrong
     */
    public static Api start(Map<String, String> environment) {
        return start(ApiConfig.of(environment), Clock.systemUTC());
    }

    static Api start(ApiConfig config, Clock clock) {
        Api api = new Api(config, clock);
        boolean up = false;
        try {
            api.server.start();
            up = true;
        } finally {
            if (!up) {
                api.close();
            }
        }
        LOG.info("Up at port {}: {}", api.port(), config);
        return api;
    }

    private void define(JavalinConfig javalin, ApiConfig config, ObjectMapper json) {
        javalin.startup.showJavalinBanner = false;
        javalin.startup.showOldJavalinVersionWarning = false;
        javalin.startup.startupWatcherEnabled = false;
        javalin.http.maxRequestSize = LARGEST_REQUEST;
        javalin.http.prefer405over404 = true;
        javalin.router.ignoreTrailingSlashes = false;
        javalin.jsonMapper(new JavalinJackson(json, false));
        QueuedThreadPool threads = new QueuedThreadPool(THREADS, 4);
        threads.setName("api");
        threads.setDaemon(true);
        javalin.jetty.threadPool = threads;
        javalin.jetty.addConnector((jetty, http) -> connector(jetty, http, config));
        javalin.jetty.modifyServer(
                jetty -> {
                    NetworkConnectionLimit most =
                            new NetworkConnectionLimit(MOST_CONNECTIONS, jetty);
                    most.setEndPointIdleTimeout(CROWDED_IDLE_MILLIS);
                    jetty.addBean(most);
                    jetty.setErrorHandler(new PlainErrors());
                });
        javalin.routes.before(this::admit);
        javalin.routes.beforeMatched(this::authorise);
        javalin.routes.exception(Problem.class, (problem, context) -> answer(context, problem));
        javalin.routes.exception(
                HttpResponseException.class,
                (refused, context) -> {
                    if (refused instanceof MethodNotAllowedResponse) {
                        // The only thing it tells are the methods, under a name for people.
                        context.header("Allow", String.join(", ", refused.getDetails().values()));
                    }
                    answer(context, problem(refused.getStatus()));
                });
        javalin.routes.exception(
                Database.Unavailable.class,
                (silent, context) -> {
                    LOG.warn(
                            "{} {} cannot be answered: {}",
                            context.method(),
                            context.path(),
                            silent.getMessage());
                    answer(context, problem(silent.reason()));
                });
        javalin.routes.exception(
                Exception.class,
                (failure, context) -> {
                    LOG.error("{} {} failed", context.method(), context.path(), failure);
                    answer(context, problem(500));
                });
        route(javalin);
    }

    private void route(JavalinConfig javalin) {
        for (String path : assets.paths()) {
            Assets.Asset asset = assets.at(path);
            read(javalin, path, context -> answer(context, asset), Role.ANYONE);
        }
        read(javalin, "/health", only(status::health), Role.ANYONE);
        read(javalin, "/ready", only(status::ready), Role.ANYONE);
        read(javalin, "/status", reading(status::status), Role.OPERATOR);
        javalin.routes.post("/tickets", only(this::ticket, "role"), Role.VIEWER);
        javalin.routes.post("/session", only(this::beginSession), Role.ANYONE);
        read(javalin, "/session", only(this::session), Role.VIEWER);
        javalin.routes.delete("/session", only(this::endSession), Role.ANYONE);
        read(
                javalin,
                "/analytics/kpi/lifecycle",
                reading(kpis::overview, "window_days"),
                Role.VIEWER);
        read(
                javalin,
                "/analytics/kpi/{name}",
                reading(kpis::series, "from", "to", "grain"),
                Role.VIEWER);
        read(javalin, "/deliveries", reading(mails::list, FILTER), Role.VIEWER);
        read(javalin, "/deliveries.csv", reading(mails::csv, FILTER), Role.VIEWER);
        javalin.routes.post("/deliveries/search", reading(mails::search), Role.SUPPORT);
        read(javalin, "/waiting", reading(mails::waiting, "code", "project", "limit"), Role.VIEWER);
        read(javalin, "/deliveries/{id}", reading(mails::explain), Role.VIEWER);
        read(javalin, "/deliveries/{id}/mail", reading(mails::mail), Role.SUPPORT);
        read(javalin, "/deliveries/{id}/mail/body", reading(mails::body), Role.SUPPORT);
        read(javalin, "/emails", only(this::emails), Role.VIEWER);
        read(javalin, "/page/events", only(page::events, "days"), Role.VIEWER);
    }

    /** For monitors and caches: HEAD is answered as GET is, and the server leaves out the body. */
    private static void read(JavalinConfig javalin, String path, Handler handler, Role role) {
        javalin.routes.get(path, handler, role);
        javalin.routes.head(path, handler, role);
    }

    /** What is done with these parameters and no others. */
    private static Handler only(Handler handler, String... known) {
        Parameters parameters = new Parameters(known);
        return context -> {
            parameters.check(context);
            handler.handle(context);
        };
    }

    /** The same, of what waits for the database: it leaves threads to what does not. */
    private Handler reading(Handler handler, String... known) {
        return only(
                context -> {
                    if (!waiting.tryAcquire()) {
                        context.header("Retry-After", "1");
                        throw new Problem(
                                503,
                                "Too much at once",
                                "%s calls wait for the database already; try again"
                                        .formatted(MOST_WAITING));
                    }
                    try {
                        handler.handle(context);
                    } finally {
                        waiting.release();
                    }
                },
                known);
    }

    private static ServerConnector connector(
            Server server, HttpConfiguration http, ApiConfig config) {
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
        http.setRequestHeaderSize(LARGEST_HEADERS);
        ServerConnector connector =
                new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
        connector.setHost(config.bind());
        connector.setPort(config.port());
        connector.setIdleTimeout(IDLE_MILLIS);
        return connector;
    }

    /** Before everything: the name it is called by, and how often. */
    private void admit(Context context) {
        HEADERS.forEach(context::header);
        if (!hosts.contains(context.header("Host"))) {
            throw new Problem(
                    421,
                    "Unknown host",
                    "This service does not go by that name; LIFECYCLE_API_HOSTS lists its names");
        }
        String client = clients.of(context.ip(), forwarded(context));
        context.attribute(ClientAddresses.class.getName(), client);
        long seconds = limit.secondsToWait(client);
        if (seconds > 0) {
            context.header("Retry-After", Long.toString(seconds));
            throw new Problem(429, "Too many requests", "Try again in %s s".formatted(seconds));
        }
    }

    private static List<String> forwarded(Context context) {
        return Collections.list(context.req().getHeaders("X-Forwarded-For"));
    }

    private void authorise(Context context) {
        Set<RouteRole> roles = context.routeRoles();
        if (roles.contains(Role.ANYONE)) {
            return;
        }
        Optional<Caller> byToken = access.byToken(context.header("Authorization"));
        Optional<Session> session =
                byToken.isPresent()
                        ? Optional.empty()
                        : access.bySession(context.cookie(cookie(context)));
        Caller caller = byToken.or(() -> session.map(Session::caller)).orElse(Caller.STRANGER);
        if (caller == Caller.STRANGER) {
            throw unauthorised(context);
        }
        if (roles.isEmpty()
                || !roles.stream().allMatch(role -> caller.role().covers((Role) role))) {
            throw new Problem(
                    403,
                    "Not allowed",
                    "This takes the role %s; the token shown has the role %s"
                            .formatted(
                                    roles.stream()
                                            .map(role -> ((Role) role).label())
                                            .findFirst()
                                            .orElse("of nobody"),
                                    caller.role().label()));
        }
        context.attribute(Caller.class.getName(), caller);
        session.ifPresent(known -> context.attribute(Session.class.getName(), known));
    }

    private static Problem unauthorised(Context context) {
        context.header("WWW-Authenticate", "Bearer");
        return new Problem(
                401,
                "Token needed",
                "Send a token as 'Authorization: Bearer ...', or open the page by the address that"
                        + " ./lifecycle up printed");
    }

    /** Cookies know no ports: two services on one machine must not take each other's. */
    private static String cookie(Context context) {
        return "seqpulse_" + context.port();
    }

    /** Gives who shows a token a ticket, which opens the page once. */
    private void ticket(Context context) {
        if (context.attribute(Session.class.getName()) != null) {
            throw new Problem(
                    403, "Not allowed", "Tickets are for who shows a token; this is a session");
        }
        Caller caller = context.attribute(Caller.class.getName());
        String asked = context.queryParam("role");
        Role role =
                asked == null
                        ? caller.role()
                        : Role.of(asked)
                                .filter(caller.role()::covers)
                                .orElseThrow(
                                        () ->
                                                Problem.parameter(
                                                        "role",
                                                        "role must be viewer, support or operator,"
                                                                + " and at most "
                                                                + caller.role().label()));
        String ticket =
                access.ticket(caller, role)
                        .orElseThrow(
                                () ->
                                        new Problem(
                                                503,
                                                "Too many tickets",
                                                "Too many tickets wait to be used; try again in a"
                                                        + " minute"));
        context.status(201)
                .json(
                        Map.of(
                                "ticket",
                                ticket,
                                "role",
                                role.label(),
                                "expires_in_seconds",
                                Access.TICKET.toSeconds(),
                                "page",
                                "/#ticket=" + ticket));
    }

    /** Exchanges a token or a ticket for a cookie that scripts cannot read. */
    private void beginSession(Context context) {
        String shown = context.header("Authorization");
        Caller caller =
                Access.isTicket(shown)
                        ? access.byTicket(shown).orElseThrow(() -> usedUp(context))
                        : access.byToken(shown).orElseThrow(() -> unauthorised(context));
        access.bySession(context.cookie(cookie(context))).ifPresent(this::end);
        context.cookie(
                new Cookie(
                        cookie(context),
                        access.begin(caller),
                        "/",
                        (int) Access.SESSION.toSeconds(),
                        secureCookie,
                        true,
                        null,
                        SameSite.STRICT));
        context.json(described(caller));
    }

    private static Problem usedUp(Context context) {
        context.header("WWW-Authenticate", "Ticket");
        return new Problem(
                401,
                "Ticket unknown",
                "This ticket was used, or is older than %s s; ./lifecycle status --page prints an"
                                .formatted(Access.TICKET.toSeconds())
                        + " address with a new one");
    }

    private void session(Context context) {
        context.json(described(context.attribute(Caller.class.getName())));
    }

    private void endSession(Context context) {
        access.bySession(context.cookie(cookie(context))).ifPresent(this::end);
        context.removeCookie(cookie(context), "/");
        context.status(204);
    }

    private void end(Session session) {
        access.end(session);
        page.end(session);
    }

    private Map<String, Object> described(Caller caller) {
        return Map.of(
                "name",
                caller.name(),
                "role",
                caller.role().label(),
                "emails_page",
                emails.isPresent());
    }

    private void emails(Context context) {
        EmailsPage page =
                emails.orElseThrow(
                        () ->
                                new Problem(
                                        404,
                                        "No page of emails",
                                        "LIFECYCLE_API_EMAILS_PAGE names no page; ./lifecycle"
                                                + " preview writes one"));
        context.header("Content-Security-Policy", page.policy())
                .contentType("text/html; charset=utf-8")
                .result(page.content());
    }

    private static void answer(Context context, Assets.Asset asset) {
        context.header("Cache-Control", "no-cache").header("ETag", asset.tag());
        if (asset.type().startsWith("text/html")) {
            context.header("Content-Security-Policy", PAGE_POLICY);
        }
        if (asset.isAt(context.header("If-None-Match"))) {
            context.status(304);
            return;
        }
        context.contentType(asset.type()).result(asset.content());
    }

    private static void answer(Context context, Problem problem) {
        context.status(problem.status()).json(problem.body()).contentType(PROBLEM_TYPE);
    }

    private static Problem problem(Database.Unavailable.Reason reason) {
        return switch (reason) {
            case UNREACHABLE ->
                    new Problem(
                            503,
                            "Database unavailable",
                            "The database did not answer in time; try again");
            case LOCKED, SLOW, BUSY ->
                    new Problem(
                                    503,
                                    "Not available now",
                                    "Not now: "
                                            + reason.text()
                                            + "; try again. What needs no such table is answered")
                            .with("reason", reason.label());
        };
    }

    private static Problem problem(int status) {
        return switch (status) {
            case 400 -> new Problem(400, "Bad request", "The request cannot be read");
            case 404 ->
                    new Problem(
                            404, "Not found", "There is nothing here; /openapi.json says what is");
            case 405 -> new Problem(405, "Method not allowed", "This is not done to that address");
            case 413 ->
                    new Problem(
                            413,
                            "Request too large",
                            "A request may have %s bytes".formatted(LARGEST_REQUEST));
            case 500 ->
                    new Problem(
                            500, "Internal error", "This should not happen; the log has the cause");
            default -> new Problem(status, "Request refused", "The request was refused");
        };
    }

    /** The port it listens on. */
    public int port() {
        return server.port();
    }

    /** How many pages are open. */
    int listeners() {
        return page.listeners();
    }

    /** All routes, as {@code METHOD /path}. */
    Set<String> routes() {
        return server.unsafe.internalRouter.allHttpHandlers().stream()
                .map(parsed -> parsed.endpoint.method + " " + parsed.endpoint.path)
                .collect(java.util.stream.Collectors.toSet());
    }

    /** Ends open pages, finishes what is being answered, and lets go of the database. */
    @Override
    public void close() {
        page.close();
        server.stop();
        status.close();
        readers.close();
        journal.close();
        support.ifPresent(Database::close);
    }
}
