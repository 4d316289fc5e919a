package io.seqpulse.lifecycle;

import io.seqpulse.connector.email.ProductTables;
import java.util.List;

/** SEQPULSE's tables, as the journal asks them when it writes and re-checks an email. */
public final class SeqpulseTables {

    private static final String RECIPIENT_IDS = "select u.id from public.users u";

    private static final String RECIPIENTS =
            "select u.id, u.email::text as address, u.is_active as active from public.users u";

    private static final String PREFERENCES =
            """
            select f.user_id as id, f.marketing_opt_in, f.product_updates_opt_in
            from public.email_preferences f
            """;

    private static final String PROJECT_IDS = "select p.id from public.projects p";

    private static final String PROJECTS =
            "select p.id, p.plan::text as plan from public.projects p";

    /** Marketing of the product's own code while emails move over one by one (CATALOGUE). */
    private static final List<String> CAPPED_ELSEWHERE =
            List.of(
                    "E-ACT-01",
                    "E-ACT-02",
                    "E-ACT-03",
                    "E-CONV-01",
                    "E-CONV-02",
                    "E-CONV-04",
                    "E-CONV-05",
                    "E-RET-%",
                    "E-ADV-%");

    public static final ProductTables TABLES =
            new ProductTables(
                    RECIPIENT_IDS,
                    RECIPIENTS,
                    PREFERENCES,
                    PROJECT_IDS,
                    PROJECTS,
                    CAPPED_ELSEWHERE);

    private SeqpulseTables() {}
}
