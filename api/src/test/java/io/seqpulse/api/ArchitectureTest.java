package io.seqpulse.api;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Which room may know which (docs/architecture.md). */
@AnalyzeClasses(packages = "io.seqpulse.api", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule knowsOfTheJobItsCatalogueAlone =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "org.apache.flink..",
                            "org.apache.kafka..",
                            "io.seqpulse.lifecycle",
                            "io.seqpulse.lifecycle.detect..",
                            "io.seqpulse.lifecycle.policy..",
                            "io.seqpulse.lifecycle.email..",
                            "io.seqpulse.lifecycle.kpi..");

    @ArchTest
    static final ArchRule mailsAreReadInOneRoom =
            classes()
                    .that()
                    .haveSimpleName("SentMails")
                    .should()
                    .onlyBeAccessed()
                    .byAnyPackage("io.seqpulse.api", "io.seqpulse.api.mail");

    @ArchTest
    static final ArchRule figuresKnowNeitherMailsNorThePage =
            noClasses()
                    .that()
                    .resideInAPackage("io.seqpulse.api.kpi")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "io.seqpulse.api.mail",
                            "io.seqpulse.api.page",
                            "io.seqpulse.api.status");
}
