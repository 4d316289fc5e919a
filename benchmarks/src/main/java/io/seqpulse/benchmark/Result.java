package io.seqpulse.benchmark;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What the runs of one measure came to.
 *
 * @param perSecond the rate of each run, in the order in which they ran
 * @param notes figures beside the rate, by name
 */
record Result(Measure measure, List<Double> perSecond, Map<String, Object> notes) {

    Result {
        perSecond = List.copyOf(perSecond);
        if (perSecond.isEmpty()) {
            throw new IllegalArgumentException("nothing was measured");
        }
    }

    /** The middle one; of an even number of runs the mean of the two in the middle. */
    double median() {
        double[] sorted = sorted();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    double slowest() {
        return sorted()[0];
    }

    double fastest() {
        double[] sorted = sorted();
        return sorted[sorted.length - 1];
    }

    /** How far apart the fastest and the slowest run are, in percent of the median. */
    double spreadPercent() {
        return 100 * (fastest() - slowest()) / median();
    }

    private double[] sorted() {
        double[] sorted = perSecond.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted;
    }
}
