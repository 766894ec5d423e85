package io.xenolith.x86;

import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.PrivateMemory;
import io.xenolith.x86.decode.CodeCache;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.exec.Interpreter;
import io.xenolith.x86.fpu.FpuState;
import io.xenolith.x86.mmu.Mmu;
import io.xenolith.x86.mmu.MmuClient;
import io.xenolith.x86.mmu.StoreInterceptor;

/**
 * One x86 processor: registers, access to memory through segments and the memory unit, exceptions, and the entry
 * to the interpreter. Used by one thread, except for {@link #requestStop}.
 *
 * <p><b>Flags.</b> The six arithmetic flags are kept as the last result and a word of carries, so that the common
 * instruction stores two values and most flags are never computed:
 * <pre>
 *   flagResult   the result, sign-extended to 64 bits: ZF and, xor bit 0 of flagCarries, SF; its low byte
 *                xor byte 1 of flagCarries gives PF
 *   flagCarries  bit 31 carry out of the top bit (CF), bit 30 carry into the top bit (OF = CF xor this),
 *                bit 3 carry out of bit 3 (AF), bits 8-15 parity correction, bit 0 sign correction
 * </pre>
 *
 * <p><b>Instruction pointer.</b> While a block runs, {@code gpr[BLOCK_IP]} is its first instruction and {@code ip} is exact
 * only inside bodies of table rows and in calls to the environment. Stores to memory that holds code take effect
 * before the next instruction.
 */
public final class Cpu implements MmuClient {
    public static final int RAX = 0;
    public static final int RCX = 1;
    public static final int RDX = 2;
    public static final int RBX = 3;
    public static final int RSP = 4;
    public static final int RBP = 5;
    public static final int RSI = 6;
    public static final int RDI = 7;
    public static final int R8 = 8;
    public static final int R11 = 11;
    /** Slot of {@link #gpr} that is always zero: stands for "no register" in address sums. */
    public static final int ZERO = 16;
    /** Slot of {@link #gpr} that holds the ip of the running block's first instruction. */
    public static final int BLOCK_IP = 17;

    public static final int ES = 0;
    public static final int CS = 1;
    public static final int SS = 2;
    public static final int DS = 3;
    public static final int FS = 4;
    public static final int GS = 5;

    /** CR0 bits. */
    public static final long CR0_PE = 1;
    public static final long CR0_MP = 1 << 1;
    public static final long CR0_EM = 1 << 2;
    public static final long CR0_TS = 1 << 3;
    public static final long CR0_ET = 1 << 4;
    public static final long CR0_NE = 1 << 5;
    public static final long CR0_WP = 1 << 16;
    public static final long CR0_AM = 1 << 18;
    public static final long CR0_NW = 1 << 29;
    public static final long CR0_CD = 1 << 30;
    public static final long CR0_PG = 1L << 31;
    /** CR4 bits. */
    public static final long CR4_TSD = 1 << 2;
    public static final long CR4_DE = 1 << 3;
    public static final long CR4_PSE = 1 << 4;
    public static final long CR4_PAE = 1 << 5;
    public static final long CR4_PGE = 1 << 7;
    public static final long CR4_PCE = 1 << 8;
    public static final long CR4_OSFXSR = 1 << 9;
    public static final long CR4_OSXMMEXCPT = 1 << 10;
    /** EFER bits. */
    public static final long EFER_SCE = 1;
    public static final long EFER_LME = 1 << 8;
    public static final long EFER_LMA = 1 << 10;
    public static final long EFER_NXE = 1 << 11;

    /** Bits of {@link #special}. */
    public static final int SPECIAL_TRAP = 1;
    public static final int SPECIAL_SHADOW = 2;
    public static final int SPECIAL_STOP = 4;
    public static final int SPECIAL_BREAKPOINTS = 8;
    public static final int SPECIAL_DEBUG_DUE = 16;
    /** Stores are being intercepted: a repeated instruction does one iteration and comes back. */
    public static final int SPECIAL_INTERCEPT = 64;

    private static final int SYSTEM_FLAGS = Eflags.ALL & ~Eflags.ARITHMETIC;
    private static final long MASK32 = 0xffff_ffffL;
    private static final int CARRIES = 0xc000_0008;

