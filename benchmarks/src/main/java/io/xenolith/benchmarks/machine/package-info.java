/** A real machine to measure in: powered up for one benchmark, with guests that report figures on their consoles. */
package io.xenolith.benchmarks.machine;
