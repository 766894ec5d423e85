/**
 * A paravirtual x86 vCPU as the hypervisor sees it: {@link io.xenolith.hv.pv.PvDomain} holds what its vCPUs share,
 * {@link io.xenolith.hv.pv.PvVcpu} one of them, {@link io.xenolith.hv.pv.PvEnvironment} is what the CPU model calls.
 *
 * <p>All of it runs in the domain's own process, in the thread of the vCPU concerned.
 */
package io.xenolith.hv.pv;
