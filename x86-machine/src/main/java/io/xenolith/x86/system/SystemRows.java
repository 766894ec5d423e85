package io.xenolith.x86.system;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Insn;
import io.xenolith.x86.PrivilegedOp;
import io.xenolith.x86.Segment;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;

/** Rows of the instructions that load segments, leave the current code segment, or concern the system. */
public final class SystemRows {

    private SystemRows() {
    }

    /** Adds them. */
    public static void register(final InstructionTable t) {
        segmentLoads(t);
        segmentPushes(t);
        farTransfers(t);
        descriptorQueries(t);
        tableRegisters(t);
        controlRegisters(t);
        ports(t);
        modelSpecific(t);
    }

    private static void segmentLoads(final InstructionTable t) {
        t.add("8C /r", "MOV", "Ev,Sw", (c, i) -> {
            requireSegment(c, i.reg);
            writeSelector(c, i, c.seg[i.reg & 7].selector());
        });
        t.add("8E /r", "MOV", "Sw,Ew", (c, i) -> {
            requireSegment(c, i.reg);
            if ((i.reg & 7) == Cpu.CS) {
                throw c.raise(CpuFault.UD);
            }
            SegmentLoader.load(c, i.reg & 7, word(c, i));
            shadowAfterStack(c, i.reg & 7);
        }).ends();
        t.add("C4 /r", "LES", "Gv,Mp", (c, i) -> loadPointer(c, i, Cpu.ES)).not64().ends();
        t.add("C5 /r", "LDS", "Gv,Mp", (c, i) -> loadPointer(c, i, Cpu.DS)).not64().ends();
        t.add("0F B2 /r", "LSS", "Gv,Mp", (c, i) -> loadPointer(c, i, Cpu.SS)).ends();
        t.add("0F B4 /r", "LFS", "Gv,Mp", (c, i) -> loadPointer(c, i, Cpu.FS)).ends();
        t.add("0F B5 /r", "LGS", "Gv,Mp", (c, i) -> loadPointer(c, i, Cpu.GS)).ends();
    }

    private static void segmentPushes(final InstructionTable t) {
        pushRow(t, "06", "ES", Cpu.ES);
        pushRow(t, "0E", "CS", Cpu.CS);
        pushRow(t, "16", "SS", Cpu.SS);
        pushRow(t, "1E", "DS", Cpu.DS);
        popRow(t, "07", "ES", Cpu.ES);
        popRow(t, "17", "SS", Cpu.SS);
        popRow(t, "1F", "DS", Cpu.DS);
        t.add("0F A0", "PUSH", "FS", (c, i) -> pushSegment(c, i, Cpu.FS)).default64();
        t.add("0F A8", "PUSH", "GS", (c, i) -> pushSegment(c, i, Cpu.GS)).default64();
        t.add("0F A1", "POP", "FS", (c, i) -> popSegment(c, i, Cpu.FS)).default64().ends();
        t.add("0F A9", "POP", "GS", (c, i) -> popSegment(c, i, Cpu.GS)).default64().ends();
    }

    private static void pushRow(final InstructionTable t, final String opcode, final String name, final int number) {
        t.add(opcode, "PUSH", name, (c, i) -> pushSegment(c, i, number)).not64();
    }

    private static void popRow(final InstructionTable t, final String opcode, final String name, final int number) {
        t.add(opcode, "POP", name, (c, i) -> popSegment(c, i, number)).not64().ends();
    }

