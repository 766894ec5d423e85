package io.xenolith.x86.asm;

import static io.xenolith.x86.asm.Reg.Kind.CONTROL;
import static io.xenolith.x86.asm.Reg.Kind.DEBUG;
import static io.xenolith.x86.asm.Reg.Kind.SEGMENT;

/**
 * Mnemonics of the integer and system instruction set. Operand order is Intel's: destination first.
 *
 * <p>Operand sizes follow the register operand, or the {@link Mem#sized explicit size} of a memory operand. Prefixes
 * ({@link #lock()}, {@link #rep()}, {@link #repne()}) are emitted by a call before the instruction. Branches to bound
 * labels take the short form where it reaches; forward branches are near unless the {@code Short} form is asked for.
 */
public class Assembler extends FpAssembler {
    /**
     * An empty buffer.
     *
     * @param mode   default sizes.
     * @param origin address of the first byte.
     */
    public Assembler(final Mode mode, final long origin) {
        super(mode, origin);
    }

    // ---- arithmetic and logic

    /**
     * Add.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void add(final RegMem dst, final RegMem src) {
        alu(0, dst, src);
    }

    /**
     * Add.
     *
     * @param dst destination.
     * @param imm immediate.
     */
    public final void add(final RegMem dst, final long imm) {
        alu(0, dst, imm);
    }

    /**
     * Inclusive or.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void or(final RegMem dst, final RegMem src) {
        alu(1, dst, src);
    }

    /**
     * Inclusive or.
     *
     * @param dst destination.
     * @param imm immediate.
     */
    public final void or(final RegMem dst, final long imm) {
        alu(1, dst, imm);
    }

    /**
     * Add with carry.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void adc(final RegMem dst, final RegMem src) {
        alu(2, dst, src);
    }

    /**
     * Add with carry.
     *
     * @param dst destination.
     * @param imm immediate.
     */
    public final void adc(final RegMem dst, final long imm) {
        alu(2, dst, imm);
    }

    /**
     * Subtract with borrow.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void sbb(final RegMem dst, final RegMem src) {
        alu(3, dst, src);
    }

    /**
     * Subtract with borrow.
     *
     * @param dst destination.
     * @param imm immediate.
     */
    public final void sbb(final RegMem dst, final long imm) {
        alu(3, dst, imm);
    }

    /**
     * And.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void and(final RegMem dst, final RegMem src) {
        alu(4, dst, src);
    }

    /**
     * And.
     *
     * @param dst destination.
     * @param imm immediate.
     */
    public final void and(final RegMem dst, final long imm) {
        alu(4, dst, imm);
    }

    /**
     * Subtract.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void sub(final RegMem dst, final RegMem src) {
        alu(5, dst, src);
    }

    /**
     * Subtract.
     *
     * @param dst destination.
     * @param imm immediate.
     */
    public final void sub(final RegMem dst, final long imm) {
        alu(5, dst, imm);
    }

    /**
     * Exclusive or.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void xor(final RegMem dst, final RegMem src) {
        alu(6, dst, src);
    }

    /**
     * Exclusive or.
     *
     * @param dst destination.
     * @param imm immediate.
     */
    public final void xor(final RegMem dst, final long imm) {
        alu(6, dst, imm);
    }

    /**
     * Compare.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void cmp(final RegMem dst, final RegMem src) {
        alu(7, dst, src);
    }

    /**
     * Compare.
     *
     * @param dst destination.
     * @param imm immediate.
     */
    public final void cmp(final RegMem dst, final long imm) {
        alu(7, dst, imm);
    }

    /**
     * Adds, subtracts or compares with the address of a label.
     *
     * @param operation 0 ADD ... 7 CMP, as in the opcode.
     * @param dst destination.
     * @param label label.
     */
    public final void alu(final int operation, final RegMem dst, final Label label) {
        final int size = Math.min(dst.size(), 4);
        group(dst.size(), 0x81, operation, dst, size);
        reference(label, 0, size);
    }

    /**
     * Two-operand arithmetic.
     *
     * @param operation 0 ADD, 1 OR, 2 ADC, 3 SBB, 4 AND, 5 SUB, 6 XOR, 7 CMP.
     * @param dst destination.
     * @param src source.
     */
    public final void alu(final int operation, final RegMem dst, final RegMem src) {
        twoWay(operation << 3, dst, src);
    }

    /**
     * Arithmetic with an immediate.
     *
     * @param operation 0 ADD ... 7 CMP, as in the opcode.
     * @param dst destination.
     * @param imm immediate.
     */
    public final void alu(final int operation, final RegMem dst, final long imm) {
        final int size = sizeOf(dst);
        if (size == 1) {
            group(1, 0x80, operation, dst, 1);
            put(imm, 1);
        } else if (imm == (byte)imm) {
            group(size, 0x83, operation, dst, 1);
            put(imm, 1);
        } else {
            group(size, 0x81, operation, dst, Math.min(size, 4));
            immediate(imm, size);
        }
    }

    /**
     * And without result.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void test(final RegMem dst, final Reg src) {
        regRm(src.size(), src.size() == 1 ? 0x84 : 0x85, src, dst, 0);
    }

    /**
     * And without result.
     *
     * @param dst destination.
     * @param imm immediate.
     */
    public final void test(final RegMem dst, final long imm) {
        final int size = sizeOf(dst);
        group(size, size == 1 ? 0xF6 : 0xF7, 0, dst, Math.min(size, 4));
        immediate(imm, size);
    }

