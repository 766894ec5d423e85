/** The interpreter beside qemu-user, both running the same static ELF binaries. */
package io.xenolith.benchmarks.cpu;
