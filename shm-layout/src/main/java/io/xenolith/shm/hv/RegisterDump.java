package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * Registers of a vCPU, written by its own thread when asked for or when the domain crashes.
 *
 * <pre>
 *    0 +----------------------------------+
 *      | sequence       int  [R0]         | odd while being written
 *    4 | width          int               | 32 or 64
 *    8 | gpr            16 x long         | rax rcx rdx rbx rsp rbp rsi rdi r8..r15
 *  136 | ip             long              |
 *  144 | flags          long              |
 *  152 | selectors      6 x int           | es cs ss ds fs gs
 *  176 | cr             4 x long          | cr0 cr2 cr3 cr4
 *  208 | bases          3 x long          | fs, gs, kernel gs
 *  232 | dr6, dr7       2 x long          |
 *  248 | time           long              | system time, ns
 *  256 | kernel sp      long              |
 *  264 | kernel ss, cpl 2 x int           |
 *  272 | (unused)                         |
 *  320 +----------------------------------+
 * </pre>
 */
public final class RegisterDump {
    /** int: odd while being written. */
    public static final int SEQUENCE = 0;
    /** int. */
    public static final int WIDTH = SEQUENCE + SIZE_OF_INT;
    /** 16 longs. */
    public static final int GPR = WIDTH + SIZE_OF_INT;
    /** long. */
    public static final int IP = GPR + 16 * SIZE_OF_LONG;
    /** long. */
    public static final int FLAGS = IP + SIZE_OF_LONG;
    /** 6 ints. */
    public static final int SELECTORS = FLAGS + SIZE_OF_LONG;
    /** 4 longs. */
    public static final int CR = SELECTORS + 6 * SIZE_OF_INT;
    /** 3 longs. */
    public static final int BASES = CR + 4 * SIZE_OF_LONG;
    /** 2 longs. */
    public static final int DR = BASES + 3 * SIZE_OF_LONG;
    /** long: ns. */
    public static final int TIME = DR + 2 * SIZE_OF_LONG;
    /** long. */
    public static final int KERNEL_SP = TIME + SIZE_OF_LONG;
    /** int. */
    public static final int KERNEL_SS = KERNEL_SP + SIZE_OF_LONG;
    /** int. */
    public static final int CPL = KERNEL_SS + SIZE_OF_INT;
    /** Bytes of a dump. */
    public static final int LENGTH = 320;

    private RegisterDump() {
    }
}
