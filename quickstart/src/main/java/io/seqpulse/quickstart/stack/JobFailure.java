package io.seqpulse.quickstart.stack;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.scheduler.ExecutionGraphInfo;
import org.apache.flink.runtime.scheduler.exceptionhistory.RootExceptionHistoryEntry;

/**
 * A failure of the job.
 *
 * @param trace with every cause
 */
record JobFailure(Instant at, String trace) {

    /** What Flink remembers of a job, the newest last. */
    static List<JobFailure> in(ExecutionGraphInfo job) {
        List<JobFailure> failures =
                StreamSupport.stream(job.getExceptionHistory().spliterator(), false)
                        .sorted(Comparator.comparing(RootExceptionHistoryEntry::getTimestamp))
                        .map(JobFailure::of)
                        .toList();
        ErrorInfo end = job.getArchivedExecutionGraph().getFailureInfo();
        return failures.isEmpty() && end != null ? List.of(of(end)) : failures;
    }

    private static JobFailure of(ErrorInfo info) {
        return new JobFailure(
                Instant.ofEpochMilli(info.getTimestamp()), info.getExceptionAsString());
    }

    /** The innermost cause, on one line. */
    String cause() {
        return ConnectSupervisor.rootCause(trace);
    }
}
