package io.seqpulse.lifecycle.policy;

import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Columns.Users;
import io.seqpulse.lifecycle.fact.Row;
import io.seqpulse.lifecycle.fact.RowChange;
import io.seqpulse.lifecycle.fact.TimeZones;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.Map;

/**
 * What a user's row says of the person who gets mail; null where it says nothing.
 *
 * @param active null: that is not known, which counts as active
 * @param createdAt when it was created, epoch milliseconds
 */
record Account(
        String name,
        String firstName,
        String email,
        Boolean active,
        String locale,
        String timezone,
        long createdAt) {

    private static final Account UNKNOWN = new Account(null, null, null, null, null, null, 0);

    /** The account after a change of its row; a column that is not told is as before. */
    static Account after(RowChange change, Account last) {
        Account before = last == null ? UNKNOWN : last;
        Row row = change.row();
        return new Account(
                row.get(Users.NAME, before.name),
                row.get(Users.FIRST_NAME, before.firstName),
                row.get(Users.EMAIL, before.email),
                row.get(Users.IS_ACTIVE, before.active),
                row.get(Users.LOCALE, before.locale),
                row.get(Users.TIMEZONE, before.timezone),
                change.at());
    }

    /** How old it was at a time, epoch milliseconds. */
    Duration ageAt(long at) {
        return Duration.ofMillis(at - createdAt);
    }

    boolean isInactive() {
        return Boolean.FALSE.equals(active);
    }

    /** Where the person lives; another zone where the row names none that there is. */
    ZoneId zone(ZoneId otherwise) {
        return TimeZones.named(timezone, otherwise);
    }

    /** What a text may say of the person, by the column's name. */
    Map<String, String> text() {
        Map<String, String> text = new HashMap<>();
        text.put(Users.NAME.name(), name);
        text.put(Users.FIRST_NAME.name(), firstName);
        text.put(Users.EMAIL.name(), email);
        text.put(Users.LOCALE.name(), locale);
        text.put(Users.TIMEZONE.name(), timezone);
        text.values().removeIf(value -> value == null);
        return text;
    }

    static void write(Account account, DataOutput out) throws IOException {
        out.writeBoolean(account != null);
        if (account == null) {
            return;
        }
        Compact.writeText(out, account.name);
        Compact.writeText(out, account.firstName);
        Compact.writeText(out, account.email);
        Compact.writeFlag(out, account.active);
        Compact.writeText(out, account.locale);
        Compact.writeText(out, account.timezone);
        Compact.writeNumber(out, account.createdAt);
    }

    static Account read(DataInput in) throws IOException {
        return in.readBoolean()
                ? new Account(
                        Compact.readText(in),
                        Compact.readText(in),
                        Compact.readText(in),
                        Compact.readFlag(in),
                        Compact.readText(in),
                        Compact.readText(in),
                        Compact.readNumber(in))
                : null;
    }
}
