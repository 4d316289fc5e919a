package io.seqpulse.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where the HTTP service of a stack answers. While the stack is up this stands in its folder,
 * readable by its owner only, for {@code ./lifecycle status}.
 *
 * @param token of an operator
 */
public record ApiAddress(URI url, String token) {

    static final String FILE = "api.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The live page, with the token behind a {@code #}, where no server and no log sees it. */
    public String page() {
        return url + "/#token=" + token;
    }

    static void write(Path folder, ApiAddress address) throws IOException {
        StateFolder.writePrivately(
                folder.resolve(FILE),
                JSON.writeValueAsString(
                        Map.of("url", address.url().toString(), "token", address.token())));
    }

    static ApiAddress read(Path file) throws IOException {
        JsonNode json = JSON.readTree(Files.readString(file));
        return new ApiAddress(URI.create(json.path("url").asText()), json.path("token").asText());
    }

    static void remove(Path folder) throws IOException {
        Files.deleteIfExists(folder.resolve(FILE));
    }

    @Override
    public String toString() {
        return "ApiAddress[" + url + "]";
    }
}
