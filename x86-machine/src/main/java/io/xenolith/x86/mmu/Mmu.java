package io.xenolith.x86.mmu;

import static io.xenolith.x86.mmu.Tlb.ADDEND;
import static io.xenolith.x86.mmu.Tlb.EXEC;
import static io.xenolith.x86.mmu.Tlb.PAGE;
import static io.xenolith.x86.mmu.Tlb.WRITE;

import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.Raw;

/**
 * The memory unit of one processor: every access by linear address, its translation, its faults.
 *
 * <p><b>Fast and slow.</b> The typed accessors try one TLB entry and go straight to mapped memory on a match. All
 * else is the slow path: walking, page-straddling accesses, frames with decoded code, watched pages, addresses
 * outside memory, stores to the intercepted page. A page with any of these properties is never entered under the
 * tag concerned, which is why the fast path need not ask.
 *
 * <p><b>Order and precision.</b> Loads acquire, stores release, compare-and-swap is a full fence. An access that
 * straddles two pages has both checked before a byte is stored (two locked stores to two pages are not one atomic
 * operation; docs say so). A fault throws what {@link MmuClient#pageFault} returns.
 *
 * <p><b>Who may.</b> User accesses are those made at privilege level 3: {@link #setUser}. Accesses that the processor
 * makes on its own behalf (descriptor tables, task state) are supervisor accesses at any level: the
 * {@code System} accessors.
 *
 * <p><b>Coherence.</b> Nothing is tagged with an address space; whoever changes tables or control registers flushes,
 * as on silicon. Not thread-safe: one processor, one thread.
 */
public final class Mmu {
    /** Kinds of access, for {@link #translate} and {@link #probe}. */
    public static final int READ = PageWalker.READ;
    /** A store. */
    public static final int WRITE_ACCESS = PageWalker.WRITE;
    /** An instruction fetch. */
    public static final int FETCH = PageWalker.EXEC;

    /** Page-fault error code bits. */
    public static final int ERROR_PRESENT = PageWalker.ERR_P;
    /** The access was a store. */
    public static final int ERROR_WRITE = PageWalker.ERR_W;
    /** The access was made at privilege level 3. */
    public static final int ERROR_USER = PageWalker.ERR_U;
    /** A reserved bit was set in a present entry. */
    public static final int ERROR_RESERVED = PageWalker.ERR_RSVD;
    /** The access was an instruction fetch and no-execute is in force. */
    public static final int ERROR_FETCH = PageWalker.ERR_I;

    private static final long CR0_PE = 1;
    private static final long CR0_WP = 1 << 16;
    private static final long CR0_PG = 1L << 31;
    private static final long CR4_PSE = 1 << 4;
    private static final long CR4_PAE = 1 << 5;
    private static final long CR4_PGE = 1 << 7;
    private static final long EFER_LMA = 1 << 10;
    private static final long EFER_NXE = 1 << 11;

    private final PhysicalMemory memory;
    private final MmuClient client;
    private final PageWalker walker;
    private final Tlb supervisorTlb = new Tlb();
    private final Tlb userTlb = new Tlb();
    private final Watchpoints watchpoints = new Watchpoints();

    /** The entries of the TLB in force; see {@link Tlb} for their layout. */
    private long[] tlb = supervisorTlb.entries;
    private Tlb current = supervisorTlb;
    private boolean user;
    private long linearMask = 0xFFFF_FFFFL;
    private OutsideMemory outside = OutsideMemory.FLOATING_BUS;
    private StoreInterceptor interceptor;
    private long interceptedPage;
    private long walks;

    /**
     * A memory unit with paging off.
     *
     * @param memory the frames
     * @param client the processor around it
     */
    public Mmu(final PhysicalMemory memory, final MmuClient client) {
        this.memory = memory;
        this.client = client;
        this.walker = new PageWalker(memory);
    }

    // ---- what the control registers say ----

