package io.xenolith.x86.decode;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;

/** An instruction that runs its row's body and then its successor in the block. */
final class TableInsn extends Insn {
    @Override
    public void run(final Cpu c) {
        final long at = c.gpr[Cpu.BLOCK_IP] + offset & c.ipMask();
        c.ip = at;
        c.setNextIp(at + length & c.ipMask());
        row.exec().exec(c, this);
    }

    @Override
    public boolean endsBlock() {
        return row.endsBlock() || rep != 0 && row.repeats();
    }
}
