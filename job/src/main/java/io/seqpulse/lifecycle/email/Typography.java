package io.seqpulse.lifecycle.email;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.text.NumberFormat;
import java.time.LocalDate;
import java.time.Month;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.util.Arrays;
import java.util.Currency;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** How a language writes numbers, dates, money, countries and punctuation. */
enum Typography {
    FR(Locale.FRENCH) {
        @Override
        String percent(BigDecimal value) {
            return signed(value) + NARROW_NO_BREAK_SPACE + "%";
        }

        @Override
        String points(BigDecimal value) {
            // A French plural begins at two.
            boolean plural = value.abs().compareTo(BigDecimal.valueOf(2)) >= 0;
            return signed(value) + NO_BREAK_SPACE + (plural ? "pts" : "pt");
        }

        @Override
        String day(LocalDate date) {
            String day = date.getDayOfMonth() == 1 ? "1er" : Integer.toString(date.getDayOfMonth());
            return day + NO_BREAK_SPACE + month(date.getMonth());
        }

        @Override
        String date(LocalDate date) {
            return day(date) + NO_BREAK_SPACE + date.getYear();
        }

        @Override
        String moment(ZonedDateTime time) {
            return weekday(time) + " " + date(time.toLocalDate()) + " à " + clock(time);
        }

        @Override
        String week(LocalDate monday) {
            LocalDate sunday = monday.plusDays(6);
            if (monday.getYear() != sunday.getYear()) {
                return "du " + date(monday) + " au " + date(sunday);
            }
            boolean oneMonth = monday.getMonth() == sunday.getMonth();
            String from = oneMonth ? day(monday).split(NO_BREAK_SPACE + "", 2)[0] : day(monday);
            return "du " + from + " au " + day(sunday);
        }

        /**
         * Templates are written with ordinary spaces; the ones that must not break are set here.
         */
        @Override
        void space(StringBuilder text) {
            for (int i = text.indexOf(" "); i >= 0; i = text.indexOf(" ", i + 1)) {
                char before = i == 0 ? ' ' : text.charAt(i - 1);
                char after = i + 1 == text.length() ? ' ' : text.charAt(i + 1);
                if (";!?%".indexOf(after) >= 0) {
                    text.setCharAt(i, NARROW_NO_BREAK_SPACE);
                } else if (after == ':' || after == '»' || before == '«') {
                    text.setCharAt(i, NO_BREAK_SPACE);
                }
            }
        }
    },

    EN(Locale.ENGLISH) {
        @Override
        String percent(BigDecimal value) {
            return signed(value) + "%";
        }

        @Override
        String points(BigDecimal value) {
            boolean singular = value.abs().compareTo(BigDecimal.ONE) == 0;
            return signed(value) + NO_BREAK_SPACE + (singular ? "pt" : "pts");
        }

        @Override
        String day(LocalDate date) {
            return month(date.getMonth()) + NO_BREAK_SPACE + date.getDayOfMonth();
        }

        @Override
        String date(LocalDate date) {
            return day(date) + ", " + date.getYear();
        }

        @Override
        String moment(ZonedDateTime time) {
            return weekday(time) + ", " + date(time.toLocalDate()) + " at " + clock(time);
        }

        @Override
        String week(LocalDate monday) {
            LocalDate sunday = monday.plusDays(6);
            if (monday.getYear() != sunday.getYear()) {
                return date(monday) + " – " + date(sunday);
            }
            return monday.getMonth() == sunday.getMonth()
                    ? day(monday) + "–" + sunday.getDayOfMonth()
                    : day(monday) + " – " + day(sunday);
        }

        @Override
        void space(StringBuilder text) {
            // ordinary spaces are right everywhere
        }
    };

    private static final char NARROW_NO_BREAK_SPACE = '\u202f';
    private static final char NO_BREAK_SPACE = '\u00a0';

    private static final Pattern CODE_BEFORE_FIGURE = Pattern.compile("(\\p{L})(\\d)");

    private static final Set<String> COUNTRIES =
            Arrays.stream(Locale.getISOCountries()).collect(Collectors.toUnmodifiableSet());

    private final Locale locale;

    Typography(Locale locale) {
        this.locale = locale;
    }

