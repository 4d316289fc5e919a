package io.seqpulse.lifecycle.codec;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * Words that every value is full of: names of columns and facts, codes of rules, common values. In
 * state they are numbers, so the list only grows, at its end.
 */
final class Words {

    private static final String[] WORDS =
            """
            project_id deployment_id env deployment_number branch verdict confidence summary
            latency_delta error_rate_delta actions severity title name first_name email is_active
            locale timezone owner_id plan state started_at finished_at metric diagnosis
            suggested_actions phase latency_p95 error_rate project_name marketing_opt_in
            product_updates_opt_in month used true false free pro enterprise fr en prod staging
            main ok warning critical running finished analyzed success member pre post
            project_created user_created user_activated deployment_started deployment_finished
            verdict_created hint_created E-TRX-01 E-ACT-01 E-ACT-04 E-ACT-05 E-CONV-01 E-CONV-03
            users projects project_members deployments deployment_verdicts sdh_hints metric_samples
            email_preferences email_deliveries quota_refusals quota_refused user_id role on_call
            dedupe_key email_type status reason sent_at sent admin failed info low medium high
            project_owned project_left deployment_gone verdict_gone verdict_deleted email_sent
            email_unsent email_events event_type machine occurred_at delivered opened
            clicked bounced complained unsubscribed queued suppressed caused_at decided_at
            created_at updated_at delivery_id email_delivery_id twofa_enabled twofa_enabled_at
            E-CONV-02 signup_to_project_24h first_deployment_72h quota_email_to_upgrade
            trigger_to_finish signup new_user free_active free_near_limit pro_active at_risk
            at_risk_severe security_sensitive detection_latency delivery_latency
            critical_alert_mttr started_micros finished_micros
            project_to_first_verdict_72h verdict_ok verdict_warning verdict_rollback_recommended
            rollback_recommended free_to_pro_conversion_30d critical_alert_open_rate
            """
                    .strip()
                    .split("\\s+");

    private static final int LONGEST = 30;
    private static final Map<String, Integer> NUMBERS = new HashMap<>();

    static {
        for (int i = 0; i < WORDS.length; i++) {
            if (WORDS[i].length() > LONGEST
                    || WORDS[i].charAt(0) <= '9'
                    || NUMBERS.put(WORDS[i].intern(), i) != null) {
                throw new IllegalStateException("long, a number, or twice: " + WORDS[i]);
            }
            WORDS[i] = WORDS[i].intern();
        }
    }

    private Words() {}

    /** Its number, or -1 where it has none. */
    static int number(String text) {
        if (text.isEmpty() || text.length() > LONGEST || text.charAt(0) <= '9') {
            return -1; // numbers and times are no words
        }
        Integer number = NUMBERS.get(text);
        return number == null ? -1 : number;
    }

    /**
     * The word of a number.
     *
     * @throws IOException if a later version wrote it
     */
    static String word(long number) throws IOException {
        if (number >= WORDS.length) {
            throw new IOException(
                    "state has word %s, and this version of the job knows %s: start the version that wrote it, or a later one"
                            .formatted(number, WORDS.length));
        }
        return WORDS[(int) number];
    }
}