    /**
     * Increment.
     *
     * @param operand operand.
     */
    public final void inc(final RegMem operand) {
        if (mode() != Mode.BITS64 && operand instanceof Reg r && r.size() > 1) {
            plusReg(r.size(), 0x40, r);
            return;
        }
        unary(0xfe, 0, operand);
    }

    /**
     * Decrement.
     *
     * @param operand operand.
     */
    public final void dec(final RegMem operand) {
        if (mode() != Mode.BITS64 && operand instanceof Reg r && r.size() > 1) {
            plusReg(r.size(), 0x48, r);
            return;
        }
        unary(0xfe, 1, operand);
    }

    /**
     * Complement.
     *
     * @param operand operand.
     */
    public final void not(final RegMem operand) {
        unary(0xf6, 2, operand);
    }

    /**
     * Negate.
     *
     * @param operand operand.
     */
    public final void neg(final RegMem operand) {
        unary(0xf6, 3, operand);
    }

    /**
     * Unsigned multiply of the accumulator.
     *
     * @param operand operand.
     */
    public final void mul(final RegMem operand) {
        unary(0xf6, 4, operand);
    }

    /**
     * Signed multiply of the accumulator.
     *
     * @param operand operand.
     */
    public final void imul(final RegMem operand) {
        unary(0xf6, 5, operand);
    }

    /**
     * Unsigned divide.
     *
     * @param operand operand.
     */
    public final void div(final RegMem operand) {
        unary(0xf6, 6, operand);
    }

    /**
     * Signed divide.
     *
     * @param operand operand.
     */
    public final void idiv(final RegMem operand) {
        unary(0xf6, 7, operand);
    }

    /**
     * Signed multiply.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void imul(final Reg dst, final RegMem src) {
        regRm(dst.size(), 0x0FAF, dst, src, 0);
    }

    /**
     * Signed multiply by an immediate.
     *
     * @param dst destination.
     * @param src source.
     * @param imm immediate.
     */
    public final void imul(final Reg dst, final RegMem src, final long imm) {
        final boolean narrow = imm == (byte)imm;
        final int bytes = narrow ? 1 : Math.min(dst.size(), 4);
        regRm(dst.size(), narrow ? 0x6B : 0x69, dst, src, bytes);
        put(imm, bytes);
    }

    /**
     * Rotate left.
     *
     * @param dst destination.
     * @param count shift count.
     */
    public final void rol(final RegMem dst, final int count) {
        shift(0, dst, count);
    }

    /**
     * Rotate left by CL.
     *
     * @param dst destination.
     */
    public final void rolCl(final RegMem dst) {
        unary(0xD2, 0, dst);
    }

    /**
     * Rotate right.
     *
     * @param dst destination.
     * @param count shift count.
     */
    public final void ror(final RegMem dst, final int count) {
        shift(1, dst, count);
    }

    /**
     * Rotate right by CL.
     *
     * @param dst destination.
     */
    public final void rorCl(final RegMem dst) {
        unary(0xD2, 1, dst);
    }

    /**
     * Rotate left through carry.
     *
     * @param dst destination.
     * @param count shift count.
     */
    public final void rcl(final RegMem dst, final int count) {
        shift(2, dst, count);
    }

    /**
     * Rotate left through carry by CL.
     *
     * @param dst destination.
     */
    public final void rclCl(final RegMem dst) {
        unary(0xD2, 2, dst);
    }

    /**
     * Rotate right through carry.
     *
     * @param dst destination.
     * @param count shift count.
     */
    public final void rcr(final RegMem dst, final int count) {
        shift(3, dst, count);
    }

    /**
     * Rotate right through carry by CL.
     *
     * @param dst destination.
     */
    public final void rcrCl(final RegMem dst) {
        unary(0xD2, 3, dst);
    }

    /**
     * Shift left.
     *
     * @param dst destination.
     * @param count shift count.
     */
    public final void shl(final RegMem dst, final int count) {
        shift(4, dst, count);
    }

    /**
     * Shift left by CL.
     *
     * @param dst destination.
     */
    public final void shlCl(final RegMem dst) {
        unary(0xD2, 4, dst);
    }

    /**
     * Shift right, zero fill.
     *
     * @param dst destination.
     * @param count shift count.
     */
    public final void shr(final RegMem dst, final int count) {
        shift(5, dst, count);
    }

    /**
     * Shift right, zero fill by CL.
     *
     * @param dst destination.
     */
    public final void shrCl(final RegMem dst) {
        unary(0xD2, 5, dst);
    }

    /**
     * Shift right, sign fill.
     *
     * @param dst destination.
     * @param count shift count.
     */
    public final void sar(final RegMem dst, final int count) {
        shift(7, dst, count);
    }

    /**
     * Shift right, sign fill by CL.
     *
     * @param dst destination.
     */
    public final void sarCl(final RegMem dst) {
        unary(0xD2, 7, dst);
    }

    /**
     * Double shift left.
     *
     * @param dst destination.
     * @param src source.
     * @param count shift count.
     */
    public final void shld(final RegMem dst, final Reg src, final int count) {
        regRm(src.size(), 0xfa4, src, dst, 1);
        put(count, 1);
    }

