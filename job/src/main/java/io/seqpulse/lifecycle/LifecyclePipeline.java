package io.seqpulse.lifecycle;

import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.jdbc.KpiRow;
import io.seqpulse.connector.kafka.ChangeLog;
import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.decode.DecodeChanges;
import io.seqpulse.lifecycle.delivery.FollowDeliveries;
import io.seqpulse.lifecycle.deployment.AttachDeployment;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.email.EmailSettings;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.Resnapshot;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.host.KpiOutputs;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.Measures;
import io.seqpulse.lifecycle.parent.RememberParents;
import io.seqpulse.lifecycle.policy.DecideEmails;
import io.seqpulse.lifecycle.policy.Decision;
import io.seqpulse.lifecycle.project.DetectProject;
import io.seqpulse.lifecycle.segment.CountSegments;
import io.seqpulse.lifecycle.state.SweepOperator;
import io.seqpulse.lifecycle.state.SweptFunction;
import io.seqpulse.lifecycle.totals.Generation;
import io.seqpulse.lifecycle.totals.Hours;
import io.seqpulse.lifecycle.totals.SumOperator;
import io.seqpulse.lifecycle.totals.TotalsOperator;
import io.seqpulse.lifecycle.user.DetectUser;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The whole topology: change log → decode → facts by deployment, project and user → candidates →
 * policy by recipient → render → journal and send.
 *
 * @param topic name of the change log, for dead letters
 * @param rules the catalogue's rules with the times since which they run
 * @param declared every rule and KPI of the catalogue, whether it runs or not
 * @param generation which rows of KPIs are filled
 * @param cooldown least time between two marketing emails to one person
 * @param emails how they are written
 */
