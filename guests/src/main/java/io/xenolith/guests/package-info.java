/**
 * The embedded guest: a 32-bit paravirtual kernel of our own, written with {@link io.xenolith.x86.asm} and built with
 * the JDK alone. It tries one part of the public interface after another, says on its console what it saw, and ends
 * with a line that begins with PASS or FAIL.
 *
 * <p>Command line (start_info): {@code disk=xvdX} reads that disk and checks the pattern of {@link
 * io.xenolith.guests.PatternDisk}; {@code loop} then keeps printing a heartbeat until control/shutdown asks for an
 * end, instead of powering off.
 *
 * <p>{@code BenchmarkKernel} is a second kernel of the same building blocks, for measurements.
 *
 * <p>Reading order: {@code Kernel} (the little language the parts are written in), {@code EmbeddedKernel} (which parts,
 * in which order), then any part. Every part is a class with a method {@code emit}.
 *
 * <p>Conventions of the machine code: arguments in EAX, EDX, ECX; result in EAX; EBX, ESI, EDI, EBP survive calls.
 */
package io.xenolith.guests;
