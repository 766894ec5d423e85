package io.xenolith.x86;

/** The body of an instruction. */
@FunctionalInterface
public interface Exec {
    /**
     * Executes one instruction. Nothing architectural may have changed when this throws, except where the
     * architecture says so (string instructions keep their completed iterations).
     *
     * @param c the CPU; {@code c.ip} is this instruction, {@link Cpu#nextIp()} the one after it
     * @param i the decoded instruction
     * @throws CpuFault when it faults
     */
    void exec(Cpu c, Insn i);
}
