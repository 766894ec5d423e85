/**
 * The system's speed as ratios: each benchmark measures one path and a named peer in the same run, and checks every answer it gets.
 *
 * <p>Reading order: {@code BenchCommand} (the command {@code launch/bench}), {@code Benchmark}, then the packages.
 */
package io.xenolith.benchmarks;
