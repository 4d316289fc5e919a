package io.seqpulse.quickstart;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rooms of the quickstart, and which may know which (docs/architecture.md). */
@AnalyzeClasses(
        packages = "io.seqpulse.quickstart",
        importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    /** Others use it as a library: the benchmarks do. */
    @ArchTest
    static final ArchRule theStackKnowsNeitherCommandsNorDemo =
            noClasses()
                    .that()
                    .resideInAPackage("io.seqpulse.quickstart.stack")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("io.seqpulse.quickstart", "io.seqpulse.quickstart.traffic");

    @ArchTest
    static final ArchRule theDemoKnowsOnlyTheStack =
            noClasses()
                    .that()
                    .resideInAPackage("io.seqpulse.quickstart.traffic")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("io.seqpulse.quickstart", "io.seqpulse.quickstart.access");

    @ArchTest
    static final ArchRule theGatesKnowNobody =
            noClasses()
                    .that()
                    .resideInAPackage("io.seqpulse.quickstart.access")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "io.seqpulse.quickstart",
                            "io.seqpulse.quickstart.stack",
                            "io.seqpulse.quickstart.traffic");

    /** Any parts could be started by it. */
    @ArchTest
    static final ArchRule theGraphKnowsNoPart =
            noClasses()
                    .that()
                    .haveNameMatching(".*\\.(Part|PartGraph|BoundedCloser)")
                    .should()
                    .dependOnClassesThat()
                    .haveNameMatching(
                            "io\\.seqpulse\\.quickstart\\..*\\."
                                    + "(?!Part|BoundedCloser|DaemonThreads|RootCause|StackException)\\w+");
}