public record LifecyclePipeline(
        String topic,
        List<ActiveRule> rules,
        Catalogue declared,
        Generation generation,
        Duration cooldown,
        EmailSettings emails) {

    /** Max parallelism is part of the state's contract (DESIGN D9): it never changes. */
    private static final int MAX_PARALLELISM = 720;

    private static final Duration CLOCK_STEP = Duration.ofMillis(20);

    /** The change log as one ordered stream on its own clock. */
    public static DataStream<LogRecord> changes(
            StreamExecutionEnvironment env, ChangeLog changeLog) {
        env.setMaxParallelism(MAX_PARALLELISM);
        env.getConfig().setAutoWatermarkInterval(CLOCK_STEP.toMillis());
        return env.fromSource(changeLog.source(), ChangeLog.clock(), OperatorIds.CHANGE_LOG)
                .uid(OperatorIds.CHANGE_LOG)
                .setParallelism(1);
    }

    /** Connects the operators between the change log and the sinks. */
    public void define(
            DataStream<LogRecord> changes,
            Sink<EmailCommand> emailSink,
            Sink<KpiRow> kpiSink,
            Sink<DeadLetter> deadLetters) {
        List<Rule> catalogue = rules.stream().map(ActiveRule::rule).toList();
        Measures measures = Measures.of(declared);

        SingleOutputStreamOperator<Void> decoded =
                named(changes.process(new DecodeChanges(topic)), OperatorIds.DECODE)
                        .setParallelism(1);
        DataStream<Resnapshot> resnapshots = decoded.getSideOutput(DecodeChanges.RESNAPSHOTS);

        SingleOutputStreamOperator<Fact> parents =
                named(
                        swept(
                                decoded.getSideOutput(DecodeChanges.PARENTS).keyBy(Fact::id),
                                resnapshots,
                                new RememberParents(),
                                StreamTypes.FACT),
                        OperatorIds.PARENTS);

        SingleOutputStreamOperator<Fact> deliveries =
                named(
                        swept(
                                decoded.getSideOutput(DecodeChanges.EMAILS)
                                        .union(parents.getSideOutput(RememberParents.OF_EMAILS))
                                        .keyBy(Fact::key),
                                resnapshots,
                                new FollowDeliveries(topic, measures),
                                StreamTypes.FACT),
                        OperatorIds.DELIVERIES);

        SingleOutputStreamOperator<Fact> attached =
                named(
                        swept(
                                decoded.getSideOutput(DecodeChanges.DEPLOYMENTS)
                                        .union(parents)
                                        .keyBy(Fact::key),
                                resnapshots,
                                new AttachDeployment(topic, measures),
                                StreamTypes.FACT),
                        OperatorIds.ATTACH);

        SingleOutputStreamOperator<Message> aboutProjects =
                named(
                        swept(
                                decoded.getSideOutput(DecodeChanges.PROJECTS)
                                        .union(attached, deliveries)
                                        .keyBy(Fact::key),
                                resnapshots,
                                new DetectProject(topic, rules, measures),
                                StreamTypes.MESSAGE),
                        OperatorIds.DETECT_PROJECT);

        SingleOutputStreamOperator<Message> aboutUsers =
                named(
                        swept(
                                decoded.getSideOutput(DecodeChanges.USERS)
                                        .union(
                                                aboutProjects.getSideOutput(
                                                        DetectProject.OWNER_SIGNALS),
                                                deliveries.getSideOutput(
                                                        FollowDeliveries.USER_SIGNALS))
                                        .keyBy(Fact::key),
                                resnapshots,
                                new DetectUser(topic, rules, measures),
                                StreamTypes.MESSAGE),
                        OperatorIds.DETECT_USER);

        SingleOutputStreamOperator<Increment> segments =
                named(
                        swept(
                                decoded.getSideOutput(DecodeChanges.SEGMENTED)
                                        .union(aboutProjects.getSideOutput(DetectProject.STANDINGS))
                                        .keyBy(Fact::key),
                                resnapshots,
                                new CountSegments(),
                                StreamTypes.INCREMENT),
                        OperatorIds.SEGMENTS);

        SingleOutputStreamOperator<Decision> decisions =
                named(
                        swept(
                                decoded.getSideOutput(DecodeChanges.RECIPIENTS)
                                        .union(aboutProjects, aboutUsers)
                                        .keyBy(Message::recipient),
                                resnapshots,
                                new DecideEmails(catalogue, cooldown),
                                TypeInformation.of(Decision.class)),
                        OperatorIds.EMAIL_POLICY);

        named(decisions.process(new RenderEmails(catalogue, emails)), OperatorIds.RENDER)
                .sinkTo(emailSink)
                .name(OperatorIds.EMAIL_SINK)
                .uid(OperatorIds.EMAIL_SINK);

        named(
                        summed(attached, OperatorIds.SUM_DEPLOYMENTS)
                                .union(
                                        summed(aboutProjects, OperatorIds.SUM_PROJECTS),
                                        summed(aboutUsers, OperatorIds.SUM_USERS),
                                        summed(deliveries, OperatorIds.SUM_DELIVERIES),
                                        segments)
                                .keyBy(Hours::key, Types.STRING)
                                .transform(
                                        "totals",
                                        TypeInformation.of(KpiRow.class),
                                        new TotalsOperator(generation)),
                        OperatorIds.KPI_TOTALS)
                .sinkTo(kpiSink)
                .name(OperatorIds.KPI_SINK)
                .uid(OperatorIds.KPI_SINK);

        decoded.getSideOutput(DeadLetters.OUTPUT)
                .union(
                        deliveries.getSideOutput(DeadLetters.OUTPUT),
                        attached.getSideOutput(DeadLetters.OUTPUT),
                        aboutProjects.getSideOutput(DeadLetters.OUTPUT),
                        aboutUsers.getSideOutput(DeadLetters.OUTPUT))
                .sinkTo(deadLetters)
                .name(OperatorIds.DEAD_LETTERS)
                .uid(OperatorIds.DEAD_LETTERS)
                .setParallelism(1);
    }

    /** What an operator counts, added up where it is counted. */
    private static DataStream<Increment> summed(SingleOutputStreamOperator<?> counting, String id) {
        return named(
                counting.getSideOutput(KpiOutputs.INCREMENTS)
                        .transform("sum", StreamTypes.INCREMENT, new SumOperator()),
                id);
    }

    /** The function on its keys, told of every new snapshot. */
    private static <I, O> SingleOutputStreamOperator<O> swept(
            KeyedStream<I, String> facts,
            DataStream<Resnapshot> resnapshots,
            SweptFunction<I, O> function,
            TypeInformation<O> type) {
        return facts.connect(resnapshots.broadcast())
                .transform("swept", type, new SweepOperator<>(function));
    }

    private static <T> SingleOutputStreamOperator<T> named(
            SingleOutputStreamOperator<T> operator, String id) {
        return operator.name(id).uid(id);
    }
}
