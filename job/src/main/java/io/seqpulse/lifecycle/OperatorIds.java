package io.seqpulse.lifecycle;

/**
 * Name and uid of every operator. A savepoint finds its state by them: never rename one, never use
 * one again for something else.
 */
final class OperatorIds {

    static final String CHANGE_LOG = "change-log";
    static final String ENDLESS_LOG = "endless-log";
    static final String DECODE = "decode";
    static final String PARENTS = "parents";
    static final String MEMBERS = "members";
    static final String DELIVERIES = "deliveries";
    static final String SEGMENTS = "segments";
    static final String ATTACH = "attach";
    static final String DETECT_PROJECT = "detect-project";
    static final String DETECT_USER = "detect-user";
    static final String EMAIL_POLICY = "email-policy";
    static final String RENDER = "render";
    static final String EMAIL_SINK = "email-sink";
    static final String SUM_DEPLOYMENTS = "sum-deployments";
    static final String SUM_PROJECTS = "sum-projects";
    static final String SUM_USERS = "sum-users";
    static final String SUM_DELIVERIES = "sum-deliveries";
    static final String SUM_EMAILS = "sum-emails";
    static final String KPI_TOTALS = "kpi-totals";
    static final String DEAD_LETTERS = "dead-letters";

    private OperatorIds() {}
}
