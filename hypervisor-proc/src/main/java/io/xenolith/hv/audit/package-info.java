/**
 * The audit: recounts everything the hypervisor keeps count of, and names what does not add up. It only reads, so it may run
 * in any process and beside running domains; {@link io.xenolith.hv.audit.Audit} says how a moving machine is judged. One small
 * class per subject; docs/audit.md lists the findings.
 */
package io.xenolith.hv.audit;
