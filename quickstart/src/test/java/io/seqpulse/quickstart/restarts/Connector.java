package io.seqpulse.quickstart.restarts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** The connector, as somebody with curl sees it. */
public final class Connector {

    private final HttpClient http = HttpClient.newHttpClient();
    private final URI connector;

    /**
     * @param connector its address at Kafka Connect's REST interface
     */
    public Connector(URI connector) {
        this.connector = connector;
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
