package io.seqpulse.lifecycle.codec;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * Words that values are full of, which state and messages know by their numbers. The list is
 * closed: a version that wrote a word which the one before it does not know could not be rolled
 * back. Any other text is written out.
 */
final class Words {

    private static final String[] WORDS =
            """
            project_id deployment_id env deployment_number branch verdict confidence summary
            latency_delta error_rate_delta actions severity title project_name plan month used
            user_id feature free pro enterprise fr en prod production staging test main ok warning
            critical rollback_recommended running finished analyzed success pre post admin member
            owner low medium high info queued sent failed suppressed delivered opened clicked
            user_created user_activated project_created quota_refused deployment_started
            deployment_finished verdict_created hint_created feature_gated
            users projects project_members email_preferences deployments metric_samples sdh_hints
            deployment_verdicts quota_refusals feature_gate_events email_deliveries email_events
            E-TRX-01 E-TRX-02 E-ACT-01 E-ACT-02 E-ACT-03 E-ACT-04 E-ACT-05 E-CONV-01 E-CONV-02
            E-CONV-03 E-CONV-04 E-CONV-05 E-RET-01 E-RET-02 E-RET-03 E-RET-04 E-ADV-01 E-ADV-02
            E-BILL-01 E-BILL-02 E-SEC-01 E-SEC-02
            signup verdict_ok verdict_warning verdict_rollback_recommended
            signup_to_project_24h first_deployment_72h project_to_first_verdict_72h
            quota_email_to_upgrade trigger_to_finish free_to_pro_conversion_30d
            critical_alert_open_rate critical_alert_mttr detection_latency delivery_latency
            new_user free_active free_near_limit pro_active at_risk at_risk_severe
            security_sensitive
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
