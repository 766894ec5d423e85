package io.xenolith.x86.decode;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Insn;

/**
 * A run of decoded instructions with one entrance. The last one sets ip. Successors are remembered under the CPU's chain
 * key, which changes whenever an ip might mean other code.
 */
public final class Block {
    /** The instructions; those of a discarded block are replaced by ones that leave it. */
    public final Insn[] code;
    /** Guest instructions in it. */
    public final int count;
    final int mode;
    final long mfn;
    final long secondMfn;
    /** Of the first byte, in its frame. */
    final int offset;
    /** Length. */
    final int bytes;
    private final boolean linkable;
    private long ip0;
    private long key0 = -1;
    private Block next0;
    private long ip1;
    private long key1 = -1;
    private Block next1;

    Block(final Insn[] code, final int count, final int mode, final long mfn, final long secondMfn, final int offset,
          final int bytes) {
        this.code = code;
        this.count = count;
        this.mode = mode;
        this.mfn = mfn;
        this.secondMfn = secondMfn;
        this.offset = offset;
        this.bytes = bytes;
        // a return goes somewhere else each time
        final Row last = code[code.length - 1].row;
        this.linkable = last == null || !"RET".equals(last.mnemonic());
    }

    /** True when it is in the cache; a block that may not be kept must not be linked either. */
    public boolean isKept() {
        return mfn >= 0;
    }

    /** The successor at an ip, if it is known under the key; else null. */
    public Block successor(final long ip, final long key) {
        if (ip0 == ip && key0 == key) {
            return next0;
        }
        if (ip1 == ip && key1 == key) {
            return next1;
        }
        return null;
    }

    /** Remembers a successor, the last two distinct ones. */
    public void link(final long ip, final long key, final Block next) {
        if (!linkable) {
            return;
        }
        if (key0 == key && ip0 != ip) {
            ip1 = ip;
            key1 = key;
            next1 = next;
        } else {
            ip0 = ip;
            key0 = key;
            next0 = next;
        }
    }

    /** Makes whoever runs it leave before the next instruction. */
    void discard() {
        for (int k = 0; k < code.length; k++) {
            code[k] = new Leave(code[k].offset);
        }
    }

    /** Stands for every instruction of a discarded block. */
    private static final class Leave extends Insn {
        Leave(final int offset) {
            this.offset = offset;
        }

        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + offset & c.ipMask();
            throw BlockDiscarded.INSTANCE;
        }
    }

    /** Ends a block that has no branch: at a page's end, or grown long enough. */
    static final class Continue extends Insn {
        Continue(final int offset) {
            this.offset = offset;
        }

        @Override
        public void run(final Cpu c) {
            c.ip = c.gpr[Cpu.BLOCK_IP] + offset & c.ipMask();
        }
    }
}
