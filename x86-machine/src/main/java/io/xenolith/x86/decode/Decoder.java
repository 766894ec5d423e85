package io.xenolith.x86.decode;

import io.xenolith.x86.CodeMode;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Insn;
import java.util.List;

/** Turns bytes into instructions by the instruction table. */
public final class Decoder {
    private static final int PREFIX_LOCK = 0xf0;
    private static final int[] BASE16 = {Cpu.RBX, Cpu.RBX, Cpu.RBP, Cpu.RBP, Cpu.RSI, Cpu.RDI, Cpu.RBP, Cpu.RBX};
    private static final int[] INDEX16 = {Cpu.RSI, Cpu.RDI, Cpu.RSI, Cpu.RDI, Cpu.ZERO, Cpu.ZERO, Cpu.ZERO, Cpu.ZERO};
    /** What an encoding without row becomes. */
    static final Row UNDEFINED = new Row(Encoding.parse("0F FF"), "(undefined)", "", (c, i) -> {
        c.env.unsupported(c, i);
        throw c.raise(CpuFault.UD);
    }).ends();

    private final InstructionTable table;
    private CodeReader in;
    private boolean mode64;
    private boolean operand16;
    private boolean address;
    private int map;
    private int opcode;
    private int modRm;

    Decoder(final InstructionTable table) {
        this.table = table;
    }

    /**
     * Decodes one instruction and picks its specialised form.
     *
     * @throws CpuFault            from fetching, and #GP(0) beyond 15 bytes
     * @throws CodeReader.PageEnd  when it runs into the next page and is not the first of its block
     */
    Insn decode(final CodeReader reader, final int mode) {
        in = reader;
        in.mark();
        mode64 = (mode & CodeMode.CODE64) != 0;
        final TableInsn i = new TableInsn();
        i.mode64 = mode64;
        prefixes(i);
        sizes(i, (mode & (CodeMode.CODE32 | CodeMode.CODE64)) != 0);
        opcode(i);
        final Row row = findRow(i);
        if (row == null) {
            return finish(i, UNDEFINED);
        }
        operandSizeOf(i, row);
        i.opcodeReg = opcode & 7 | (i.rex & 1) << 3;
        if (row.encoding().modRm()) {
            modRm(i, row);
        }
        immediates(i, row);
        finish(i, row);
        if (i.lock && !(row.isLockable() && i.isMemory())) {
            return finish(i, UNDEFINED);
        }
        return specialise(i, row, mode);
    }

    private static Insn specialise(final TableInsn i, final Row row, final int mode) {
        if (row.hotForm() != null && !i.lock) {
            final Insn hot = row.hotForm().specialise(i, (mode & CodeMode.FLAT) != 0);
            if (hot != null) {
                return hot;
            }
        }
        return i.endsBlock() ? i.copyTo(new TerminalInsn()) : i;
    }

    private Insn finish(final TableInsn i, final Row row) {
        i.row = row;
        i.length = in.length();
        i.offset = in.blockOffset();
        if (row == UNDEFINED) {
            return i.copyTo(new TerminalInsn());
        }
        if (i.base == Cpu.BLOCK_IP) {
            i.disp += i.offset + i.length;
        }
        resolve(i, row);
        return i;
    }

    private static void resolve(final TableInsn i, final Row row) {
        final List<OperandSpec> specs = row.operands();
        final int n = specs.size();
        if (n > 0) {
            i.operands = new Operand[n];
            boolean immediateSeen = false;
            for (int k = 0; k < n; k++) {
                final OperandSpec spec = specs.get(k);
                if (spec.letter() == 'I') {
                    i.operands[k] = new Operand(immediateSeen ? Operand.Kind.IMM2 : Operand.Kind.IMM, 0,
                        spec.sizeFor(i.operandSize));
                    immediateSeen = true;
                } else {
                    i.operands[k] = spec.resolve(i);
                }
            }
        }
    }

    private void prefixes(final TableInsn i) {
        operand16 = false;
        address = false;
        for (;;) {
            final int b = in.next8();
            if (mode64 && (b & 0xf0) == 0x40) {
                i.rex = b;
                opcode = in.next8();
                // a REX byte counts only directly before the opcode: anything else starts over
                if (isPrefix(opcode)) {
                    i.rex = 0;
                    prefix(i, opcode);
                    continue;
                }
                if ((opcode & 0xf0) == 0x40) {
                    i.rex = opcode;
                    opcode = in.next8();
                }
                return;
            }
            if (!isPrefix(b)) {
                opcode = b;
                return;
            }
            prefix(i, b);
        }
    }

    private static boolean isPrefix(final int b) {
        switch (b) {
            case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, PREFIX_LOCK, 0xf2, 0xf3:
                return true;
            default:
                return false;
        }
    }