    /** General registers, then {@link #ZERO} and {@link #BLOCK_IP}. In 32-bit code the upper halves are zero. */
    public final long[] gpr = new long[18];
    /** The instruction pointer: an offset in CS. */
    public long ip;
    /** Segment registers by number. */
    public final Segment[] seg = new Segment[6];
    public final Segment ldtr = new Segment();
    public final Segment tr = new Segment();
    public long gdtrBase;
    public int gdtrLimit;
    public long idtrBase;
    public int idtrLimit;
    /** Change CR0, CR4 and EFER only together with {@link #controlChanged}. */
    public long cr0 = CR0_PE | CR0_ET | CR0_NE;
    public long cr2;
    public long cr3;
    public long cr4;
    public long cr8;
    public long efer;
    /** Debug registers; call {@link #debugRegistersChanged} after a change. */
    public final long[] dr = new long[8];
    public long kernelGsBase;
    public final FpuState fpu = new FpuState();
    public final Mmu mmu;
    public final CpuEnvironment env;
    /** Address of the shared word that is polled at block ends; non-zero calls {@link CpuEnvironment#attention}. */
    public long attentionAddress;
    /** Lazy flags, see the class comment. */
    public long flagResult = 1;
    public int flagCarries;
    /** Guest instructions executed, exact at block ends. */
    public long instructions;
    /** What keeps the interpreter from running blocks back to back: SPECIAL bits. */
    public int special;
    /** The instruction being stepped went through an interrupt gate: no single-step trap after it. */
    public boolean interrupted;
    /** Key of cached block successors: changes with every flush, discarded block and change of mode. */
    public long chainKey;
    /** True in 64-bit mode. */
    public boolean long64;

    private final CpuFault fault = new CpuFault();
    private final CodeCache codeCache;
    private final Interpreter interpreter;
    /** Holds the attention word of a CPU that nobody gave one. */
    private final PrivateMemory ownFrame;
    private int systemFlags = Eflags.ONE;
    private int cpl;
    private int codeMode;
    private long chainGeneration;
    private long nextIp;
    private long stackMask = MASK32;
    private long ipMask = MASK32;
    private boolean alignmentChecked;
    private int debugHits;
    /** Stands for base and limit of CS: offsets found under others are not offsets here. */
    private long fetchShape;

    /**
     * A CPU in protected mode at ring 0 with flat 32-bit segments, paging off.
     *
     * @param memory the frames
     * @param env    its surroundings
     * @param code   told which frames hold decoded code
     */
    public Cpu(final PhysicalMemory memory, final CpuEnvironment env, final CodeFrames code) {
        this(memory, env, code, Instructions.table());
    }

    /** As above with an instruction table of one's own. */
    public Cpu(final PhysicalMemory memory, final CpuEnvironment env, final CodeFrames code,
               final InstructionTable table) {
        this.env = env;
        this.mmu = new Mmu(memory, this);
        this.codeCache = new CodeCache(this, memory, code, table);
        this.interpreter = new Interpreter(this, codeCache);
        this.ownFrame = new PrivateMemory(1);
        this.attentionAddress = ownFrame.addressOf(0);
        dr[6] = 0xffff0ff0L;
        dr[7] = 0x400;
        for (int i = 0; i < seg.length; i++) {
            seg[i] = new Segment();
            seg[i].set(i == CS ? 8 : 16, 0, MASK32, i == CS ? 0xc09b : 0xc093);
        }
        controlChanged();
        segmentsChanged();
    }

    // ---- running ----

    /** Runs until {@link CpuEnvironment#attention} says to leave or {@link #requestStop}. */
    public void run() {
        interpreter.run();
    }

    /** Executes exactly one instruction, delivering its exception if it has one. Attention is not looked at. */
    public void step() {
        interpreter.step();
    }

    /**
     * Executes one instruction whose stores to a page go to an interceptor. A repeated string instruction does one
     * iteration, so that a later one finds its own page and its own fault.
     *
     * @param pageLinear a linear address in the page
     * @return false when the instruction faulted: nothing was delivered, ip is unchanged and {@link #lastFault} tells why
     */
    public boolean stepIntercepting(final long pageLinear, final StoreInterceptor interceptor) {
        mmu.intercept(pageLinear, interceptor);
        special |= SPECIAL_INTERCEPT;
        try {
            return interpreter.tryStep();
        } finally {
            special &= ~SPECIAL_INTERCEPT;
            mmu.endIntercept();
            mmu.flushPage(pageLinear);
        }
    }

