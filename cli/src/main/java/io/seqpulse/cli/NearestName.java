package io.seqpulse.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/**
 * What somebody who mistyped a name may have meant: the name that the fewest changes of a letter,
 * missing or additional letters and swapped neighbours lead to.
 */
public final class NearestName {

    /** One mistake for so many letters begun. */
    private static final int LETTERS = 4;

    private NearestName() {}

    /** The nearest of some names, or empty where none resembles what was typed. */
    public static Optional<String> to(String typed, Collection<String> names) {
        int most = (typed.length() + LETTERS - 1) / LETTERS;
        return names.stream()
                .filter(name -> distance(typed, name) <= most)
                .min(Comparator.comparingInt(name -> distance(typed, name)));
    }

    /** The optimal string alignment distance. */
    private static int distance(String a, String b) {
        int[][] distance = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    distance[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                int least =
                        Math.min(
                                distance[i - 1][j - 1] + change,
                                1 + Math.min(distance[i - 1][j], distance[i][j - 1]));
                if (i > 1
                        && j > 1
                        && a.charAt(i - 1) == b.charAt(j - 2)
                        && a.charAt(i - 2) == b.charAt(j - 1)) {
                    least = Math.min(least, 1 + distance[i - 2][j - 2]);
                }
                distance[i][j] = least;
            }
        }
        return distance[a.length()][b.length()];
    }
}
