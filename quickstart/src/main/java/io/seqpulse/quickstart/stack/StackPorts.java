package io.seqpulse.quickstart.stack;

import java.util.Optional;

/**
 * Where the parts of a stack listen.
 *
 * @param postgres 0 on somebody's own database, as is {@code smtp}
 * @param controller of Kafka
 * @param api empty in a stack without the HTTP service
 */
record StackPorts(
        int postgres,
        int flink,
        int smtp,
        int metrics,
        int kafka,
        int controller,
        int connect,
        Optional<Integer> api) {

    /**
     * Chooses all of them.
     *
     * @throws StackException if one that was asked for is taken
     */
    static StackPorts choose(EmbeddedStackBuilder options) {
        Ports ports = new Ports(options.notices);
        boolean embedded = options.isDatabaseEmbedded();
        return new StackPorts(
                embedded
                        ? ports.choose("PostgreSQL", "--postgres-port", options.postgresPort, 54320)
                        : 0,
                ports.choose("Flink", "--flink-port", options.flinkPort, 8081),
                embedded ? ports.choose("SMTP", "--smtp-port", options.smtpPort, 3025) : 0,
                ports.choose(
                        "metrics",
                        "--metrics-port",
                        options.metricsPort,
                        FlinkSettings.METRICS_PORT),
                ports.free(),
                ports.free(),
                ports.free(),
                options.withApi
                        ? Optional.of(ports.choose("the API", "--api-port", options.apiPort, 8090))
                        : Optional.empty());
    }
}
