package io.seqpulse.lifecycle;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.Function;
import org.apache.flink.streaming.api.operators.StreamOperator;

/** The rooms of the house, and which doors there are between them (DESIGN §3). */
@AnalyzeClasses(
        packages = "io.seqpulse",
        importOptions = {ImportOption.DoNotIncludeTests.class})
class ArchitectureTest {

    private static final String JOB = "io.seqpulse.lifecycle";

    /** What is done at a step of the pipeline: an operator, and the pure classes it asks. */
    private static final String[] ROOMS = {
        JOB + ".decode..",
        JOB + ".deployment..",
        JOB + ".project..",
        JOB + ".user..",
        JOB + ".policy..",
        JOB + ".email..",
        JOB + ".parent..",
        JOB + ".delivery..",
        JOB + ".segment..",
        JOB + ".totals.."
    };

    @ArchTest
    static final ArchRule connectorsKnowNothingOfTheJob =
            noClasses()
                    .that()
                    .resideInAPackage("io.seqpulse.connector..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(JOB + "..");

    /** Pipeline and start → the rooms of the job → detection's host → detectors → facts. */
    @ArchTest
    static final ArchRule dependenciesGoOneWay =
            layeredArchitecture()
                    .consideringOnlyDependenciesInAnyPackage(JOB + "..")
                    .layer("pipeline")
                    .definedBy(JOB)
                    .optionalLayer("config")
                    .definedBy(JOB + ".config..")
                    .layer("rooms")
                    .definedBy(ROOMS)
                    .layer("host")
                    .definedBy(JOB + ".host..")
                    .layer("state")
                    .definedBy(JOB + ".state..")
                    .layer("detect")
                    .definedBy(JOB + ".detect..")
                    .layer("kpi")
                    .definedBy(JOB + ".kpi..")
                    .layer("catalogue")
                    .definedBy(JOB + ".catalogue..")
                    .layer("fact")
                    .definedBy(JOB + ".fact..")
                    .layer("codec")
                    .definedBy(JOB + ".codec..")
                    .whereLayer("pipeline")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("config")
                    .mayOnlyBeAccessedByLayers("pipeline")
                    .whereLayer("rooms")
                    .mayOnlyBeAccessedByLayers("pipeline", "config")
                    .whereLayer("host")
                    .mayOnlyBeAccessedByLayers("pipeline", "rooms")
                    .whereLayer("state")
                    .mayOnlyBeAccessedByLayers("pipeline", "rooms", "host")
                    .whereLayer("detect")
                    .mayOnlyBeAccessedByLayers("pipeline", "rooms", "host")
                    .whereLayer("kpi")
                    .mayOnlyBeAccessedByLayers("pipeline", "rooms", "host", "detect")
                    .whereLayer("fact")
                    .mayOnlyBeAccessedByLayers(
                            "pipeline", "rooms", "host", "state", "detect", "kpi")
                    .whereLayer("codec")
                    .mayOnlyBeAccessedByLayers("rooms", "host", "state", "detect", "kpi", "fact");

    /** Siblings meet in the pipeline only. */
    @ArchTest
    static final ArchRule roomsDoNotKnowEachOther =
            slices().matching(JOB + ".(*)..")
                    .should()
                    .notDependOnEachOther()
                    .ignoreDependency(
                            resideInAPackage(JOB + ".."),
                            resideInAnyPackage(
                                    JOB + ".codec..",
                                    JOB + ".fact..",
                                    JOB + ".detect..",
                                    JOB + ".kpi..",
                                    JOB + ".catalogue..",
                                    JOB + ".host..",
                                    JOB + ".state.."))
                    .ignoreDependency(
                            resideInAPackage(JOB + ".config.."),
                            resideInAnyPackage(JOB + ".email..", JOB + ".policy.."));

    /** Only the two kinds of subject host detectors. */
    @ArchTest
    static final ArchRule detectorsAreHostedByProjectAndUser =
            classes()
                    .that()
                    .haveSimpleNameStartingWith("Detection")
                    .and()
                    .resideInAPackage(JOB + ".host..")
                    .should()
                    .onlyBeAccessed()
                    .byAnyPackage(JOB + ".host..", JOB + ".project..", JOB + ".user..");

    @ArchTest
    static final ArchRule whatDecidesKnowsNothingOfFlink =
            noClasses()
                    .that()
                    .resideInAnyPackage(
                            JOB + ".detect..",
                            JOB + ".kpi..",
                            JOB + ".catalogue..",
                            JOB + ".fact..",
                            JOB + ".codec..",
                            JOB + ".email..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("org.apache.flink..");

    /** A class of a room is pure unless it is an operator; metrics may be counted anywhere. */
    @ArchTest
    static final ArchRule inTheRoomsOnlyOperatorsKnowFlink =
            noClasses()
                    .that(resideInAnyPackage(ROOMS))
                    .and(not(areOperatorsOrPartsOfThem()))
                    .should()
                    .dependOnClassesThat(
                            resideInAPackage("org.apache.flink..")
                                    .and(not(resideInAPackage("org.apache.flink.metrics.."))));

    private static DescribedPredicate<JavaClass> areOperatorsOrPartsOfThem() {
        DescribedPredicate<JavaClass> operator =
                assignableTo(Function.class).or(assignableTo(StreamOperator.class));
        return describe(
                "operators, or nested in one",
                type ->
                        Stream.iterate(
                                        Optional.of(type),
                                        Optional::isPresent,
                                        inner -> inner.get().getEnclosingClass())
                                .anyMatch(outer -> operator.test(outer.get())));
    }

    /** Times are arguments: what reads a clock cannot be replayed. */
    @ArchTest
    static final ArchRule whatDecidesReadsNoClock =
            noClasses()
                    .that()
                    .resideInAnyPackage(
                            JOB + ".detect..",
                            JOB + ".kpi..",
                            JOB + ".fact..",
                            JOB + ".host..",
                            JOB + ".project..",
                            JOB + ".user..",
                            JOB + ".policy..",
                            JOB + ".deployment..",
                            JOB + ".parent..",
                            JOB + ".delivery..",
                            JOB + ".segment..",
                            JOB + ".decode..",
                            JOB + ".email..")
                    .should()
                    .callMethod(System.class, "currentTimeMillis")
                    .orShould()
                    .callMethod(System.class, "nanoTime")
                    .orShould()
                    .callMethod(Instant.class, "now");

    @ArchTest
    static final ArchRule nothingIsNamedAfterNothing =
            noClasses()
                    .should()
                    .haveSimpleNameEndingWith("Util")
                    .orShould()
                    .haveSimpleNameEndingWith("Utils")
                    .orShould()
                    .haveSimpleNameEndingWith("Helper")
                    .orShould()
                    .haveSimpleNameEndingWith("Manager")
                    .orShould()
                    .haveSimpleNameEndingWith("Impl");

    @ArchTest
    static void seesBothModules(JavaClasses classes) {
        for (String seen :
                new String[] {
                    JOB + ".LifecyclePipeline",
                    JOB + ".detect.Detection",
                    "io.seqpulse.connector.debezium.ChangeEvent"
                }) {
            if (!classes.contain(seen)) {
                throw new AssertionError("the rules above see no " + seen);
            }
        }
    }
}
