package io.xenolith.hv.control;

import io.xenolith.shm.HostMemory;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineFullException;
import io.xenolith.shm.MachineMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import java.util.BitSet;

/**
 * The frames that nobody owns. What is free is said by the frame records alone; the set in here is an index of it, rebuilt at every
 * start.
 *
 * <p>A free frame has no backing. Frames are backed when a plan chooses them (so that a full host refuses cleanly) and given to
 * their owner when the plan is applied. Freed frames are punched out of the file, which zeroes them and gives the memory
 * back to the host.
 */
final class FrameHeap
{
    /** Memory that stays with the host when frames are handed out, in bytes. */
    private static final long HOST_MARGIN = 64L << 20;
    private static final long FRAME_SIZE = 4096;

    private final Machine machine;
    private final HypervisorFile hv;
    private final MachineMemory memory;
    private final BitSet free;
    private final long freeWord;
    private long freeFrames;

    FrameHeap(final Machine machine)
    {
        this.machine = machine;
        this.hv = machine.hv();
        this.memory = machine.memory();
        this.freeWord = hv.header() + Header.FREE_FRAMES;
        this.free = new BitSet((int)hv.frames());
        rebuild();
    }

    /** Reads the frame records. */
    void rebuild()
    {
        free.clear();
        freeFrames = 0;
        for (long mfn = 1; mfn < hv.frames(); mfn++)
        {
            if (FrameRecord.state(owner(mfn)) == FrameRecord.STATE_FREE)
            {
                free.set((int)mfn);
                freeFrames++;
            }
        }
        publish();
    }

    private void publish()
    {
        Raw.putLong(freeWord, freeFrames);
    }

    private long owner(final long mfn)
    {
        return Raw.getLong(hv.frame(mfn) + FrameRecord.OWNER);
    }

    long freeFrames()
    {
        return freeFrames;
    }

    /**
     * Chooses free frames and writes them into an intent's list as extents, behind the entries that are there.
     *
     * @param intent    gets the extents.
     * @param wanted    frames, at most as many as one list can tell.
     * @param limit     most extents.
     * @param addresses frames must lie below this number; 0: anywhere.
     * @return frames chosen; fewer than wanted when the heap is exhausted or too scattered.
     */
    long choose(final Intent intent, final long wanted, final int limit, final long addresses)
    {
        long chosen = 0;
        int at = 1;
        final long end = addresses == 0 ? hv.frames() : Math.min(addresses, hv.frames());
        int entries = intent.count();
        final int last = entries + limit;
        while (chosen < wanted && entries < last)
        {
            final int first = free.nextSetBit(at);
            if (first < 0 || first >= end)
            {
                break;
            }
            final long run = Math.min(free.nextClearBit(first), end) - first;
            final long take = Math.min(Math.min(run, wanted - chosen), Extent.MAX_FRAMES);
            if (!overlaps(intent, entries, first))
            {
                intent.setEntry(entries++, Extent.of(first, take));
                intent.setCount(entries);
                chosen += take;
            }
            at = (int)(first + take);
        }
        return chosen;
    }

    /** Whether the list already holds the frame: an operation may choose twice. */
    private static boolean overlaps(final Intent intent, final int entries, final long mfn)
    {
        for (int i = 0; i < entries; i++)
        {
            final long e = intent.entry(i);
            if (mfn >= Extent.mfn(e) && mfn < Extent.mfn(e) + Extent.frames(e))
            {
                return true;
            }
        }
        return false;
    }

    /**
     * Chooses one run of contiguous frames.
     *
     * @param intent    gets the extent as its only entry.
     * @param wanted    frames.
     * @param addresses frames must lie below this number; 0: anywhere.
     * @return whether there is such a run.
     */
    boolean chooseContiguous(final Intent intent, final int wanted, final long addresses)
    {
        final long end = addresses == 0 ? hv.frames() : Math.min(addresses, hv.frames());
        int first = free.nextSetBit(1);
        while (first >= 0 && first + (long)wanted <= end)
        {
            final int stop = free.nextClearBit(first);
            if (stop - first >= wanted)
            {
                intent.setEntry(0, Extent.of(first, wanted));
                intent.setCount(1);
                return true;
            }
            first = free.nextSetBit(stop);
        }
        return false;
    }