    /**
     * Double shift left by CL.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void shldCl(final RegMem dst, final Reg src) {
        regRm(src.size(), 0xfa5, src, dst, 0);
    }

    /**
     * Double shift right.
     *
     * @param dst destination.
     * @param src source.
     * @param count shift count.
     */
    public final void shrd(final RegMem dst, final Reg src, final int count) {
        regRm(src.size(), 0xfac, src, dst, 1);
        put(count, 1);
    }

    /**
     * Double shift right by CL.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void shrdCl(final RegMem dst, final Reg src) {
        regRm(src.size(), 0xfad, src, dst, 0);
    }

    /**
     * Bit test.
     *
     * @param dst destination.
     * @param bit register with the bit index.
     */
    public final void bt(final RegMem dst, final Reg bit) {
        regRm(bit.size(), 0xfa3, bit, dst, 0);
    }

    /**
     * Bit test.
     *
     * @param dst destination.
     * @param bit bit index.
     */
    public final void bt(final RegMem dst, final int bit) {
        group(sizeOf(dst), 0x0FBA, 4, dst, 1);
        put(bit, 1);
    }

    /**
     * Bit test and set.
     *
     * @param dst destination.
     * @param bit register with the bit index.
     */
    public final void bts(final RegMem dst, final Reg bit) {
        regRm(bit.size(), 0xfab, bit, dst, 0);
    }

    /**
     * Bit test and set.
     *
     * @param dst destination.
     * @param bit bit index.
     */
    public final void bts(final RegMem dst, final int bit) {
        group(sizeOf(dst), 0x0FBA, 5, dst, 1);
        put(bit, 1);
    }

    /**
     * Bit test and reset.
     *
     * @param dst destination.
     * @param bit register with the bit index.
     */
    public final void btr(final RegMem dst, final Reg bit) {
        regRm(bit.size(), 0xfb3, bit, dst, 0);
    }

    /**
     * Bit test and reset.
     *
     * @param dst destination.
     * @param bit bit index.
     */
    public final void btr(final RegMem dst, final int bit) {
        group(sizeOf(dst), 0x0FBA, 6, dst, 1);
        put(bit, 1);
    }

    /**
     * Bit test and complement.
     *
     * @param dst destination.
     * @param bit register with the bit index.
     */
    public final void btc(final RegMem dst, final Reg bit) {
        regRm(bit.size(), 0xfbb, bit, dst, 0);
    }

    /**
     * Bit test and complement.
     *
     * @param dst destination.
     * @param bit bit index.
     */
    public final void btc(final RegMem dst, final int bit) {
        group(sizeOf(dst), 0x0FBA, 7, dst, 1);
        put(bit, 1);
    }

    /**
     * Bit scan forward.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void bsf(final Reg dst, final RegMem src) {
        regRm(dst.size(), 0xfbc, dst, src, 0);
    }

    /**
     * Bit scan reverse.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void bsr(final Reg dst, final RegMem src) {
        regRm(dst.size(), 0xfbd, dst, src, 0);
    }

    /**
     * Load access rights.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void lar(final Reg dst, final RegMem src) {
        regRm(dst.size(), 0xf02, dst, src, 0);
    }

    /**
     * Load segment limit.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void lsl(final Reg dst, final RegMem src) {
        regRm(dst.size(), 0xf03, dst, src, 0);
    }

    /**
     * Byte swap.
     *
     * @param dst destination.
     */
    public final void bswap(final Reg dst) {
        plusReg(dst.size(), 0x0FC8, dst);
    }

    /**
     * Exchange and add.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void xadd(final RegMem dst, final Reg src) {
        regRm(src.size(), 0xfc0 + (src.size() == 1 ? 0 : 1), src, dst, 0);
    }

    /**
     * Compare the accumulator and exchange.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void cmpxchg(final RegMem dst, final Reg src) {
        regRm(src.size(), 0xfb0 + (src.size() == 1 ? 0 : 1), src, dst, 0);
    }

    /**
     * Compare EDX:EAX and exchange eight bytes.
     *
     * @param dst destination.
     */
    public final void cmpxchg8b(final Mem dst) {
        group(0, 0x0FC7, 1, dst, 0);
    }

    /**
     * Compare RDX:RAX and exchange sixteen bytes.
     *
     * @param dst destination.
     */
    public final void cmpxchg16b(final Mem dst) {
        group(8, 0x0FC7, 1, dst, 0);
    }

    // ---- data movement

    /**
     * Move; also to and from segment, control and debug registers.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void mov(final RegMem dst, final RegMem src) {
        if (dst instanceof Reg d && d.kind == SEGMENT) {
            regRm(0, 0x8E, d, src, 0);
        } else if (src instanceof Reg s && s.kind == SEGMENT) {
            regRm(dst instanceof Mem ? 0 : dst.size(), 0x8C, s, dst, 0);
        } else if (dst instanceof Reg d && (d.kind == CONTROL || d.kind == DEBUG)) {
            regRm(0, d.kind == CONTROL ? 0x0F22 : 0x0F23, d, src, 0);
        } else if (src instanceof Reg s && (s.kind == CONTROL || s.kind == DEBUG)) {
            regRm(0, s.kind == CONTROL ? 0x0F20 : 0x0F21, s, dst, 0);
        } else {
            twoWay(0x88, dst, src);
        }
    }

    /**
     * Move an immediate. In 64-bit mode the shortest form that gives the value.
     *
     * @param dst destination.
     * @param imm immediate.
     */
    public final void mov(final RegMem dst, final long imm) {
        final int size = sizeOf(dst);
        if (dst instanceof Reg r && size == 8 && imm >>> 32 == 0) {
            plusReg(4, 0xB8, r);
            put(imm, 4);
        } else if (dst instanceof Reg r && (size != 8 || imm != (int)imm)) {
            plusReg(size, size == 1 ? 0xB0 : 0xB8, r);
            put(imm, size);
        } else {
            group(size, size == 1 ? 0xC6 : 0xC7, 0, dst, Math.min(size, 4));
            immediate(imm, size);
        }
    }

