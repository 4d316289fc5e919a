package io.seqpulse.lifecycle.config;

/** What an installation says about all rules at once. */
public enum RulesMode {
    /** Each rule is in the mode that the catalogue gives it. */
    CATALOGUE,
    /** No rule sends: those that would only journal it, and no mail server is spoken to. */
    SHADOW
}