    /**
     * Takes over control-register values, entering or leaving paging modes as they say, and flushes when they change
     * how addresses translate.
     *
     * @return false, and nothing changed, if the PAE page-directory pointers are due to be read and one has a reserved bit
     *     set: the caller owes a general-protection fault
     */
    public boolean setControl(final long cr0, final long cr4, final long efer) {
        final int mode = modeOf(cr0, cr4, efer);
        final boolean same = mode == walker.mode
            && walker.writeProtect == ((cr0 & CR0_WP) != 0)
            && walker.pageSizeExtensions == ((cr4 & CR4_PSE) != 0)
            && walker.globalPages == ((cr4 & CR4_PGE) != 0)
            && walker.noExecute == ((efer & EFER_NXE) != 0);
        // a change of anything that concerns paging reads the directory pointers again
        if (mode == PageWalker.MODE_PAE && !same && !walker.loadPointers()) {
            return false;
        }
        walker.mode = mode;
        walker.writeProtect = (cr0 & CR0_WP) != 0;
        walker.pageSizeExtensions = (cr4 & CR4_PSE) != 0;
        walker.globalPages = (cr4 & CR4_PGE) != 0;
        walker.noExecute = (efer & EFER_NXE) != 0;
        linearMask = (efer & EFER_LMA) != 0 ? -1L : 0xFFFF_FFFFL;
        if (!same) {
            flushAll();
        }
        return true;
    }

    private static int modeOf(final long cr0, final long cr4, final long efer) {
        if ((cr0 & (CR0_PG | CR0_PE)) != (CR0_PG | CR0_PE)) {
            return PageWalker.MODE_NONE;
        }
        if ((efer & EFER_LMA) != 0) {
            return PageWalker.MODE_LONG;
        }
        return (cr4 & CR4_PAE) != 0 ? PageWalker.MODE_PAE : PageWalker.MODE_LEGACY;
    }

    /**
     * Loads the page-table base and flushes all but global translations. Under PAE the four directory pointers are
     * read now.
     *
     * @return false, and nothing changed, if one of them has a reserved bit set (a general-protection fault is due)
     */
    public boolean loadCr3(final long cr3) {
        if (walker.mode == PageWalker.MODE_PAE && !walker.loadPointers(cr3)) {
            return false;
        }
        walker.cr3 = cr3;
        flushNonGlobal();
        return true;
    }

    /** Reads the PAE directory pointers again from the table in force, after it changed in memory; flushes. */
    public boolean reloadPointers() {
        final boolean loaded = walker.loadPointers();
        if (loaded) {
            flushNonGlobal();
        }
        return loaded;
    }

    /**
     * Chooses whether PAE's directory pointers are registers loaded with CR3 (false, the architecture) or are read on
     * every walk (true, as when a 64-bit hypervisor runs a 32-bit guest).
     */
    public void rereadPointers(final boolean reread) {
        walker.rereadPointers = reread;
        flushAll();
    }

    /** Width of physical addresses; entries with higher address bits fault. Initially 40. */
    public void setPhysicalBits(final int bits) {
        walker.physicalBits = bits;
        flushAll();
    }

    /** Width of physical addresses in bits, for CPUID. */
    public int physicalBits() {
        return walker.physicalBits;
    }

    /** Whether 1 GiB pages are offered. Initially not. */
    public void setGigabytePages(final boolean offered) {
        walker.gigabytePages = offered;
        flushAll();
    }

    /** Selects user (privilege level 3) or supervisor translations for what follows. */
    public void setUser(final boolean user) {
        this.user = user;
        current = user ? userTlb : supervisorTlb;
        tlb = current.entries;
    }

    /** Whether accesses are made as user. */
    public boolean user() {
        return user;
    }

    /** Who answers for physical addresses without a frame. */
    public void setOutsideMemory(final OutsideMemory outside) {
        this.outside = outside;
    }

    /** The frames behind this unit. */
    public PhysicalMemory memory() {
        return memory;
    }

    /** Page walks made so far, a measure of TLB misses. */
    public long walks() {
        return walks;
    }

    // ---- flushes ----

    /** Drops every translation, global ones too. */
    public void flushAll() {
        supervisorTlb.flushAll();
        userTlb.flushAll();
        client.translationsChanged();
    }

