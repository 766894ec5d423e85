package io.xenolith.hv.mm;

import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.hv.hypercall.Hypercall;
import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.DomainRecord;

/**
 * Hypercall 12, memory_op. Bits 0 to 5 of the command are the operation; the rest is where a preempted call goes on, the
 * first extent to look at.
 */
public final class MemoryOp implements Hypercall {
    private static final int INCREASE_RESERVATION = 0;
    private static final int DECREASE_RESERVATION = 1;
    private static final int MAXIMUM_RAM_PAGE = 2;
    private static final int CURRENT_RESERVATION = 3;
    private static final int MAXIMUM_RESERVATION = 4;
    private static final int MACHPHYS_MFN_LIST = 5;
    private static final int POPULATE_PHYSMAP = 6;
    private static final int ADD_TO_PHYSMAP = 7;
    private static final int MEMORY_MAP = 9;
    private static final int MACHINE_MEMORY_MAP = 10;
    private static final int EXCHANGE = 11;
    private static final int MACHPHYS_MAPPING = 12;
    private static final int SET_MEMORY_MAP = 13;
    private static final int MAXIMUM_GPFN = 14;
    private static final int REMOVE_FROM_PHYSMAP = 15;
    private static final int SET_POD_TARGET = 16;
    private static final int GET_POD_TARGET = 17;
    private static final int CLAIM_PAGES = 24;
    private static final int MACHPHYS_COMPAT_MFN_LIST = 25;
    private static final int GET_VNUMAINFO = 26;
    private static final int ADD_TO_PHYSMAP_BATCH = 23;
    private static final int ACQUIRE_RESOURCE = 28;

    private static final int OPERATION_BITS = 6;
    private static final int ADDRESS_BITS_MASK = 0xff;
    private static final int E820_ENTRY = 20;
    private static final int E820_OURS = 24;
    private static final int SHARED_MAX_PFN_32 = 0x90c;
    private static final int SHARED_MAX_PFN_64 = 0xc10;

    private final Reservation reservation;
    private final PageTables tables;
    private final long record;
    private final long domainPage;
    private final PhysicalMemory memory;
    private final long m2pMfn;
    private final long m2pBytes;

    // the reservation being worked on
    private long extents;
    private long count;
    private int order;
    private int addressBits;

    /** Where things are. @param record of the domain. @param domainPage its pages. @param m2pMfn first frame of its
     * machine-to-physical table. @param m2pBytes length of that. */
    public record Places(long record, long domainPage, long m2pMfn, long m2pBytes) {
    }

    /**
     * @param tables   validation.
     * @param magazine free frames in hand.
     * @param m2p      the machine-to-physical tables.
     * @param tlb      translation caches.
     * @param source   more frames.
     * @param memory   machine memory.
     * @param places   addresses.
     */
    public MemoryOp(final PageTables tables, final Magazine magazine, final MachineToPhys m2p, final TlbControl tlb,
        final FrameSource source, final PhysicalMemory memory, final Places places) {
        this.reservation = new Reservation(tables, magazine, m2p, tlb, source, places.record());
        this.tables = tables;
        this.record = places.record();
        this.domainPage = places.domainPage();
        this.memory = memory;
        this.m2pMfn = places.m2pMfn();
        this.m2pBytes = places.m2pBytes();
    }

    @Override
    public long call(
        final Caller caller, final long command, final long arg, final long a3, final long a4, final long a5) {
        final int operation = (int)command & (1 << OPERATION_BITS) - 1;
        final long start = command >>> OPERATION_BITS;
        return switch (operation) {
            case INCREASE_RESERVATION, DECREASE_RESERVATION, POPULATE_PHYSMAP ->
                reservation(caller, operation, arg, start);
            case MAXIMUM_RAM_PAGE -> tables.frames().frames() - 1;
            case CURRENT_RESERVATION, MAXIMUM_RESERVATION, MAXIMUM_GPFN -> query(caller, operation, arg);
            case MACHPHYS_MFN_LIST -> m2pList(caller, arg);
            case MACHPHYS_MAPPING -> m2pMapping(caller, arg);
            case MEMORY_MAP -> memoryMap(caller, arg);
            case SET_MEMORY_MAP -> setMemoryMap(caller, arg);
            case EXCHANGE -> exchange(caller, arg);
            case ADD_TO_PHYSMAP, ADD_TO_PHYSMAP_BATCH, REMOVE_FROM_PHYSMAP -> -Errno.EACCES;
            case MACHINE_MEMORY_MAP, SET_POD_TARGET, GET_POD_TARGET, CLAIM_PAGES, MACHPHYS_COMPAT_MFN_LIST,
                ACQUIRE_RESOURCE -> -Errno.EPERM;
            case GET_VNUMAINFO -> -Errno.EOPNOTSUPP;
            default -> -Errno.ENOSYS;
        };
    }

    // ---- reservations

