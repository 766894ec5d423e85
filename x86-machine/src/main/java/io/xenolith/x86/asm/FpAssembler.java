package io.xenolith.x86.asm;

/**
 * Mnemonics of the x87, MMX and SSE instructions that guests and test harnesses need. Others can be emitted through
 * {@link #prefixed} and {@link #group}.
 */
public class FpAssembler extends Encoder {
    /**
     * An empty buffer.
     *
     * @param mode   default sizes.
     * @param origin address of the first byte.
     */
    public FpAssembler(final Mode mode, final long origin) {
        super(mode, origin);
    }

    /**
     * Save x87, MMX and SSE state, 512 bytes.
     *
     * @param dst memory.
     */
    public final void fxsave(final Mem dst) {
        group(0, 0xfae, 0, dst, 0);
    }

    /**
     * Restore x87, MMX and SSE state.
     *
     * @param src memory.
     */
    public final void fxrstor(final Mem src) {
        group(0, 0xfae, 1, src, 0);
    }

    /**
     * Load MXCSR.
     *
     * @param src memory.
     */
    public final void ldmxcsr(final Mem src) {
        group(0, 0xfae, 2, src, 0);
    }

    /**
     * Store MXCSR.
     *
     * @param dst memory.
     */
    public final void stmxcsr(final Mem dst) {
        group(0, 0xfae, 3, dst, 0);
    }

    /**
     * Flush a cache line.
     *
     * @param dst memory.
     */
    public final void clflush(final Mem dst) {
        group(0, 0xfae, 7, dst, 0);
    }

    /**
     * Load the control word.
     *
     * @param src memory.
     */
    public final void fldcw(final Mem src) {
        group(0, 0xd9, 5, src, 0);
    }

    /**
     * Store the control word.
     *
     * @param dst memory.
     */
    public final void fnstcw(final Mem dst) {
        group(0, 0xd9, 7, dst, 0);
    }

    /**
     * Store the environment.
     *
     * @param dst memory.
     */
    public final void fnstenv(final Mem dst) {
        group(0, 0xd9, 6, dst, 0);
    }

    /**
     * Load the environment.
     *
     * @param src memory.
     */
    public final void fldenv(final Mem src) {
        group(0, 0xd9, 4, src, 0);
    }

    /**
     * Save the x87 state and reset it.
     *
     * @param dst memory.
     */
    public final void fnsave(final Mem dst) {
        group(0, 0xdd, 6, dst, 0);
    }

    /**
     * Restore the x87 state.
     *
     * @param src memory.
     */
    public final void frstor(final Mem src) {
        group(0, 0xdd, 4, src, 0);
    }

    /**
     * Store the status word.
     *
     * @param dst memory.
     */
    public final void fnstsw(final Mem dst) {
        group(0, 0xdd, 7, dst, 0);
    }

    /**
     * Save with 64-bit pointers.
     *
     * @param area memory.
     */
    public final void fxsave64(final Mem area) {
        group(8, 0x0FAE, 0, area, 0);
    }

    /**
     * Restore with 64-bit pointers.
     *
     * @param area memory.
     */
    public final void fxrstor64(final Mem area) {
        group(8, 0x0FAE, 1, area, 0);
    }

    /**
     * Load a real; the operand gives its size: 4, 8 or 10 bytes.
     *
     * @param src source.
     */
    public final void fld(final Mem src) {
        real(0, 5, src);
    }

    /**
     * Store a real and pop; 4, 8 or 10 bytes.
     *
     * @param dst destination.
     */
    public final void fstp(final Mem dst) {
        real(3, 7, dst);
    }

    /**
     * Load an integer of 2, 4 or 8 bytes.
     *
     * @param src source.
     */
    public final void fild(final Mem src) {
        integer(0, 5, src);
    }

    /**
     * Store an integer of 2, 4 or 8 bytes and pop.
     *
     * @param dst destination.
     */
    public final void fistp(final Mem dst) {
        integer(3, 7, dst);
    }

    private void real(final int extension, final int extended, final Mem m) {
        switch (m.size()) {
            case 4 -> group(0, 0xD9, extension, m, 0);
            case 8 -> group(0, 0xDD, extension, m, 0);
            case 10 -> group(0, 0xDB, extended, m, 0);
            default -> throw new AssemblyException("no real of " + m.size() + " bytes");
        }
    }

    private void integer(final int extension, final int wide, final Mem m) {
        switch (m.size()) {
            case 2 -> group(0, 0xDF, extension, m, 0);
            case 4 -> group(0, 0xDB, extension, m, 0);
            case 8 -> group(0, 0xDF, wide, m, 0);
            default -> throw new AssemblyException("no integer of " + m.size() + " bytes");
        }
    }

    /**
     * x87 instruction on the register stack.
     *
     * @param escape D8 to DF.
     * @param second second byte, C0 to FF.
     */
    public final void x87(final int escape, final int second) {
        db(escape, second);
    }

    /**
     * Reset the x87.
     */
    public final void fninit() {
        db(0xDB, 0xE3);
    }

