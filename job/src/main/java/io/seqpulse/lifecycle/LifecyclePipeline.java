package io.seqpulse.lifecycle;

import io.seqpulse.connector.debezium.LogRecord;
import io.seqpulse.connector.email.EmailCommand;
import io.seqpulse.connector.jdbc.KpiTables;
import io.seqpulse.connector.kafka.ChangeLog;
import io.seqpulse.connector.kafka.DeadLetter;
import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.decode.DecodeChanges;
import io.seqpulse.lifecycle.decode.EndlessLog;
import io.seqpulse.lifecycle.delivery.FollowDeliveries;
import io.seqpulse.lifecycle.deployment.AttachDeployment;
import io.seqpulse.lifecycle.detect.ActiveRule;
import io.seqpulse.lifecycle.detect.Message;
import io.seqpulse.lifecycle.email.EmailSettings;
import io.seqpulse.lifecycle.fact.Fact;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.SnapshotBoundary;
import io.seqpulse.lifecycle.host.DeadLetters;
import io.seqpulse.lifecycle.host.KpiOutputs;
import io.seqpulse.lifecycle.host.StreamTypes;
import io.seqpulse.lifecycle.kpi.Increment;
import io.seqpulse.lifecycle.kpi.KpiIndex;
import io.seqpulse.lifecycle.parent.FollowMembers;
import io.seqpulse.lifecycle.parent.IndexForeignKeys;
import io.seqpulse.lifecycle.policy.DecideEmails;
import io.seqpulse.lifecycle.policy.Decision;
import io.seqpulse.lifecycle.policy.DecisionCodec;
import io.seqpulse.lifecycle.policy.QuietHours;
import io.seqpulse.lifecycle.project.DetectProject;
import io.seqpulse.lifecycle.segment.CountSegments;
import io.seqpulse.lifecycle.state.CodecType;
import io.seqpulse.lifecycle.state.ReconcileOperator;
import io.seqpulse.lifecycle.state.ReconciledFunction;
import io.seqpulse.lifecycle.totals.Hours;
import io.seqpulse.lifecycle.totals.SumOperator;
import io.seqpulse.lifecycle.totals.TotalsOperator;
import io.seqpulse.lifecycle.user.DetectUser;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.configuration.CheckpointingOptions;
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
 * @param start the number of this start of the job, greater than those before; one with empty state
 *     fills KPI rows of its own under it
 * @param cooldown least time between two marketing emails to one person
 * @param emails how they are written
 * @param quietHours when nobody gets marketing mail
 */