    /** Makes {@link #run} return at the next block end; from this CPU's own thread (an environment's callback). */
    public void requestStop() {
        special |= SPECIAL_STOP;
    }

    /** The exception last raised; valid until the next one. */
    public CpuFault lastFault() {
        return fault;
    }

    /** The cache of decoded blocks. */
    public CodeCache codeCache() {
        return codeCache;
    }

    /** The instruction after the one being executed, or where it goes. */
    public long nextIp() {
        return nextIp;
    }

    /** Sets where execution goes on after the instruction being executed. */
    public void setNextIp(final long ip) {
        nextIp = ip;
    }

    /** Near transfer to an offset, truncated to the operand size, checked as a transfer target. */
    public void jump(final long target, final int operandSize) {
        final long to = operandSize == 2 ? target & 0xffff : target & ipMask;
        if (long64) {
            if (to << 16 >> 16 != to) {
                throw raise(CpuFault.GP, 0);
            }
        } else if (to > seg[CS].limit()) {
            throw raise(CpuFault.GP, 0);
        }
        nextIp = to;
    }

    // ---- state that other state follows from ----

    public int cpl() {
        return cpl;
    }

    /** Changes the privilege level. */
    public void setCpl(final int level) {
        cpl = level;
        mmu.setUser(level == 3);
        recomputeMode();
    }

    /** To be called after any change of {@link #seg}. */
    public void segmentsChanged() {
        recomputeMode();
    }

    /**
     * To be called after a change of CR0, CR4 or EFER.
     *
     * @return false when a PAE directory pointer is malformed: the memory unit kept its mode, #GP(0) is due
     */
    public boolean controlChanged() {
        final boolean good = mmu.setControl(cr0, cr4, efer);
        recomputeMode();
        return good;
    }

    /** To be called after a change of {@link #dr}. */
    public void debugRegistersChanged() {
        mmu.armBreakpoints(dr);
        special = (dr[7] & 0xff) != 0 ? special | SPECIAL_BREAKPOINTS : special & ~SPECIAL_BREAKPOINTS;
    }

    /** Bits of {@link CodeMode}. */
    public int codeMode() {
        return codeMode;
    }

    /** What instruction pointers are truncated to. */
    public long ipMask() {
        return ipMask;
    }

    /** What the stack pointer is truncated to. */
    public long stackMask() {
        return stackMask;
    }

    private void recomputeMode() {
        final Segment cs = seg[CS];
        final boolean longMode = (efer & EFER_LMA) != 0;
        long64 = longMode && (cs.attributes() & Segment.LONG) != 0;
        int mode = long64 ? CodeMode.CODE64 : cs.big() ? CodeMode.CODE32 : 0;
        ipMask = long64 ? -1L : MASK32;
        stackMask = long64 ? -1L : seg[SS].big() ? MASK32 : 0xffff;
        if (long64 || seg[DS].flat() && seg[ES].flat() && seg[SS].flat() && seg[SS].big()
            && cs.base() == 0 && cs.limit() == MASK32) {
            mode |= CodeMode.FLAT;
        }
        if (cpl == 3) {
            mode |= CodeMode.USER;
        }
        alignmentChecked = cpl == 3 && (cr0 & CR0_AM) != 0 && (systemFlags & Eflags.AC) != 0;
        if (alignmentChecked) {
            mode = mode & ~CodeMode.FLAT | CodeMode.ALIGNMENT;
        }
        codeMode = mode;
        final long fetch = long64 ? 0 : cs.base() * 31 + cs.limit();
        if (fetch != fetchShape) {
            fetchShape = fetch;
            chainGeneration++;
        }
        chainKey = chainGeneration << CodeMode.BITS | mode;
    }

    /** Forgets cached block successors; decoded blocks stay. */
    public void unchain() {
        chainGeneration++;
        chainKey = chainGeneration << CodeMode.BITS | codeMode;
    }

    // ---- flags ----

    public boolean cf() {
        return flagCarries < 0;
    }

    public boolean zf() {
        return flagResult == 0;
    }

    public boolean sf() {
        return (flagResult >>> 63 ^ flagCarries & 1) != 0;
    }