    /**
     * Move the address of a label.
     *
     * @param dst destination.
     * @param label label.
     */
    public final void mov(final RegMem dst, final Label label) {
        final int size = sizeOf(dst);
        if (dst instanceof Reg r) {
            plusReg(size, 0xB8, r);
            reference(label, 0, size);
            return;
        }
        group(size, 0xC7, 0, dst, Math.min(size, 4));
        reference(label, 0, Math.min(size, 4));
    }

    /**
     * Move with zero extension; the source gives its size.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movzx(final Reg dst, final RegMem src) {
        regRm(dst.size(), 0xfb6 + (sizeOf(src) == 1 ? 0 : 1), dst, src, 0);
    }

    /**
     * Move with sign extension; the source gives its size.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movsx(final Reg dst, final RegMem src) {
        regRm(dst.size(), 0xfbe + (sizeOf(src) == 1 ? 0 : 1), dst, src, 0);
    }

    /**
     * Move 32 to 64 bits with sign extension.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movsxd(final Reg dst, final RegMem src) {
        regRm(8, 0x63, dst, src, 0);
    }

    /**
     * Load effective address.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void lea(final Reg dst, final Mem src) {
        regRm(dst.size(), 0x8D, dst, src, 0);
    }

    /**
     * Exchange.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void xchg(final RegMem dst, final Reg src) {
        regRm(src.size(), src.size() == 1 ? 0x86 : 0x87, src, dst, 0);
    }

    /**
     * Conditional move.
     *
     * @param cond condition.
     * @param dst destination.
     * @param src source.
     */
    public final void cmov(final Cond cond, final Reg dst, final RegMem src) {
        regRm(dst.size(), 0x0F40 + cond.ordinal(), dst, src, 0);
    }

    /**
     * Sets a byte to 0 or 1.
     *
     * @param cond condition.
     * @param dst destination.
     */
    public final void set(final Cond cond, final RegMem dst) {
        group(0, 0x0F90 + cond.ordinal(), 0, dst, 0);
    }

    /**
     * Loads a pointer into DS and a register.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void lds(final Reg dst, final Mem src) {
        regRm(dst.size(), 0xc5, dst, src, 0);
    }

    /**
     * Loads a pointer into ES and a register.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void les(final Reg dst, final Mem src) {
        regRm(dst.size(), 0xc4, dst, src, 0);
    }

    /**
     * Loads a pointer into FS and a register.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void lfs(final Reg dst, final Mem src) {
        regRm(dst.size(), 0xfb4, dst, src, 0);
    }

    /**
     * Loads a pointer into GS and a register.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void lgs(final Reg dst, final Mem src) {
        regRm(dst.size(), 0xfb5, dst, src, 0);
    }

    /**
     * Loads a pointer into SS and a register.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void lss(final Reg dst, final Mem src) {
        regRm(dst.size(), 0xfb2, dst, src, 0);
    }

    /**
     * Checks an index against bounds.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void bound(final Reg dst, final Mem src) {
        regRm(dst.size(), 0x62, dst, src, 0);
    }

    /**
     * Adjusts the RPL field.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void arpl(final RegMem dst, final Reg src) {
        regRm(0, 0x63, src, dst, 0);
    }

    // ---- stack

    /**
     * Push; also segment registers.
     *
     * @param src source.
     */
    public final void push(final RegMem src) {
        if (src instanceof Reg r && r.kind == SEGMENT) {
            pushPopSegment(r, 0);
        } else if (src instanceof Reg r) {
            plusReg(stackSize(r.size()), 0x50, r);
        } else {
            group(stackSize(sizeOf(src)), 0xFF, 6, src, 0);
        }
    }

    /**
     * Push a sign-extended immediate of the default operand size.
     *
     * @param imm immediate.
     */
    public final void push(final long imm) {
        if (imm == (byte)imm) {
            db(0x6A, (int)imm);
            return;
        }
        db(0x68);
        put(imm, mode() == Mode.BITS16 ? 2 : 4);
    }

    /**
     * Push the address of a label.
     *
     * @param label label.
     */
    public final void push(final Label label) {
        db(0x68);
        reference(label, 0, mode() == Mode.BITS16 ? 2 : 4);
    }

    /**
     * Pop; also segment registers.
     *
     * @param dst destination.
     */
    public final void pop(final RegMem dst) {
        if (dst instanceof Reg r && r.kind == SEGMENT) {
            pushPopSegment(r, 1);
        } else if (dst instanceof Reg r) {
            plusReg(stackSize(r.size()), 0x58, r);
        } else {
            group(stackSize(sizeOf(dst)), 0x8F, 0, dst, 0);
        }
    }

    /**
     * Makes a stack frame.
     *
     * @param bytes local bytes.
     * @param level nesting level.
     */
    public final void enter(final int bytes, final int level) {
        db(0xC8);
        put(bytes, 2);
        db(level);
    }

    // ---- control transfer

