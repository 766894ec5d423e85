/**
 * Comparison with another implementation: bare 32-bit images that exercise what user mode cannot judge (gates, changes of
 * ring, tasks, page walks, error codes) print a log under QEMU and under
 * {@link io.xenolith.x86.system.BareMetal}; the logs must be equal. QEMU is an implementation, not silicon: what it is
 * known to do differently is left out of the images and tested elsewhere (docs/second-oracle.md).
 */
package io.xenolith.x86.bare;