    /** Drops every translation that is not global. */
    public void flushNonGlobal() {
        if (walker.globalPages) {
            supervisorTlb.flushNonGlobal();
            userTlb.flushNonGlobal();
            client.translationsChanged();
        } else {
            flushAll();
        }
    }

    /** Drops the translations of the page that holds a linear address (INVLPG), global or not. */
    public void flushPage(final long linear) {
        supervisorTlb.flushPage(linear);
        userTlb.flushPage(linear);
        client.translationsChanged();
    }

    /** Makes the next store to a frame take the slow path: it now holds decoded code. */
    public void protectFrame(final long mfn) {
        supervisorTlb.protectFrame(mfn << 12);
        userTlb.protectFrame(mfn << 12);
    }

    // ---- breakpoints and interception ----

    /**
     * Arms data breakpoints from the debug registers; a page with one leaves the fast path.
     *
     * @param dr  the eight debug registers
     */
    public void armBreakpoints(final long[] dr) {
        if (watchpoints.arm(dr)) {
            flushAll();
        }
    }

    /** Sends stores to one page to an interceptor until {@link #endIntercept}. */
    public void intercept(final long pageLinear, final StoreInterceptor to) {
        interceptedPage = pageLinear & PAGE;
        interceptor = to;
        flushPage(pageLinear);
    }

    /** Ends interception. */
    public void endIntercept() {
        interceptor = null;
    }

    // ---- translation ----

    /**
     * Translates with all consequences of an access (accessed and dirty bits, faults) and enters the TLB.
     *
     * @return the physical address
     */
    public long translate(final long linear, final int access) {
        if (walker.mode == PageWalker.MODE_LONG && linear << 16 >> 16 != linear) {
            throw client.nonCanonical(linear);
        }
        final int error = walk(linear, access);
        if (error != PageWalker.NO_FAULT) {
            throw client.pageFault(linear, error);
        }
        return walker.physicalPage | linear & 0xFFF;
    }

    /**
     * Looks a translation up without leaving a trace: no bit set, nothing entered, nothing thrown.
     *
     * @return the physical address, or minus one minus the page-fault error code
     */
    public long probe(final long linear, final int access, final boolean asUser) {
        final int error = walker.walk(linear, access, asUser, false);
        return error == PageWalker.NO_FAULT ? walker.physicalPage | linear & 0xFFF : -1L - error;
    }

    /** The physical address that an instruction fetch at {@code linear} reads, faulting as the fetch would. */
    public long fetchPhysical(final long linear) {
        final int i = Tlb.index(linear);
        if (tlb[i + EXEC] == (linear & PAGE)) {
            return current.physicalPage(i) | linear & 0xFFF;
        }
        return translate(linear, FETCH);
    }

    /** Walks, and enters the TLB on success. */
    private int walk(final long linear, final int access) {
        walks++;
        final int error = walker.walk(linear, access, user, true);
        if (error == PageWalker.NO_FAULT) {
            enter(linear);
        }
        return error;
    }

    private void enter(final long linear) {
        final long physical = walker.physicalPage;
        final long mfn = physical >>> 12;
        final boolean direct = memory.contains(mfn);
        final boolean watched = watchpoints.onPage(linear);
        final boolean read = direct && !watched;
        final boolean writable = read && walker.writable && !intercepted(linear);
        final boolean write = writable && !client.holdsCode(mfn);
        current.enter(linear, physical, direct ? memory.addressOf(mfn) : 0, read, write, walker.executable,
            walker.global, walker.large);
        if (writable && !write) {
            current.writableCode[Tlb.index(linear) >> 2] = linear & PAGE;
        }
    }

    private boolean intercepted(final long linear) {
        return interceptor != null && (linear & PAGE) == interceptedPage;
    }

    // ---- addresses for bodies that work on memory themselves ----

    /**
     * The host address of {@code size} readable bytes.
     *
     * @param size up to 4096
     * @return the address; 0 when the bytes may be read but only through the typed accessors (they straddle pages, are
     *     watched, or lie outside memory). Read rights have been checked either way.
     */
    public long hostForRead(final long linear, final int size) {
        final int i = Tlb.index(linear);
        if (tlb[i] == (linear + size - 1 & PAGE)) {
            return linear + tlb[i + ADDEND];
        }
        checkRead(linear, size);
        return tlb[i] == (linear + size - 1 & PAGE) ? linear + tlb[i + ADDEND] : 0;
    }

