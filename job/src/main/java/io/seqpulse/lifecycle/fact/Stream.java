package io.seqpulse.lifecycle.fact;

/** The ways on which the log's facts go from its decoder, each keyed by what is named. */
public enum Stream {
    /** To the rules about users, by user. */
    USERS,
    /** To the policy, by recipient: a user, or a bare address. */
    RECIPIENTS,
    /** To the segments, by user. */
    SEGMENTS,
    /** To the rules about projects, by project. */
    PROJECTS,
    /** By membership. */
    MEMBERS,
    /** By deployment. */
    DEPLOYMENTS,
    /** By email, as the journal knows it. */
    EMAILS,
    /** Rows whose deletion tells their own id only, and these deletions; by the row's id. */
    FOREIGN_KEYS
}
