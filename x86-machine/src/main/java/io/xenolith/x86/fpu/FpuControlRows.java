package io.xenolith.x86.fpu;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Exec;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;

/** Rows that control the unit and store and load its state. */
final class FpuControlRows {
    private final InstructionTable table;

    FpuControlRows(InstructionTable table) {
        this.table = table;
    }

    private void row(String encoding, String mnemonic, String operands, Exec exec) {
        table.add(encoding, mnemonic, operands, exec).feature(Feature.X87);
    }

    void register() {
        row("9B", "FWAIT", "", (c, i) -> X87Gate.await(c));
        row("DB E3", "FNINIT", "", X87Gate.noWait((c, i) -> c.fpu.init()));
        row("DB E2", "FNCLEX", "", X87Gate.noWait((c, i) -> clearExceptions(c.fpu)));
        row("D9 /7", "FNSTCW", "Mw", X87Gate.noWait((c, i) -> c.write16(i.linear(c, 2, true), c.fpu.control)));
        row("D9 /5", "FLDCW", "Mw", X87Gate.control((c, i) -> c.fpu.setControl(c.read16(i.linear(c, 2, false)))));
        row("DD /7", "FNSTSW", "Mw", X87Gate.noWait((c, i) -> c.write16(i.linear(c, 2, true), c.fpu.statusWord())));
        row("DF E0", "FNSTSW", "AX", X87Gate.noWait((c, i) -> statusToAx(c)));
        obsolete();
        environment();
    }

    private static void clearExceptions(FpuState fpu) {
        fpu.status &= ~(FpuState.EXCEPTIONS | FpuState.SF | FpuState.ES | FpuState.BUSY);
    }

    private static void statusToAx(Cpu c) {
        c.gpr[Cpu.RAX] = c.gpr[Cpu.RAX] & ~0xffffL | c.fpu.statusWord();
    }

    /** Interrupt control of the 8087 and the mode switch of the 80287: accepted and without effect. */
    private void obsolete() {
        row("DB E0", "FNENI", "", X87Gate.noWait((c, i) -> { }));
        row("DB E1", "FNDISI", "", X87Gate.noWait((c, i) -> { }));
        row("DB E4", "FNSETPM", "", X87Gate.noWait((c, i) -> { }));
    }

    private void environment() {
        row("D9 /6", "FNSTENV", "M", X87Gate.noWait(FpuImage::storeEnvironment));
        row("D9 /4", "FLDENV", "M", X87Gate.control(FpuImage::loadEnvironment));
        row("DD /6", "FNSAVE", "M", X87Gate.noWait(FpuImage::save));
        row("DD /4", "FRSTOR", "M", X87Gate.control(FpuImage::restore));
    }
}