    /**
     * Clear x87 exceptions.
     */
    public final void fnclex() {
        db(0xDB, 0xE2);
    }

    /**
     * Wait for pending x87 exceptions.
     */
    public final void fwait() {
        db(0x9B);
    }

    /**
     * Empty the MMX state.
     */
    public final void emms() {
        db(0x0F, 0x77);
    }

    /**
     * Load fence.
     */
    public final void lfence() {
        db(0x0F, 0xAE, 0xE8);
    }

    /**
     * Memory fence.
     */
    public final void mfence() {
        db(0x0F, 0xAE, 0xF0);
    }

    /**
     * Store fence.
     */
    public final void sfence() {
        db(0x0F, 0xAE, 0xF8);
    }

    /**
     * Move 4 bytes between a general register or memory and MMX or SSE.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movd(final RegMem dst, final RegMem src) {
        moveScalar(0, dst, src);
    }

    /**
     * Move 8 bytes between a 64-bit general register and MMX or SSE.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movqGpr(final RegMem dst, final RegMem src) {
        moveScalar(8, dst, src);
    }

    private void moveScalar(final int size, final RegMem dst, final RegMem src) {
        final boolean load = dst instanceof Reg d && isVector(d);
        final Reg vector = (Reg)(load ? dst : src);
        final RegMem other = load ? src : dst;
        prefixed(size, vector.kind == Reg.Kind.XMM ? 0x66 : 0, load ? 0x0F6E : 0x0F7E, vector, other, 0);
    }

    private static boolean isVector(final Reg r) {
        return r.kind == Reg.Kind.MMX || r.kind == Reg.Kind.XMM;
    }

    /** Load and store opcodes of a move; a register source uses the load form. */
    private void moveVector(final int prefix, final int load, final int store, final RegMem dst, final RegMem src) {
        if (dst instanceof Reg d) {
            prefixed(0, prefix, load, d, src, 0);
            return;
        }
        prefixed(0, prefix, store, (Reg)src, dst, 0);
    }

