package io.seqpulse.api.mail;

import static org.assertj.core.api.Assertions.assertThat;

import io.seqpulse.lifecycle.catalogue.Catalogue;
import io.seqpulse.lifecycle.catalogue.CatalogueLoader;
import io.seqpulse.lifecycle.catalogue.EventType;
import io.seqpulse.lifecycle.catalogue.Trigger;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class WordingTest {

    private final Wording wording = new Wording();

    @Test
    void hasTheSameWordsInEachLanguage() {
        assertThat(wording.keys("en")).isEqualTo(wording.keys("fr"));
    }

    @Test
    void namesEveryReasonInAFewWords() {
        List<String> reasons =
                wording.keys("en").stream()
                        .filter(key -> key.matches("reason\\.[a-z_]+"))
                        .map(key -> key.replace("reason.", "reason_name."))
                        .toList();
        assertThat(reasons).isNotEmpty();
        assertThat(wording.keys("en")).containsAll(reasons);
    }

    @Test
    void writesNoWordOfTheDatabaseWhereAReasonIsNamed() {
        for (String language : Wording.LANGUAGES) {
            assertThat(wording.keys(language))
                    .filteredOn(key -> key.startsWith("reason_name."))
                    .isNotEmpty()
                    .allSatisfy(
                            key ->
                                    assertThat(wording.text(language, key).orElseThrow())
                                            .isNotBlank()
                                            .doesNotContain("_"));
        }
    }

    @Test
    void keepsFrenchQuotationMarksOnTheLineOfWhatTheyQuote() {
        assertThat(wording.keys("fr"))
                .extracting(key -> wording.text("fr", key).orElseThrow())
                .noneMatch(text -> text.contains("« ") || text.contains(" »"));
    }

    @Test
    void saysOfEachPeriodThatAnEmailExpiresWithIt() {
        assertThat(wording.keys("en"))
                .containsAll(
                        Arrays.stream(Trigger.Period.values())
                                .map(period -> "expires." + period.label())
                                .toList());
    }

    @Test
    void hasWordsForEveryRuleAndEveryEvent() {
        Catalogue catalogue = CatalogueLoader.load(null);
        assertThat(catalogue.rules())
                .allSatisfy(
                        rule -> assertThat(wording.keys("en")).contains("email." + rule.code()));
        assertThat(EventType.values())
                .allSatisfy(
                        event -> assertThat(wording.keys("en")).contains("fact." + event.label()));
    }
}
