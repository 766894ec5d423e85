/**
 * What the processor does for protection: segment loading, far transfers, gates, tasks, control and debug registers,
 * ports, and the bare machine that surrounds a processor when no hypervisor does.
 *
 * <p>The rules are those of Intel's Software Developer's Manual, volume 2 (the instruction pages) and volume 3,
 * chapters 3, 5, 6, 7 and 17. Privileged instructions met without privilege go to
 * {@link io.xenolith.x86.CpuEnvironment#privileged} first; a refusal there is the architectural #GP(0).
 */
package io.xenolith.x86.system;
