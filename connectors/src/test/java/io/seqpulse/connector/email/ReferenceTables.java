package io.seqpulse.connector.email;

import java.util.List;

/** The reference schema, as the journal asks it. */
public final class ReferenceTables {

    private static final String RECIPIENTS =
            "select u.id, u.email as address, u.is_active as active from public.users u";

    private static final String PREFERENCES =
            """
            select f.user_id as id, f.marketing_opt_in, f.product_updates_opt_in
            from public.email_preferences f
            """;

    public static final ProductTables TABLES =
            new ProductTables(
                    "select u.id from public.users u",
                    RECIPIENTS,
                    PREFERENCES,
                    "select p.id from public.projects p",
                    "select p.id, p.plan::text as plan from public.projects p",
                    List.of("E-CONV-04", "E-RET-%", "E-ADV-%"));

    private ReferenceTables() {}
}
