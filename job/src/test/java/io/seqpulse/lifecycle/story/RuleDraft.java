package io.seqpulse.lifecycle.story;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.Rule;
import io.seqpulse.lifecycle.catalogue.Rule.Audience;
import io.seqpulse.lifecycle.catalogue.Rule.Mode;
import io.seqpulse.lifecycle.catalogue.Subject;
import io.seqpulse.lifecycle.catalogue.Trigger;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A rule of which a story needs no more than what makes it due. */
public final class RuleDraft {

    private RuleDraft() {}

    public static Rule of(
            Subject subject, Trigger trigger, Audience audience, Duration expires, String key) {
        return new Rule(
                "E-DRAFT-01",
                "draft",
                EmailCategory.SERVICE,
                Mode.LIVE,
                subject,
                trigger,
                null,
                expires,
                List.of(audience),
                Set.of(),
                Integer.MAX_VALUE,
                key,
                List.of(),
                "T",
                "/",
                Map.of(),
                "draft",
                null);
    }
}
