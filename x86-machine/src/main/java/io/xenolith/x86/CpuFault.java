package io.xenolith.x86;

/**
 * An exception of the x86 kind on its way out of an instruction. Each CPU has exactly one, reused and without stack
 * trace, because guests fault at will: copy the fields before anything else can fault.
 */
public final class CpuFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public static final int DE = 0;
    public static final int DB = 1;
    public static final int NMI = 2;
    public static final int BP = 3;
    public static final int OF = 4;
    public static final int BR = 5;
    public static final int UD = 6;
    public static final int NM = 7;
    public static final int DF = 8;
    public static final int TS = 10;
    public static final int NP = 11;
    public static final int SS = 12;
    public static final int GP = 13;
    public static final int PF = 14;
    public static final int MF = 16;
    public static final int AC = 17;
    public static final int MC = 18;
    public static final int XM = 19;

    /** Vector, 0 to 31. */
    public int vector;
    /** Error code; 0 when the vector has none. */
    public int errorCode;
    /** Whether the vector pushes an error code. */
    public boolean hasErrorCode;
    /** Linear address of a page fault, else 0. */
    public long address;

    /** A #GP(0) for an address that no segment check has seen. */
    private boolean nonCanonical;

    CpuFault() {
        super(null, null, false, false);
    }

    /** Fills in a fault without error code. */
    public CpuFault set(final int vector) {
        this.vector = vector;
        this.nonCanonical = false;
        this.errorCode = 0;
        this.hasErrorCode = false;
        this.address = 0;
        return this;
    }

    /** Fills in a fault with error code. */
    public CpuFault set(final int vector, final int errorCode) {
        this.vector = vector;
        this.nonCanonical = false;
        this.errorCode = errorCode;
        this.hasErrorCode = true;
        this.address = 0;
        return this;
    }

    /** Fills in a page fault. */
    public CpuFault setPageFault(final long address, final int errorCode) {
        this.vector = PF;
        this.nonCanonical = false;
        this.errorCode = errorCode;
        this.hasErrorCode = true;
        this.address = address;
        return this;
    }

    CpuFault setNonCanonical(final long linear) {
        set(GP, 0);
        nonCanonical = true;
        return this;
    }

    /** Turns the #GP(0) of a non-canonical address into #SS(0) when the access was one of the stack's. */
    public void attribute(final boolean stack) {
        if (nonCanonical && stack) {
            set(SS, 0);
        }
    }

    @Override
    public String getMessage() {
        return "x86 exception: vector=" + vector
            + (hasErrorCode ? " error=0x" + Integer.toHexString(errorCode) : "")
            + (vector == PF ? " address=0x" + Long.toHexString(address) : "");
    }
}
