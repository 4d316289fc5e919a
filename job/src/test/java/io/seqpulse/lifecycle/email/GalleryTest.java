package io.seqpulse.lifecycle.email;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seqpulse.connector.email.EmailCategory;
import io.seqpulse.lifecycle.catalogue.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GalleryTest {

    private static final Path WRITTEN = Path.of("target", "gallery.html");
    private static final Pattern SOURCE = Pattern.compile("srcdoc=\"([^\"]*)\"");

    private final SampleEmails emails =
            new SampleEmails(SampleRules.SETTINGS, SampleRules.ALL, SampleRules.LINK_HOSTS);
    private final String page = Gallery.of(emails, SampleRules.ALL, SampleEmails.FROM);

    /** For who wants to look at it after a build. */
    @Test
    void isWrittenWhereItCanBeLookedAt() throws IOException {
        Files.createDirectories(WRITTEN.getParent());
        Files.writeString(WRITTEN, page);
        assertThat(WRITTEN).isNotEmptyFile();
    }

    @Test
    void holdsEveryCaseOfEveryRuleInEveryLanguage() {
        List<String> mails = new ArrayList<>();
        for (Rule rule : SampleRules.ALL) {
            for (String language : SampleEmails.languages()) {
                List<SampleEmails.Sample> samples = emails.distinct(rule, language);
                assertThat(samples).as("%s in %s", rule.code(), language).isNotEmpty();
                for (SampleEmails.Sample sample : samples) {
                    String id = "%s-%s-%s".formatted(rule.code(), sample.name(), language);
                    mails.add(sample.content().html());
                    assertThat(occurrences("<article id=\"%s\"".formatted(id))).as(id).isOne();
                    assertThat(occurrences("href=\"#%s\"".formatted(id))).as(id).isEqualTo(2);
                    assertThat(read(page))
                            .contains(
                                    sample.content().subject(),
                                    sample.content().text(),
                                    sample.why(),
                                    "%s.%s.{subject.txt,txt,html}"
                                            .formatted(sample.template(), language));
                }
            }
        }
        assertThat(frames(page)).containsExactlyInAnyOrderElementsOf(mails);
        assertThat(page).contains(mails.size() + " mails");
    }

    @Test
    void namesVerdictsAndDigestAsTheirOwnCases() {
        assertThat(SampleEmails.names(SampleRules.CRITICAL_VERDICT))
                .contains("warning", "rollback", "free", "digest", "least")
                .doesNotContain("ok", "full");
        assertThat(SampleEmails.names(SampleRules.FIRST_VERDICT)).contains("ok", "warning");
        assertThat(emails.distinct(SampleRules.WELCOME, "en"))
                .extracting(SampleEmails.Sample::name)
                .containsExactly("full", "least");
    }

    @Test
    void showsWhatReadsTheSameOnce() {
        for (Rule rule : SampleRules.ALL) {
            for (String language : SampleEmails.languages()) {
                assertThat(emails.distinct(rule, language))
                        .extracting(SampleEmails.Sample::content)
                        .doesNotHaveDuplicates();
            }
        }
    }

    @Test
    void saysWhyTheMailCameInTheWordsOfTheMail() {
        assertThat(emails.of(SampleRules.CRITICAL_VERDICT, "en").get(0).why())
                .isEqualTo(
                        "You are receiving this alert because you own this project or are on call"
                                + " for it on SEQPULSE.");
    }

    @Test
    void loadsNothingFromAnywhere() {
        String shell = SOURCE.matcher(page).replaceAll("srcdoc=\"\"");
        assertThat(shell)
                .doesNotContain("src=", "url(", "@import", "<link rel=\"stylesheet\"")
                .doesNotContainPattern("href=\"(?!#|data:,\")");
        assertThat(page).doesNotContainPattern("<(img|video|audio|object|embed|base)\\b");
        assertThat(Gallery.policy()).startsWith("default-src 'none';").contains("frame-src 'none'");
        assertThat(read(page)).contains("content=\"" + Gallery.policy() + "\"");
    }

    /** The policy allows the one script that is there, and scripts run in no frame. */
    @Test
    void runsItsOwnScriptAlone() throws Exception {
        List<String> scripts =
                Pattern.compile("<script[^>]*>(.*?)</script>", Pattern.DOTALL)
                        .matcher(page)
                        .results()
                        .map(found -> found.group(1))
                        .toList();
        assertThat(scripts).hasSize(1);
        byte[] digest =
                MessageDigest.getInstance("SHA-256").digest(scripts.get(0).getBytes("UTF-8"));
        assertThat(Gallery.policy())
                .contains(
                        "script-src 'sha256-%s'"
                                .formatted(Base64.getEncoder().encodeToString(digest)))
                .doesNotContain("script-src 'unsafe", "'self'");
        assertThat(Pattern.compile("<iframe[^>]*?sandbox=\"([^\"]*)\"").matcher(page).results())
                .hasSameSizeAs(frames(page))
                .allMatch(frame -> frame.group(1).equals("allow-same-origin"));
    }

    @Test
    void keepsInTheFrameWhatATemplateOfSomebodysBreaksOutWith(@TempDir Path directory)
            throws IOException {
        String attack = "\"></iframe><script>alert(1)</script><img src=x onerror=alert(1)>";
        Rule rule =
                SampleRules.rule("T", EmailCategory.TRANSACTIONAL, "/x", "Voir " + attack, "See");
        for (String language : SampleEmails.languages()) {
            Files.writeString(directory.resolve("T.%s.subject.txt".formatted(language)), attack);
            Files.writeString(
                    directory.resolve("T.%s.txt".formatted(language)),
                    "</pre>" + attack + "{% block why %}" + attack + "{% endblock %}");
            Files.writeString(
                    directory.resolve("T.%s.html".formatted(language)),
                    "{% extends \"layout.html\" %}{% block body %}" + attack + "{% endblock %}");
        }
        SampleEmails broken =
                new SampleEmails(SampleEmails.settings(directory), List.of(rule), Set.of());

        String gallery = Gallery.of(broken, List.of(rule), attack);

        assertThat(SOURCE.matcher(gallery).replaceAll(""))
                .doesNotContain("alert(1)</script>", "<img", "</pre>\"");
        assertThat(frames(gallery)).allMatch(mail -> mail.contains(attack));
        assertThat(gallery.split("<script", -1)).hasSize(2);
        assertThat(gallery.split("</iframe>", -1)).hasSize(frames(gallery).size() + 1);
    }

    @Test
    void isRefusedForABrokenTemplateByFileAndLine(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("E-TRX-01.fr.txt"), "Bonjour\n{{ frist_name }}\n");
        Files.writeString(directory.resolve("E-ACT-05.digest.en.html"), "\n\n{% if open %}");
        Files.writeString(directory.resolve("E-CONV-01.en.subject.txt"), " ");
        assertThatThrownBy(
                        () ->
                                new SampleEmails(
                                        SampleEmails.settings(directory),
                                        SampleRules.ALL,
                                        Set.of()))
                .isInstanceOf(InvalidTemplatesException.class)
                .hasMessageContaining("E-TRX-01.fr.txt:2:")
                .hasMessageContaining("frist_name")
                .hasMessageContaining("E-ACT-05.digest.en.html:3:")
                .hasMessageContaining("E-CONV-01.en.subject.txt: the subject is empty");
    }

    private long occurrences(String text) {
        return Pattern.compile(Pattern.quote(text)).matcher(page).results().count();
    }

    private static List<String> frames(String html) {
        return SOURCE.matcher(html)
                .results()
                .map((MatchResult found) -> read(found.group(1)))
                .toList();
    }

    /** As a browser reads it. */
    private static String read(String escaped) {
        return escaped.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
    }
}
