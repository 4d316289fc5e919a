package io.seqpulse.quickstart.restarts;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.quickstart.access.HttpAccess;
import io.seqpulse.quickstart.stack.EmbeddedStack;
import io.seqpulse.quickstart.stack.StackNames;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The connector, as somebody with curl sees it. */
public final class Connector {

    private static final Pattern COMMAND =
            Pattern.compile("curl --netrc-file '([^']+)' -X DELETE (http://\\S+)/offsets");

    private final HttpClient http;
    private final URI connector;

    private Connector(URI connector, HttpAccess access) {
        this.connector = connector;
        this.http = access.client();
    }

    /** That of a stack. */
    public static Connector of(EmbeddedStack stack) {
        return new Connector(
                stack.connectUrl().resolve("/connectors/" + StackNames.CONNECTOR), stack.access());
    }

    /** The one that an alarm in what was printed names, with the password it names; or empty. */
    public static Optional<Connector> named(String printed) throws IOException {
        Matcher command = COMMAND.matcher(printed);
        if (!command.find()) {
            return Optional.empty();
        }
        String netrc = Files.readString(Path.of(command.group(1)));
        String password = netrc.replaceFirst("(?s).*? password (\\S+).*", "$1");
        return Optional.of(new Connector(URI.create(command.group(2)), HttpAccess.with(password)));
    }

    /** Stops it, and waits until it has. */
    public void stop() throws IOException, InterruptedException {
        send("PUT", "/stop");
        Play.await(() -> send("GET", "/status").contains("\"STOPPED\""));
    }

    /** Forgets up to where the log was read, so that it begins with a snapshot. */
    public void forgetOffsets() throws IOException, InterruptedException {
        send("DELETE", "/offsets");
    }

    /** Lets it run. */
    public void resume() throws IOException, InterruptedException {
        send("PUT", "/resume");
    }

    /** Takes a new snapshot, as the runbook and the alarm say. */
    public void snapshotAnew() throws IOException, InterruptedException {
        stop();
        forgetOffsets();
        resume();
    }

    private String send(String method, String path) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(connector + path))
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build();
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode())
                .as("%s %s: %s".formatted(method, path, answer.body()))
                .isLessThan(300);
        return answer.body();
    }
}
