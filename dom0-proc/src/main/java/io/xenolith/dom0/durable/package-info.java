/**
 * What dom0 must not lose, in frames that dom0 owns (crash rule 7 of the design).
 *
 * <p>Two forms: a {@link io.xenolith.dom0.durable.Journal} of state changes, committed by one word, for what has
 * structure (xenstore, domain configurations, queued console input); and fixed records for what changes with
 * every descriptor: {@link io.xenolith.dom0.durable.DomainCells} (positions of the per-domain rings) and
 * {@link io.xenolith.dom0.durable.RingRecord} (private positions and in-flight table of a device ring).
 *
 * <p>Every store to these frames is a kill point: tests kill the process there and look at what a successor
 * makes of the remains.
 */
package io.xenolith.dom0.durable;
