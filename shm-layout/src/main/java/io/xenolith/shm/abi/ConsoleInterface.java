package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;

/**
 * The console page: two byte rings. Indices run free, modulo 2^32.
 *
 * <pre>
 *       +---------------------+
 *     0 | in      1024 bytes  | [B] to the guest
 *  1024 | out     2048 bytes  | [F] from the guest
 *  3072 | inCons  u32         | [F] taken by the guest
 *  3076 | inProd  u32         | [B] put by the back-end
 *  3080 | outCons u32         | [B] taken by the back-end
 *  3084 | outProd u32         | [F] put by the guest
 *  3088 +---------------------+
 * </pre>
 */
public final class ConsoleInterface {
    /** 1024 bytes: to the guest. */
    public static final int IN = 0;
    /** 2048 bytes: from the guest. */
    public static final int OUT = IN + 1024;
    /** u32: taken by the guest. */
    public static final int IN_CONS = OUT + 2048;
    /** u32: put by the back-end. */
    public static final int IN_PROD = IN_CONS + SIZE_OF_INT;
    /** u32: taken by the back-end. */
    public static final int OUT_CONS = IN_PROD + SIZE_OF_INT;
    /** u32: put by the guest. */
    public static final int OUT_PROD = OUT_CONS + SIZE_OF_INT;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = OUT_PROD + SIZE_OF_INT;

    private ConsoleInterface() {
    }
}
