package io.xenolith.x86;

import io.xenolith.x86.decode.Operand;
import io.xenolith.x86.decode.Row;
import java.util.Set;

/**
 * A decoded instruction. Position-independent: it knows its offset in its block but not its address, so that a frame's
 * code serves every mapping of it. Specialised subclasses run the commonest forms; all others go through the
 * row's body.
 */
public abstract class Insn {
    /** No operands. */
    public static final Operand[] NO_OPERANDS = {};

    private static final Set<String> STACK_MNEMONICS = Set.of("PUSH", "POP", "CALL", "RET", "LEAVE");

    /** The row of the instruction table. */
    public Row row;
    /** Bytes, 1 to 15. */
    public int length;
    /** Distance of the first byte from the start of the block. */
    public int offset;
    /** 2, 4 or 8: the size that v operands have. */
    public int operandSize;
    /** 2, 4 or 8. */
    public int addressSize;
    /** True in 64-bit mode. */
    public boolean mode64;
    /** ModRM fields; reg and rm include REX.R and REX.B. -1 without ModRM byte. */
    public int mod = -1;
    public int reg;
    public int rm;
    /** The opcode's low three bits, with REX.B. */
    public int opcodeReg;
    /** Slots of {@link Cpu#gpr}; {@link Cpu#ZERO} for none. */
    public int base = Cpu.ZERO;
    public int index = Cpu.ZERO;
    /** Shift of the index, 0 to 3. */
    public int scale;
    /** Displacement, sign-extended; includes the instruction's end for RIP-relative forms. */
    public long disp;
    /** What remains of the sum. */
    public long addressMask;
    /** Segment of the memory operand, override applied. */
    public int seg = Cpu.DS;
    /** An override prefix was present. */
    public boolean segOverride;
    /** First immediate, sign-extended; or the offset of a far pointer. */
    public long imm;
    /** Second immediate; or the selector of a far pointer. */
    public long imm2;
    public boolean lock;
    /** 0, 0xf2 or 0xf3. */
    public int rep;
    /** REX byte, 0 without. */
    public int rex;
    /** Operands in the order of the manual. */
    public Operand[] operands = NO_OPERANDS;

    /**
     * Executes. Bodies that end a block leave {@code c.ip} at the instruction to be executed next; others do not touch it.
     *
     * @throws CpuFault when the instruction faults; ip is then worked out by the caller
     */
    public abstract void run(Cpu c);

    /** True when the instruction may go anywhere but to its successor, or changes how code is to be read. */
    public boolean endsBlock() {
        return row.endsBlock();
    }

    /**
     * One object that does the work of this instruction and its successor.
     *
     * @return null when there is none for the two
     */
    public Insn join(final Insn next) {
        return null;
    }

    /** Offset of the memory operand in its segment. */
    public final long ea(final Cpu c) {
        final long[] g = c.gpr;
        return (g[base] + (g[index] << scale) + disp) & addressMask;
    }

    /** True when the ModRM operand is in memory. */
    public final boolean isMemory() {
        return (mod & ~3) == 0 && mod != 3;
    }

    /** True when the access that faults first goes through the stack segment. */
    public final boolean stackAccess() {
        if (row == null) {
            return false;
        }
        return isMemory() ? seg == Cpu.SS : STACK_MNEMONICS.contains(row.mnemonic());
    }

    /** Linear address of the memory operand after the segment's checks. */
    public final long linear(final Cpu c, final int size, final boolean write) {
        return c.linear(seg, ea(c), size, write);
    }

    /** Copies everything decoded, for a specialised form of the same instruction. */
    public final <T extends Insn> T copyTo(final T t) {
        t.row = row;
        t.length = length;
        t.offset = offset;
        t.operandSize = operandSize;
        t.addressSize = addressSize;
        t.mode64 = mode64;
        t.mod = mod;
        t.reg = reg;
        t.rm = rm;
        t.opcodeReg = opcodeReg;
        t.base = base;
        t.index = index;
        t.scale = scale;
        t.disp = disp;
        t.addressMask = addressMask;
        t.seg = seg;
        t.segOverride = segOverride;
        t.imm = imm;
        t.imm2 = imm2;
        t.lock = lock;
        t.rep = rep;
        t.rex = rex;
        t.operands = operands;
        return t;
    }

    @Override
    public String toString() {
        return row == null ? getClass().getSimpleName() : row + " length=" + length;
    }
}
