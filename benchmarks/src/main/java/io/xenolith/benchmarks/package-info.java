/** Benchmarks that print ratios against a peer or a physical floor measured in the same run, and check the answers of what they time. */
package io.xenolith.benchmarks;