    /**
     * Backs the frames of an intent's list.
     *
     * @param intent names them.
     * @return false when the host has no room: then {@link #unback} them.
     */
    boolean back(final Intent intent)
    {
        long frames = 0;
        for (int i = 0; i < intent.count(); i++)
        {
            frames += Extent.frames(intent.entry(i));
        }
        if (HostMemory.available() - frames * FRAME_SIZE < HOST_MARGIN)
        {
            return false;
        }
        try
        {
            for (int i = 0; i < intent.count(); i++)
            {
                memory.reserve(Extent.mfn(intent.entry(i)), Extent.frames(intent.entry(i)));
            }
            return true;
        }
        catch (final MachineFullException e)
        {
            return false;
        }
    }

    /** Takes the backing of an intent's frames away, as far as they are still free. */
    void unback(final Intent intent)
    {
        for (int i = 0; i < intent.count(); i++)
        {
            final long e = intent.entry(i);
            final boolean whole = free.nextClearBit((int)Extent.mfn(e)) >= Extent.mfn(e) + Extent.frames(e);
            if (whole)
            {
                memory.release(Extent.mfn(e), Extent.frames(e));
            }
        }
    }

    /**
     * Gives backed free frames to an owner. A frame that has this owner already is left alone.
     *
     * @param extent the frames.
     * @param owner  owner word without generation: {@link FrameRecord#owner}.
     */
    void give(final long extent, final long owner)
    {
        final long end = Extent.mfn(extent) + Extent.frames(extent);
        for (long mfn = Extent.mfn(extent); mfn < end; mfn++)
        {
            final long record = hv.frame(mfn);
            if (FrameRecord.state(owner(mfn)) == FrameRecord.STATE_FREE)
            {
                Raw.putLong(record + FrameRecord.TYPE_INFO, 0);
                Raw.putInt(record + FrameRecord.REFS, 0);
                Raw.putLong(record + FrameRecord.BUSY, 0);
                KillPoint.hit(KillPoint.HEAP_BEFORE_OWNER);
                Raw.putLong(record + FrameRecord.OWNER, owner);
            }
            if (free.get((int)mfn))
            {
                free.clear((int)mfn);
                freeFrames--;
            }
        }
        publish();
    }

    /**
     * Takes frames from their owner: their machine-to-physical entries become invalid, their backing goes, they are free. Frames that
     * are free already stay so.
     *
     * @param mfn    first frame.
     * @param frames how many.
     */
    void free(final long mfn, final long frames)
    {
        for (long f = mfn; f < mfn + frames; f++)
        {
            MachineToPhysical.set(machine, f, MachineToPhysical.INVALID);
        }
        KillPoint.hit(KillPoint.HEAP_BEFORE_RELEASE);
        memory.release(mfn, frames);
        KillPoint.hit(KillPoint.HEAP_BEFORE_FREE);
        final long word = FrameRecord.owner(FrameRecord.NO_OWNER, 0, FrameRecord.STATE_FREE, 0);
        for (long f = mfn; f < mfn + frames; f++)
        {
            final long record = hv.frame(f);
            Raw.putLong(record + FrameRecord.TYPE_INFO, 0);
            Raw.putInt(record + FrameRecord.REFS, 0);
            Raw.putLong(record + FrameRecord.BUSY, 0);
            Raw.getAndAddInt(record + FrameRecord.GENERATION, 1);
            Raw.putLong(record + FrameRecord.OWNER, word);
            if (!free.get((int)f))
            {
                free.set((int)f);
                freeFrames++;
            }
        }
        publish();
    }
}