    /**
     * Near jump to a label.
     *
     * @param target label.
     */
    public final void jmp(final Label target) {
        if (reachesShort(target)) {
            db(0xEB);
            relative(target, 0, 1, 0);
            return;
        }
        db(0xE9);
        relative(target, 0, nearBytes(), 0);
    }

    /**
     * Short jump to a label.
     *
     * @param target label.
     */
    public final void jmpShort(final Label target) {
        db(0xEB);
        relative(target, 0, 1, 0);
    }

    /**
     * Near indirect jump.
     *
     * @param target register or memory.
     */
    public final void jmp(final RegMem target) {
        group(branchSize(target), 0xFF, 4, target, 0);
    }

    /**
     * Near call of a label.
     *
     * @param target label.
     */
    public final void call(final Label target) {
        db(0xE8);
        relative(target, 0, nearBytes(), 0);
    }

    /**
     * Near indirect call.
     *
     * @param target register or memory.
     */
    public final void call(final RegMem target) {
        group(branchSize(target), 0xFF, 2, target, 0);
    }

    /**
     * Conditional jump.
     *
     * @param cond condition.
     * @param target label.
     */
    public final void jcc(final Cond cond, final Label target) {
        if (reachesShort(target)) {
            jccShort(cond, target);
            return;
        }
        db(0x0F, 0x80 + cond.ordinal());
        relative(target, 0, nearBytes(), 0);
    }

    /**
     * Short conditional jump.
     *
     * @param cond condition.
     * @param target label.
     */
    public final void jccShort(final Cond cond, final Label target) {
        db(0x70 + cond.ordinal());
        relative(target, 0, 1, 0);
    }

    /**
     * Decrements the counter and jumps while not zero and ZF clear.
     *
     * @param target label.
     */
    public final void loopne(final Label target) {
        db(0xe0);
        relative(target, 0, 1, 0);
    }

    /**
     * Decrements the counter and jumps while not zero and ZF set.
     *
     * @param target label.
     */
    public final void loope(final Label target) {
        db(0xe1);
        relative(target, 0, 1, 0);
    }

    /**
     * Decrements the counter and jumps while not zero.
     *
     * @param target label.
     */
    public final void loop(final Label target) {
        db(0xe2);
        relative(target, 0, 1, 0);
    }

    /**
     * Jumps when the counter of the address size is zero.
     *
     * @param target label.
     */
    public final void jcxz(final Label target) {
        db(0xe3);
        relative(target, 0, 1, 0);
    }

    /**
     * Far jump; not in 64-bit mode.
     *
     * @param selector code segment or gate.
     * @param target offset in it.
     * @param offsetBytes 2 or 4: operand size.
     */
    public final void jmpFar(final int selector, final Label target, final int offsetBytes) {
        simple(offsetBytes, 0xea);
        reference(target, 0, offsetBytes);
        put(selector, 2);
    }

    /**
     * Far jump; not in 64-bit mode.
     *
     * @param selector code segment or gate.
     * @param offset offset in it.
     * @param offsetBytes 2 or 4: operand size.
     */
    public final void jmpFar(final int selector, final long offset, final int offsetBytes) {
        simple(offsetBytes, 0xea);
        put(offset, offsetBytes);
        put(selector, 2);
    }

    /**
     * Far call; not in 64-bit mode.
     *
     * @param selector code segment or gate.
     * @param target offset in it.
     * @param offsetBytes 2 or 4: operand size.
     */
    public final void callFar(final int selector, final Label target, final int offsetBytes) {
        simple(offsetBytes, 0x9a);
        reference(target, 0, offsetBytes);
        put(selector, 2);
    }

    /**
     * Far call; not in 64-bit mode.
     *
     * @param selector code segment or gate.
     * @param offset offset in it.
     * @param offsetBytes 2 or 4: operand size.
     */
    public final void callFar(final int selector, final long offset, final int offsetBytes) {
        simple(offsetBytes, 0x9a);
        put(offset, offsetBytes);
        put(selector, 2);
    }

    /**
     * Far jump through a pointer in memory.
     *
     * @param pointer offset and selector; its size is the size of the offset.
     */
    public final void jmpFar(final Mem pointer) {
        group(pointer.size(), 0xFF, 5, pointer, 0);
    }

    /**
     * Far call through a pointer in memory.
     *
     * @param pointer offset and selector; its size is the size of the offset.
     */
    public final void callFar(final Mem pointer) {
        group(pointer.size(), 0xFF, 3, pointer, 0);
    }

    /**
     * Near return that drops bytes.
     *
     * @param bytes bytes of arguments.
     */
    public final void ret(final int bytes) {
        db(0xC2);
        put(bytes, 2);
    }

    /**
     * Far return that drops bytes.
     *
     * @param bytes bytes of arguments.
     */
    public final void retf(final int bytes) {
        db(0xCA);
        put(bytes, 2);
    }

    /**
     * Software interrupt.
     *
     * @param vector 0 to 255.
     */
    public final void int_(final int vector) {
        db(0xCD, vector);
    }

    // ---- system

    /**
     * Store LDTR.
     *
     * @param dst destination.
     */
    public final void sldt(final RegMem dst) {
        group(dst instanceof Reg ? dst.size() : 0, 0xf00, 0, dst, 0);
    }

    /**
     * Store TR.
     *
     * @param dst destination.
     */
    public final void str(final RegMem dst) {
        group(dst instanceof Reg ? dst.size() : 0, 0xf00, 1, dst, 0);
    }

