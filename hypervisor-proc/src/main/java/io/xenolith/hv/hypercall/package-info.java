/**
 * Hypercalls: numbers, calling convention, the dispatcher, and the handlers that belong to no other package.
 *
 * <p>A handler is "ring-0 text": it runs in the thread of the vCPU that trapped. It returns a signed result
 * (negative {@link io.xenolith.hv.hypercall.Errno}), reads guest arguments only through
 * {@link io.xenolith.hv.hypercall.GuestMemory} and exactly once, allocates nothing on its hot path, and never
 * lets anything but a {@link io.xenolith.hv.hypercall.GuestFault} escape (crash rule 5).
 */
package io.xenolith.hv.hypercall;