    /**
     * Move 8 bytes: MMX or SSE register and memory or register of the same kind.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movq(final RegMem dst, final RegMem src) {
        final Reg vector = (Reg)(dst instanceof Reg ? dst : src);
        if (vector.kind == Reg.Kind.MMX) {
            moveVector(0, 0x0F6F, 0x0F7F, dst, src);
        } else if (dst instanceof Reg) {
            prefixed(0, 0xF3, 0x0F7E, vector, src, 0);
        } else {
            prefixed(0, 0x66, 0x0FD6, vector, dst, 0);
        }
    }

    /**
     * Move 16 bytes, unaligned.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movups(final RegMem dst, final RegMem src) {
        moveVector(0x0, 0xf10, 0xf11, dst, src);
    }

    /**
     * Move 16 bytes, aligned.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movaps(final RegMem dst, final RegMem src) {
        moveVector(0x0, 0xf28, 0xf29, dst, src);
    }

    /**
     * Move a single.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movss(final RegMem dst, final RegMem src) {
        moveVector(0xf3, 0xf10, 0xf11, dst, src);
    }

    /**
     * Move a double.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movsdXmm(final RegMem dst, final RegMem src) {
        moveVector(0xf2, 0xf10, 0xf11, dst, src);
    }

    /**
     * Move 16 bytes, aligned.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movdqa(final RegMem dst, final RegMem src) {
        moveVector(0x66, 0xf6f, 0xf7f, dst, src);
    }

    /**
     * Move 16 bytes, unaligned.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void movdqu(final RegMem dst, final RegMem src) {
        moveVector(0xf3, 0xf6f, 0xf7f, dst, src);
    }

    /**
     * Exclusive or. MMX or SSE2.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void pxor(final Reg dst, final RegMem src) {
        prefixed(0, dst.kind == Reg.Kind.XMM ? 0x66 : 0, 0xfef, dst, src, 0);
    }

    /**
     * Or. MMX or SSE2.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void por(final Reg dst, final RegMem src) {
        prefixed(0, dst.kind == Reg.Kind.XMM ? 0x66 : 0, 0xfeb, dst, src, 0);
    }

    /**
     * And. MMX or SSE2.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void pand(final Reg dst, final RegMem src) {
        prefixed(0, dst.kind == Reg.Kind.XMM ? 0x66 : 0, 0xfdb, dst, src, 0);
    }

    /**
     * Add bytes. MMX or SSE2.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void paddb(final Reg dst, final RegMem src) {
        prefixed(0, dst.kind == Reg.Kind.XMM ? 0x66 : 0, 0xffc, dst, src, 0);
    }

    /**
     * Add words. MMX or SSE2.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void paddw(final Reg dst, final RegMem src) {
        prefixed(0, dst.kind == Reg.Kind.XMM ? 0x66 : 0, 0xffd, dst, src, 0);
    }

    /**
     * Add doublewords. MMX or SSE2.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void paddd(final Reg dst, final RegMem src) {
        prefixed(0, dst.kind == Reg.Kind.XMM ? 0x66 : 0, 0xffe, dst, src, 0);
    }

    /**
     * Add quadwords. MMX or SSE2.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void paddq(final Reg dst, final RegMem src) {
        prefixed(0, dst.kind == Reg.Kind.XMM ? 0x66 : 0, 0xfd4, dst, src, 0);
    }

    /**
     * Subtract doublewords. MMX or SSE2.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void psubd(final Reg dst, final RegMem src) {
        prefixed(0, dst.kind == Reg.Kind.XMM ? 0x66 : 0, 0xffa, dst, src, 0);
    }

    /**
     * Multiply unsigned doublewords. MMX or SSE2.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void pmuludq(final Reg dst, final RegMem src) {
        prefixed(0, dst.kind == Reg.Kind.XMM ? 0x66 : 0, 0xff4, dst, src, 0);
    }

    /**
     * Compare doublewords. MMX or SSE2.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void pcmpeqd(final Reg dst, final RegMem src) {
        prefixed(0, dst.kind == Reg.Kind.XMM ? 0x66 : 0, 0xf76, dst, src, 0);
    }

    /**
     * Add, packed singles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void addps(final Reg dst, final RegMem src) {
        prefixed(0, 0x0, 0xf58, dst, src, 0);
    }

    /**
     * Add, packed doubles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void addpd(final Reg dst, final RegMem src) {
        prefixed(0, 0x66, 0xf58, dst, src, 0);
    }

    /**
     * Add, a single.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void addss(final Reg dst, final RegMem src) {
        prefixed(0, 0xf3, 0xf58, dst, src, 0);
    }

    /**
     * Add, a double.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void addsd(final Reg dst, final RegMem src) {
        prefixed(0, 0xf2, 0xf58, dst, src, 0);
    }

    /**
     * Multiply, packed singles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void mulps(final Reg dst, final RegMem src) {
        prefixed(0, 0x0, 0xf59, dst, src, 0);
    }

    /**
     * Multiply, packed doubles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void mulpd(final Reg dst, final RegMem src) {
        prefixed(0, 0x66, 0xf59, dst, src, 0);
    }

    /**
     * Multiply, a single.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void mulss(final Reg dst, final RegMem src) {
        prefixed(0, 0xf3, 0xf59, dst, src, 0);
    }

    /**
     * Multiply, a double.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void mulsd(final Reg dst, final RegMem src) {
        prefixed(0, 0xf2, 0xf59, dst, src, 0);
    }

    /**
     * Subtract, packed singles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void subps(final Reg dst, final RegMem src) {
        prefixed(0, 0x0, 0xf5c, dst, src, 0);
    }

    /**
     * Subtract, packed doubles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void subpd(final Reg dst, final RegMem src) {
        prefixed(0, 0x66, 0xf5c, dst, src, 0);
    }

    /**
     * Subtract, a single.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void subss(final Reg dst, final RegMem src) {
        prefixed(0, 0xf3, 0xf5c, dst, src, 0);
    }

    /**
     * Subtract, a double.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void subsd(final Reg dst, final RegMem src) {
        prefixed(0, 0xf2, 0xf5c, dst, src, 0);
    }

    /**
     * Divide, packed singles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void divps(final Reg dst, final RegMem src) {
        prefixed(0, 0x0, 0xf5e, dst, src, 0);
    }

    /**
     * Divide, packed doubles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void divpd(final Reg dst, final RegMem src) {
        prefixed(0, 0x66, 0xf5e, dst, src, 0);
    }

    /**
     * Divide, a single.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void divss(final Reg dst, final RegMem src) {
        prefixed(0, 0xf3, 0xf5e, dst, src, 0);
    }

    /**
     * Divide, a double.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void divsd(final Reg dst, final RegMem src) {
        prefixed(0, 0xf2, 0xf5e, dst, src, 0);
    }

    /**
     * Square root, packed singles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void sqrtps(final Reg dst, final RegMem src) {
        prefixed(0, 0x0, 0xf51, dst, src, 0);
    }

    /**
     * Square root, packed doubles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void sqrtpd(final Reg dst, final RegMem src) {
        prefixed(0, 0x66, 0xf51, dst, src, 0);
    }

    /**
     * Square root, a single.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void sqrtss(final Reg dst, final RegMem src) {
        prefixed(0, 0xf3, 0xf51, dst, src, 0);
    }

    /**
     * Square root, a double.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void sqrtsd(final Reg dst, final RegMem src) {
        prefixed(0, 0xf2, 0xf51, dst, src, 0);
    }

    /**
     * Exclusive or of packed singles.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void xorps(final Reg dst, final RegMem src) {
        prefixed(0, 0, 0x0F57, dst, src, 0);
    }

    /**
     * Integer to double; the source gives its size.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void cvtsi2sd(final Reg dst, final RegMem src) {
        prefixed(src.size() == 8 ? 8 : 0, 0xF2, 0x0F2A, dst, src, 0);
    }

    /**
     * Double to integer, truncating.
     *
     * @param dst destination.
     * @param src source.
     */
    public final void cvttsd2si(final Reg dst, final RegMem src) {
        prefixed(dst.size() == 8 ? 8 : 0, 0xF2, 0x0F2C, dst, src, 0);
    }
}