public record LifecyclePipeline(
        String topic,
        List<ActiveRule> rules,
        Catalogue declared,
        long start,
        Duration cooldown,
        EmailSettings emails,
        QuietHours quietHours) {

    /** Max parallelism is part of the state's contract (DESIGN D9): it never changes. */
    private static final int MAX_PARALLELISM = 720;

    private static final Duration CLOCK_STEP = Duration.ofMillis(20);

    /** The change log as one ordered stream on its own clock. */
    public static DataStream<LogRecord> changes(
            StreamExecutionEnvironment env, ChangeLog changeLog) {
        refuseUnalignedCheckpoints(env);
        env.setMaxParallelism(MAX_PARALLELISM);
        env.getConfig().setAutoWatermarkInterval(CLOCK_STEP.toMillis());
        return endless(
                env.fromSource(changeLog.source(), ChangeLog.clock(), OperatorIds.CHANGE_LOG)
                        .uid(OperatorIds.CHANGE_LOG)
                        .setParallelism(1));
    }

    /** Messages between operators have no version: a checkpoint must not contain any. */
    private static void refuseUnalignedCheckpoints(StreamExecutionEnvironment env) {
        if (env.getCheckpointConfig().isUnalignedCheckpointsEnabled()) {
            throw new IllegalArgumentException(
                    "%s is true, and this job's checkpoints must be aligned: set it to false"
                            .formatted(CheckpointingOptions.ENABLE_UNALIGNED.key()));
        }
    }

    /** The change log, whose end is refused. */
    static DataStream<LogRecord> endless(DataStream<LogRecord> changes) {
        return named(
                        changes.transform(
                                "endless", TypeInformation.of(LogRecord.class), new EndlessLog()),
                        OperatorIds.ENDLESS_LOG)
                .setParallelism(1);
    }

    /** Connects the operators between the change log and the sinks. */
    public void define(
            DataStream<LogRecord> changes,
            Sink<EmailCommand> emailSink,
            KpiTables kpis,
            Sink<DeadLetter> deadLetters) {
        List<Rule> catalogue = rules.stream().map(ActiveRule::rule).toList();
        KpiIndex measures = KpiIndex.of(declared);

        SingleOutputStreamOperator<Void> decoded =
                named(changes.process(new DecodeChanges(topic)), OperatorIds.DECODE)
                        .setParallelism(1);
        DataStream<SnapshotBoundary> boundaries = decoded.getSideOutput(DecodeChanges.BOUNDARIES);

        SingleOutputStreamOperator<RowChange> deletions =
                named(
                        reconciled(
                                decoded.getSideOutput(DecodeChanges.FOREIGN_KEYS)
                                        .keyBy(IndexForeignKeys::key),
                                boundaries,
                                new IndexForeignKeys(),
                                StreamTypes.ROW),
                        OperatorIds.PARENTS);

        SingleOutputStreamOperator<Fact> members =
                named(
                        reconciled(
                                decoded.getSideOutput(DecodeChanges.MEMBERS).keyBy(RowChange::id),
                                boundaries,
                                new FollowMembers(),
                                StreamTypes.FACT),
                        OperatorIds.MEMBERS);

        SingleOutputStreamOperator<Fact> deliveries =
                named(
                        reconciled(
                                decoded.getSideOutput(DecodeChanges.EMAILS)
                                        .union(deletions.getSideOutput(IndexForeignKeys.OF_EMAILS))
                                        .keyBy(RowChange::key),
                                boundaries,
                                new FollowDeliveries(topic, measures),
                                StreamTypes.FACT),
                        OperatorIds.DELIVERIES);

        SingleOutputStreamOperator<Fact> attached =
                named(
                        reconciled(
                                decoded.getSideOutput(DecodeChanges.DEPLOYMENTS)
                                        .union(deletions)
                                        .keyBy(RowChange::key),
                                boundaries,
                                new AttachDeployment(topic, measures),
                                StreamTypes.FACT),
                        OperatorIds.ATTACH);

        SingleOutputStreamOperator<Message> aboutProjects =
                named(
                        reconciled(
                                decoded.getSideOutput(DecodeChanges.PROJECTS)
                                        .union(
                                                attached,
                                                deliveries,
                                                members,
                                                deletions.getSideOutput(
                                                        IndexForeignKeys.OF_PROJECTS))
                                        .keyBy(Fact::key),
                                boundaries,
                                new DetectProject(topic, rules, measures),
                                StreamTypes.MESSAGE),
                        OperatorIds.DETECT_PROJECT);

        SingleOutputStreamOperator<Message> aboutUsers =
                named(
                        reconciled(
                                decoded.getSideOutput(DecodeChanges.USERS)
                                        .union(
                                                aboutProjects.getSideOutput(
                                                        DetectProject.OWNER_SIGNALS),
                                                aboutProjects.getSideOutput(
                                                        DetectProject.STANDINGS),
                                                deliveries.getSideOutput(
                                                        FollowDeliveries.USER_SIGNALS))
                                        .keyBy(Fact::key),
                                boundaries,
                                new DetectUser(topic, rules, measures, emails.timezone()),
                                StreamTypes.MESSAGE),
                        OperatorIds.DETECT_USER);

        SingleOutputStreamOperator<Increment> segments =
                named(
                        reconciled(
                                decoded.getSideOutput(DecodeChanges.SEGMENTS)
                                        .union(aboutProjects.getSideOutput(DetectProject.STANDINGS))
                                        .keyBy(Fact::key),
                                boundaries,
                                new CountSegments(),
                                StreamTypes.INCREMENT),
                        OperatorIds.SEGMENTS);

        SingleOutputStreamOperator<Decision> decisions =
                named(
                        reconciled(
                                decoded.getSideOutput(DecodeChanges.RECIPIENTS)
                                        .union(aboutProjects, aboutUsers)
                                        .keyBy(Message::recipient),
                                boundaries,
                                new DecideEmails(
                                        catalogue, cooldown, emails.timezone(), quietHours),
                                new CodecType<>(new DecisionCodec())),
                        OperatorIds.EMAIL_POLICY);

        named(
                        decisions.process(
                                new RenderEmails(catalogue, emails, declared.linkHosts())),
                        OperatorIds.RENDER)
                .sinkTo(emailSink)
                .name(OperatorIds.EMAIL_SINK)
                .uid(OperatorIds.EMAIL_SINK);

        named(
                summed(attached, OperatorIds.SUM_DEPLOYMENTS)
                        .union(
                                summed(aboutProjects, OperatorIds.SUM_PROJECTS),
                                summed(aboutUsers, OperatorIds.SUM_USERS),
                                summed(deliveries, OperatorIds.SUM_DELIVERIES),
                                summed(decisions, OperatorIds.SUM_EMAILS),
                                segments)
                        .keyBy(Hours::key, Types.STRING)
                        .transform("totals", Types.VOID, new TotalsOperator(start, kpis)),
                OperatorIds.KPI_TOTALS);

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
    private static <I, O> SingleOutputStreamOperator<O> reconciled(
            KeyedStream<I, String> facts,
            DataStream<SnapshotBoundary> boundaries,
            ReconciledFunction<I, O> function,
            TypeInformation<O> type) {
        return facts.connect(boundaries.broadcast())
                .transform("swept", type, new ReconcileOperator<>(function));
    }

    private static <T> SingleOutputStreamOperator<T> named(
            SingleOutputStreamOperator<T> operator, String id) {
        return operator.name(id).uid(id);
    }
}
