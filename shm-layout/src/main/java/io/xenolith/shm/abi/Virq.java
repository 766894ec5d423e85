package io.xenolith.shm.abi;

/** Virtual interrupts. */
public final class Virq {
    /** Per vCPU: a deadline passed. */
    public static final int TIMER = 0;
    /** Per vCPU: dump state. */
    public static final int DEBUG = 1;
    /** Dom0: input on the machine's console. */
    public static final int CONSOLE = 2;
    /** Dom0: something happened to a domain. */
    public static final int DOM_EXC = 3;
    /** Dom0: trace records. */
    public static final int TBUF = 4;
    /** Dom0: a domain stopped for a debugger. */
    public static final int DEBUGGER = 6;
    /** Per vCPU: profile sample. */
    public static final int XENOPROF = 7;
    /** Dom0: output on the machine's console. */
    public static final int CON_RING = 8;
    /** Dom0: a physical CPU changed. */
    public static final int PCPU_STATE = 9;
    /** Dom0: memory event. */
    public static final int MEM_EVENT = 10;
    /** Argo message. */
    public static final int ARGO = 11;
    /** Dom0: heap low. */
    public static final int ENOMEM = 12;
    /** Per vCPU: performance counter. */
    public static final int XENPMU = 13;
    /** First of the arch-specific ones. */
    public static final int ARCH_0 = 16;

    private Virq() {
    }
}