    public boolean of() {
        return (flagCarries ^ flagCarries << 1) < 0;
    }

    public boolean af() {
        return (flagCarries & 8) != 0;
    }

    public boolean pf() {
        return (Integer.bitCount(((int) flagResult ^ flagCarries >> 8) & 0xff) & 1) == 0;
    }

    public boolean df() {
        return (systemFlags & Eflags.DF) != 0;
    }

    /** The carry flag as a number. */
    public int carry() {
        return flagCarries >>> 31;
    }

    /** All of EFLAGS, as PUSHF shows it (with RF and VM). */
    public int eflags() {
        return systemFlags | arithmeticFlags();
    }

    private int arithmeticFlags() {
        return (cf() ? Eflags.CF : 0) | (pf() ? Eflags.PF : 0) | (af() ? Eflags.AF : 0) | (zf() ? Eflags.ZF : 0)
            | (sf() ? Eflags.SF : 0) | (of() ? Eflags.OF : 0);
    }

    /**
     * Sets all of EFLAGS; bits that do not exist are ignored. RF is not kept while no breakpoint is armed: the next
     * instruction would clear it, and only breakpoints can see the difference.
     */
    public void setEflags(final int flags) {
        setArithmeticFlags(flags);
        final int kept = (special & SPECIAL_BREAKPOINTS) != 0 ? SYSTEM_FLAGS : SYSTEM_FLAGS & ~Eflags.RF;
        final int system = flags & kept | Eflags.ONE;
        final int changed = system ^ systemFlags;
        systemFlags = system;
        if ((changed & Eflags.AC) != 0) {
            recomputeMode();
        }
        special = (system & Eflags.TF) != 0 ? special | SPECIAL_TRAP : special & ~SPECIAL_TRAP;
    }

    /** EFLAGS without the arithmetic flags. */
    public int systemFlags() {
        return systemFlags;
    }

    /** IOPL, 0 to 3. */
    public int iopl() {
        return systemFlags >> 12 & 3;
    }

    /** Sets or clears DF. */
    public void setDf(final boolean on) {
        systemFlags = on ? systemFlags | Eflags.DF : systemFlags & ~Eflags.DF;
    }

    /** Sets or clears IF. */
    public void setIf(final boolean on) {
        systemFlags = on ? systemFlags | Eflags.IF : systemFlags & ~Eflags.IF;
    }

    /** Clears RF, as every completed instruction does. */
    public void clearRf() {
        systemFlags &= ~Eflags.RF;
    }

    /** Sets the six arithmetic flags from a flags image. */
    public void setArithmeticFlags(final int f) {
        final boolean zero = (f & Eflags.ZF) != 0;
        final int sign = f >> 7 & 1;
        // with ZF the result is 0, whose parity is even; without it 1, whose parity is odd
        final int parity = (f >> 2 & 1) ^ (zero ? 1 : 0);
        final int carry = f & 1;
        final int into = carry ^ f >> 11 & 1;
        flagResult = zero ? 0 : 1;
        flagCarries = carry << 31 | into << 30 | (f >> 4 & 1) << 3 | parity << 8 | sign;
    }

    /** Changes CF alone. */
    public void setCf(final boolean on) {
        // OF is kept: both carries flip together
        if (on != flagCarries < 0) {
            flagCarries ^= 0xc000_0000;
        }
    }

    /**
     * Sets the flags of an addition, with or without carry.
     *
     * @param size bytes
     * @param r    the sum, sign-extended from {@code size}
     */
    public void flagsAdd(final int size, final long a, final long b, final long r) {
        setFlags(size, a & b | (a | b) & ~r, r);
    }

    /** Sets the flags of a subtraction a - b, with or without borrow. */
    public void flagsSub(final int size, final long a, final long b, final long r) {
        setFlags(size, ~a & b | (~a | b) & r, r);
    }

    /** Sets the flags of a logical operation: CF, OF and AF clear. */
    public void flagsLogic(final long r) {
        flagResult = r;
        flagCarries = 0;
    }

    private void setFlags(final int size, final long carries, final long r) {
        flagResult = r;
        flagCarries = size == 8
            ? (int) (carries >>> 32) & 0xc000_0000 | (int) carries & 8
            : (int) carries << 32 - 8 * size & 0xc000_0000 | (int) carries & 8;
    }

