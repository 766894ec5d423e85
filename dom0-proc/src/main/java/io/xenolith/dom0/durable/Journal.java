package io.xenolith.dom0.durable;

import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;

import java.util.zip.CRC32C;

/**
 * State changes in memory that outlives the process: appended as batches, each made true by one word.
 *
 * <pre>
 *  region   0        8        16        24                  4096
 *           +--------+--------+---------+-------------------+-----------------+-----------------+
 *           | magic  | half   | active  | reserved          | half 0          | half 1          |
 *           +--------+--------+---------+-------------------+-----------------+-----------------+
 *  half     0            64
 *           +------------+---------+---------+---------+
 *           | committed  | batch   | batch   | ...     |      committed: bytes of whole batches
 *           +------------+---------+---------+---------+
 *  batch    0        4        8
 *           +--------+--------+-----------------------------+
 *           | length | crc32c | entries, padded to 8 bytes  |   entry: section u8, length u32, payload
 *           +--------+--------+-----------------------------+
 * </pre>
 * Only dom0 writes. A batch is copied behind the committed ones, then {@code committed} moves over it: a process
 * killed before that store has written nothing. When a batch does not fit, the sections write their whole state
 * into the other half and {@code active} flips: that store commits the pending batch too, because the state
 * already contains it.
 *
 * <p>The caller changes its own memory and records entries together, then calls {@link #commit()}. If anything
 * is thrown in between, memory and journal disagree, and the process has to end (crash rule 5).
 *
 * <p>Not thread-safe: it belongs to dom0's main loop.
 */
public final class Journal {
    /** A part of dom0's state: knows how to redo its entries and how to write itself down whole. */
    public interface Section {
        /** Applies one entry to the state in memory. */
        void replay(ByteSource entry);

        /** Records entries that rebuild the present state from nothing, by {@link Journal#begin} and {@link Journal#end}. */
        void snapshot(Journal to);
    }

    /** Header bytes before the halves. */
    public static final int HEADER_BYTES = 4096;

    private static final long MAGIC = 0x31304a4c4f4e4558L;
    private static final int MAGIC_AT = 0;
    private static final int HALF_AT = 8;
    private static final int ACTIVE_AT = 16;
    private static final int COMMITTED_AT = 0;
    private static final int BATCHES_AT = 64;
    private static final int BATCH_HEADER = 8;
    private static final int MAX_SECTIONS = 16;

    private final long base;
    private final long half;
    private final Section[] sections = new Section[MAX_SECTIONS];
    private final ByteSink batch = new ByteSink(1 << 14);
    private final CRC32C crc = new CRC32C();
    private long committed;
    private int entryStart = -1;
    private boolean snapshotting;
    private long compactions;

    /**
     * Attaches to the journal in {@code bytes} bytes at {@code address}, or makes one where all is zero.
     *
     * @throws JournalException when what is there has another layout
     */
    public Journal(final long address, final long bytes) {
        base = address;
        half = (bytes - HEADER_BYTES) / 2 & -4096L;
        if (half < 8192) {
            throw new JournalException("The journal's region is too small: bytes=" + bytes + ".");
        }
        final long magic = Raw.getLong(base + MAGIC_AT);
        if (magic == 0) {
            format();
        } else if (magic != MAGIC || Raw.getLong(base + HALF_AT) != half) {
            throw new JournalException("dom0's journal has another layout: the machine was started by another version.");
        }
    }

    private void format() {
        Raw.putLong(halfAt(0) + COMMITTED_AT, 0);
        Raw.putLong(base + ACTIVE_AT, 0);
        Raw.putLong(base + HALF_AT, half);
        KillPoint.hit(KillPoint.DOM0_JOURNAL_FORMAT);
        Raw.putLong(base + MAGIC_AT, MAGIC);
    }

    /** Makes {@code s} the owner of the entries of section {@code id}, 0 to 15. Before {@link #recover()}. */
    public void register(final int id, final Section s) {
        sections[id] = s;
    }

    /**
     * Hands every committed entry to its section, in order.
     *
     * @return number of batches
     * @throws JournalException when a committed batch is damaged
     */
    public int recover() {
        committed = Raw.getLong(activeHalf() + COMMITTED_AT);
        if (committed < 0 || committed > half - BATCHES_AT) {
            throw new JournalException("dom0's journal is damaged: committed=" + committed + " half=" + half + ".");
        }
        int batches = 0;
        long at = 0;
        while (at < committed) {
            at += replayBatch(at);
            batches++;
        }
        return batches;
    }

