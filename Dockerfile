# The job on the official Flink image, in application mode, and the API; and Kafka Connect with our
# transforms (target connect). docker-compose.yml runs all of them.

# The Maven wrapper checks the sum of a .zip, hence unzip.
FROM eclipse-temurin:17.0.19_10-jdk-noble AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends unzip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY mvnw pom.xml ./
COPY .mvn .mvn
COPY connectors/pom.xml connectors/pom.xml
COPY catalogue/pom.xml catalogue/pom.xml
COPY job/pom.xml job/pom.xml
COPY api/pom.xml api/pom.xml
COPY connectors/src/main connectors/src/main
# Tests of other modules ask for it, and Maven for what they ask for.
COPY connectors/src/test connectors/src/test
COPY catalogue/src/main catalogue/src/main
COPY job/src/main job/src/main
COPY api/src/main api/src/main
# The other modules are not here.
RUN --mount=type=cache,target=/root/.m2 \
    sed -i '/<module>/{/>connectors<\|>catalogue<\|>job<\|>api</!d}' pom.xml \
    && ./mvnw -B -ntp -DskipTests -Dspotless.check.skip=true package \
    && mv job/target/job-*.jar /lifecycle.jar \
    && mv api/target/api-*.jar /api.jar \
    && mv connectors/target/connectors-*.jar /connectors.jar

FROM quay.io/debezium/connect:3.7.0.Final AS connect
COPY --from=build /connectors.jar /kafka/connect/seqpulse/connectors.jar

FROM flink:2.3.0-java17
# What libraries compare and print by, in every JVM of this image.
ENV LANG=C.UTF-8 LC_ALL=C.UTF-8
USER root
RUN mkdir -p /opt/flink/usrlib /state/checkpoints /state/savepoints \
    && chown -R flink:flink /state
COPY --from=build /lifecycle.jar /opt/flink/usrlib/lifecycle.jar
COPY --from=build /api.jar /opt/seqpulse/api.jar
# A volume mounted there takes the folder's owner.
VOLUME /state
USER flink
