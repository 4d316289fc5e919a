package io.seqpulse.connector.email;

import com.ibm.icu.text.IDNA;
import java.util.Optional;

/** Names of hosts and domains as DNS knows them. */
public final class HostName {

    /**
     * IDNA 2008 by UTS 46, non-transitional, as registries and browsers have it: with IDNA 2003,
     * that of {@link java.net.IDN}, {@code straße.de} would be {@code strasse.de}, somebody else's.
     */
    private static final IDNA INTERNATIONAL =
            IDNA.getUTS46Instance(
                    IDNA.NONTRANSITIONAL_TO_ASCII
                            | IDNA.CHECK_BIDI
                            | IDNA.CHECK_CONTEXTJ
                            | IDNA.CHECK_CONTEXTO
                            | IDNA.USE_STD3_RULES);

    private HostName() {}

    /** The name in ASCII, or nothing if there is none that stands for it. ASCII stays as it is. */
    public static Optional<String> inAscii(String name) {
        if (isAscii(name)) {
            return Optional.of(name);
        }
        IDNA.Info info = new IDNA.Info();
        StringBuilder ascii = new StringBuilder();
        INTERNATIONAL.nameToASCII(name, ascii, info);
        return info.hasErrors() || !isAscii(ascii)
                ? Optional.empty()
                : Optional.of(ascii.toString());
    }

    static boolean isAscii(CharSequence text) {
        return text.chars().allMatch(c -> c < 0x80);
    }
}
