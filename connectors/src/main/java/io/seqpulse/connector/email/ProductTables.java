package io.seqpulse.connector.email;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * How the journal asks the product's tables about the people it writes to. Journal and senders know
 * no table of the product but {@code email_deliveries}: who owns the sink supplies the others, as
 * queries. A query is set into statements as it stands, so it must be constant text of the program.
 * It is joined by its {@code id}, which must be unique and indexed.
 *
 * @param recipientIds a query of everybody who has an account, with the column {@code id} uuid: an
 *     email is written to the journal whatever has become of the other columns
 * @param recipients a query of everybody who has an account, with the columns {@code id} uuid,
 *     {@code address} text and {@code active} boolean
 * @param preferences a query of what they agreed to receive, with the columns {@code id} uuid, the
 *     recipient's, {@code marketing_opt_in} boolean and {@code product_updates_opt_in} boolean;
 *     whoever is not in it, or has null there, agreed
 * @param projectIds a query of what a mail may be about, with the column {@code id} uuid
 * @param projects a query of what a mail may be about, with the columns {@code id} uuid and {@code
 *     plan} text
 * @param cappedElsewhere patterns of {@code LIKE}: the codes of mail that the product itself sends
 *     and that counts for the daily limit as ours does
 */
public record ProductTables(
        String recipientIds,
        String recipients,
        String preferences,
        String projectIds,
        String projects,
        List<String> cappedElsewhere)
        implements Serializable {

    public ProductTables {
        Objects.requireNonNull(recipientIds, "recipientIds");
        Objects.requireNonNull(recipients, "recipients");
        Objects.requireNonNull(preferences, "preferences");
        Objects.requireNonNull(projectIds, "projectIds");
        Objects.requireNonNull(projects, "projects");
        cappedElsewhere = List.copyOf(cappedElsewhere);
    }
}
