package io.xenolith.x86.asm;

/** Condition codes in their encoding order (low four bits of Jcc, SETcc and CMOVcc). */
public enum Cond {
    /** Overflow. */ O,
    /** No overflow. */ NO,
    /** Below, unsigned; carry. */ B,
    /** Above or equal, unsigned; no carry. */ AE,
    /** Equal; zero. */ E,
    /** Not equal; not zero. */ NE,
    /** Below or equal, unsigned. */ BE,
    /** Above, unsigned. */ A,
    /** Sign set. */ S,
    /** Sign clear. */ NS,
    /** Parity even. */ P,
    /** Parity odd. */ NP,
    /** Less, signed. */ L,
    /** Greater or equal, signed. */ GE,
    /** Less or equal, signed. */ LE,
    /** Greater, signed. */ G;

    /** Carry set: the same code as {@link #B}. */
    public static final Cond C = B;
    /** Carry clear: the same code as {@link #AE}. */
    public static final Cond NC = AE;
    /** Zero: the same code as {@link #E}. */
    public static final Cond Z = E;
    /** Not zero: the same code as {@link #NE}. */
    public static final Cond NZ = NE;
}
