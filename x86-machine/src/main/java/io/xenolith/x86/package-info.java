/**
 * The x86 processor model: its registers, how it faults, and what it asks of its surroundings.
 *
 * <p>{@link io.xenolith.x86.Cpu} holds the architectural state and executes; {@link io.xenolith.x86.CpuEnvironment}
 * is whatever stands where ring 0 or a bare interrupt table would stand. Instructions are described once, in
 * {@link io.xenolith.x86.decode.InstructionTable}; decoding, execution and the comparison with silicon all read that
 * table. Numbers follow the Intel 64 and IA-32 manual; a register is always a 64-bit slot.
 */
package io.xenolith.x86;