    /** Sets the flags of a 32-bit addition. */
    public void flagsAdd32(final int a, final int b, final int r) {
        flagResult = r;
        flagCarries = (a & b | (a | b) & ~r) & CARRIES;
    }

    /** Sets the flags of a 32-bit subtraction a - b. */
    public void flagsSub32(final int a, final int b, final int r) {
        flagResult = r;
        flagCarries = (~a & b | (~a | b) & r) & CARRIES;
    }

    /** Sets the flags of a 64-bit addition. */
    public void flagsAdd64(final long a, final long b, final long r) {
        final long carries = a & b | (a | b) & ~r;
        flagResult = r;
        flagCarries = (int) (carries >>> 32) & 0xc000_0000 | (int) carries & 8;
    }

    /** Sets the flags of a 64-bit subtraction a - b. */
    public void flagsSub64(final long a, final long b, final long r) {
        final long carries = ~a & b | (~a | b) & r;
        flagResult = r;
        flagCarries = (int) (carries >>> 32) & 0xc000_0000 | (int) carries & 8;
    }

    /** Sets the flags of a 32-bit increment with result r: all but CF. */
    public void flagsInc32(final int r) {
        incremented(r, r == Integer.MIN_VALUE, (r & 0xf) == 0);
    }

    /** Sets the flags of a 32-bit decrement with result r: all but CF. */
    public void flagsDec32(final int r) {
        incremented(r, r == Integer.MAX_VALUE, (r & 0xf) == 0xf);
    }

    /** Sets the flags of a 64-bit increment with result r: all but CF. */
    public void flagsInc64(final long r) {
        incremented(r, r == Long.MIN_VALUE, (r & 0xf) == 0);
    }

    /** Sets the flags of a 64-bit decrement with result r: all but CF. */
    public void flagsDec64(final long r) {
        incremented(r, r == Long.MAX_VALUE, (r & 0xf) == 0xf);
    }

    private void incremented(final long r, final boolean overflow, final boolean adjust) {
        final int carry = flagCarries & 0x8000_0000;
        flagResult = r;
        flagCarries = carry | (carry >>> 1 ^ (overflow ? 0x4000_0000 : 0)) | (adjust ? 8 : 0);
    }

    /**
     * Sets result flags, carry and overflow.
     *
     * @param r sign-extended result
     */
    public void flagsShift(final long r, final boolean carry, final boolean overflow) {
        flagResult = r;
        flagCarries = (carry ? 0x8000_0000 : 0) | (carry != overflow ? 0x4000_0000 : 0);
    }

    /** Changes CF and OF alone. */
    public void setCarryAndOverflow(final boolean carry, final boolean overflow) {
        flagCarries = flagCarries & 0x3fff_ffff | (carry ? 0x8000_0000 : 0) | (carry != overflow ? 0x4000_0000 : 0);
    }

    /** Evaluates condition code 0 to 15 of Jcc, SETcc and CMOVcc. */
    public boolean condition(final int code) {
        final boolean value = switch (code >> 1) {
            case 0 -> of();
            case 1 -> cf();
            case 2 -> zf();
            case 3 -> cf() || zf();
            case 4 -> sf();
            case 5 -> pf();
            case 6 -> sf() != of();
            default -> zf() || sf() != of();
        };
        return value != ((code & 1) != 0);
    }

    // ---- registers by size ----

    /** Reads the low {@code size} bytes of a register, zero-extended. */
    public long register(final int number, final int size) {
        return switch (size) {
            case 1 -> gpr[number] & 0xff;
            case 2 -> gpr[number] & 0xffff;
            case 4 -> gpr[number] & MASK32;
            default -> gpr[number];
        };
    }

    /** Writes a register: 1 and 2 bytes keep the rest, 4 bytes clear the upper half. */
    public void setRegister(final int number, final int size, final long value) {
        gpr[number] = switch (size) {
            case 1 -> gpr[number] & ~0xffL | value & 0xff;
            case 2 -> gpr[number] & ~0xffffL | value & 0xffff;
            case 4 -> value & MASK32;
            default -> value;
        };
    }

    // ---- memory through segments ----

