package io.seqpulse.api;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** What the server itself refuses, such as a request that is no HTTP, gets a few words as JSON. */
final class PlainErrors extends ErrorHandler {

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/problem+json");
        Content.Sink.write(
                response,
                true,
                "{\"title\":\"Bad request\",\"status\":%d,\"detail\":\"The request cannot be read\"}"
                        .formatted(response.getStatus()),
                callback);
        return true;
    }
}
