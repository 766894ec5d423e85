package io.xenolith.x86.decode;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;

/** An instruction that runs its row's body and ends the block at {@link Cpu#nextIp}. */
final class TerminalInsn extends Insn {
    @Override
    public void run(final Cpu c) {
        final long at = c.gpr[Cpu.BLOCK_IP] + offset & c.ipMask();
        c.ip = at;
        c.setNextIp(at + length & c.ipMask());
        row.exec().exec(c, this);
        c.ip = c.nextIp();
    }

    @Override
    public boolean endsBlock() {
        return true;
    }
}