    /** As {@link #hostForRead} for bytes that will be stored to (and may be read). */
    public long hostForWrite(final long linear, final int size) {
        final int i = Tlb.index(linear);
        if (tlb[i + WRITE] == (linear + size - 1 & PAGE)) {
            return linear + tlb[i + ADDEND];
        }
        checkWrite(linear, size);
        return tlb[i + WRITE] == (linear + size - 1 & PAGE) ? linear + tlb[i + ADDEND] : 0;
    }

    /** Faults as a load of {@code size} bytes (at most a page) would. */
    public void checkRead(final long linear, final int size) {
        check(linear, size, READ);
    }

    /** Faults as a store of {@code size} bytes (at most a page) would, and sets the dirty bits. */
    public void checkWrite(final long linear, final int size) {
        check(linear, size, WRITE_ACCESS);
    }

    private void check(final long linear, final int size, final int access) {
        if (access == WRITE_ACCESS && intercepted(linear)) {
            translate(linear, READ);
            return;
        }
        requireCanonicalEnd(linear, size);
        translate(linear, access);
        if (straddles(linear, size)) {
            translate(lastPage(linear, size), access);
        }
    }

    /** An access that ends outside the canonical range faults as such even where its first page is not present. */
    private void requireCanonicalEnd(final long linear, final int size) {
        final long last = linear + size - 1;
        if (walker.mode == PageWalker.MODE_LONG && last << 16 >> 16 != last) {
            throw client.nonCanonical(last);
        }
    }

    // ---- loads ----

    /** Loads a byte, zero-extended. */
    public int read8(final long linear) {
        final int i = Tlb.index(linear);
        return tlb[i] == (linear & PAGE)
            ? Raw.getByte(linear + tlb[i + ADDEND]) & 0xFF
            : (int) slowRead(linear, 1) & 0xFF;
    }

    /** Loads two bytes, zero-extended. */
    public int read16(final long linear) {
        final int i = Tlb.index(linear);
        return tlb[i] == (linear + 1 & PAGE)
            ? Raw.getShort(linear + tlb[i + ADDEND]) & 0xFFFF
            : (int) slowRead(linear, 2) & 0xFFFF;
    }

    /** Loads four bytes. */
    public int read32(final long linear) {
        final int i = Tlb.index(linear);
        return tlb[i] == (linear + 3 & PAGE) ? Raw.getInt(linear + tlb[i + ADDEND]) : (int) slowRead(linear, 4);
    }

    /** Loads eight bytes. */
    public long read64(final long linear) {
        final int i = Tlb.index(linear);
        return tlb[i] == (linear + 7 & PAGE) ? Raw.getLong(linear + tlb[i + ADDEND]) : slowRead(linear, 8);
    }

    private long slowRead(final long linear, final int size) {
        requireCanonicalEnd(linear, size);
        final long physical = translate(linear, READ);
        if (straddles(linear, size)) {
            return straddlingRead(linear, size, physical);
        }
        final int i = Tlb.index(linear);
        if (tlb[i] == (linear & PAGE)) {
            return load(linear + tlb[i + ADDEND], size);
        }
        noteBreakpoint(linear, size, false);
        return readPhysical(physical, size);
    }

    private long straddlingRead(final long linear, final int size, final long physical) {
        final long second = translate(lastPage(linear, size), READ);
        final int first = firstPart(linear);
        noteBreakpoint(linear, size, false);
        long value = 0;
        for (int k = 0; k < size; k++) {
            final long at = k < first ? physical + k : second + k - first;
            value |= (readPhysical(at, 1) & 0xFF) << 8 * k;
        }
        return value;
    }

    // ---- stores ----