    /** Reads {ptr extents; ulong count; u32 order; u32 flags; u16 domid}. Returns 0 or a negative errno. */
    private int read(final Caller caller, final long at) {
        final int w = caller.wordSize();
        extents = caller.readWord(at);
        count = caller.readWord(at + w);
        order = caller.memory().getInt(at + 2 * w);
        addressBits = caller.memory().getInt(at + 2 * w + 4) & ADDRESS_BITS_MASK;
        return checkDomain(caller, caller.memory().getShort(at + 2 * w + 8));
    }

    private static int checkDomain(final Caller caller, final int domid) {
        if (domid == DomainIds.SELF || domid == caller.domid()) {
            return 0;
        }
        return domid >= DomainIds.SELF ? -Errno.ESRCH : -Errno.EPERM;
    }

    private long reservation(final Caller caller, final int operation, final long arg, final long start) {
        final int bad = read(caller, arg);
        if (bad != 0) {
            return start != 0 ? start : bad;
        }
        if (order < 0 || order > Reservation.MAX_ORDER || count < 0 || start > count) {
            return start;
        }
        long i = start;
        try {
            while (i < count && one(caller, operation, i)) {
                i++;
                caller.breathe(i);
            }
        }
        catch (final GuestFault fault) {
            // the list ends here for us; extents before it are done, none is half done
            return i;
        }
        finally {
            reservation.release();
        }
        return i;
    }

    private boolean one(final Caller caller, final int operation, final long index) {
        return switch (operation) {
            case INCREASE_RESERVATION -> increase(caller, index);
            case DECREASE_RESERVATION -> decrease(caller, index);
            default -> populate(caller, index);
        };
    }

    private long extentAddress(final Caller caller, final long index) {
        return extents + index * caller.wordSize();
    }

    private boolean increase(final Caller caller, final long index) {
        final long mfn = reservation.take(order, addressBits);
        if (mfn < 0) {
            return false;
        }
        reservation.name(mfn, order, MachineToPhys.INVALID);
        return extents == 0 || hand(caller, index, mfn);
    }

    private boolean populate(final Caller caller, final long index) {
        final long pfn = caller.readWord(extentAddress(caller, index));
        final long mfn = reservation.take(order, addressBits);
        if (mfn < 0) {
            return false;
        }
        reservation.name(mfn, order, pfn);
        return hand(caller, index, mfn);
    }

    /** Tells the guest the frame; one that it cannot be told is taken back. */
    private boolean hand(final Caller caller, final long index, final long mfn) {
        try {
            caller.writeWord(extentAddress(caller, index), mfn);
            return true;
        }
        catch (final GuestFault fault) {
            for (int i = 0; i < 1 << order; i++) {
                reservation.claim(mfn + i);
            }
            return false;
        }
    }

    private boolean decrease(final Caller caller, final long index) {
        final long mfn = caller.readWord(extentAddress(caller, index));
        if (reservation.room() < 1 << order) {
            reservation.release();
        }
        for (int i = 0; i < 1 << order; i++) {
            if (!reservation.claim(mfn + i)) {
                reservation.keep(i);
                return false;
            }
        }
        return true;
    }

    // ---- exchange

    /**
     * {reservation in; reservation out; ulong done}: gives frames for others, as many, in extents of another size or place.
     * The out list holds the new pseudo-physical numbers on the way in and the frames on the way out.
     */
    private long exchange(final Caller caller, final long arg) {
        final int length = caller.is64Bit() ? 32 : 20;
        final long doneAt = arg + 2 * length;
        final int badOut = read(caller, arg + length);
        final long outExtents = extents;
        final long outCount = count;
        final int outOrder = order;
        final int bits = addressBits;
        final int badIn = read(caller, arg);
        long done = caller.readWord(doneAt);
        if (done < 0 || done > count) {
            return -Errno.EINVAL;
        }
        if (order < 0 || outOrder < 0 || order > Reservation.MAX_ORDER || outOrder > Reservation.MAX_ORDER) {
            return -Errno.EPERM;
        }
        if (count < 0 || outCount < 0 || count > Long.MAX_VALUE >> order || outCount > Long.MAX_VALUE >> outOrder
            || count << order != outCount << outOrder) {
            return -Errno.EINVAL;
        }
        if (badIn != 0 || badOut != 0) {
            return badIn != 0 ? badIn : badOut;
        }
        final int chunk = Math.max(order, outOrder);
        final long perChunk = 1L << chunk - order;
        int result = 0;
        try {
            while (done < count && result == 0) {
                result = exchangeChunk(caller, done, perChunk, outExtents, outOrder, bits);
                if (result == 0) {
                    done += perChunk;
                    caller.breathe(done);
                }
            }
        }
        catch (final GuestFault fault) {
            reservation.keep(reservation.claimed());
            result = -Errno.EFAULT;
        }
        caller.writeWord(doneAt, Math.min(done, count));
        return result;
    }