    /**
     * The languages the mails exist in begin with these tags; any other text is in none of them.
     */
    static Typography of(String language, Typography otherwise) {
        if (language == null || language.length() < 2) {
            return otherwise;
        }
        String primary = language.strip().split("[-_]", 2)[0].toLowerCase(Locale.ROOT);
        for (Typography typography : values()) {
            if (typography.tag().equals(primary)) {
                return typography;
            }
        }
        return otherwise;
    }

    /** The language's tag, as in file names and in the {@code lang} attribute. */
    String tag() {
        return locale.getLanguage();
    }

    /** A signed share, such as {@code +18 %}. */
    abstract String percent(BigDecimal value);

    /** A signed difference of two shares, such as {@code +1,3 pt}. */
    abstract String points(BigDecimal value);

    /** A day of the year, such as {@code 1er décembre}. */
    abstract String day(LocalDate date);

    /** A day of a certain year, such as {@code 1er décembre 2026}. */
    abstract String date(LocalDate date);

    /** A moment, to the minute, such as {@code lundi 30 novembre 2026 à 14:05 (UTC+1)}. */
    abstract String moment(ZonedDateTime time);

    /** The days of a week as they follow the word for it, such as {@code du 23 au 29 novembre}. */
    abstract String week(LocalDate monday);

    /** Sets the spaces the language asks for around its signs. */
    abstract void space(StringBuilder text);

    /** The text with the spaces the language asks for around its signs. */
    final String spaced(String text) {
        StringBuilder spaced = new StringBuilder(text);
        space(spaced);
        return spaced.toString();
    }

    String month(Month month) {
        return month.getDisplayName(TextStyle.FULL, locale);
    }

    /** Money, such as {@code 49,00 €}: with as many decimals as the currency has. */
    final String money(BigDecimal amount, Currency currency) {
        NumberFormat format = NumberFormat.getCurrencyInstance(locale);
        format.setCurrency(currency);
        format.setMinimumFractionDigits(currency.getDefaultFractionDigits());
        format.setMaximumFractionDigits(currency.getDefaultFractionDigits());
        // Where a currency has no sign, its code stands there: apart from the figure, as CLDR asks.
        return CODE_BEFORE_FIGURE
                .matcher(format.format(amount))
                .replaceFirst("$1" + NO_BREAK_SPACE + "$2");
    }

    /** The name of the country of an ISO 3166 code of two letters; null where there is none. */
    final String country(String code) {
        String region = code.strip().toUpperCase(Locale.ROOT);
        return COUNTRIES.contains(region)
                ? new Locale.Builder().setRegion(region).build().getDisplayCountry(locale)
                : null;
    }

    final String weekday(ZonedDateTime time) {
        return time.getDayOfWeek().getDisplayName(TextStyle.FULL, locale);
    }

    /** The time of day with its zone, as {@code 14:05 (UTC+1)}: one that nobody has to convert. */
    static String clock(ZonedDateTime time) {
        return String.format(Locale.ROOT, "%02d:%02d", time.getHour(), time.getMinute())
                + " ("
                + zone(time.getOffset())
                + ")";
    }

    private static String zone(ZoneOffset offset) {
        int minutes = Math.abs(offset.getTotalSeconds()) / 60;
        if (minutes == 0) {
            return "UTC";
        }
        String sign = offset.getTotalSeconds() < 0 ? "−" : "+";
        String hours = "UTC" + sign + minutes / 60;
        return minutes % 60 == 0
                ? hours
                : hours + String.format(Locale.ROOT, ":%02d", minutes % 60);
    }

    /** At most one decimal, except that what is not nothing never looks like nothing. */
    final String signed(BigDecimal value) {
        int scale = value.signum() != 0 && value.abs().compareTo(new BigDecimal("0.1")) < 0 ? 2 : 1;
        BigDecimal rounded = value.setScale(scale, RoundingMode.HALF_UP);
        DecimalFormat format =
                new DecimalFormat("#,##0.##", DecimalFormatSymbols.getInstance(locale));
        String digits = format.format(rounded.abs());
        return switch (rounded.signum()) {
            case 1 -> "+" + digits;
            case -1 -> "−" + digits;
            default -> digits;
        };
    }
}