    /** Stores the low byte of {@code value}. */
    public void write8(final long linear, final int value) {
        final int i = Tlb.index(linear);
        if (tlb[i + WRITE] == (linear & PAGE)) {
            Raw.putByte(linear + tlb[i + ADDEND], (byte) value);
        } else {
            slowWrite(linear, 1, value);
        }
    }

    /** Stores the two low bytes of {@code value}. */
    public void write16(final long linear, final int value) {
        final int i = Tlb.index(linear);
        if (tlb[i + WRITE] == (linear + 1 & PAGE)) {
            Raw.putShort(linear + tlb[i + ADDEND], (short) value);
        } else {
            slowWrite(linear, 2, value);
        }
    }

    /** Stores four bytes. */
    public void write32(final long linear, final int value) {
        final int i = Tlb.index(linear);
        if (tlb[i + WRITE] == (linear + 3 & PAGE)) {
            Raw.putInt(linear + tlb[i + ADDEND], value);
        } else {
            slowWrite(linear, 4, value);
        }
    }

    /** Stores eight bytes. */
    public void write64(final long linear, final long value) {
        final int i = Tlb.index(linear);
        if (tlb[i + WRITE] == (linear + 7 & PAGE)) {
            Raw.putLong(linear + tlb[i + ADDEND], value);
        } else {
            slowWrite(linear, 8, value);
        }
    }

    private void slowWrite(final long linear, final int size, final long value) {
        requireCanonicalEnd(linear, size);
        final int i = Tlb.index(linear);
        if (current.writableCode[i >> 2] == (linear + size - 1 & PAGE)) {
            writeBesideCode(i, linear, size, value);
            return;
        }
        if (intercepted(linear) && !straddles(linear, size)) {
            interceptStore(linear, size, value);
            return;
        }
        final long physical = translate(linear, WRITE_ACCESS);
        if (straddles(linear, size)) {
            straddlingWrite(linear, size, value, physical);
            return;
        }
        if (tlb[i + WRITE] == (linear & PAGE)) {
            store(linear + tlb[i + ADDEND], size, value);
            return;
        }
        noteBreakpoint(linear, size, true);
        noteCodeStore(physical, size);
        writePhysical(physical, size, value);
    }

    /** A store to a page of known translation whose frame holds code, or did until a store took the last of it. */
    private void writeBesideCode(final int i, final long linear, final int size, final long value) {
        final long at = current.physicalPage(i) | linear & 0xFFF;
        noteCodeStore(at, size);
        writePhysical(at, size, value);
        if (!client.holdsCode(at >>> 12)) {
            tlb[i + WRITE] = linear & PAGE;
            current.writableCode[i >> 2] = Tlb.EMPTY;
        }
    }

    private void straddlingWrite(final long linear, final int size, final long value, final long physical) {
        final long second = translate(lastPage(linear, size), WRITE_ACCESS);
        final int first = firstPart(linear);
        noteBreakpoint(linear, size, true);
        noteCodeStore(physical, first);
        noteCodeStore(second, size - first);
        for (int k = 0; k < size; k++) {
            final long at = k < first ? physical + k : second + k - first;
            writePhysical(at, 1, value >>> 8 * k);
        }
    }

    private void interceptStore(final long linear, final int size, final long value) {
        if (interceptor.store(linear, size, value) != StoreInterceptor.STORED) {
            throw refused(linear);
        }
    }

    private RuntimeException refused(final long linear) {
        return client.pageFault(linear, ERROR_PRESENT | ERROR_WRITE | (user ? ERROR_USER : 0));
    }

    // ---- read, modify, write ----

    /** Loads a byte that the instruction will store to: faults as the store would. Zero-extended. */
    public int readForWrite8(final long linear) {
        checkForWrite(linear, 1);
        return read8(linear);
    }

    /** Loads two bytes that the instruction will store to. Zero-extended. */
    public int readForWrite16(final long linear) {
        checkForWrite(linear, 2);
        return read16(linear);
    }

    /** Loads four bytes that the instruction will store to. */
    public int readForWrite32(final long linear) {
        checkForWrite(linear, 4);
        return read32(linear);
    }

    /** Loads eight bytes that the instruction will store to. */
    public long readForWrite64(final long linear) {
        checkForWrite(linear, 8);
        return read64(linear);
    }