    /**
     * The linear address of an access, after the segment's checks.
     *
     * @param s     segment number
     * @param off   offset, already truncated to the address size
     * @param size  bytes
     * @param write whether it stores
     * @throws CpuFault #GP(0), or #SS(0) through SS; #AC(0) when alignment is checked
     */
    public long linear(final int s, final long off, final int size, final boolean write) {
        if (long64) {
            return linear64(s, off, size);
        }
        final Segment g = seg[s];
        if (write
            ? off < g.writeLow() || off + size - 1 > g.writeHigh()
            : off < g.readLow() || off + size - 1 > g.readHigh()) {
            throw raise(s == SS ? CpuFault.SS : CpuFault.GP, 0);
        }
        final long linear = g.base() + off & MASK32;
        if (alignmentChecked) {
            checkAlignment(linear, size);
        }
        return linear;
    }

    /** Whether a segment lets a whole range be accessed and alignment does not matter; for bulk operations. */
    public boolean allows(final int s, final long off, final long bytes, final boolean write) {
        if (alignmentChecked) {
            return false;
        }
        final Segment g = seg[s];
        final long last = off + bytes - 1;
        if (long64) {
            final long linear = s >= FS ? g.base() + off : off;
            return linear << 16 >> 16 == linear && linear + bytes - 1 << 16 >> 16 == linear + bytes - 1;
        }
        return write ? off >= g.writeLow() && last <= g.writeHigh() : off >= g.readLow() && last <= g.readHigh();
    }

    private long linear64(final int s, final long off, final int size) {
        final long linear = s >= FS ? seg[s].base() + off : off;
        if (linear << 16 >> 16 != linear) {
            throw raise(s == SS ? CpuFault.SS : CpuFault.GP, 0);
        }
        if (alignmentChecked) {
            checkAlignment(linear, size);
        }
        // an access that only ends outside the canonical range is found out when it is split, after alignment
        final long last = linear + size - 1;
        if (last << 16 >> 16 != last) {
            throw raise(s == SS ? CpuFault.SS : CpuFault.GP, 0);
        }
        return linear;
    }

    private void checkAlignment(final long linear, final int size) {
        if ((linear & alignmentMask(size)) != 0) {
            throw raise(CpuFault.AC, 0);
        }
    }

    private static int alignmentMask(final int size) {
        return switch (size) {
            case 2 -> 1;
            case 4 -> 3;
            case 8 -> 7;
            default -> 0;
        };
    }

    public int read8(final long linear) {
        return mmu.read8(linear);
    }

    public int read16(final long linear) {
        return mmu.read16(linear);
    }

    public int read32(final long linear) {
        return mmu.read32(linear);
    }

    public long read64(final long linear) {
        return mmu.read64(linear);
    }

    public void write8(final long linear, final int v) {
        mmu.write8(linear, v);
    }

    public void write16(final long linear, final int v) {
        mmu.write16(linear, v);
    }

    public void write32(final long linear, final int v) {
        mmu.write32(linear, v);
    }

    public void write64(final long linear, final long v) {
        mmu.write64(linear, v);
    }

    /** Loads 1, 2, 4 or 8 bytes, zero-extended. */
    public long read(final long linear, final int size) {
        return switch (size) {
            case 1 -> mmu.read8(linear);
            case 2 -> mmu.read16(linear);
            case 4 -> mmu.read32(linear) & MASK32;
            default -> mmu.read64(linear);
        };
    }

    /** Loads 1, 2, 4 or 8 bytes that will be stored to, zero-extended; faults as the store would. */
    public long readForWrite(final long linear, final int size) {
        return switch (size) {
            case 1 -> mmu.readForWrite8(linear);
            case 2 -> mmu.readForWrite16(linear);
            case 4 -> mmu.readForWrite32(linear) & MASK32;
            default -> mmu.readForWrite64(linear);
        };
    }

    /** Stores the low 1, 2, 4 or 8 bytes. */
    public void write(final long linear, final int size, final long v) {
        switch (size) {
            case 1 -> mmu.write8(linear, (int) v);
            case 2 -> mmu.write16(linear, (int) v);
            case 4 -> mmu.write32(linear, (int) v);
            default -> mmu.write64(linear, v);
        }
    }

    /** Compares and swaps 1, 2, 4 or 8 bytes atomically. */
    public boolean cas(final long linear, final int size, final long expected, final long update) {
        return switch (size) {
            case 1 -> mmu.cas8(linear, (int) expected, (int) update);
            case 2 -> mmu.cas16(linear, (int) expected, (int) update);
            case 4 -> mmu.cas32(linear, (int) expected, (int) update);
            default -> mmu.cas64(linear, expected, update);
        };
    }