    private long replayBatch(final long at) {
        final long address = activeHalf() + BATCHES_AT + at;
        final int length = Raw.getInt(address);
        if (length < 0 || length > committed - at - BATCH_HEADER) {
            throw new JournalException("dom0's journal is damaged: at=" + at + " length=" + length + ".");
        }
        final byte[] bytes = new byte[length];
        Raw.copyOut(address + BATCH_HEADER, bytes, 0, length);
        if (checksum(bytes, length) != Raw.getInt(address + 4)) {
            throw new JournalException("dom0's journal is damaged: wrong checksum at=" + at + ".");
        }
        int entry = 0;
        while (entry < length) {
            final ByteSource head = new ByteSource(bytes, entry, length);
            final int section = head.getByte();
            final int size = head.getInt();
            sections[section].replay(new ByteSource(bytes, entry + 5, entry + 5 + size));
            entry += 5 + size;
        }
        return batchBytes(length);
    }

    private static long batchBytes(final int length) {
        return BATCH_HEADER + length + 7 & ~7L;
    }

    /** Starts an entry of section {@code id}; put its payload into the result, then call {@link #end()}. */
    public ByteSink begin(final int id) {
        if (entryStart >= 0) {
            throw new IllegalStateException("journal entry within an entry");
        }
        entryStart = batch.size();
        return batch.putByte(id).putInt(0);
    }

    /** Completes the entry. */
    public void end() {
        batch.setInt(entryStart + 1, batch.size() - entryStart - 5);
        entryStart = -1;
        if (snapshotting && batch.size() >= 1 << 14) {
            writeSnapshotBatch();
        }
    }

    /** True when entries wait for {@link #commit()}. */
    public boolean isPending() {
        return batch.size() > 0;
    }

    /**
     * Makes everything recorded since the last call true, at once.
     *
     * @throws JournalException when the state has outgrown the journal
     */
    public void commit() {
        if (batch.size() == 0) {
            return;
        }
        final long bytes = batchBytes(batch.size());
        if (committed + bytes > half - BATCHES_AT) {
            batch.clear();
            compact();
            return;
        }
        writeBatch(activeHalf() + BATCHES_AT + committed);
        committed += bytes;
        KillPoint.hit(KillPoint.DOM0_JOURNAL_COMMIT);
        Raw.putLong(activeHalf() + COMMITTED_AT, committed);
        KillPoint.hit(KillPoint.DOM0_JOURNAL_COMMITTED);
        batch.clear();
    }

    private void writeBatch(final long address) {
        KillPoint.hit(KillPoint.DOM0_JOURNAL_BATCH);
        Raw.putInt(address, batch.size());
        Raw.putInt(address + 4, checksum(batch.array(), batch.size()));
        KillPoint.hit(KillPoint.DOM0_JOURNAL_BYTES);
        Raw.copyIn(batch.array(), 0, address + BATCH_HEADER, batch.size());
    }

    private int checksum(final byte[] bytes, final int length) {
        crc.reset();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    /** Writes the whole state into the idle half and makes it the active one. */
    public void compact() {
        final long other = 1 - active();
        KillPoint.hit(KillPoint.DOM0_JOURNAL_COMPACT);
        Raw.putLong(halfAt(other) + COMMITTED_AT, 0);
        committed = 0;
        snapshotting = true;
        for (final Section s : sections) {
            if (s != null) {
                s.snapshot(this);
            }
        }
        writeSnapshotBatch();
        snapshotting = false;
        KillPoint.hit(KillPoint.DOM0_JOURNAL_SNAPSHOT);
        Raw.putLong(halfAt(other) + COMMITTED_AT, committed);
        KillPoint.hit(KillPoint.DOM0_JOURNAL_FLIP);
        Raw.putLong(base + ACTIVE_AT, other);
        KillPoint.hit(KillPoint.DOM0_JOURNAL_FLIPPED);
        compactions++;
    }

    private void writeSnapshotBatch() {
        if (batch.size() == 0) {
            return;
        }
        final long bytes = batchBytes(batch.size());
        if (committed + bytes > half - BATCHES_AT) {
            throw new JournalException("dom0's state has outgrown its journal: half=" + half + " bytes.");
        }
        writeBatch(halfAt(1 - active()) + BATCHES_AT + committed);
        committed += bytes;
        batch.clear();
    }

    /** How often the state was rewritten since this process attached. */
    public long compactions() {
        return compactions;
    }

    /** Bytes committed in the active half. */
    public long committedBytes() {
        return committed;
    }

    /** Bytes a half can hold. */
    public long capacity() {
        return half - BATCHES_AT;
    }

    private long active() {
        return Raw.getLong(base + ACTIVE_AT) & 1;
    }

    private long activeHalf() {
        return halfAt(active());
    }

    private long halfAt(final long which) {
        return base + HEADER_BYTES + which * half;
    }
}