    private void checkForWrite(final long linear, final int size) {
        final int i = Tlb.index(linear);
        final long last = linear + size - 1 & PAGE;
        if (tlb[i + WRITE] != last && current.writableCode[i >> 2] != last) {
            checkWrite(linear, size);
        }
    }

    /**
     * Compares and swaps a byte; full fence.
     *
     * @return whether memory held {@code expected} and now holds {@code update}
     */
    public boolean cas8(final long linear, final int expected, final int update) {
        final int i = Tlb.index(linear);
        return tlb[i + WRITE] == (linear & PAGE)
            ? Raw.casByte(linear + tlb[i + ADDEND], (byte) expected, (byte) update)
            : slowCas(linear, 1, expected, update);
    }

    /** Compares and swaps two bytes. */
    public boolean cas16(final long linear, final int expected, final int update) {
        final int i = Tlb.index(linear);
        return tlb[i + WRITE] == (linear + 1 & PAGE)
            ? Raw.casShort(linear + tlb[i + ADDEND], (short) expected, (short) update)
            : slowCas(linear, 2, expected, update);
    }

    /** Compares and swaps four bytes. */
    public boolean cas32(final long linear, final int expected, final int update) {
        final int i = Tlb.index(linear);
        return tlb[i + WRITE] == (linear + 3 & PAGE)
            ? Raw.casInt(linear + tlb[i + ADDEND], expected, update)
            : slowCas(linear, 4, expected, update);
    }

    /** Compares and swaps eight bytes. */
    public boolean cas64(final long linear, final long expected, final long update) {
        final int i = Tlb.index(linear);
        return tlb[i + WRITE] == (linear + 7 & PAGE)
            ? Raw.casLong(linear + tlb[i + ADDEND], expected, update)
            : slowCas(linear, 8, expected, update);
    }

    private boolean slowCas(final long linear, final int size, final long expected, final long update) {
        if (straddles(linear, size)) {
            return straddlingCas(linear, size, expected, update);
        }
        if (intercepted(linear)) {
            final int outcome = interceptor.compareExchange(linear, size, expected, update);
            if (outcome == StoreInterceptor.REFUSED) {
                throw refused(linear);
            }
            return outcome == StoreInterceptor.STORED;
        }
        final long physical = translate(linear, WRITE_ACCESS);
        noteBreakpoint(linear, size, true);
        final long mfn = physical >>> 12;
        if (!memory.contains(mfn)) {
            return outsideCas(physical, size, expected, update);
        }
        noteCodeStore(physical, size);
        final long host = memory.addressOf(mfn) + (physical & 0xFFF);
        return switch (size) {
            case 1 -> Raw.casByte(host, (byte) expected, (byte) update);
            case 2 -> Raw.casShort(host, (short) expected, (short) update);
            case 4 -> Raw.casInt(host, (int) expected, (int) update);
            default -> Raw.casLong(host, expected, update);
        };
    }

    private boolean outsideCas(final long physical, final int size, final long expected, final long update) {
        final long mask = sizeMask(size);
        final boolean equal = (outside.read(physical, size) & mask) == (expected & mask);
        if (equal) {
            outside.write(physical, size, update);
        }
        return equal;
    }

    /** Not one atomic operation: the two halves lie in two frames. */
    private boolean straddlingCas(final long linear, final int size, final long expected, final long update) {
        checkWrite(linear, size);
        final long mask = sizeMask(size);
        final boolean equal = (slowRead(linear, size) & mask) == (expected & mask);
        if (equal) {
            slowWrite(linear, size, update);
        }
        return equal;
    }

    // ---- accesses of the processor itself ----

    /** Loads a byte as supervisor, whatever the privilege level. Zero-extended. */
    public int readSystem8(final long linear) {
        final boolean was = enterSystem();
        try {
            return read8(linear);
        } finally {
            setUser(was);
        }
    }

    /** Loads two bytes as supervisor. Zero-extended. */
    public int readSystem16(final long linear) {
        final boolean was = enterSystem();
        try {
            return read16(linear);
        } finally {
            setUser(was);
        }
    }