    // ---- the stack ----

    /** The stack pointer as the stack segment's size sees it. */
    public long sp() {
        return gpr[RSP] & stackMask;
    }

    /** Sets the stack pointer: 16 bits of it with a 16-bit stack. */
    public void setSp(final long sp) {
        gpr[RSP] = stackMask == 0xffff ? gpr[RSP] & ~0xffffL | sp & 0xffff : sp & stackMask;
    }

    /** Pushes 2, 4 or 8 bytes. The stack pointer moves only when the store succeeded. */
    public void push(final int size, final long v) {
        final long to = gpr[RSP] - size & stackMask;
        write(linear(SS, to, size, true), size, v);
        setSp(to);
    }

    /** Pops 2, 4 or 8 bytes, zero-extended. */
    public long pop(final int size) {
        final long v = peek(0, size);
        setSp(gpr[RSP] + size);
        return v;
    }

    /** Reads the stack at a distance from its top, without popping. */
    public long peek(final long distance, final int size) {
        return read(linear(SS, gpr[RSP] + distance & stackMask, size, false), size);
    }

    // ---- exceptions ----

    /** An exception without error code: {@code throw c.raise(CpuFault.UD)}. */
    public CpuFault raise(final int vector) {
        return fault.set(vector);
    }

    /** An exception with error code. */
    public CpuFault raise(final int vector, final int errorCode) {
        return fault.set(vector, errorCode);
    }

    /**
     * Asks the environment for something that the privilege level does not allow.
     *
     * @throws CpuFault #GP(0) when it refuses
     */
    public void privileged(final PrivilegedOp op, final long a, final long b) {
        if (!env.privileged(this, op, a, b)) {
            throw raise(CpuFault.GP, 0);
        }
    }

    /**
     * Passes INT n and its relatives to the environment. For bodies that end a block.
     *
     * @param vector 0 to 255
     */
    public void softwareInterrupt(final int vector) {
        env.softwareInterrupt(this, vector);
        transferred();
    }

    /** After the environment moved ip itself: execution goes on there, and no single-step trap follows. */
    public void transferred() {
        nextIp = ip;
        interrupted = true;
    }

    /** Holds off interrupts and single-step traps until after the next instruction (MOV SS, POP SS, STI). */
    public void shadow() {
        special |= SPECIAL_SHADOW;
    }

    // ---- the memory unit's view ----

    @Override
    public RuntimeException pageFault(final long linear, final int errorCode) {
        return fault.setPageFault(linear, errorCode);
    }

    @Override
    public RuntimeException nonCanonical(final long linear) {
        // the interpreter knows the instruction and makes it #SS where it went through the stack
        return fault.setNonCanonical(linear);
    }

    @Override
    public boolean holdsCode(final long mfn) {
        return codeCache.holdsCode(mfn);
    }

    @Override
    public void storingToCode(final long mfn, final int offset, final int size) {
        codeCache.stored(mfn, offset, size);
    }

    @Override
    public void dataBreakpoint(final int hits) {
        debugHits |= hits;
        special |= SPECIAL_DEBUG_DUE;
    }

    @Override
    public void translationsChanged() {
        unchain();
    }

    /** Whether an enabled instruction breakpoint is at ip and not suppressed by RF; DR6 is then set. */
    public boolean instructionBreakpointDue() {
        if ((special & SPECIAL_BREAKPOINTS) == 0 || (systemFlags & Eflags.RF) != 0) {
            return false;
        }
        final long linear = long64 ? ip : seg[CS].base() + ip & MASK32;
        int hits = 0;
        for (int k = 0; k < 4; k++) {
            final boolean enabled = (dr[7] >> 2 * k & 3) != 0;
            if (enabled && (dr[7] >> 16 + 4 * k & 3) == 0 && dr[k] == linear) {
                hits |= 1 << k;
            }
        }
        dr[6] |= hits;
        return hits != 0;
    }

    /** Takes the data breakpoints hit so far. */
    public int takeDebugHits() {
        final int hits = debugHits;
        debugHits = 0;
        special &= ~SPECIAL_DEBUG_DUE;
        return hits;
    }
}
