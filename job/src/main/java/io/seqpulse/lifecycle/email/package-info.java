/**
 * Rendering: from a decided email and what is known about its occasion to subject, HTML, text and
 * headers. Pure: no Flink, no clock, no I/O after construction.
 */
package io.seqpulse.lifecycle.email;