    private static void farTransfers(final InstructionTable t) {
        t.add("9A", "CALLF", "Ap", (c, i) -> FarTransfer.call(c, (int) i.imm2, i.imm, i.operandSize)).not64().ends();
        t.add("EA", "JMPF", "Ap", (c, i) -> FarTransfer.jump(c, (int) i.imm2, i.imm, i.operandSize)).not64().ends();
        t.add("FF /3", "CALLF", "Mp", (c, i) -> {
            final long offset = pointerOffset(c, i);
            FarTransfer.call(c, pointerSelector(c, i), offset, i.operandSize);
        }).ends();
        t.add("FF /5", "JMPF", "Mp", (c, i) -> {
            final long offset = pointerOffset(c, i);
            FarTransfer.jump(c, pointerSelector(c, i), offset, i.operandSize);
        }).ends();
        t.add("CA iw", "RETF", "Iw", (c, i) -> FarTransfer.ret(c, i.operandSize, (int) i.imm & 0xFFFF)).ends();
        t.add("CB", "RETF", "", (c, i) -> FarTransfer.ret(c, i.operandSize, 0)).ends();
        t.add("CF", "IRET", "", (c, i) -> InterruptReturn.iret(c, i.operandSize)).ends();
    }

    private static void descriptorQueries(final InstructionTable t) {
        t.add("0F 02 /r", "LAR", "Gv,Ew", (c, i) -> answer(c, i, DescriptorQueries.accessRights(c, word(c, i))));
        t.add("0F 03 /r", "LSL", "Gv,Ew", (c, i) -> answer(c, i, DescriptorQueries.limit(c, word(c, i))));
        t.add("0F 00 /4", "VERR", "Ew", (c, i) -> setZero(c, DescriptorQueries.readable(c, word(c, i))));
        t.add("0F 00 /5", "VERW", "Ew", (c, i) -> setZero(c, DescriptorQueries.writable(c, word(c, i))));
        t.add("63 /r", "ARPL", "Ew,Gw", SystemRows::adjustLevel).not64();
        t.add("0F 00 /0", "SLDT", "Ev", (c, i) -> writeSelector(c, i, c.ldtr.selector()));
        t.add("0F 00 /1", "STR", "Ev", (c, i) -> writeSelector(c, i, c.tr.selector()));
    }

    private static void tableRegisters(final InstructionTable t) {
        t.add("0F 01 /0", "SGDT", "M", (c, i) -> TableRegisters.store(c, i, c.gdtrBase, c.gdtrLimit));
        t.add("0F 01 /1", "SIDT", "M", (c, i) -> TableRegisters.store(c, i, c.idtrBase, c.idtrLimit));
        t.add("0F 01 /2", "LGDT", "M", TableRegisters::loadGdtr).cpl0().ends();
        t.add("0F 01 /3", "LIDT", "M", TableRegisters::loadIdtr).cpl0().ends();
        t.add("0F 00 /2", "LLDT", "Ew", (c, i) -> ring0Word(c, i, PrivilegedOp.LLDT, TableRegisters::loadLdtr)).cpl0().ends();
        t.add("0F 00 /3", "LTR", "Ew", (c, i) -> ring0Word(c, i, PrivilegedOp.LTR, TableRegisters::loadTr)).cpl0().ends();
    }

    private static void controlRegisters(final InstructionTable t) {
        t.add("0F 01 /4", "SMSW", "Ev", (c, i) -> {
            if (i.isMemory()) {
                c.write16(i.linear(c, 2, true), (int) ControlRegisters.statusWord(c));
            } else {
                c.setRegister(i.rm, i.operandSize, ControlRegisters.statusWord(c));
            }
        });
        t.add("0F 01 /6", "LMSW", "Ew",
            (c, i) -> ring0Word(c, i, PrivilegedOp.LMSW, ControlRegisters::loadStatusWord)).cpl0().ends();
        t.add("0F 06", "CLTS", "", (c, i) -> ControlRegisters.clearTaskSwitched(c)).cpl0().ends();
        t.add("0F 20 /r", "MOV", "Ry,Cy", (c, i) -> ControlRegisters.moveFrom(c, i.reg, i.rm)).cpl0().force64().ends();
        t.add("0F 22 /r", "MOV", "Cy,Ry", (c, i) -> ControlRegisters.moveTo(c, i.reg, i.rm)).cpl0().force64().ends();
        t.add("0F 21 /r", "MOV", "Ry,Dy", (c, i) -> DebugRegisters.moveFrom(c, i.reg, i.rm)).cpl0().force64().ends();
        t.add("0F 23 /r", "MOV", "Dy,Ry", (c, i) -> DebugRegisters.moveTo(c, i.reg, i.rm)).cpl0().force64().ends();
        t.add("0F 01 /7", "INVLPG", "Mb", SystemRows::invalidatePage).cpl0().feature(Feature.I486).ends();
        t.add("0F 08", "INVD", "", (c, i) -> ring0(c, PrivilegedOp.INVD)).cpl0().feature(Feature.I486).ends();
        t.add("0F 09", "WBINVD", "", (c, i) -> ring0(c, PrivilegedOp.WBINVD)).cpl0().feature(Feature.I486).ends();
    }

