package io.seqpulse.quickstart.access;

import io.seqpulse.quickstart.access.HttpAccess.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.io.network.netty.InboundChannelHandlerFactory;
import org.apache.flink.shaded.netty4.io.netty.buffer.Unpooled;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelFutureListener;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandler;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerAdapter;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelInboundHandlerAdapter;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultFullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.FullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderValues;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpServerCodec;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpVersion;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.QueryStringDecoder;
import org.apache.flink.shaded.netty4.io.netty.util.ReferenceCountUtil;
import org.apache.flink.util.ConfigurationException;

/**
 * Lets nobody without the password to Flink's REST interface and web UI, which know no login. Flink
 * finds it by {@code META-INF/services}; it stands in a cluster whose configuration names a
 * password file.
 */
public final class FlinkGate implements InboundChannelHandlerFactory {

    /** The file with the password; without it the interface is as Flink makes it. */
    public static final ConfigOption<String> PASSWORD_FILE =
            ConfigOptions.key("lifecycle.http.password-file").stringType().noDefaultValue();

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public Optional<ChannelHandler> createHandler(
            Configuration configuration, Map<String, String> responseHeaders)
            throws ConfigurationException {
        String file = configuration.get(PASSWORD_FILE);
        if (file == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(new First(new Gate(HttpAccess.of(Path.of(file)))));
        } catch (IOException e) {
            throw new ConfigurationException(file + " cannot be read", e);
        }
    }

    /**
     * Puts the gate before all that reads a request's body: Flink adds handlers such as ours behind
     * the one that writes uploaded files to the disk.
     */
    private static final class First extends ChannelHandlerAdapter {

        private final Gate gate;

        First(Gate gate) {
            this.gate = gate;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            String codec = context.pipeline().context(HttpServerCodec.class).name();
            context.pipeline().addAfter(codec, null, gate);
            context.pipeline().remove(this);
        }
    }

    private static final class Gate extends ChannelInboundHandlerAdapter {

        /** Cancelling and stopping by GET, for a proxy that knew nothing else. */
        private static final String BY_GET = "/yarn-";

        private final HttpAccess access;
        private boolean shut;

        Gate(HttpAccess access) {
            this.access = access;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (!shut && message instanceof HttpRequest request) {
                Optional<Refusal> refusal = refusal(request);
                refusal.ifPresent(
                        reason -> {
                            shut = true;
                            answer(context, reason);
                        });
            }
            if (shut) {
                ReferenceCountUtil.release(message);
            } else {
                context.fireChannelRead(message);
            }
        }

        private Optional<Refusal> refusal(HttpRequest request) {
            Optional<Refusal> refusal =
                    access.refusal(request.method().name(), name -> request.headers().get(name));
            if (refusal.isEmpty()
                    && new QueryStringDecoder(request.uri()).path().contains(BY_GET)) {
                return Optional.of(new Refusal(404, "nothing is stopped by GET"));
            }
            return refusal;
        }

        private static void answer(ChannelHandlerContext context, Refusal refusal) {
            FullHttpResponse response =
                    new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1,
                            HttpResponseStatus.valueOf(refusal.status()),
                            Unpooled.copiedBuffer(refusal.reason() + "\n", StandardCharsets.UTF_8));
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                    .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                    .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            if (refusal.asksForPassword()) {
                response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, HttpAccess.CHALLENGE);
            }
            context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
        }
    }
}
