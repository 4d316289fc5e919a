package io.seqpulse.lifecycle.fact;

/** What one operator tells another of a subject that both know. */
public sealed interface Signal extends Fact
        permits ActivitySignal, DeploymentSignal, EmailSignal, OwnershipSignal, ProjectSignal {}