    private static void ports(final InstructionTable t) {
        t.add("E4 ib", "IN", "AL,Ib", (c, i) -> PortIo.in(c, (int) i.imm & 0xFF, 1)).privileged().ends();
        t.add("E5 ib", "IN", "eAX,Ib", (c, i) -> PortIo.in(c, (int) i.imm & 0xFF, portSize(i))).privileged().ends();
        t.add("EC", "IN", "AL,DX", (c, i) -> PortIo.in(c, PortIo.port(c), 1)).privileged().ends();
        t.add("ED", "IN", "eAX,DX", (c, i) -> PortIo.in(c, PortIo.port(c), portSize(i))).privileged().ends();
        t.add("E6 ib", "OUT", "Ib,AL", (c, i) -> PortIo.out(c, (int) i.imm & 0xFF, 1)).privileged().ends();
        t.add("E7 ib", "OUT", "Ib,eAX", (c, i) -> PortIo.out(c, (int) i.imm & 0xFF, portSize(i))).privileged().ends();
        t.add("EE", "OUT", "DX,AL", (c, i) -> PortIo.out(c, PortIo.port(c), 1)).privileged().ends();
        t.add("EF", "OUT", "DX,eAX", (c, i) -> PortIo.out(c, PortIo.port(c), portSize(i))).privileged().ends();
        t.add("6C", "INS", "Yb,DX", (c, i) -> PortIo.ins(c, i, 1)).privileged().repeating().ends();
        t.add("6D", "INS", "Yz,DX", (c, i) -> PortIo.ins(c, i, portSize(i))).privileged().repeating().ends();
        t.add("6E", "OUTS", "DX,Xb", (c, i) -> PortIo.outs(c, i, 1)).privileged().repeating().ends();
        t.add("6F", "OUTS", "DX,Xz", (c, i) -> PortIo.outs(c, i, portSize(i))).privileged().repeating().ends();
        t.add("FA", "CLI", "", (c, i) -> PortIo.setInterrupts(c, false)).privileged().ends();
        t.add("FB", "STI", "", (c, i) -> PortIo.setInterrupts(c, true)).privileged().ends();
        t.add("F4", "HLT", "", (c, i) -> PortIo.halt(c)).cpl0().ends();
    }

    private static void modelSpecific(final InstructionTable t) {
        t.add("0F A2", "CPUID", "", (c, i) -> c.env.cpuid(c)).feature(Feature.PENTIUM);
        t.add("0F 31", "RDTSC", "", (c, i) -> readTimeStamp(c)).feature(Feature.PENTIUM);
        t.add("0F 33", "RDPMC", "", (c, i) -> PortIo.readCounter(c)).feature(Feature.P6).privileged();
        t.add("0F 32", "RDMSR", "", (c, i) -> {
            if (c.cpl() != 0) {
                c.privileged(PrivilegedOp.RDMSR, 0, 0);
            } else {
                pair(c, c.env.readMsr(c, (int) c.gpr[Cpu.RCX]));
            }
        }).cpl0().feature(Feature.PENTIUM).ends();
        t.add("0F 30", "WRMSR", "", (c, i) -> {
            if (c.cpl() != 0) {
                c.privileged(PrivilegedOp.WRMSR, 0, 0);
            } else {
                c.env.writeMsr(c, (int) c.gpr[Cpu.RCX], c.gpr[Cpu.RDX] << 32 | c.gpr[Cpu.RAX] & 0xFFFF_FFFFL);
            }
        }).cpl0().feature(Feature.PENTIUM).ends();
        fastCalls(t);
    }

