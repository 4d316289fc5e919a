package io.seqpulse.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Where the HTTP service of a stack answers. While the stack is up this stands in its folder,
 * readable by its owner only, for {@code ./lifecycle status}.
 *
 * @param token of an operator
 */
public record ApiAddress(URI url, String token) {

    static final String FILE = "api.json";

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * The live page, with a ticket that opens it once, within a minute, as support: an address
     * stays in terminals and histories, so nothing of value stands in it.
     *
     * @throws IOException if the service gives no ticket
     */
    public String page() throws IOException {
        HttpResponse<String> answer;
        try {
            answer =
                    HttpClient.newBuilder()
                            .connectTimeout(PATIENCE)
                            .build()
                            .send(
                                    HttpRequest.newBuilder(url.resolve("/tickets?role=support"))
                                            .header("Authorization", "Bearer " + token)
                                            .timeout(PATIENCE)
                                            .POST(HttpRequest.BodyPublishers.noBody())
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IOException(url + " does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for " + url);
        }
        if (answer.statusCode() != 201) {
            throw new IOException(
                    "%s gives no ticket for the live page: it answers %s"
                            .formatted(url, answer.statusCode()));
        }
        return url + JSON.readTree(answer.body()).path("page").asText();
    }

    /**
     * The live page in a line for a terminal, and how to come by its next address.
     *
     * @param folder of the stack
     */
    public String pageForOnce(Path folder) {
        String next = "./lifecycle status --state '%s' --page".formatted(folder);
        try {
            return page() + "  (once, within a minute; a new one: " + next + ")";
        } catch (IOException e) {
            return url + "/  (" + next + " prints an address that opens it)";
        }
    }

    public static void write(Path folder, ApiAddress address) throws IOException {
        StateFolder.writePrivately(
                folder.resolve(FILE),
                JSON.writeValueAsString(
                        Map.of("url", address.url().toString(), "token", address.token())));
    }

    static ApiAddress read(Path file) throws IOException {
        JsonNode json = JSON.readTree(Files.readString(file));
        return new ApiAddress(URI.create(json.path("url").asText()), json.path("token").asText());
    }

    public static void remove(Path folder) throws IOException {
        Files.deleteIfExists(folder.resolve(FILE));
    }

    @Override
    public String toString() {
        return "ApiAddress[" + url + "]";
    }
}
