/** What a hypercall costs in each of its three classes: in place, in place with one shared word, across processes. */
package io.xenolith.benchmarks.hypercall;
