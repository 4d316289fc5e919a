package io.seqpulse.lifecycle.segment;

import java.util.Locale;

/**
 * The groups of people that the product team looks at (CATALOGUE, Segments); somebody may be in
 * several. State and tables know them by order and name: new ones only come at the end.
 */
enum Segment {
    /** Signed up less than 14 days ago. */
    NEW_USER,
    /** Owns no project on a paid plan, and a deployment of theirs started in the last 14 days. */
    FREE_ACTIVE,
    /** Owns a free project that has used 80 % of this month's deployments. */
    FREE_NEAR_LIMIT,
    /** Owns a project on Pro of which a deployment started in the last 14 days. */
    PRO_ACTIVE,
    /** A project of theirs dropped last week, or they have been silent for 14 days. */
    AT_RISK,
    /** Silent for 30 days. */
    AT_RISK_SEVERE,
    /** Two-factor authentication is on, or was changed in the last 90 days. */
    SECURITY_SENSITIVE;

    /** The name by which tables know it. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