    private int exchangeChunk(final Caller caller, final long first, final long extentsIn, final long outExtents,
        final int outOrder, final int bits) {
        for (long e = first; e < first + extentsIn; e++) {
            final long mfn = caller.readWord(extentAddress(caller, e));
            for (int i = 0; i < 1 << order; i++) {
                if (!reservation.claim(mfn + i)) {
                    reservation.keep(reservation.claimed());
                    return -Errno.EINVAL;
                }
            }
        }
        final long outFirst = first << order >>> outOrder;
        final int outs = (int)(extentsIn << order >>> outOrder);
        // the names are read before anything is given away: a bad list must cost the guest nothing
        for (int o = 0; o < outs; o++) {
            caller.readWord(outExtents + (outFirst + o) * caller.wordSize());
        }
        reservation.release();
        for (int o = 0; o < outs; o++) {
            final long at = outExtents + (outFirst + o) * caller.wordSize();
            final long pfn = caller.readWord(at);
            final long mfn = reservation.take(outOrder, bits);
            if (mfn < 0) {
                return -Errno.ENOMEM;
            }
            reservation.name(mfn, outOrder, pfn);
            caller.writeWord(at, mfn);
        }
        return 0;
    }

    // ---- questions

    private long query(final Caller caller, final int operation, final long arg) {
        final int domid = caller.memory().getShort(arg);
        final int bad = checkDomain(caller, domid);
        if (bad != 0) {
            return bad;
        }
        return switch (operation) {
            case CURRENT_RESERVATION -> reservation.total();
            case MAXIMUM_RESERVATION -> reservation.maximum();
            default -> maximumGpfn(caller);
        };
    }

    private long maximumGpfn(final Caller caller) {
        final long shared = memory.addressOf(Raw.getLong(record + DomainRecord.SHARED_INFO_MFN));
        return caller.is64Bit()
            ? Raw.getLong(shared + SHARED_MAX_PFN_64) - 1
            : (Raw.getInt(shared + SHARED_MAX_PFN_32) & 0xffff_ffffL) - 1;
    }

    /** {u32 max; ptr list; u32 count out}: the frames under each 2 MiB of the machine-to-physical table. */
    private long m2pList(final Caller caller, final long arg) {
        final int w = caller.wordSize();
        final int max = caller.memory().getInt(arg);
        final long list = caller.readWord(arg + w);
        final int n = (int)Math.min(m2pBytes + (2 << 20) - 1 >>> 21, max & 0xffff_ffffL);
        for (int i = 0; i < n; i++) {
            caller.writeWord(list + (long)i * w, m2pMfn + i * 512L);
        }
        caller.memory().putInt(arg + 2L * w, n);
        return 0;
    }

    /** {ulong start; ulong end; ulong last entry}: where the machine-to-physical table may be seen. */
    private long m2pMapping(final Caller caller, final long arg) {
        final boolean wide = caller.is64Bit();
        final long start = wide ? PagingMode.M2P_VADDR_64 : PagingMode.M2P_VADDR_32;
        final long end = wide ? PagingMode.M2P_END_64 : PagingMode.M2P_END_32;
        caller.writeWord(arg, start);
        caller.writeWord(arg + caller.wordSize(), end);
        caller.writeWord(arg + 2L * caller.wordSize(), (end - start) / caller.wordSize() - 1);
        return 0;
    }

    /** {u32 entries in and out; ptr buffer}: the pseudo-physical memory map that the toolstack has set. */
    private long memoryMap(final Caller caller, final long arg) {
        final int entries = Raw.getInt(domainPage + DomainPage.E820_COUNT);
        if (entries <= 0 || entries > DomainPage.E820_SIZE) {
            return -Errno.ENOSYS;
        }
        if (Integer.compareUnsigned(caller.memory().getInt(arg), entries) < 0) {
            return -Errno.EINVAL;
        }
        final long buffer = caller.readWord(arg + caller.wordSize());
        for (int i = 0; i < entries; i++) {
            caller.memory().copyFromHost(
                domainPage + DomainPage.E820 + (long)i * E820_OURS, buffer + (long)i * E820_ENTRY, E820_ENTRY);
        }
        caller.memory().putInt(arg, entries);
        return 0;
    }

    /** {u16 domid; {u32 entries; ptr buffer}}: a domain may replace its own map. */
    private long setMemoryMap(final Caller caller, final long arg) {
        final int bad = checkDomain(caller, caller.memory().getShort(arg));
        if (bad != 0) {
            return bad;
        }
        final int w = caller.wordSize();
        final int entries = caller.memory().getInt(arg + w);
        if (entries < 0 || entries > DomainPage.E820_SIZE) {
            return -Errno.EINVAL;
        }
        final long buffer = caller.readWord(arg + 2L * w);
        Raw.putInt(domainPage + DomainPage.E820_COUNT, 0);
        for (int i = 0; i < entries; i++) {
            caller.memory().copyToHost(
                buffer + (long)i * E820_ENTRY, domainPage + DomainPage.E820 + (long)i * E820_OURS, E820_ENTRY);
        }
        Raw.putInt(domainPage + DomainPage.E820_COUNT, entries);
        return 0;
    }
}
