/**
 * The instruction set of the machine model compared with the host's CPU.
 *
 * <p>A small static ELF program, emitted by {@link io.xenolith.x86.asm}, executes the same bytes from the same
 * state as the model: in 64-bit mode, and in 32- and 16-bit code segments entered by far jumps. It has its own
 * signal handlers, so faulting cases are compared too (trap number, error code, fault address). Programs and results
 * travel in batches through a file that both processes map ({@link io.xenolith.x86.silicon.CaseLayout}).
 *
 * <p>Reading order: {@code CaseLayout}, {@code Windows}, {@code Segments} (the world a case lives in),
 * {@code ChildProgram} (the silicon side), {@code Model} (our side), {@code Plan} and {@code CaseGenerator} (what is
 * tried), {@code Comparer} (what counts as a difference), {@code FidelityRun}.
 */
package io.xenolith.x86.silicon;
