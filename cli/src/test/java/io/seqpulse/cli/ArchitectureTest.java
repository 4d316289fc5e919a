package io.seqpulse.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rooms of the command line, and which may know which (docs/architecture.md). */
@AnalyzeClasses(packages = "io.seqpulse.cli", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    /** Other modules add commands; this one operates whatever runs, and wherever. */
    @ArchTest
    static final ArchRule knowsNothingOfWhatItOperates =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "io.seqpulse.quickstart..",
                            "io.seqpulse.benchmark..",
                            "io.seqpulse.api..",
                            "org.apache.flink..");

    @ArchTest
    static final ArchRule roomsDoNotKnowEachOther =
            slices().matching("io.seqpulse.cli.(*)..")
                    .should()
                    .notDependOnEachOther()
                    .ignoreDependency(
                            DescribedPredicate.alwaysTrue(),
                            resideInAPackage("io.seqpulse.cli.database"));
}
