package io.xenolith.x86.fpu;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Exec;
import io.xenolith.x86.Insn;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;

/** Rows that move data: loads, stores, exchanges, conditional moves and constants. */
final class FpuTransferRows {
    private final InstructionTable table;

    FpuTransferRows(InstructionTable table) {
        this.table = table;
    }

    private void row(String encoding, String mnemonic, String operands, Exec body) {
        table.add(encoding, mnemonic, operands, X87Gate.waiting(body)).feature(Feature.X87);
    }

    void register() {
        loads();
        stores();
        integerStores();
        registers();
        conditionalMoves();
        constants();
    }

    private void loads() {
        row("D9 /0", "FLD", "Md", (c, i) -> c.fpu.unit.load32(c.read32(i.linear(c, 4, false))));
        row("DD /0", "FLD", "Mq", (c, i) -> c.fpu.unit.load64(c.read64(i.linear(c, 8, false))));
        row("DB /5", "FLD", "Mt", FpuTransferRows::load80);
        row("DF /0", "FILD", "Mw", (c, i) -> c.fpu.unit.loadInteger((short) c.read16(i.linear(c, 2, false))));
        row("DB /0", "FILD", "Md", (c, i) -> c.fpu.unit.loadInteger(c.read32(i.linear(c, 4, false))));
        row("DF /5", "FILD", "Mq", (c, i) -> c.fpu.unit.loadInteger(c.read64(i.linear(c, 8, false))));
        row("DF /4", "FBLD", "Mt", FpuTransferRows::loadBcd);
        row("D9 C0+i", "FLD", "STi", (c, i) -> c.fpu.unit.loadRegister(i.rm & 7));
    }

    private static void load80(Cpu c, Insn i) {
        long low = c.read64(i.linear(c, 8, false));
        c.fpu.unit.load80(low, c.read16(secondPart(c, i, false)) & 0xffff);
    }

    /** The last two of ten bytes: an access of their own on silicon, so that the first eight may fault before them. */
    private static long secondPart(Cpu c, Insn i, boolean write) {
        return c.linear(i.seg, i.ea(c) + 8 & i.addressMask, 2, write);
    }

    private static void loadBcd(Cpu c, Insn i) {
        long low = c.read64(i.linear(c, 8, false));
        int high = c.read16(secondPart(c, i, false));
        c.fpu.unit.loadBcd(X87Store.unpackBcd(low, high & 0xff), (high & 0x8000) != 0);
    }

    /** A store that an unmasked exception suppresses does not touch memory at all: it cannot fault. */
    private void stores() {
        row("D9 /2", "FST", "Md", (c, i) -> store32(c, i, false));
        row("D9 /3", "FSTP", "Md", (c, i) -> store32(c, i, true));
        row("DD /2", "FST", "Mq", (c, i) -> store64(c, i, false));
        row("DD /3", "FSTP", "Mq", (c, i) -> store64(c, i, true));
        row("DB /7", "FSTP", "Mt", (c, i) -> store80(c, i, c.fpu.unit.store.prepare80()));
        row("DF /6", "FBSTP", "Mt", (c, i) -> store80(c, i, c.fpu.unit.store.prepareBcd()));
    }

    private static void store32(Cpu c, Insn i, boolean pop) {
        X87Store store = c.fpu.unit.store;
        if (store.prepare32()) {
            c.write32(i.linear(c, 4, true), (int) store.bits);
        }
        store.commit(pop);
    }

    private static void store64(Cpu c, Insn i, boolean pop) {
        X87Store store = c.fpu.unit.store;
        if (store.prepare64()) {
            c.write64(i.linear(c, 8, true), store.bits);
        }
        store.commit(pop);
    }

    /** Two accesses, as on silicon: when the second faults, the first eight bytes are written already. */
    private static void store80(Cpu c, Insn i, boolean write) {
        X87Store store = c.fpu.unit.store;
        if (write) {
            c.write64(i.linear(c, 8, true), store.bits);
            c.write16(secondPart(c, i, true), store.bitsHigh);
        }
        store.commit(true);
    }

    private void integerStores() {
        row("DF /2", "FIST", "Mw", (c, i) -> storeInteger(c, i, 2, false));
        row("DF /3", "FISTP", "Mw", (c, i) -> storeInteger(c, i, 2, true));
        row("DB /2", "FIST", "Md", (c, i) -> storeInteger(c, i, 4, false));
        row("DB /3", "FISTP", "Md", (c, i) -> storeInteger(c, i, 4, true));
        row("DF /7", "FISTP", "Mq", (c, i) -> storeInteger(c, i, 8, true));
    }

