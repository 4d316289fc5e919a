package io.seqpulse.quickstart.access;

import io.seqpulse.quickstart.access.HttpAccess.Refusal;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.connect.rest.ConnectRestExtension;
import org.apache.kafka.connect.rest.ConnectRestExtensionContext;

/**
 * Lets nobody without the password to Kafka Connect's REST interface: whoever can register a
 * connector there runs code, and reads what the connector may read.
 */
public final class ConnectGate implements ConnectRestExtension {

    /** Key of the worker's configuration: the file with the password. */
    public static final String PASSWORD_FILE = "lifecycle.http.password-file";

    private HttpAccess access;

    @Override
    public void configure(Map<String, ?> settings) {
        Object file = settings.get(PASSWORD_FILE);
        if (file == null) {
            throw new ConfigException(PASSWORD_FILE + " is missing");
        }
        try {
            access = HttpAccess.of(Path.of(file.toString()));
        } catch (IOException e) {
            throw new ConfigException(PASSWORD_FILE, file, "cannot be read");
        }
    }

    @Override
    public void register(ConnectRestExtensionContext context) {
        context.configurable().register(new Gate(access));
    }

    @Override
    public String version() {
        return AppInfoParser.getVersion();
    }

    @Override
    public void close() {}

    /**
     * Before a request is matched with a resource, so that what is not there needs a password too.
     */
    @PreMatching
    private static final class Gate implements ContainerRequestFilter {

        private final HttpAccess access;

        Gate(HttpAccess access) {
            this.access = access;
        }

        @Override
        public void filter(ContainerRequestContext request) {
            access.refusal(request.getMethod(), request::getHeaderString)
                    .ifPresent(refusal -> request.abortWith(response(refusal)));
        }

        private static Response response(Refusal refusal) {
            Response.ResponseBuilder response =
                    Response.status(refusal.status())
                            .type(MediaType.TEXT_PLAIN_TYPE)
                            .entity(refusal.reason() + "\n");
            if (refusal.asksForPassword()) {
                response.header(HttpHeaders.WWW_AUTHENTICATE, HttpAccess.CHALLENGE);
            }
            return response.build();
        }
    }
}