    /**
     * Store the machine status word.
     *
     * @param dst destination.
     */
    public final void smsw(final RegMem dst) {
        group(dst instanceof Reg ? dst.size() : 0, 0xf01, 4, dst, 0);
    }

    /**
     * Load LDTR.
     *
     * @param src source.
     */
    public final void lldt(final RegMem src) {
        group(0, 0xf00, 2, src, 0);
    }

    /**
     * Load TR.
     *
     * @param src source.
     */
    public final void ltr(final RegMem src) {
        group(0, 0xf00, 3, src, 0);
    }

    /**
     * Verify for reading.
     *
     * @param src source.
     */
    public final void verr(final RegMem src) {
        group(0, 0xf00, 4, src, 0);
    }

    /**
     * Verify for writing.
     *
     * @param src source.
     */
    public final void verw(final RegMem src) {
        group(0, 0xf00, 5, src, 0);
    }

    /**
     * Load the machine status word.
     *
     * @param src source.
     */
    public final void lmsw(final RegMem src) {
        group(0, 0xf01, 6, src, 0);
    }

    /**
     * Store GDTR.
     *
     * @param operand memory.
     */
    public final void sgdt(final Mem operand) {
        group(0, 0xf01, 0, operand, 0);
    }

    /**
     * Store IDTR.
     *
     * @param operand memory.
     */
    public final void sidt(final Mem operand) {
        group(0, 0xf01, 1, operand, 0);
    }

    /**
     * Load GDTR.
     *
     * @param operand memory.
     */
    public final void lgdt(final Mem operand) {
        group(0, 0xf01, 2, operand, 0);
    }

    /**
     * Load IDTR.
     *
     * @param operand memory.
     */
    public final void lidt(final Mem operand) {
        group(0, 0xf01, 3, operand, 0);
    }

    /**
     * Invalidate a TLB entry.
     *
     * @param operand memory.
     */
    public final void invlpg(final Mem operand) {
        group(0, 0xf01, 7, operand, 0);
    }

    /**
     * Input to the accumulator.
     *
     * @param acc AL, AX or EAX.
     * @param port 0 to 255.
     */
    public final void in(final Reg acc, final int port) {
        simple(acc.size(), acc.size() == 1 ? 0xE4 : 0xE5);
        db(port);
    }

    /**
     * Input to the accumulator from port DX.
     *
     * @param acc AL, AX or EAX.
     */
    public final void inDx(final Reg acc) {
        simple(acc.size(), acc.size() == 1 ? 0xEC : 0xED);
    }

    /**
     * Output of the accumulator.
     *
     * @param port 0 to 255.
     * @param acc AL, AX or EAX.
     */
    public final void out(final int port, final Reg acc) {
        simple(acc.size(), acc.size() == 1 ? 0xE6 : 0xE7);
        db(port);
    }

    /**
     * Output of the accumulator to port DX.
     *
     * @param acc AL, AX or EAX.
     */
    public final void outDx(final Reg acc) {
        simple(acc.size(), acc.size() == 1 ? 0xEE : 0xEF);
    }

    /**
     * ASCII adjust after multiply.
     *
     * @param base 10 as a rule.
     */
    public final void aam(final int base) {
        db(0xD4, base);
    }

    /**
     * ASCII adjust before division.
     *
     * @param base 10 as a rule.
     */
    public final void aad(final int base) {
        db(0xD5, base);
    }

    // ---- instructions without operands

    /**
     * No operation.
     */
    public final void nop() {
        db(0x90);
    }

    /**
     * Spin-loop hint.
     */
    public final void pause() {
        db(0xF3, 0x90);
    }

    /**
     * Near return.
     */
    public final void ret() {
        db(0xC3);
    }

    /**
     * Far return of the default operand size.
     */
    public final void retf() {
        db(0xCB);
    }

    /**
     * Far return with 64-bit operands.
     */
    public final void retf64() {
        db(0x48, 0xCB);
    }

    /**
     * Drops a stack frame.
     */
    public final void leave() {
        db(0xC9);
    }

    /**
     * Breakpoint.
     */
    public final void int3() {
        db(0xCC);
    }

    /**
     * Debug trap.
     */
    public final void int1() {
        db(0xF1);
    }

    /**
     * Interrupt on overflow.
     */
    public final void into() {
        db(0xCE);
    }

    /**
     * Halt.
     */
    public final void hlt() {
        db(0xF4);
    }

    /**
     * Complement carry.
     */
    public final void cmc() {
        db(0xF5);
    }

    /**
     * Clear carry.
     */
    public final void clc() {
        db(0xF8);
    }

    /**
     * Set carry.
     */
    public final void stc() {
        db(0xF9);
    }

    /**
     * Clear interrupt flag.
     */
    public final void cli() {
        db(0xFA);
    }

    /**
     * Set interrupt flag.
     */
    public final void sti() {
        db(0xFB);
    }

    /**
     * Clear direction.
     */
    public final void cld() {
        db(0xFC);
    }

    /**
     * Set direction.
     */
    public final void std() {
        db(0xFD);
    }

    /**
     * AH to flags.
     */
    public final void sahf() {
        db(0x9E);
    }

    /**
     * Flags to AH.
     */
    public final void lahf() {
        db(0x9F);
    }

    /**
     * Table look-up.
     */
    public final void xlat() {
        db(0xD7);
    }

