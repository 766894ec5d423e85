/** Single operations of the hypervisor's library, measured with JMH on a live machine. */
package io.xenolith.benchmarks.parts;