    private void prefix(final TableInsn i, final int b) {
        switch (b) {
            case 0x66 -> operand16 = true;
            case 0x67 -> address = true;
            case PREFIX_LOCK -> i.lock = true;
            case 0xf2, 0xf3 -> i.rep = b;
            case 0x64 -> override(i, Cpu.FS);
            case 0x65 -> override(i, Cpu.GS);
            default -> {
                if (!mode64) {
                    override(i, b >> 3 & 3);
                }
            }
        }
    }

    private static void override(final TableInsn i, final int segment) {
        i.seg = segment;
        i.segOverride = true;
    }

    private void sizes(final TableInsn i, final boolean big) {
        if (mode64) {
            i.operandSize = (i.rex & 8) != 0 ? 8 : operand16 ? 2 : 4;
            i.addressSize = address ? 4 : 8;
        } else {
            i.operandSize = big != operand16 ? 4 : 2;
            i.addressSize = big != address ? 4 : 2;
        }
        i.addressMask = i.addressSize == 8 ? -1L : i.addressSize == 4 ? 0xffff_ffffL : 0xffff;
    }

    private void opcode(final TableInsn i) {
        map = 0;
        if (opcode == 0x0f) {
            opcode = in.next8();
            map = 1;
            if (opcode == 0x38 || opcode == 0x3a) {
                map = opcode == 0x38 ? 2 : 3;
                opcode = in.next8();
            }
        }
        modRm = -1;
        if (table.hasModRm(map, opcode)) {
            modRm = in.next8();
            i.mod = modRm >> 6;
            i.reg = modRm >> 3 & 7 | (i.rex & 4) << 1;
            i.rm = modRm & 7 | (i.rex & 1) << 3;
        }
    }

    private Row findRow(final TableInsn i) {
        return table.find(map, opcode, modRm, i.rep, operand16, (i.rex & 8) != 0, mode64);
    }

    private void operandSizeOf(final TableInsn i, final Row row) {
        if (mode64 && (row.isForce64() || row.isDefault64() && i.operandSize == 4)) {
            i.operandSize = 8;
        }
    }

    private void modRm(final TableInsn i, final Row row) {
        if (row.ignoresMod()) {
            i.mod = 3;
        }
        if (i.mod == 3) {
            return;
        }
        if (i.addressSize == 2) {
            address16(i);
        } else {
            address32(i);
        }
    }

    private void address16(final TableInsn i) {
        final int rm = modRm & 7;
        if (i.mod == 0 && rm == 6) {
            i.disp = in.nextSigned(2);
            return;
        }
        i.base = BASE16[rm];
        i.index = INDEX16[rm];
        i.disp = i.mod == 0 ? 0 : in.nextSigned(i.mod);
        defaultStack(i, i.base == Cpu.RBP);
    }

    private void address32(final TableInsn i) {
        final int rm = modRm & 7;
        if (rm == 4) {
            sib(i);
        } else if (i.mod == 0 && rm == 5) {
            i.disp = in.nextSigned(4);
            if (mode64) {
                i.base = Cpu.BLOCK_IP;
            }
            return;
        } else {
            i.base = i.rm;
        }
        if (i.mod != 0) {
            i.disp = in.nextSigned(i.mod == 1 ? 1 : 4);
        }
        defaultStack(i, i.base == Cpu.RSP || i.base == Cpu.RBP);
    }

    private void sib(final TableInsn i) {
        final int sib = in.next8();
        i.scale = sib >> 6;
        final int index = sib >> 3 & 7 | (i.rex & 2) << 2;
        if (index != 4) {
            i.index = index;
        } else {
            i.scale = 0;
        }
        if (i.mod == 0 && (sib & 7) == 5) {
            i.disp = in.nextSigned(4);
        } else {
            i.base = sib & 7 | (i.rex & 1) << 3;
        }
    }

    private static void defaultStack(final TableInsn i, final boolean stack) {
        if (stack && !i.segOverride) {
            i.seg = Cpu.SS;
        }
    }

    private void immediates(final TableInsn i, final Row row) {
        boolean first = true;
        for (final OperandSpec spec : row.operands()) {
            final int bytes = spec.immediateBytes(i.operandSize, i.addressSize);
            if (bytes == 0) {
                continue;
            }
            if (spec.letter() == 'A') {
                i.imm = in.nextSigned(bytes - 2) & (bytes == 4 ? 0xffff : 0xffff_ffffL);
                i.imm2 = in.nextSigned(2) & 0xffff;
            } else if (spec.letter() == 'O') {
                i.disp = in.nextSigned(bytes);
            } else if (first) {
                i.imm = in.nextSigned(bytes);
                first = false;
            } else {
                i.imm2 = in.nextSigned(bytes);
            }
        }
    }
}