    /** Loads four bytes as supervisor. */
    public int readSystem32(final long linear) {
        final boolean was = enterSystem();
        try {
            return read32(linear);
        } finally {
            setUser(was);
        }
    }

    /** Loads eight bytes as supervisor. */
    public long readSystem64(final long linear) {
        final boolean was = enterSystem();
        try {
            return read64(linear);
        } finally {
            setUser(was);
        }
    }

    /** Stores two bytes as supervisor. */
    public void writeSystem16(final long linear, final int value) {
        final boolean was = enterSystem();
        try {
            write16(linear, value);
        } finally {
            setUser(was);
        }
    }

    /** Stores four bytes as supervisor. */
    public void writeSystem32(final long linear, final int value) {
        final boolean was = enterSystem();
        try {
            write32(linear, value);
        } finally {
            setUser(was);
        }
    }

    /** Stores eight bytes as supervisor. */
    public void writeSystem64(final long linear, final long value) {
        final boolean was = enterSystem();
        try {
            write64(linear, value);
        } finally {
            setUser(was);
        }
    }

    /** Compares and swaps four bytes as supervisor. */
    public boolean casSystem32(final long linear, final int expected, final int update) {
        final boolean was = enterSystem();
        try {
            return cas32(linear, expected, update);
        } finally {
            setUser(was);
        }
    }

    /** Faults as a supervisor store of {@code size} bytes, at most a page, would. */
    public void checkSystemWrite(final long linear, final int size) {
        final boolean was = enterSystem();
        try {
            checkWrite(linear, size);
        } finally {
            setUser(was);
        }
    }

    private boolean enterSystem() {
        final boolean was = user;
        setUser(false);
        return was;
    }

    // ---- physical accesses ----

    /** Reads {@code size} (1, 2, 4, 8) bytes inside one page at a physical address; upper bytes undefined. */
    public long readPhysical(final long physical, final int size) {
        final long mfn = physical >>> 12;
        if (!memory.contains(mfn)) {
            return outside.read(physical, size);
        }
        return load(memory.addressOf(mfn) + (physical & 0xFFF), size);
    }

    private static long load(final long host, final int size) {
        return switch (size) {
            case 1 -> Raw.getByte(host);
            case 2 -> Raw.getShort(host);
            case 4 -> Raw.getInt(host);
            default -> Raw.getLong(host);
        };
    }

    /** Writes {@code size} (1, 2, 4, 8) bytes inside one page at a physical address. */
    public void writePhysical(final long physical, final int size, final long value) {
        final long mfn = physical >>> 12;
        if (!memory.contains(mfn)) {
            outside.write(physical, size, value);
            return;
        }
        store(memory.addressOf(mfn) + (physical & 0xFFF), size, value);
    }

    private static void store(final long host, final int size, final long value) {
        switch (size) {
            case 1 -> Raw.putByte(host, (byte) value);
            case 2 -> Raw.putShort(host, (short) value);
            case 4 -> Raw.putInt(host, (int) value);
            default -> Raw.putLong(host, value);
        }
    }

    private void noteCodeStore(final long physical, final int size) {
        final long mfn = physical >>> 12;
        if (client.holdsCode(mfn)) {
            client.storingToCode(mfn, (int) physical & 0xFFF, size);
        }
    }

    private void noteBreakpoint(final long linear, final int size, final boolean write) {
        final int hits = watchpoints.hits(linear, size, write);
        if (hits != 0) {
            client.dataBreakpoint(hits);
        }
    }

    private static boolean straddles(final long linear, final int size) {
        return (linear & 0xFFF) + size > 0x1000;
    }

    private static int firstPart(final long linear) {
        return 0x1000 - (int) (linear & 0xFFF);
    }

    /** First byte of the page that the end of a straddling access falls into; addresses wrap at their width. */
    private long lastPage(final long linear, final int size) {
        return linear + size - 1 & PAGE & linearMask;
    }

    private static long sizeMask(final int size) {
        return size == 8 ? -1L : (1L << 8 * size) - 1;
    }
}
