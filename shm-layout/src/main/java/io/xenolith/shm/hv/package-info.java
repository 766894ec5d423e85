/**
 * The hypervisor's own shared structures, one class each: where every field lies in the file {@code hypervisor},
 * and who writes it.
 *
 * <p>The pictures are rulers in bytes. The tag after a field names its writers:
 * <pre>
 *   [HV]    the hypervisor process only
 *   [R0]    ring-0 text of the domain that owns the structure (its own process)
 *   [F]     ring-0 text of other domains (foreign), by compare-and-set
 *   [DOM0]  dom0's process
 *   [CMD]   a command (xl, xenolith)
 * </pre>
 * All constants are byte offsets from the structure's address unless their comment says otherwise. All fields
 * are little-endian and naturally aligned. Zero is the value of a field in a fresh structure.
 */
package io.xenolith.shm.hv;