    private static void storeInteger(Cpu c, Insn i, int size, boolean pop) {
        X87Store store = c.fpu.unit.store;
        if (store.prepareInteger(8 * size)) {
            c.write(i.linear(c, size, true), size, store.bits);
        }
        store.commit(pop);
    }

    private void registers() {
        row("DD D0+i", "FST", "STi", (c, i) -> c.fpu.unit.storeRegister(i.rm & 7, false));
        for (String encoding : new String[] {"DD D8+i", "DF D0+i", "DF D8+i"}) {
            row(encoding, "FSTP", "STi", (c, i) -> c.fpu.unit.storeRegister(i.rm & 7, true));
        }
        row("D9 D8+i", "FSTPNCE", "STi", (c, i) -> c.fpu.unit.copyAndPop(i.rm & 7));
        for (String encoding : new String[] {"D9 C8+i", "DD C8+i", "DF C8+i"}) {
            row(encoding, "FXCH", "ST,STi", (c, i) -> c.fpu.unit.exchange(i.rm & 7));
        }
        row("DD C0+i", "FFREE", "STi", (c, i) -> c.fpu.unit.free(i.rm & 7, false));
        row("DF C0+i", "FFREEP", "STi", (c, i) -> c.fpu.unit.free(i.rm & 7, true));
        row("D9 F6", "FDECSTP", "", (c, i) -> rotate(c, -1));
        row("D9 F7", "FINCSTP", "", (c, i) -> rotate(c, 1));
        row("D9 D0", "FNOP", "", (c, i) -> { });
    }

    private static void rotate(Cpu c, int by) {
        c.fpu.unit.clearC1();
        c.fpu.top = c.fpu.top + by & 7;
    }

    private void conditionalMoves() {
        conditional("DA C0+i", "FCMOVB", Eflags.CF, true);
        conditional("DA C8+i", "FCMOVE", Eflags.ZF, true);
        conditional("DA D0+i", "FCMOVBE", Eflags.CF | Eflags.ZF, true);
        conditional("DA D8+i", "FCMOVU", Eflags.PF, true);
        conditional("DB C0+i", "FCMOVNB", Eflags.CF, false);
        conditional("DB C8+i", "FCMOVNE", Eflags.ZF, false);
        conditional("DB D0+i", "FCMOVNBE", Eflags.CF | Eflags.ZF, false);
        conditional("DB D8+i", "FCMOVNU", Eflags.PF, false);
    }

    private void conditional(String encoding, String name, int flags, boolean whenSet) {
        table.add(encoding, name, "ST,STi", X87Gate.waiting((c, i) ->
            c.fpu.unit.moveIf((c.eflags() & flags) != 0 == whenSet, i.rm & 7))).feature(Feature.P6);
    }

    private void constants() {
        row("D9 E8", "FLD1", "", (c, i) -> c.fpu.unit.load80(Long.MIN_VALUE, 0x3fff));
        row("D9 EE", "FLDZ", "", (c, i) -> c.fpu.unit.load80(0, 0));
        constant("D9 E9", "FLDL2T", 0xd49a_784b_cd1b_8afeL, false, 0x4000);
        constant("D9 EA", "FLDL2E", 0xb8aa_3b29_5c17_f0bbL, true, 0x3fff);
        constant("D9 EB", "FLDPI", 0xc90f_daa2_2168_c234L, true, 0x4000);
        constant("D9 EC", "FLDLG2", 0x9a20_9a84_fbcf_f798L, true, 0x3ffd);
        constant("D9 ED", "FLDLN2", 0xb172_17f7_d1cf_79abL, true, 0x3ffe);
    }

    /** A constant given truncated; {@code aboveHalf} tells whether what was cut off is more than half a unit. */
    private void constant(String encoding, String name, long truncated, boolean aboveHalf, int exponent) {
        row(encoding, name, "", (c, i) -> {
            int mode = c.fpu.unit.mode();
            boolean up = mode == Rounder.UP || mode == Rounder.NEAREST && aboveHalf;
            c.fpu.unit.load80(up ? truncated + 1 : truncated, exponent);
        });
    }
}
