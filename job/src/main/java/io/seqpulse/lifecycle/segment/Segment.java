package io.seqpulse.lifecycle.segment;

import java.util.Locale;

/**
 * The groups of people that the product team looks at (CATALOGUE, Segments); somebody may be in
 * several. State knows them by id, tables by name; neither is ever reused.
 */
enum Segment {
    /** Signed up less than 14 days ago. */
    NEW_USER(0),
    /** Owns no project on a paid plan, and a deployment of theirs started in the last 14 days. */
    FREE_ACTIVE(1),
    /** Owns a free project that has used 80 % of this month's deployments. */
    FREE_NEAR_LIMIT(2),
    /** Owns a project on Pro of which a deployment started in the last 14 days. */
    PRO_ACTIVE(3),
    /** A project of theirs dropped last week, or they have been silent for 14 days. */
    AT_RISK(4),
    /** Silent for 30 days. */
    AT_RISK_SEVERE(5),
    /** Two-factor authentication is on, or was changed in the last 90 days. */
    SECURITY_SENSITIVE(6);

    private final int id;

    Segment(int id) {
        this.id = id;
    }

    /** The number by which state knows it, 0 to 63. */
    int id() {
        return id;
    }

    /** The name by which tables know it. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
