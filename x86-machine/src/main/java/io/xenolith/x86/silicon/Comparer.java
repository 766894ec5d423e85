package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.*;

import io.xenolith.shm.Raw;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides whether two "after" halves agree in everything the manual defines. The child's is normalised: Linux reports
 * kernel addresses as present, a trap flag set by POPF strikes at the way out, signals show the resume flag.
 */
final class Comparer {
    private static final int TF = 0x100;
    private static final int RF = 0x10000;
    private static final int DB = 1;
    private static final int PF = 14;
    private static final long USER_END = 0x7FFF_FFFF_F000L;
    private static final long MASK32 = 0xFFFF_FFFFL;
    /** Flags compared: all up to ID but RF. */
    private static final int FLAGS = 0x3F7FD7 & ~RF;
    private static final int[] SEGMENT_FIELD = {ES_AT, -1, SS_AT, DS_AT, FS_AT, GS_AT};
    private static final String[] SEGMENT_NAME = {"es", "cs", "ss", "ds", "fs", "gs"};
    private static final String[] GPR = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
    /** Bytes of the FXSAVE image that are compared as longs: ST and XMM registers. */
    private static final int FX_COMPARED = 416;

    private final ChildProgram program;

    Comparer(final ChildProgram program) {
        this.program = program;
    }

    /**
     * Compares.
     *
     * @param before  state before.
     * @param silicon child's state after.
     * @param model   ours.
     * @return null when they agree, else one line for each difference.
     */
    List<String> compare(final Case c, final long before, final long silicon, final long model) {
        normalise(silicon);
        if (same(c, before, silicon, model)) {
            return null;
        }
        final List<String> d = new ArrayList<>();
        traps(c, d, silicon, model);
        registers(c, d, before, silicon, model);
        final int undefined = undefinedFlags(c, before, silicon);
        field(d, "eflags", Raw.getLong(silicon + FLAGS_AT) & FLAGS & ~undefined,
            Raw.getLong(model + FLAGS_AT) & FLAGS & ~undefined);
        FxComparer.compare(c, d, before, silicon, model);
        memory(d, silicon, model);
        return d.isEmpty() ? null : d;
    }

    private void normalise(final long silicon) {
        final long trap = Raw.getLong(silicon + TRAP_AT);
        if (trap == DB && program.isExit(Raw.getLong(silicon + IP_AT))) {
            Raw.putLong(silicon + TRAP_AT, NO_TRAP);
            Raw.putLong(silicon + FLAGS_AT, Raw.getLong(silicon + FLAGS_AT) | TF);
        } else if (trap == PF) {
            if (Long.compareUnsigned(Raw.getLong(silicon + CR2_AT), USER_END) >= 0) {
                Raw.putLong(silicon + ERROR_AT, Raw.getLong(silicon + ERROR_AT) & ~1L);
            }
        }
    }

    /** The quick look: everything equal but undefined flags. */
    private static boolean same(final Case c, final long before, final long silicon, final long model) {
        long diff = Raw.getLongPlain(silicon + TRAP_AT) ^ Raw.getLongPlain(model + TRAP_AT);
        if (Raw.getLongPlain(silicon + TRAP_AT) != NO_TRAP || diff != 0) {
            return false;
        }
        final long mask = c.form.is64() ? -1L : MASK32;
        final int count = c.form.is64() ? 16 : 8;
        for (int r = 0; r < count; r++) {
            diff |= (Raw.getLongPlain(silicon + gpr(r)) ^ Raw.getLongPlain(model + gpr(r))) & mask;
        }
        final long flags = (Raw.getLongPlain(silicon + FLAGS_AT) ^ Raw.getLongPlain(model + FLAGS_AT)) & FLAGS;
        if (flags != 0) {
            diff |= flags & ~Undefined.flags(c, before);
        }
        for (int s = 0; s < 6; s++) {
            diff |= s == 1 ? 0
                : Raw.getShortPlain(silicon + SEGMENT_FIELD[s]) ^ Raw.getShortPlain(model + SEGMENT_FIELD[s]);
        }
        for (int i = 0; i < FX_COMPARED; i += 8) {
            diff |= Raw.getLongPlain(silicon + FX + i) ^ Raw.getLongPlain(model + FX + i);
        }
        for (int i = 0; i < Windows.SPOTS_BYTES; i += 8) {
            diff |= Raw.getLongPlain(silicon + MEMORY + i) ^ Raw.getLongPlain(model + MEMORY + i);
        }
        return diff == 0;
    }

    private static int undefinedFlags(final Case c, final long before, final long silicon) {
        final boolean faulted = Raw.getLong(silicon + TRAP_AT) != NO_TRAP;
        return faulted && !c.form.isDivision() ? 0 : Undefined.flags(c, before);
    }

    private static void traps(final Case c, final List<String> d, final long silicon, final long model) {
        field(d, "trap", Raw.getLong(silicon + TRAP_AT), Raw.getLong(model + TRAP_AT));
        if (Raw.getLong(silicon + TRAP_AT) == NO_TRAP || Raw.getLong(model + TRAP_AT) == NO_TRAP) {
            return;
        }
        field(d, "error", Raw.getLong(silicon + ERROR_AT), Raw.getLong(model + ERROR_AT));
        field(d, "ip", Raw.getLong(silicon + IP_AT), Raw.getLong(model + IP_AT));
        if (Raw.getLong(silicon + TRAP_AT) == PF) {
            final long mask = Undefined.faultByte(c) ? -4096 : -1;
            field(d, "cr2", Raw.getLong(silicon + CR2_AT) & mask, Raw.getLong(model + CR2_AT) & mask);
        }
    }

    private static void registers(
        final Case c, final List<String> d, final long before, final long silicon, final long model) {
        final boolean ignoreResult = Undefined.result(c, before);
        for (int r = 0; r < (c.form.is64() ? 16 : 8); r++) {
            final long mask = c.form.is64() ? -1L : MASK32;
            if (!ignoreResult || r != c.rm) {
                field(d, GPR[r], Raw.getLong(silicon + gpr(r)) & mask, Raw.getLong(model + gpr(r)) & mask);
            }
        }
        for (int s = 0; s < 6; s++) {
            if (s != 1) {
                final int on = Raw.getUnsignedShort(silicon + SEGMENT_FIELD[s]);
                final int ours = Raw.getUnsignedShort(model + SEGMENT_FIELD[s]);
                if (on != 0 || (ours & ~3) != 0) { // an interrupt's return to level 3 clears the RPL of null selectors
                    field(d, SEGMENT_NAME[s], on, ours);
                }
            }
        }
    }

    private static void memory(final List<String> d, final long silicon, final long model) {
        int offset = MEMORY;
        for (int i = 0; i < Windows.SPOT.length; i++) {
            for (int n = 0; n < Windows.SPOT_BYTES[i]; n += 8) {
                final long a = Raw.getLongPlain(silicon + offset + n);
                final long b = Raw.getLongPlain(model + offset + n);
                if (a != b) {
                    field(d, "mem." + Long.toHexString(Windows.SPOT[i] + n), a, b);
                }
            }
            offset += Windows.SPOT_BYTES[i];
        }
    }

    static void field(final List<String> d, final String name, final long silicon, final long model) {
        if (silicon != model) {
            d.add(name + ": silicon=" + Long.toHexString(silicon) + " model=" + Long.toHexString(model));
        }
    }
}
