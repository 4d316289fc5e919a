package io.seqpulse.lifecycle.fact;

/** What one operator tells another of a subject that both know. */
public sealed interface Signal extends Fact
        permits DeploymentSignal, EmailSignal, OwnershipSignal, ProjectSignal {}
