package io.seqpulse.quickstart.traffic;

/** A part of the traffic that gives reason for certain mails, and for none to others like them. */
interface Story {
    /** Puts what it does on the agenda. */
    void plan();
}