    private static void fastCalls(final InstructionTable t) {
        t.add("0F 34", "SYSENTER", "", (c, i) -> {
            c.env.sysenter(c);
            c.transferred();
        }).feature(Feature.SYSENTER).ends();
        t.add("0F 35", "SYSEXIT", "", (c, i) -> {
            if (c.cpl() != 0) {
                c.privileged(PrivilegedOp.SYSEXIT, 0, 0);
            } else {
                c.env.sysexit(c, i.operandSize == 8 ? 8 : 4);
            }
        }).cpl0().feature(Feature.SYSENTER).ends();
        // outside 64-bit code SYSCALL is AMD's alone; this processor takes after Intel's
        t.add("0F 05", "SYSCALL", "", (c, i) -> {
            if ((c.efer & Cpu.EFER_SCE) == 0) {
                throw c.raise(CpuFault.UD);
            }
            c.env.syscall(c);
            c.transferred();
        }).only64().feature(Feature.SYSCALL).ends();
        t.add("0F 07", "SYSRET", "", (c, i) -> {
            if (c.cpl() != 0) {
                c.privileged(PrivilegedOp.SYSRET, 0, 0);
            } else {
                c.env.sysret(c, i.operandSize == 8 ? 8 : 4);
            }
        }).only64().cpl0().feature(Feature.SYSCALL).ends();
        t.add("0F 01 F8", "SWAPGS", "", (c, i) -> {
            if (c.cpl() != 0) {
                c.privileged(PrivilegedOp.SWAPGS, 0, 0);
            } else {
                swapGs(c);
            }
        }).only64().cpl0().feature(Feature.LONG_MODE).ends();
    }

    // ---- bodies ----

    private static void requireSegment(final Cpu c, final int number) {
        if ((number & 7) > Cpu.GS) {
            throw c.raise(CpuFault.UD);
        }
    }

    private static void shadowAfterStack(final Cpu c, final int number) {
        if (number == Cpu.SS) {
            c.shadow();
        }
    }

    private static int word(final Cpu c, final Insn i) {
        return i.isMemory() ? c.read16(i.linear(c, 2, false)) : (int) c.gpr[i.rm] & 0xFFFF;
    }

    /** Selectors go to memory as 16 bits and fill a register of the operand's size. */
    private static void writeSelector(final Cpu c, final Insn i, final int selector) {
        if (i.isMemory()) {
            c.write16(i.linear(c, 2, true), selector);
        } else {
            c.setRegister(i.rm, i.operandSize, selector);
        }
    }

    private static long pointerOffset(final Cpu c, final Insn i) {
        return c.read(i.linear(c, i.operandSize, false), i.operandSize);
    }

    private static int pointerSelector(final Cpu c, final Insn i) {
        return c.read16(c.linear(i.seg, i.ea(c) + i.operandSize & i.addressMask, 2, false));
    }

    private static void loadPointer(final Cpu c, final Insn i, final int number) {
        final long offset = pointerOffset(c, i);
        SegmentLoader.load(c, number, pointerSelector(c, i));
        c.setRegister(i.reg, i.operandSize, offset);
    }

    /**
     * A slot of 32 bits gets 16 bits only, as processors since the Core family do it, and keeps its other bytes; one of
     * 64 bits is filled.
     */
    private static void pushSegment(final Cpu c, final Insn i, final int number) {
        final long to = c.gpr[Cpu.RSP] - i.operandSize & c.stackMask();
        final int bytes = i.operandSize == 8 ? 8 : 2;
        c.write(c.linear(Cpu.SS, to, bytes, true), bytes, c.seg[number].selector());
        c.setSp(to);
    }

