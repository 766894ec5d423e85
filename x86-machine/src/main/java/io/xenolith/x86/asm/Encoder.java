package io.xenolith.x86.asm;

import static io.xenolith.x86.asm.Reg.Kind.GPR;
import static io.xenolith.x86.asm.Reg.Kind.HIGH;

/**
 * Lays out one instruction: prefixes, REX, opcode, ModRM, SIB, displacement (SDM volume 2, chapter 2).
 *
 * <p>An opcode is an int of up to three bytes, the first in the highest place: 0x0FAF is {@code 0F AF}. Operand sizes
 * are bytes; 0 means that neither a 66 prefix nor REX.W is wanted.
 */
public class Encoder extends CodeBuffer {
    private static final int REX = 0x40;
    private static final int REX_W = 8;
    private static final int REX_R = 4;
    private static final int REX_X = 2;
    private static final int REX_B = 1;
    private static final int RM_SIB = 4;
    private static final int NO_BASE = 5;

    private Mode mode;

    /**
     * An empty buffer.
     *
     * @param mode   default sizes.
     * @param origin address of the first byte.
     */
    public Encoder(final Mode mode, final long origin) {
        super(origin);
        this.mode = mode;
    }

    /**
     * Default sizes in force.
     *
     * @return the mode.
     */
    public final Mode mode() {
        return mode;
    }

    /**
     * Continues in another mode, as code does after a far transfer.
     *
     * @param newMode default sizes from here on.
     */
    public final void bits(final Mode newMode) {
        mode = newMode;
    }

    /**
     * Emits an instruction without ModRM byte.
     *
     * @param size   operand size in bytes, or 0.
     * @param opcode opcode.
     */
    public final void simple(final int size, final int opcode) {
        operandSizePrefix(size);
        rex(size == 8 ? REX_W : 0, false);
        opcode(opcode);
    }

    /**
     * Emits an instruction whose last opcode byte holds a register number.
     *
     * @param size   operand size in bytes, or 0.
     * @param opcode opcode with the low three bits clear.
     * @param reg    register.
     */
    public final void plusReg(final int size, final int opcode, final Reg reg) {
        operandSizePrefix(size);
        rex((size == 8 ? REX_W : 0) | (reg.number >= 8 ? REX_B : 0), reg.needsRex());
        opcode(opcode + (reg.number & 7));
    }

    /**
     * Emits an instruction with a ModRM byte whose reg field is an opcode extension.
     *
     * @param size      operand size in bytes, or 0.
     * @param opcode    opcode.
     * @param extension 0 to 7.
     * @param rm        register or memory operand.
     * @param trailing  immediate bytes that the caller emits afterwards.
     */
    public final void group(final int size, final int opcode, final int extension, final RegMem rm, final int trailing) {
        modrm(size, 0, opcode, extension, null, rm, trailing);
    }

    /**
     * Emits an instruction with a ModRM byte.
     *
     * @param size     operand size in bytes, or 0.
     * @param opcode   opcode.
     * @param reg      register of the reg field.
     * @param rm       register or memory operand.
     * @param trailing immediate bytes that the caller emits afterwards.
     */
    public final void regRm(final int size, final int opcode, final Reg reg, final RegMem rm, final int trailing) {
        modrm(size, 0, opcode, reg.number, reg, rm, trailing);
    }

    /**
     * Emits an instruction with a mandatory prefix and a ModRM byte, as SSE instructions have.
     *
     * @param size     8 for REX.W, otherwise 0.
     * @param prefix   66, F2, F3 or 0.
     * @param opcode   opcode.
     * @param reg      register of the reg field.
     * @param rm       register or memory operand.
     * @param trailing immediate bytes that the caller emits afterwards.
     */
    public final void prefixed(
        final int size, final int prefix, final int opcode, final Reg reg, final RegMem rm, final int trailing) {
        modrm(size, prefix, opcode, reg.number, reg, rm, trailing);
    }

    final void modrm(
        final int size, final int mandatory, final int opcode, final int regNumber, final Reg reg, final RegMem rm,
        final int trailing) {
        segmentAndAddressPrefix(rm);
        operandSizePrefix(size);
        if (mandatory != 0) {
            db(mandatory);
        }
        int rex = size == 8 ? REX_W : 0;
        rex |= regNumber >= 8 ? REX_R : 0;
        boolean force = reg != null && reg.needsRex();
        switch (rm) {
            case Reg r -> {
                rex |= r.number >= 8 ? REX_B : 0;
                force |= r.needsRex();
            }
            case Mem m -> {
                rex |= m.base() != null && m.base().number >= 8 ? REX_B : 0;
                rex |= m.index() != null && m.index().number >= 8 ? REX_X : 0;
            }
        }
        if ((rex != 0 || force) && (isHigh(reg) || rm instanceof Reg r && isHigh(r))) {
            throw new AssemblyException("AH to BH cannot be named beside a REX prefix");
        }
        rex(rex, force);
        opcode(opcode);
        operand(regNumber & 7, rm, trailing);
    }

    final void operandSizePrefix(final int size) {
        final boolean wanted = mode == Mode.BITS16 ? size == 4 : size == 2;
        if (wanted) {
            db(0x66);
        }
        if (size == 8 && mode != Mode.BITS64) {
            throw new AssemblyException("64-bit operand outside 64-bit mode");
        }
    }