    /**
     * AL from carry.
     */
    public final void salc() {
        db(0xD6);
    }

    /**
     * Decimal adjust after addition.
     */
    public final void daa() {
        db(0x27);
    }

    /**
     * Decimal adjust after subtraction.
     */
    public final void das() {
        db(0x2F);
    }

    /**
     * ASCII adjust after addition.
     */
    public final void aaa() {
        db(0x37);
    }

    /**
     * ASCII adjust after subtraction.
     */
    public final void aas() {
        db(0x3F);
    }

    /**
     * LOCK prefix.
     */
    public final void lock() {
        db(0xF0);
    }

    /**
     * REP, REPE prefix.
     */
    public final void rep() {
        db(0xF3);
    }

    /**
     * REPNE prefix.
     */
    public final void repne() {
        db(0xF2);
    }

    /**
     * Undefined instruction.
     */
    public final void ud2() {
        db(0x0F, 0x0B);
    }

    /**
     * CPU identification.
     */
    public final void cpuid() {
        db(0x0F, 0xA2);
    }

    /**
     * Read the time-stamp counter.
     */
    public final void rdtsc() {
        db(0x0F, 0x31);
    }

    /**
     * Read a performance counter.
     */
    public final void rdpmc() {
        db(0x0F, 0x33);
    }

    /**
     * Read an MSR.
     */
    public final void rdmsr() {
        db(0x0F, 0x32);
    }

    /**
     * Write an MSR.
     */
    public final void wrmsr() {
        db(0x0F, 0x30);
    }

    /**
     * Clear the task-switched flag.
     */
    public final void clts() {
        db(0x0F, 0x06);
    }

    /**
     * Invalidate caches.
     */
    public final void invd() {
        db(0x0F, 0x08);
    }

    /**
     * Write back and invalidate caches.
     */
    public final void wbinvd() {
        db(0x0F, 0x09);
    }

    /**
     * Fast system call.
     */
    public final void syscall() {
        db(0x0F, 0x05);
    }

    /**
     * Return from SYSCALL to 32-bit code.
     */
    public final void sysret() {
        db(0x0F, 0x07);
    }

    /**
     * Return from SYSCALL to 64-bit code.
     */
    public final void sysret64() {
        db(0x48, 0x0F, 0x07);
    }

    /**
     * Fast system call.
     */
    public final void sysenter() {
        db(0x0F, 0x34);
    }

    /**
     * Return from SYSENTER.
     */
    public final void sysexit() {
        db(0x0F, 0x35);
    }

    /**
     * Swap GS base.
     */
    public final void swapgs() {
        db(0x0F, 0x01, 0xF8);
    }

    /**
     * AL to AX.
     */
    public final void cbw() {
        simple(2, 0x98);
    }

    /**
     * AX to EAX.
     */
    public final void cwde() {
        simple(4, 0x98);
    }

    /**
     * EAX to RAX.
     */
    public final void cdqe() {
        simple(8, 0x98);
    }

    /**
     * AX to DX:AX.
     */
    public final void cwd() {
        simple(2, 0x99);
    }

    /**
     * EAX to EDX:EAX.
     */
    public final void cdq() {
        simple(4, 0x99);
    }

    /**
     * RAX to RDX:RAX.
     */
    public final void cqo() {
        simple(8, 0x99);
    }

    /**
     * Push all, 32-bit.
     */
    public final void pusha() {
        simple(4, 0x60);
    }

    /**
     * Pop all, 32-bit.
     */
    public final void popa() {
        simple(4, 0x61);
    }

    /**
     * Push all, 16-bit.
     */
    public final void pushaw() {
        simple(2, 0x60);
    }

    /**
     * Pop all, 16-bit.
     */
    public final void popaw() {
        simple(2, 0x61);
    }

    /**
     * Interrupt return, 16-bit.
     */
    public final void iretw() {
        simple(2, 0xCF);
    }

    /**
     * Interrupt return, 32-bit.
     */
    public final void iretd() {
        simple(4, 0xCF);
    }

    /**
     * Interrupt return, 64-bit.
     */
    public final void iretq() {
        simple(8, 0xCF);
    }

    /**
     * Push flags, default size.
     */
    public final void pushf() {
        simple(0, 0x9C);
    }

    /**
     * Pop flags, default size.
     */
    public final void popf() {
        simple(0, 0x9D);
    }

    /**
     * Push flags, 16-bit.
     */
    public final void pushfw() {
        simple(2, 0x9C);
    }

    /**
     * Pop flags, 16-bit.
     */
    public final void popfw() {
        simple(2, 0x9D);
    }

    /**
     * Push flags, 32-bit; not in 64-bit mode.
     */
    public final void pushfd() {
        simple(4, 0x9C);
    }

    /**
     * Pop flags, 32-bit; not in 64-bit mode.
     */
    public final void popfd() {
        simple(4, 0x9D);
    }

    /**
     * Move string, 1 byte.
     */
    public final void movsb() {
        simple(1, 0xa4);
    }

    /**
     * Move string, 2 bytes.
     */
    public final void movsw() {
        simple(2, 0xa5);
    }

    /**
     * Move string, 4 bytes.
     */
    public final void movsd() {
        simple(4, 0xa5);
    }

    /**
     * Move string, 8 bytes.
     */
    public final void movsq() {
        simple(8, 0xa5);
    }

    /**
     * Compare strings, 1 byte.
     */
    public final void cmpsb() {
        simple(1, 0xa6);
    }

