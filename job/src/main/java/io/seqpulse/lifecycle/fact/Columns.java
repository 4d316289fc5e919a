package io.seqpulse.lifecycle.fact;

import static io.seqpulse.lifecycle.fact.Field.flag;
import static io.seqpulse.lifecycle.fact.Field.text;
import static io.seqpulse.lifecycle.fact.Field.time;

import io.seqpulse.lifecycle.catalogue.CapturedTable;

/** The columns of the tables whose rows are told to subjects, with their types. */
public final class Columns {

    private Columns() {}

    /** Of {@code users}. */
    public static final class Users {
        private static final CapturedTable TABLE = CapturedTable.USERS;
        public static final Field<String> NAME = text(TABLE, "name");
        public static final Field<String> FIRST_NAME = text(TABLE, "first_name");
        public static final Field<String> EMAIL = text(TABLE, "email");
        public static final Field<Boolean> IS_ACTIVE = flag(TABLE, "is_active");
        public static final Field<String> LOCALE = text(TABLE, "locale");
        public static final Field<String> TIMEZONE = text(TABLE, "timezone");
        public static final Field<Boolean> TWOFA_ENABLED = flag(TABLE, "twofa_enabled");
        public static final Field<Long> TWOFA_ENABLED_AT = time(TABLE, "twofa_enabled_at");
        public static final Field<Long> UPDATED_AT = time(TABLE, "updated_at");

        private Users() {}
    }

    /** Of {@code email_preferences}. */
    public static final class Preferences {
        private static final CapturedTable TABLE = CapturedTable.EMAIL_PREFERENCES;
        public static final Field<Boolean> MARKETING = flag(TABLE, "marketing_opt_in");
        public static final Field<Boolean> PRODUCT_UPDATES = flag(TABLE, "product_updates_opt_in");

        private Preferences() {}
    }

    /** Of {@code projects}. */
    public static final class Projects {
        private static final CapturedTable TABLE = CapturedTable.PROJECTS;
        public static final Field<String> NAME = text(TABLE, "name");
        public static final Field<String> OWNER_ID = text(TABLE, "owner_id");
        public static final Field<String> PLAN = text(TABLE, "plan");

        /** Told of a snapshot's rows only. */
        public static final Field<Long> UPDATED_AT = time(TABLE, "updated_at");

        private Projects() {}
    }

    /** Of {@code project_members}. */
    public static final class Members {
        private static final CapturedTable TABLE = CapturedTable.PROJECT_MEMBERS;
        public static final Field<String> USER_ID = text(TABLE, "user_id");
        public static final Field<String> EMAIL = text(TABLE, "email");
        public static final Field<String> ROLE = text(TABLE, "role");
        public static final Field<Boolean> ON_CALL = flag(TABLE, "on_call");

        private Members() {}
    }

    /** Of {@code deployments}. */
    public static final class Deployments {
        private static final CapturedTable TABLE = CapturedTable.DEPLOYMENTS;
        public static final Field<String> PROJECT_ID = text(TABLE, "project_id");
        public static final Field<String> NUMBER = text(TABLE, "deployment_number");
        public static final Field<String> ENVIRONMENT = text(TABLE, "env");
        public static final Field<String> BRANCH = text(TABLE, "branch");
        public static final Field<String> STATE = text(TABLE, "state");
        public static final Field<Long> STARTED_AT = time(TABLE, "started_at");
        public static final Field<Long> FINISHED_AT = time(TABLE, "finished_at");

        private Deployments() {}
    }

    /** Of {@code deployment_verdicts}. */
    public static final class Verdicts {
        private static final CapturedTable TABLE = CapturedTable.DEPLOYMENT_VERDICTS;
        public static final Field<String> VERDICT = text(TABLE, "verdict");
        public static final Field<String> CONFIDENCE = text(TABLE, "confidence");
        public static final Field<String> SUMMARY = text(TABLE, "summary");

        private Verdicts() {}
    }

    /** Of {@code sdh_hints}. */
    public static final class Hints {
        private static final CapturedTable TABLE = CapturedTable.SDH_HINTS;
        public static final Field<String> SEVERITY = text(TABLE, "severity");
        public static final Field<String> TITLE = text(TABLE, "title");

        /** A list of texts, as JSON. */
        public static final Field<String> SUGGESTED_ACTIONS = text(TABLE, "suggested_actions");

        private Hints() {}
    }

    /** Of {@code metric_samples}. */
    public static final class Samples {
        private static final CapturedTable TABLE = CapturedTable.METRIC_SAMPLES;
        public static final Field<String> PHASE = text(TABLE, "phase");
        public static final Field<String> LATENCY_P95 = text(TABLE, "latency_p95");
        public static final Field<String> ERROR_RATE = text(TABLE, "error_rate");

        private Samples() {}
    }

    /** Of {@code email_deliveries}. */
    public static final class Deliveries {
        private static final CapturedTable TABLE = CapturedTable.EMAIL_DELIVERIES;
        public static final Field<String> USER_ID = text(TABLE, "user_id");
        public static final Field<String> PROJECT_ID = text(TABLE, "project_id");
        public static final Field<String> EMAIL_TYPE = text(TABLE, "email_type");
        public static final Field<String> DEDUPE_KEY = text(TABLE, "dedupe_key");
        public static final Field<String> STATUS = text(TABLE, "status");
        public static final Field<String> REASON = text(TABLE, "reason");
        public static final Field<Long> SENT_AT = time(TABLE, "sent_at");
        public static final Field<Long> CAUSED_AT = time(TABLE, "caused_at");
        public static final Field<Long> DECIDED_AT = time(TABLE, "decided_at");
        public static final Field<String> VARIANT = text(TABLE, "variant");

        private Deliveries() {}
    }

    /** Of {@code email_events}. */
    public static final class EmailEvents {
        private static final CapturedTable TABLE = CapturedTable.EMAIL_EVENTS;
        public static final Field<String> TYPE = text(TABLE, "event_type");
        public static final Field<Boolean> MACHINE = flag(TABLE, "machine");

        private EmailEvents() {}
    }
}
