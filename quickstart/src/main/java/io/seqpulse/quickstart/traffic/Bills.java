package io.seqpulse.quickstart.traffic;

import io.seqpulse.quickstart.traffic.People.Person;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Paid projects' invoices. E-BILL-01: a payment fails now, or failed 3, 7 or 10 days ago less five
 * seconds; half of these invoices are paid or cancelled in time. E-BILL-02: one is paid.
 */
final class Bills implements Story {

    private static final List<Duration> STEPS =
            List.of(Duration.ZERO, Duration.ofDays(3), Duration.ofDays(7), Duration.ofDays(10));

    private final ProductRows rows;
    private final People people;
    private final Agenda agenda;
    private int turns;

    Bills(Stage stage) {
        this.rows = stage.rows();
        this.people = stage.people();
        this.agenda = stage.agenda();
    }

    @Override
    public void plan() {
        agenda.repeat(1_500, 5_000, this::fail);
        agenda.repeat(2_500, 10_000, this::pay);
    }

    /** A paid project's subscription and its invoice. */
    private record Invoice(UUID project, UUID subscription, String id) {}

    private Invoice invoice() {
        return new Invoice(people.id(), people.id(), "in_" + people.id());
    }

    private int customer(Invoice invoice) throws SQLException {
        Person owner = people.person();
        return rows.user(owner, true, Stage.daysAgo(25))
                + rows.project(invoice.project(), owner, "pro", Stage.daysAgo(24))
                + rows.goodDeployment(invoice.project(), Stage.daysAgo(2))
                + rows.subscription(invoice.subscription(), invoice.project());
    }

    private int become(Invoice invoice, String kind, Instant at) throws SQLException {
        return rows.payment(invoice.subscription(), invoice.project(), invoice.id(), kind, at);
    }

    private int fail() throws SQLException {
        Invoice invoice = invoice();
        Duration step = STEPS.get(turns % STEPS.size());
        int turn = turns++ / STEPS.size();
        int written = customer(invoice);
        written += become(invoice, "failed", step.isZero() ? null : Stage.almost(step));
        // The first mail has gone by then; later ones of older failures have not.
        long then = step.isZero() ? 20_000 : 1_000;
        switch (turn % 4) {
            case 1 -> agenda.after(then, () -> become(invoice, "succeeded", null));
            case 2 -> agenda.after(then, () -> become(invoice, "failed", null)); // a second try
            case 3 -> agenda.after(then, () -> become(invoice, "cancelled", null));
            default -> {
                // nothing comes of it
            }
        }
        return written;
    }

    private int pay() throws SQLException {
        Invoice invoice = invoice();
        agenda.after(1_000, () -> become(invoice, "succeeded", null));
        return customer(invoice);
    }
}
