package io.xenolith.shm.hv;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

import io.xenolith.shm.Raw;

/**
 * What the hypervisor knows about one machine frame.
 *
 * <pre>
 *    0        8        16       24       32
 *    +--------+--------+----+----+--------+
 *    | owner  | type   |refs|gen | busy   |
 *    +--------+--------+----+----+--------+
 *     [HV][R0] [R0]     [R0] [any] [R0]
 *
 *  owner  bits  0-15 domid of the owner, {@link #NO_OWNER} for none
 *              16-31 incarnation of the owner
 *              32-39 state, STATE_*
 *              40-63 flags, FLAG_*  (set and cleared by atomic or/and: several parties own one bit each)
 *  type   bits  0-31 type count: uses of the frame as this type by its owner
 *              32-39 type, TYPE_*
 *              40    validated: the content was checked for the type
 *              41    pinned: one of the counts is a pin by the guest
 *              44-63 signed: linear entries in it (above 0) or of others to it (below 0)
 *  refs   references by the owner: mappings, table uses, pins; the allocation itself is none. The lowest int when the
 *         frame is claimed for leaving its owner. Foreign references are {@link ActiveGrant} words
 *  gen    +1 whenever content that was decoded as code may have changed
 *  busy   {domid 16, vcpu 16, incarnation 16, 1 << 48} of who validates the frame right now, 0 for nobody
 * </pre>
 */
public final class FrameRecord {
    /** long. */
    public static final int OWNER = 0;
    /** long: changed by compare-and-set. */
    public static final int TYPE_INFO = OWNER + SIZE_OF_LONG;
    /** int. */
    public static final int REFS = TYPE_INFO + SIZE_OF_LONG;
    /** int. */
    public static final int GENERATION = REFS + SIZE_OF_INT;
    /** long: {@link Party} word. */
    public static final int BUSY = GENERATION + SIZE_OF_INT;
    /** Bytes of a frame record. */
    public static final int LENGTH = BUSY + SIZE_OF_LONG;

    /** Domid in the owner word of a frame that no domain owns. */
    public static final int NO_OWNER = 0xFFFF;

    /** Not in the heap (frame 0, and frames the host could not give). */
    public static final int STATE_ABSENT = 0;
    /** In the heap, without backing. */
    public static final int STATE_FREE = 1;
    /** Owned and backed. */
    public static final int STATE_OWNED = 2;
    /** In a domain's magazine: owner set, backed, not yet handed to the guest. */
    public static final int STATE_MAGAZINE = 3;
    /** Its owner is gone but foreign pins hold it. */
    public static final int STATE_DYING = 4;
    /** The hypervisor's own: m2p tables, its page tables and descriptor pages. */
    public static final int STATE_HYPERVISOR = 5;
    /** Shared between the hypervisor and one guest: shared_info, grant frames. */
    public static final int STATE_SHARED = 6;

    /** Decoded as code somewhere: foreign writers invalidate first. */
    public static final long FLAG_CODE = 1L << 40;
    /** Somebody is about to free, transfer or retype it: pinners back off. */
    public static final long FLAG_INTENT = 1L << 41;
    /** Allocated by the hypervisor on behalf of the owner; not part of its pseudo-physical memory. */
    public static final long FLAG_XENHEAP = 1L << 42;
    /** Was named in a grant at least once since it was allocated. */
    public static final long FLAG_GRANTED = 1L << 43;
    /** Written since the log-dirty bitmap was last taken. */
    public static final long FLAG_DIRTY = 1L << 44;
    /** A foreign domain holds at least one writable pin: not to be cached as code. */
    public static final long FLAG_FOREIGN_WRITE = 1L << 46;

    /** No type. */
    public static final int TYPE_NONE = 0;
    /** Level-1 page table. */
    public static final int TYPE_L1 = 1;
    /** Level-2 page table. */
    public static final int TYPE_L2 = 2;
    /** Level-3 page table. */
    public static final int TYPE_L3 = 3;
    /** Level-4 page table. */
    public static final int TYPE_L4 = 4;
    /** Descriptor table page. */
    public static final int TYPE_SEGDESC = 5;
    /** Level-2 page table that carries the hypervisor's own slots of a PAE guest. */
    public static final int TYPE_L2_XEN = 6;
    /** Writable by the guest. */
    public static final int TYPE_WRITABLE = 7;

    /** In {@link #TYPE_INFO}: content checked. */
    public static final long TYPE_VALIDATED = 1L << 40;
    /** In {@link #TYPE_INFO}: pinned by the guest. */
    public static final long TYPE_PINNED = 1L << 41;
    private FrameRecord() {
    }

    /** Builds an owner word. */
    public static long owner(final int domid, final int incarnation, final int state, final long flags) {
        return (domid & 0xFFFFL) | (incarnation & 0xFFFFL) << 16 | (state & 0xFFL) << 32 | flags;
    }

    /** Domid of an owner word. */
    public static int domid(final long owner) {
        return (int) owner & 0xFFFF;
    }

    /** Incarnation of an owner word. */
    public static int incarnation(final long owner) {
        return (int) owner >>> 16;
    }

    /** State of an owner word. */
    public static int state(final long owner) {
        return (int) (owner >>> 32) & 0xFF;
    }

    /** Flags of an owner word, in place. */
    public static long flags(final long owner) {
        return owner & ~0xFF_FFFF_FFFFL;
    }

    /** Owner word of the record at {@code record}. */
    public static long ownerOf(final long record) {
        return Raw.getLong(record + OWNER);
    }

    /** Builds a type word. */
    public static long typeInfo(final int type, final long flags, final int count) {
        return (long) type << 32 | flags | (count & 0xFFFF_FFFFL);
    }

    /** Type of a type word. */
    public static int type(final long typeInfo) {
        return (int) (typeInfo >>> 32) & 0xFF;
    }

    /** Count of a type word. */
    public static int typeCount(final long typeInfo) {
        return (int) typeInfo;
    }
}