    private void segmentAndAddressPrefix(final RegMem rm) {
        if (!(rm instanceof Mem m)) {
            return;
        }
        if (m.segment() != null) {
            segmentPrefix(m.segment());
        }
        final int address = m.addressSize();
        if (address != 0 && address != mode.addressBytes) {
            if (address == 2 && mode == Mode.BITS64 || address == 8) {
                throw new AssemblyException("address size " + address + " cannot be encoded in " + mode);
            }
            db(0x67);
        }
    }

    /**
     * Emits a segment override prefix.
     *
     * @param segment segment register.
     */
    public final void segmentPrefix(final Reg segment) {
        db(switch (segment) {
            case ES -> 0x26;
            case CS -> 0x2E;
            case SS -> 0x36;
            case DS -> 0x3E;
            case FS -> 0x64;
            case GS -> 0x65;
            default -> throw new AssemblyException("not a segment register: " + segment);
        });
    }

    private void rex(final int bits, final boolean force) {
        if (bits == 0 && !force) {
            return;
        }
        if (mode != Mode.BITS64) {
            throw new AssemblyException("register or size exists in 64-bit mode only");
        }
        db(REX | bits);
    }

    private void opcode(final int opcode) {
        if (opcode > 0xFFFF) {
            db(opcode >>> 16);
        }
        if (opcode > 0xFF) {
            db(opcode >>> 8);
        }
        db(opcode);
    }

    private static boolean isHigh(final Reg r) {
        return r != null && r.kind == HIGH;
    }

    private void operand(final int regField, final RegMem rm, final int trailing) {
        switch (rm) {
            case Reg r -> db(0xC0 | regField << 3 | r.number & 7);
            case Mem m when m.base() == null && m.index() == null -> direct(regField, m, trailing);
            case Mem m when m.addressSize() == 2 -> memory16(regField, m);
            case Mem m -> memory32(regField, m);
        }
    }

    private void direct(final int regField, final Mem m, final int trailing) {
        switch (mode) {
            case BITS16 -> db(regField << 3 | 6);
            case BITS32 -> db(regField << 3 | 5);
            case BITS64 -> {
                if (m.label() != null) {
                    db(regField << 3 | 5);
                    relative(m.label(), m.disp(), 4, trailing);
                    return;
                }
                db(regField << 3 | RM_SIB, 0x25);
            }
        }
        displacement(m, mode == Mode.BITS16 ? 2 : 4);
    }

    private void memory16(final int regField, final Mem m) {
        final int rm = rm16(m);
        final int dispSize = displacementSize(m, rm == 6 && m.index() == null, 2);
        db(modBits(dispSize) | regField << 3 | rm);
        displacement(m, dispSize);
    }

    private static int rm16(final Mem m) {
        final int base = m.base() == null ? -1 : m.base().number;
        final int index = m.index() == null ? -1 : m.index().number;
        final int bx = 3;
        final int bp = 5;
        final int si = 6;
        final int di = 7;
        if (index == -1) {
            return switch (base) {
                case si -> 4;
                case di -> 5;
                case bp -> 6;
                case bx -> 7;
                default -> throw new AssemblyException("no 16-bit address form: " + m);
            };
        }
        if (m.scale() != 1 || base != bx && base != bp || index != si && index != di) {
            throw new AssemblyException("no 16-bit address form: " + m);
        }
        return (base == bx ? 0 : 2) + (index == si ? 0 : 1);
    }

    private void memory32(final int regField, final Mem m) {
        checkAddressRegisters(m);
        if (m.base() == null) {
            db(regField << 3 | RM_SIB, sib(m, NO_BASE));
            displacement(m, 4);
            return;
        }
        final int base = m.base().number & 7;
        final int dispSize = displacementSize(m, base == NO_BASE, 4);
        if (m.index() != null || base == RM_SIB) {
            db(modBits(dispSize) | regField << 3 | RM_SIB, sib(m, base));
        } else {
            db(modBits(dispSize) | regField << 3 | base);
        }
        displacement(m, dispSize);
    }

    private static void checkAddressRegisters(final Mem m) {
        final boolean wrongKind = m.base() != null && m.base().kind != GPR || m.index() != null && m.index().kind != GPR;
        final boolean mixed = m.base() != null && m.index() != null && m.base().size() != m.index().size();
        final boolean stackIndex = m.index() != null && m.index().number == 4;
        if (wrongKind || mixed || stackIndex || m.addressSize() < 2) {
            throw new AssemblyException("no such address form: " + m);
        }
    }

    private static int sib(final Mem m, final int base) {
        final int index = m.index() == null ? 4 : m.index().number & 7;
        return Integer.numberOfTrailingZeros(m.scale()) << 6 | index << 3 | base;
    }

    private static int displacementSize(final Mem m, final boolean needsOne, final int full) {
        if (m.label() != null) {
            return full;
        }
        if (m.disp() == 0 && !needsOne) {
            return 0;
        }
        return m.disp() == (byte)m.disp() ? 1 : full;
    }

    private static int modBits(final int dispSize) {
        return dispSize == 0 ? 0 : dispSize == 1 ? 0x40 : 0x80;
    }

    private void displacement(final Mem m, final int size) {
        if (size == 0) {
            return;
        }
        if (m.label() != null) {
            reference(m.label(), m.disp(), size);
            return;
        }
        final boolean fits = mode == Mode.BITS64 && m.addressSize() != 4 ?
            m.disp() == (int)m.disp() :
            m.disp() == (int)m.disp() || m.disp() >>> 32 == 0;
        if (!fits) {
            throw new AssemblyException("displacement does not fit: " + Long.toHexString(m.disp()));
        }
        put(m.disp(), size);
    }
}