    /**
     * Compare strings, 2 bytes.
     */
    public final void cmpsw() {
        simple(2, 0xa7);
    }

    /**
     * Compare strings, 4 bytes.
     */
    public final void cmpsd() {
        simple(4, 0xa7);
    }

    /**
     * Compare strings, 8 bytes.
     */
    public final void cmpsq() {
        simple(8, 0xa7);
    }

    /**
     * Store string, 1 byte.
     */
    public final void stosb() {
        simple(1, 0xaa);
    }

    /**
     * Store string, 2 bytes.
     */
    public final void stosw() {
        simple(2, 0xab);
    }

    /**
     * Store string, 4 bytes.
     */
    public final void stosd() {
        simple(4, 0xab);
    }

    /**
     * Store string, 8 bytes.
     */
    public final void stosq() {
        simple(8, 0xab);
    }

    /**
     * Load string, 1 byte.
     */
    public final void lodsb() {
        simple(1, 0xac);
    }

    /**
     * Load string, 2 bytes.
     */
    public final void lodsw() {
        simple(2, 0xad);
    }

    /**
     * Load string, 4 bytes.
     */
    public final void lodsd() {
        simple(4, 0xad);
    }

    /**
     * Load string, 8 bytes.
     */
    public final void lodsq() {
        simple(8, 0xad);
    }

    /**
     * Scan string, 1 byte.
     */
    public final void scasb() {
        simple(1, 0xae);
    }

    /**
     * Scan string, 2 bytes.
     */
    public final void scasw() {
        simple(2, 0xaf);
    }

    /**
     * Scan string, 4 bytes.
     */
    public final void scasd() {
        simple(4, 0xaf);
    }

    /**
     * Scan string, 8 bytes.
     */
    public final void scasq() {
        simple(8, 0xaf);
    }

    /**
     * Input string, 1 byte.
     */
    public final void insb() {
        simple(1, 0x6c);
    }

    /**
     * Input string, 2 bytes.
     */
    public final void insw() {
        simple(2, 0x6d);
    }

    /**
     * Input string, 4 bytes.
     */
    public final void insd() {
        simple(4, 0x6d);
    }

    /**
     * Output string, 1 byte.
     */
    public final void outsb() {
        simple(1, 0x6e);
    }

    /**
     * Output string, 2 bytes.
     */
    public final void outsw() {
        simple(2, 0x6f);
    }

    /**
     * Output string, 4 bytes.
     */
    public final void outsd() {
        simple(4, 0x6f);
    }

    // ---- helpers

    private void unary(final int byteOpcode, final int extension, final RegMem operand) {
        final int size = sizeOf(operand);
        group(size, byteOpcode + (size == 1 ? 0 : 1), extension, operand, 0);
    }

    private void shift(final int operation, final RegMem dst, final int count) {
        final int size = sizeOf(dst);
        final int wide = size == 1 ? 0 : 1;
        if (count == 1) {
            group(size, 0xD0 + wide, operation, dst, 0);
            return;
        }
        group(size, 0xC0 + wide, operation, dst, 1);
        put(count, 1);
    }

    /** Opcodes of the classic pattern: +0 rm8,r8; +1 rm,r; +2 r8,rm8; +3 r,rm. */
    private void twoWay(final int opcode, final RegMem dst, final RegMem src) {
        if (src instanceof Reg s) {
            checkSizes(dst, s);
            regRm(s.size(), opcode + (s.size() == 1 ? 0 : 1), s, dst, 0);
        } else if (dst instanceof Reg d) {
            checkSizes(src, d);
            regRm(d.size(), opcode + (d.size() == 1 ? 2 : 3), d, src, 0);
        } else {
            throw new AssemblyException("two memory operands");
        }
    }

    private static void checkSizes(final RegMem other, final Reg reg) {
        if (other.size() != 0 && other.size() != reg.size()) {
            throw new AssemblyException("operand sizes differ: " + reg + " and " + other);
        }
    }

    private void pushPopSegment(final Reg r, final int pop) {
        switch (r) {
            case FS -> db(0x0F, 0xA0 + pop);
            case GS -> db(0x0F, 0xA8 + pop);
            default -> db(6 + 8 * r.number + pop);
        }
    }

    /** Stack operands and near branches are 64-bit by default in 64-bit mode: no REX.W. */
    private int stackSize(final int size) {
        if (mode() == Mode.BITS64 && size == 4) {
            throw new AssemblyException("no 32-bit stack operand in 64-bit mode");
        }
        return size == 8 ? 0 : size;
    }

    private int branchSize(final RegMem target) {
        return stackSize(target.size());
    }

    private int nearBytes() {
        return mode() == Mode.BITS16 ? 2 : 4;
    }

    private boolean reachesShort(final Label target) {
        return target.isBound() && target.offset() - (position() + 2) >= Byte.MIN_VALUE;
    }

    /** At most four bytes; sign-extended by the CPU when the operand has eight. */
    private void immediate(final long imm, final int size) {
        if (size == 8 && imm != (int)imm) {
            throw new AssemblyException("immediate does not fit 32 bits: " + Long.toHexString(imm));
        }
        put(imm, Math.min(size, 4));
    }

    private static int sizeOf(final RegMem operand) {
        if (operand.size() == 0) {
            throw new AssemblyException("operand size unknown: " + operand);
        }
        return operand.size();
    }
}