    private static void popSegment(final Cpu c, final Insn i, final int number) {
        final int selector = (int) c.peek(0, 2);
        final long sp = c.gpr[Cpu.RSP] + i.operandSize;
        if (number == Cpu.SS) {
            // the new stack segment's width does not apply to this pop
            final long mask = c.stackMask();
            SegmentLoader.load(c, number, selector);
            c.gpr[Cpu.RSP] = c.gpr[Cpu.RSP] & ~mask | sp & mask;
            c.shadow();
            return;
        }
        SegmentLoader.load(c, number, selector);
        c.setSp(sp);
    }

    private static void answer(final Cpu c, final Insn i, final long value) {
        if (value >= 0) {
            c.setRegister(i.reg, i.operandSize, value);
        }
        setZero(c, value >= 0);
    }

    private static void setZero(final Cpu c, final boolean on) {
        final int flags = c.eflags();
        c.setArithmeticFlags(on ? flags | Eflags.ZF : flags & ~Eflags.ZF);
    }

    private static void adjustLevel(final Cpu c, final Insn i) {
        final int level = (int) c.gpr[i.reg] & 3;
        if (!i.isMemory()) {
            final int selector = (int) c.gpr[i.rm] & 0xFFFF;
            if ((selector & 3) < level) {
                c.setRegister(i.rm, 2, selector & ~3 | level);
            }
            setZero(c, (selector & 3) < level);
            return;
        }
        // an operand that stays as it is need not be writable
        final int selector = c.read16(i.linear(c, 2, false));
        if ((selector & 3) < level) {
            c.write16(i.linear(c, 2, true), selector & ~3 | level);
        }
        setZero(c, (selector & 3) < level);
    }

    private static void invalidatePage(final Cpu c, final Insn i) {
        final long offset = i.ea(c);
        final long linear = c.long64
            ? (i.seg >= Cpu.FS ? c.seg[i.seg].base() : 0) + offset
            : c.seg[i.seg].base() + offset & 0xFFFF_FFFFL;
        if (c.cpl() != 0) {
            c.privileged(PrivilegedOp.INVLPG, linear, 0);
        } else {
            c.mmu.flushPage(linear);
        }
    }

    private static void ring0(final Cpu c, final PrivilegedOp op) {
        if (c.cpl() != 0) {
            c.privileged(op, 0, 0);
        }
        // caches are the host's business
    }

    /** What takes a word from a register or memory; privilege is checked before memory is looked at. */
    @FunctionalInterface
    private interface WordConsumer {
        void accept(Cpu c, int word);
    }

    private static void ring0Word(final Cpu c, final Insn i, final PrivilegedOp op, final WordConsumer body) {
        if (c.cpl() != 0) {
            c.privileged(op, 0, 0);
        } else {
            body.accept(c, word(c, i));
        }
    }

    private static int portSize(final Insn i) {
        return i.operandSize == 2 ? 2 : 4;
    }

    private static void readTimeStamp(final Cpu c) {
        if (c.cpl() != 0 && (c.cr4 & Cpu.CR4_TSD) != 0) {
            c.privileged(PrivilegedOp.RDTSC, 0, 0);
        } else {
            pair(c, c.env.rdtsc(c));
        }
    }

    private static void pair(final Cpu c, final long value) {
        c.gpr[Cpu.RAX] = value & 0xFFFF_FFFFL;
        c.gpr[Cpu.RDX] = value >>> 32;
    }

    private static void swapGs(final Cpu c) {
        final Segment gs = c.seg[Cpu.GS];
        final long base = gs.base();
        gs.setBase(c.kernelGsBase);
        c.kernelGsBase = base;
        c.segmentsChanged();
    }
}
