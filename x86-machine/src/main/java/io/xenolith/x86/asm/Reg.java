package io.xenolith.x86.asm;

/** Every register an instruction can name, with its kind, size and encoding number. */
public enum Reg implements RegMem {
    // 8-bit
    AL(Kind.GPR, 1, 0), CL(Kind.GPR, 1, 1), DL(Kind.GPR, 1, 2), BL(Kind.GPR, 1, 3),
    // high bytes: only without a REX prefix
    AH(Kind.HIGH, 1, 4), CH(Kind.HIGH, 1, 5), DH(Kind.HIGH, 1, 6), BH(Kind.HIGH, 1, 7),
    // 8-bit, 64-bit mode only
    SPL(Kind.GPR, 1, 4), BPL(Kind.GPR, 1, 5), SIL(Kind.GPR, 1, 6), DIL(Kind.GPR, 1, 7),
    R8B(Kind.GPR, 1, 8), R9B(Kind.GPR, 1, 9), R10B(Kind.GPR, 1, 10), R11B(Kind.GPR, 1, 11),
    R12B(Kind.GPR, 1, 12), R13B(Kind.GPR, 1, 13), R14B(Kind.GPR, 1, 14), R15B(Kind.GPR, 1, 15),
    // 16-bit
    AX(Kind.GPR, 2, 0), CX(Kind.GPR, 2, 1), DX(Kind.GPR, 2, 2), BX(Kind.GPR, 2, 3),
    SP(Kind.GPR, 2, 4), BP(Kind.GPR, 2, 5), SI(Kind.GPR, 2, 6), DI(Kind.GPR, 2, 7),
    R8W(Kind.GPR, 2, 8), R9W(Kind.GPR, 2, 9), R10W(Kind.GPR, 2, 10), R11W(Kind.GPR, 2, 11),
    R12W(Kind.GPR, 2, 12), R13W(Kind.GPR, 2, 13), R14W(Kind.GPR, 2, 14), R15W(Kind.GPR, 2, 15),
    // 32-bit
    EAX(Kind.GPR, 4, 0), ECX(Kind.GPR, 4, 1), EDX(Kind.GPR, 4, 2), EBX(Kind.GPR, 4, 3),
    ESP(Kind.GPR, 4, 4), EBP(Kind.GPR, 4, 5), ESI(Kind.GPR, 4, 6), EDI(Kind.GPR, 4, 7),
    R8D(Kind.GPR, 4, 8), R9D(Kind.GPR, 4, 9), R10D(Kind.GPR, 4, 10), R11D(Kind.GPR, 4, 11),
    R12D(Kind.GPR, 4, 12), R13D(Kind.GPR, 4, 13), R14D(Kind.GPR, 4, 14), R15D(Kind.GPR, 4, 15),
    // 64-bit
    RAX(Kind.GPR, 8, 0), RCX(Kind.GPR, 8, 1), RDX(Kind.GPR, 8, 2), RBX(Kind.GPR, 8, 3),
    RSP(Kind.GPR, 8, 4), RBP(Kind.GPR, 8, 5), RSI(Kind.GPR, 8, 6), RDI(Kind.GPR, 8, 7),
    R8(Kind.GPR, 8, 8), R9(Kind.GPR, 8, 9), R10(Kind.GPR, 8, 10), R11(Kind.GPR, 8, 11),
    R12(Kind.GPR, 8, 12), R13(Kind.GPR, 8, 13), R14(Kind.GPR, 8, 14), R15(Kind.GPR, 8, 15),
    // segment registers
    ES(Kind.SEGMENT, 2, 0), CS(Kind.SEGMENT, 2, 1), SS(Kind.SEGMENT, 2, 2), DS(Kind.SEGMENT, 2, 3),
    FS(Kind.SEGMENT, 2, 4), GS(Kind.SEGMENT, 2, 5),
    // control registers
    CR0(Kind.CONTROL, 0, 0), CR1(Kind.CONTROL, 0, 1), CR2(Kind.CONTROL, 0, 2), CR3(Kind.CONTROL, 0, 3),
    CR4(Kind.CONTROL, 0, 4), CR5(Kind.CONTROL, 0, 5), CR6(Kind.CONTROL, 0, 6), CR7(Kind.CONTROL, 0, 7),
    CR8(Kind.CONTROL, 0, 8),
    // debug registers
    DR0(Kind.DEBUG, 0, 0), DR1(Kind.DEBUG, 0, 1), DR2(Kind.DEBUG, 0, 2), DR3(Kind.DEBUG, 0, 3),
    DR4(Kind.DEBUG, 0, 4), DR5(Kind.DEBUG, 0, 5), DR6(Kind.DEBUG, 0, 6), DR7(Kind.DEBUG, 0, 7),
    // MMX
    MM0(Kind.MMX, 8, 0), MM1(Kind.MMX, 8, 1), MM2(Kind.MMX, 8, 2), MM3(Kind.MMX, 8, 3),
    MM4(Kind.MMX, 8, 4), MM5(Kind.MMX, 8, 5), MM6(Kind.MMX, 8, 6), MM7(Kind.MMX, 8, 7),
    // SSE
    XMM0(Kind.XMM, 16, 0), XMM1(Kind.XMM, 16, 1), XMM2(Kind.XMM, 16, 2), XMM3(Kind.XMM, 16, 3),
    XMM4(Kind.XMM, 16, 4), XMM5(Kind.XMM, 16, 5), XMM6(Kind.XMM, 16, 6), XMM7(Kind.XMM, 16, 7),
    XMM8(Kind.XMM, 16, 8), XMM9(Kind.XMM, 16, 9), XMM10(Kind.XMM, 16, 10), XMM11(Kind.XMM, 16, 11),
    XMM12(Kind.XMM, 16, 12), XMM13(Kind.XMM, 16, 13), XMM14(Kind.XMM, 16, 14), XMM15(Kind.XMM, 16, 15);

    /** Register files. */
    public enum Kind {
        /** General purpose. */ GPR,
        /** AH, CH, DH, BH, which share their numbers with SPL to DIL. */ HIGH,
        /** Segment. */ SEGMENT,
        /** Control. */ CONTROL,
        /** Debug. */ DEBUG,
        /** MMX. */ MMX,
        /** SSE. */ XMM
    }

    /** Register file. */
    public final Kind kind;
    /** Encoding number, 0 to 15. */
    public final int number;
    private final int size;

    Reg(final Kind kind, final int size, final int number) {
        this.kind = kind;
        this.size = size;
        this.number = number;
    }

    @Override
    public int size() {
        return size;
    }

    /** True for SPL, BPL, SIL and DIL, which need a REX prefix to be named at all. */
    boolean needsRex() {
        return kind == Kind.GPR && size == 1 && number >= 4;
    }

    /**
     * The general register with the given number and size.
     *
     * @param number 0 to 15.
     * @param size   1, 2, 4 or 8 bytes; numbers 4 to 7 of size 1 are SPL to DIL.
     * @return the register.
     */
    public static Reg gpr(final int number, final int size) {
        for (final Reg r : values()) {
            if (r.kind == Kind.GPR && r.number == number && r.size == size) {
                return r;
            }
        }
        throw new IllegalArgumentException("no general register: number=" + number + " size=" + size);
    }
}
